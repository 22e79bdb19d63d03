"""Shared by the passes over segments: their input, growing tables, and arithmetic on sequence numbers."""

from typing import Any, NamedTuple, TypeVar

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit

__all__ = [
    "SHORTEST_HEADER", "Segments", "after", "allocate", "before", "grown", "not_after", "part", "release", "whole",
]  # fmt: skip

Columns = TypeVar("Columns", bound=tuple[Any, ...])

RESERVED = 1 << 30  # address space of a table [bytes]
SHORTEST_HEADER = 20  # a TCP header without options [bytes]


class Segments(NamedTuple):
    """A chunk of segments as plain arrays: columns by name, and values derived from them.

    Null is ``Column.null_value``: -1 for a field that the header lacks, and for a payload of unknown length.
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
    """Return rows `start` to `stop` of a NamedTuple of arrays, as views."""
    return type(columns)(*(column[start:stop] for column in columns))


def grown(table: Array, rows: int, most: int = 0) -> Array:
    """Return `table` with room for at least `rows` rows, new rows zero; the same object if it has that room.

    The table never needs more than `most` rows. Room for all of them is allocated at once, up to ``RESERVED`` bytes:
    untouched memory costs nothing, and copying a table of millions of connections takes longer than using it.
    """
    if rows <= len(table):
        return table
    row_bytes = table.dtype.itemsize * int(np.prod(table.shape[1:]))
    size = max(rows, 2 * len(table), min(most, RESERVED // row_bytes))
    larger = np.zeros((size, *table.shape[1:]), table.dtype)
    larger.reshape(-1).view(np.uint8)[: table.nbytes] = table.reshape(-1).view(np.uint8)  # records go one by one
    return larger


def whole(table: Array, records: int) -> Array:
    """Return a table with so many records a row, each row as one value: records are copied field by field."""
    return table.view(np.dtype((np.void, records * table.dtype.itemsize)))


@inner_jit
def allocate(free: Any, link: Any, pool: Any = 0) -> Any:
    """Allocate a node from a pool of linked lists: a released node if there is one.

    The state of the pool is in `free`, from index `pool` on: the first released node, or -1; the number of nodes ever
    used; and the number in use.
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
    """Release a node that is no longer in any list."""
    link[place] = free[pool]
    free[pool] = place
    free[pool + 2] -= 1


@inner_jit
def after(a: Any, b: Any) -> Any:
    """Return whether sequence number `a` comes after `b` (RFC 9293 section 3.4, modulo 2**32).

    Of two numbers that are 2**31 apart, each comes both before and after the other, as in Wireshark.
    """
    return np.int32(np.uint32(b - a)) < 0


@inner_jit
def before(a: Any, b: Any) -> Any:
    """Return whether sequence number `a` comes before `b`."""
    return np.int32(np.uint32(a - b)) < 0


@inner_jit
def not_after(a: Any, b: Any) -> Any:
    """Return whether sequence number `a` is `b` or comes before it."""
    return np.int32(np.uint32(a - b)) <= 0
