"""Bytes not seen, below the highest byte of a direction.

At most ``MOST_GAPS`` gaps per direction are remembered, which bounds the cost per packet. The lowest gap is forgotten
first; nothing is then known about its bytes.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.segments.evidence.directions import NOBODY
from pcapframe.segments.state import after, allocate, before, release

__all__ = ["MOST_GAPS", "Gaps", "fill", "open_gap", "renumber"]

MOST_GAPS = 256


class Gaps(NamedTuple):
    """Pool of byte ranges not seen: one linked list per direction, by sequence number."""

    left: Array  # uint32
    right: Array  # uint32
    time: Array  # int64, when it opened
    ident: Array  # int32, identification of the segment that opened it, -1 for none
    tsval: Array  # int64, its timestamp, -1 for none
    link: Array  # int32, next gap, or next free one
    back: Array  # int32, gap before


@inner_jit
def _forget(own: Any, end: Any) -> None:
    """Remember where a forgotten gap ended."""
    if not own.has_forgotten or after(end, own.forgotten):
        own.has_forgotten = True
        own.forgotten = end


@inner_jit
def open_gap(own: Any, pool: Any, free: Any, left: Any, right: Any, time: Any, ident: Any, tsval: Any) -> None:
    """Remember that bytes from `left` to `right` were not seen; they are above all other gaps."""
    gap_left, gap_right, gap_time, gap_ident, gap_tsval, link, back = pool
    if own.gaps >= MOST_GAPS:
        lowest = own.first_gap
        _forget(own, gap_right[lowest])
        own.first_gap = link[lowest]
        back[own.first_gap] = NOBODY  # there are others
        own.gaps -= 1
        release(free, link, lowest)
    place = allocate(free, link)
    gap_left[place] = left
    gap_right[place] = right
    gap_time[place] = time
    gap_ident[place] = ident
    gap_tsval[place] = tsval
    link[place] = NOBODY
    own.gaps += 1
    if own.first_gap < 0:
        own.first_gap = place
        back[place] = NOBODY
    else:
        link[own.last_gap] = place
        back[place] = own.last_gap
    own.last_gap = place


@inner_jit
def _last_below(own: Any, pool: Any, seq: Any) -> Any:
    """Return a gap near `seq` that ends at or before it, to start a walk from; NOBODY to start from the first gap."""
    gap_left, gap_right, back = pool[0], pool[1], pool[6]
    if own.gaps < 2 or not after(seq, gap_left[own.first_gap]):
        return np.int64(NOBODY)
    from_first, from_last = seq - gap_left[own.first_gap], gap_left[own.last_gap] - seq
    if after(gap_left[own.last_gap], seq) and np.uint32(from_first) < np.uint32(from_last):
        return np.int64(NOBODY)
    at = np.int64(own.last_gap)
    while at >= 0 and after(gap_right[at], seq):
        at = np.int64(back[at])
    return at


@inner_jit
def fill(own: Any, pool: Any, free: Any, seq: Any, end: Any) -> Any:
    """Remove the bytes from `seq` to `end` from the gaps.

    Returns
    -------
    tuple
        How many of them were not seen before [bytes], and time, identification and timestamp of the segment that
        opened the first gap they are in.
    """
    gap_left, gap_right, gap_time, gap_ident, gap_tsval, link, back = pool
    unseen = np.int64(0)
    time, ident, tsval = np.int64(0), np.int64(-1), np.int64(-1)
    previous = _last_below(own, pool, seq)
    at = np.int64(own.first_gap if previous < 0 else link[previous])
    while at >= 0 and before(gap_left[at], end):
        following = np.int64(link[at])
        left, right = gap_left[at], gap_right[at]
        if not after(right, seq):
            previous = at
            at = following
            continue
        low = seq if after(seq, left) else left
        high = end if before(end, right) else right
        if unseen == 0:
            time, ident, tsval = gap_time[at], np.int64(gap_ident[at]), gap_tsval[at]
        unseen += np.int64(np.uint32(high - low))
        if low == left and high == right:
            if previous < 0:
                own.first_gap = following
            else:
                link[previous] = following
            if following < 0:
                own.last_gap = previous
            else:
                back[following] = previous
            release(free, link, at)
            own.gaps -= 1
        elif low == left:
            gap_left[at] = high
            previous = at
        elif high == right:
            gap_right[at] = low
            previous = at
        elif own.gaps < MOST_GAPS:
            place = allocate(free, link)
            gap_left[place], gap_right[place] = high, right
            gap_time[place], gap_ident[place], gap_tsval[place] = gap_time[at], gap_ident[at], gap_tsval[at]
            gap_right[at] = low
            link[place] = link[at]
            link[at] = place
            back[place] = at
            if following < 0:
                own.last_gap = place
            else:
                back[following] = place
            own.gaps += 1
            previous = place
        else:
            _forget(own, low)
            gap_left[at] = high
            previous = at
        at = following
    return unseen, time, ident, tsval


@inner_jit
def renumber(own: Any, peer: Any, pool: Any, free: Any) -> None:
    """Forget what was seen of a direction whose sequence numbers begin anew."""
    link = pool[5]
    at = np.int64(own.first_gap)
    while at >= 0:
        following = np.int64(link[at])
        release(free, link, at)
        at = following
    own.first_gap, own.gaps = NOBODY, 0
    own.started = own.has_forgotten = peer.has_acked = False
    own.timed_at = own.again_tsval = 0
    own.recovering = peer.repeats = 0
