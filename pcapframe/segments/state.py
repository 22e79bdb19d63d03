"""What the passes over segments share: their input, tables that grow, and arithmetic on sequence numbers."""

from typing import Any, NamedTuple, TypeVar

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit

__all__ = ["SHORTEST_HEADER", "Segments", "after", "allocate", "before", "grown", "not_after", "part", "release"]

Columns = TypeVar("Columns", bound=tuple[Any, ...])

RESERVED = 1 << 30  # address space of a table [bytes]
SHORTEST_HEADER = 20  # a TCP header without options [bytes]


class Segments(NamedTuple):
    """A chunk of segments as plain arrays, one row each: columns by their names, and what is derived from them.

    Null is ``Column.null_value``: -1 for what a header lacks, and for a payload that the headers do not tell.
    """

    time: Array  # int64 [ns]
    src: Array  # int32, place of the address
    dst: Array
    src_port: Array
    dst_port: Array
    tcp_flags: Array
    seq: Array  # uint32
    ack: Array  # uint32
    window: Array  # uint16
    tcp_header_bytes: Array  # uint8
    payload_bytes: Array  # int64
    window_scale: Array  # int16
    ip_id: Array  # int32
    tsval: Array  # int64
    tsecr: Array  # int64
    sack_permitted: Array  # int8
    sack_at: Array  # int64, n + 1 rows: where each row's SACK edges begin in `sack`
    sack: Array  # uint32
    hidden: Array  # bool, Wireshark's dissection ends before it shows its analysis


def part(columns: Columns, start: int, stop: int) -> Columns:
    """Rows `start` to `stop` of a NamedTuple of arrays, as views."""
    return type(columns)(*(column[start:stop] for column in columns))


def grown(table: Array, rows: int, most: int = 0) -> Array:
    """Return `table` with room for at least `rows` rows, new ones zero; the same object if it has that room.

    Room for `most` rows, which there will never be more of, is made at once up to ``RESERVED`` bytes: memory that is
    not touched costs nothing, and copying a table of millions of connections takes longer than using it.
    """
    if rows <= len(table):
        return table
    row_bytes = table.dtype.itemsize * int(np.prod(table.shape[1:]))
    size = max(rows, 2 * len(table), min(most, RESERVED // row_bytes))
    larger = np.zeros((size, *table.shape[1:]), table.dtype)
    larger.reshape(-1).view(np.uint8)[: table.nbytes] = table.reshape(-1).view(np.uint8)  # records go one by one
    return larger


@inner_jit
def allocate(free: Any, link: Any, pool: Any = 0) -> Any:
    """Allocate a node of a pool of linked lists, a released one if there is any.

    Of the pool, `free` holds from `pool` on: the first released node, or -1; nodes ever used; and nodes in use.
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
def release(free: Any, link: Any, place: Any, pool: Any = 0) -> None:
    """Release a node, to which no list links any more."""
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
