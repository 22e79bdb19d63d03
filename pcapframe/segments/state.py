"""What the passes over segments share: their input, tables that grow, and arithmetic on sequence numbers."""

from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from pcapframe.jit import inner_jit
from pcapframe.schema import FLAG_BITS

__all__ = ["Segments", "after", "before", "give_place", "grown", "not_after", "part", "take_place"]

Array = npt.NDArray[Any]
Columns = TypeVar("Columns", bound=tuple[Any, ...])

FIN, SYN, RST, ACK = FLAG_BITS["FIN"], FLAG_BITS["SYN"], FLAG_BITS["RST"], FLAG_BITS["ACK"]
NO_LENGTH = -1  # payload of a segment whose headers do not tell it


class Segments(NamedTuple):
    """A chunk of segments as plain arrays, one row each; absent options hold 0."""

    time: Array  # int64 [ns]
    src: Array  # int, number of the address
    dst: Array
    src_port: Array
    dst_port: Array
    tcp_flags: Array
    seq: Array  # uint32
    ack: Array  # uint32
    window: Array  # uint16
    header: Array  # uint8 [bytes]
    payload: Array  # int64 [bytes], NO_LENGTH where unknown
    scale: Array  # int16, -1 where absent
    hidden: Array  # bool, Wireshark's dissection ends before it shows its analysis
    ip_id: Array  # int32, -1 where absent
    tsval: Array  # int64, -1 where absent
    tsecr: Array  # int64, -1 where absent
    sack_permitted: Array  # bool
    sack_at: Array  # int64, n + 1 rows: where each row's SACK edges begin in `sack`
    sack: Array  # uint32


def part(columns: Columns, start: int, stop: int) -> Columns:
    """Rows `start` to `stop` of a NamedTuple of arrays, as views."""
    return type(columns)(*(column[start:stop] for column in columns))


def grown(table: Array, rows: int) -> Array:
    """Return `table` with room for at least `rows` rows, new ones zero; the same object if it has that room."""
    if rows <= len(table):
        return table
    larger = np.zeros((max(rows, 2 * len(table)), *table.shape[1:]), table.dtype)
    larger.reshape(-1).view(np.uint8)[: table.nbytes] = table.reshape(-1).view(np.uint8)  # records go one by one
    return larger


@inner_jit
def take_place(free: Any, link: Any, pool: Any = 0) -> Any:
    """Take a place in a pool of linked lists, one given back if there is any.

    Of the pool, `free` holds from `pool` on: the first place given back, or -1; places ever used; and places in use.
    """
    place = np.int64(free[pool])
    if place >= 0:
        free[pool] = link[place]
    else:
        place = np.int64(free[pool + 1])
        free[pool + 1] += 1
    free[pool + 2] += 1
    return place


@inner_jit
def give_place(free: Any, link: Any, place: Any, pool: Any = 0) -> None:
    """Give a place back, which no list links to any more."""
    link[place] = free[pool]
    free[pool] = place
    free[pool + 2] -= 1


@inner_jit
def after(a: Any, b: Any) -> Any:
    """Whether sequence number `a` comes after `b` (RFC 9293 section 3.4, modulo 2**32).

    Numbers that are 2**31 apart come after and before each other, as in Wireshark.
    """
    return np.int32(np.uint32(b - a)) < 0


@inner_jit
def before(a: Any, b: Any) -> Any:
    """Whether sequence number `a` comes before `b`."""
    return np.int32(np.uint32(a - b)) < 0


@inner_jit
def not_after(a: Any, b: Any) -> Any:
    """Whether sequence number `a` is `b` or comes before it."""
    return np.int32(np.uint32(a - b)) <= 0
