"""How many bytes of a segment were not captured before.

Each direction has the range of bytes from its first captured one to its highest, and the holes in it. A segment brings
new bytes if it reaches beyond this range, or fills a hole: then it was overtaken, or its first copy was lost before the
capture point. At most ``MOST_HOLES`` holes per direction are remembered, which bounds the time per packet. The lowest
one is forgotten first; its bytes then count as captured.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit

__all__ = ["DIRECTION", "MOST_HOLES", "Holes", "renumber", "take_unseen"]

MOST_HOLES = 64

# Bytes captured of one direction, as relative sequence numbers.
DIRECTION = np.dtype(
    [
        ("low", np.int64),
        ("high", np.int64),
        ("first_hole", np.int32),  # + 1; 0 for none
        ("last_hole", np.int32),
        ("holes", np.uint8),
        ("is_started", np.bool_),
    ]
)


class Holes(NamedTuple):
    """Pool of holes: one linked list per direction, ascending."""

    left: Array  # int64, relative sequence number
    right: Array
    link: Array  # int32, next one of this direction, or next free one, + 1; 0 for none
    free: Array  # int64: the first released one + 1, and how many were ever used


@inner_jit
def _allocate(pool: Any, left: Any, right: Any) -> Any:
    """Return the place of a new hole."""
    lefts, rights, link, free = pool
    place = free[0] - 1
    if place >= 0:
        free[0] = link[place]
    else:
        place = free[1]
        free[1] += 1
    lefts[place], rights[place], link[place] = left, right, 0
    return place


@inner_jit
def _remove(own: Any, pool: Any, previous: Any, place: Any) -> None:
    """Take a hole out of the list; `previous` is the one before it, -1 for none."""
    link, free = pool[2], pool[3]
    following = link[place]
    if previous < 0:
        own.first_hole = following
    else:
        link[previous] = following
    if own.last_hole == place + 1:
        own.last_hole = previous + 1
    link[place] = free[0]
    free[0] = place + 1
    own.holes -= 1


@inner_jit
def _open(own: Any, pool: Any, left: Any, right: Any) -> None:
    """Remember a hole above all others."""
    if own.holes >= MOST_HOLES:
        _remove(own, pool, -1, own.first_hole - 1)
    place = _allocate(pool, left, right)
    if own.last_hole == 0:
        own.first_hole = place + 1
    else:
        pool[2][own.last_hole - 1] = place + 1
    own.last_hole = place + 1
    own.holes += 1


@inner_jit
def _fill(own: Any, pool: Any, start: Any, end: Any) -> Any:
    """Remove the bytes from `start` to `end` from the holes; return how many were in them."""
    lefts, rights, link = pool[0], pool[1], pool[2]
    found = np.int64(0)
    previous, place = np.int64(-1), np.int64(own.first_hole) - 1
    while place >= 0 and lefts[place] < end:
        following = np.int64(link[place]) - 1
        left, right = lefts[place], rights[place]
        low, high = max(start, left), min(end, right)
        if low < high:
            found += high - low
            if low == left and high == right:
                _remove(own, pool, previous, place)
                place = following
                continue
            if low == left:
                lefts[place] = high
            elif high == right:
                rights[place] = low
            elif own.holes >= MOST_HOLES:
                lefts[place] = high
            else:
                above = _allocate(pool, high, right)
                rights[place] = low
                link[above] = link[place]
                link[place] = above + 1
                if own.last_hole == place + 1:
                    own.last_hole = above + 1
                own.holes += 1
        previous, place = place, following
    return found


@inner_jit
def renumber(own: Any, pool: Any, first: Any) -> None:
    """Begin anew: the first byte of the direction is `first`."""
    while own.first_hole:
        _remove(own, pool, -1, own.first_hole - 1)
    own.low = own.high = first
    own.is_started = True


@inner_jit
def take_unseen(own: Any, pool: Any, start: Any, end: Any, is_late: Any) -> Any:
    """Return how many of the bytes from `start` to `end` were not captured before; from now on they were.

    Bytes below all others that are not late (neither retransmitted nor reordered) begin another numbering, as after a
    SYN-ACK of another host.
    """
    if not own.is_started or (end < own.low and not is_late):
        renumber(own, pool, start)
    if start >= own.high:
        if start > own.high:
            _open(own, pool, own.high, start)
        own.high = end
        return end - start
    unseen = np.int64(0)
    if start < own.low:
        unseen += min(end, own.low) - start
        own.low = start
    if own.first_hole:
        unseen += _fill(own, pool, start, end)
    if end > own.high:
        unseen += end - own.high
        own.high = end
    return unseen
