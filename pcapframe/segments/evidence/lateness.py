"""Bytes of a gap that were acknowledged before they were captured, because one direction is captured late.

The retransmission that fills a gap, or the segment that was overtaken, may be captured after the ACK that answers it.
That ACK seems to cover bytes that the capture lacks. If they come after all, soon enough, and were sent before the ACK
(`was_sent_before`), then the capture lacks nothing, the ACK was captured early (``ack_early``), and the segment is
judged as if the gap were still open. ``exchange.acknowledgements`` does the same for bytes above the highest one.

Limits. At most ``MOST_CLAIMED`` ranges per direction are remembered, the oldest is forgotten first, and each for
``LONGEST_EARLY_NS``.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.segments.evidence.directions import NOBODY
from pcapframe.segments.exchange.acknowledgements import LONGEST_EARLY_NS, was_sent_before
from pcapframe.segments.exchange.hosts import ACK_EARLY
from pcapframe.segments.state import after, allocate, before, release

__all__ = ["MOST_CLAIMED", "Claims", "claim", "reclaim"]

POOL = 6  # index in `free` of this pool's state, after those of the gaps and the retransmissions
MOST_CLAIMED = 64


class Claims(NamedTuple):
    """Pool of byte ranges acknowledged and not seen: one linked list per direction, in capture order."""

    left: Array  # uint32
    right: Array  # uint32
    row: Array  # int64, of the ACK
    at: Array  # int64, its time [ns]
    echo: Array  # int64, the timestamp that it echoes, -1 for none
    time: Array  # int64, when the gap opened
    ident: Array  # int32, identification of the segment that opened it, -1 for none
    tsval: Array  # int64, its timestamp, -1 for none
    link: Array  # int32, next range, or next free one


@inner_jit
def _drop_first(own: Any, pool: Any, free: Any) -> None:
    """Forget the oldest range."""
    at, link = np.int64(own.first_claim), pool[8]
    own.first_claim = link[at]
    own.claims -= 1
    release(free, link, at, POOL)


@inner_jit
def claim(own: Any, gaps: Any, pool: Any, free: Any, ack: Any, row: Any, time: Any, tsecr: Any) -> None:
    """Remember the bytes of gaps of `own` that its peer acknowledges, before they are filled."""
    gap_left, gap_right, gap_time, gap_ident, gap_tsval, gap_link = gaps[0], gaps[1], gaps[2], gaps[3], gaps[4], gaps[5]
    lefts, rights, rows, ats, echoes, times, idents, tsvals, link = pool
    at = np.int64(own.first_gap)
    while at >= 0 and before(gap_left[at], ack):
        if own.claims >= MOST_CLAIMED:
            _drop_first(own, pool, free)
        place = allocate(free, link, POOL)
        lefts[place], rights[place] = gap_left[at], ack if before(ack, gap_right[at]) else gap_right[at]
        rows[place], ats[place], echoes[place], link[place] = row, time, tsecr, NOBODY
        times[place], idents[place], tsvals[place] = gap_time[at], gap_ident[at], gap_tsval[at]
        if own.claims:
            link[own.last_claim] = place
        else:
            own.first_claim = place
        own.last_claim = place
        own.claims += 1
        at = np.int64(gap_link[at])


@inner_jit
def _split(own: Any, pool: Any, free: Any, at: Any, left: Any) -> None:
    """Make the bytes of a range from `left` on a range of their own."""
    lefts, rights, rows, ats, echoes, times, idents, tsvals, link = pool
    place = allocate(free, link, POOL)
    lefts[place], rights[place], rows[place], ats[place] = left, rights[at], rows[at], ats[at]
    echoes[place], times[place], idents[place], tsvals[place] = echoes[at], times[at], idents[at], tsvals[at]
    link[place] = link[at]
    link[at] = place
    if own.last_claim == at:
        own.last_claim = place
    own.claims += 1


@inner_jit
def reclaim(
    own: Any, peer: Any, pool: Any, free: Any, seq: Any, end: Any, time: Any, ident: Any, tsval: Any, said: Any,
    gap: Any,
) -> Any:  # fmt: skip
    """Take the bytes from `seq` to `end` off those that were said to be missing, if they were sent before their ACK.

    Returns
    -------
    tuple
        How many of them were [bytes], and time, identification and timestamp of the segment that opened the first gap
        they are in.
    """
    lefts, rights, rows, ats, echoes, times, idents, tsvals, link = pool
    found = np.int64(0)
    gap_time, gap_ident, gap_tsval = np.int64(0), np.int64(-1), np.int64(-1)
    while own.claims and time - ats[own.first_claim] >= LONGEST_EARLY_NS:
        _drop_first(own, pool, free)
    at = np.int64(own.first_claim) if own.claims else np.int64(NOBODY)
    while at >= 0:
        low = seq if after(seq, lefts[at]) else lefts[at]
        high = end if before(end, rights[at]) else rights[at]
        if before(low, high) and was_sent_before(own, peer, ats[at], echoes[at], time, tsval, ident, 0):
            if found == 0:
                gap_time, gap_ident, gap_tsval = times[at], np.int64(idents[at]), tsvals[at]
            size = np.uint32(high - low)
            found += np.int64(size)
            gap[rows[at]] -= size
            said[rows[at]] |= ACK_EARLY
            if low == lefts[at]:
                lefts[at] = high
            else:
                if before(high, rights[at]) and own.claims < MOST_CLAIMED:
                    _split(own, pool, free, at, high)
                rights[at] = low
        at = np.int64(link[at])
    return found, gap_time, gap_ident, gap_tsval
