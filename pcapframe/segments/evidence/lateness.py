"""Bytes of a gap that were acknowledged before they were captured, because one direction is captured late.

The retransmission that fills a gap, or the segment that was overtaken, may be captured after the ACK that answers it.
That ACK seems to cover bytes that the capture lacks. If they come after all, soon enough, and were sent before the ACK
(`was_sent_before`), then the capture lacks nothing, the ACK was captured early (``ack_early``), and the segment is
judged as if the gap were still open. ``exchange.acknowledgements`` does the same for bytes above the highest one.

Limits. The last ``RECENT_CLAIMS`` ranges of all connections are remembered. Of a direction the newest ``MOST_CLAIMED``
are looked at, and each for ``LONGEST_EARLY_NS``.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.segments.exchange.acknowledgements import was_sent_before
from pcapframe.segments.exchange.hosts import ACK_EARLY
from pcapframe.segments.state import after, before

__all__ = ["MOST_CLAIMED", "RECENT_CLAIMS", "Claims", "claim", "reclaim"]

NUMBER = 6  # index in `free` of how many ranges there were, after the states of the pools
RECENT_CLAIMS = 1 << 12
MOST_CLAIMED = 64


class Claims(NamedTuple):
    """Byte ranges acknowledged and not seen, the last ones of all connections: number n is at n % RECENT_CLAIMS."""

    left: Array  # uint32
    right: Array  # uint32
    row: Array  # int64, of the ACK
    at: Array  # int64, its time [ns]
    echo: Array  # int64, the timestamp that it echoes, -1 for none
    time: Array  # int64, when the gap opened
    ident: Array  # int32, identification of the segment that opened it, -1 for none
    tsval: Array  # int64, its timestamp, -1 for none
    before: Array  # int64, number of the direction's range before, + 1; 0 for none


@inner_jit
def _add(
    own: Any, pool: Any, free: Any, left: Any, right: Any, row: Any, at: Any, echo: Any, time: Any, ident: Any,
    tsval: Any,
) -> None:  # fmt: skip
    """Remember a range, instead of the oldest one of all."""
    lefts, rights, rows, ats, echoes, times, idents, tsvals, befores = pool
    place = free[NUMBER] % RECENT_CLAIMS
    lefts[place], rights[place], rows[place], ats[place], echoes[place] = left, right, row, at, echo
    times[place], idents[place], tsvals[place], befores[place] = time, ident, tsval, own.newest_claim
    free[NUMBER] += 1
    own.newest_claim = free[NUMBER]


@inner_jit
def claim(own: Any, gaps: Any, pool: Any, free: Any, ack: Any, row: Any, time: Any, tsecr: Any) -> None:
    """Remember the bytes of gaps of `own` that its peer acknowledges, before they are filled."""
    left, right, gap_time, ident, tsval, link = gaps[0], gaps[1], gaps[2], gaps[3], gaps[4], gaps[5]
    at = np.int64(own.first_gap)
    while at >= 0 and before(left[at], ack):
        stop = ack if before(ack, right[at]) else right[at]
        _add(own, pool, free, left[at], stop, row, time, tsecr, gap_time[at], ident[at], tsval[at])
        at = np.int64(link[at])


@inner_jit
def reclaim(
    own: Any, peer: Any, pool: Any, free: Any, seq: Any, end: Any, time: Any, ident: Any, tsval: Any, said: Any,
    gap: Any,
) -> Any:  # fmt: skip
    """Take the bytes from `seq` to `end` off those that were said to be missing, if they were sent before their ACK.

    Returns
    -------
    tuple
        How many of them were [bytes], and time, identification and timestamp of the segment that opened the gap of the
        lowest.
    """
    lefts, rights, rows, ats, echoes, times, idents, tsvals, befores = pool
    found, lowest = np.int64(0), end
    gap_time, gap_ident, gap_tsval = np.int64(0), np.int64(-1), np.int64(-1)
    number, steps = own.newest_claim, 0
    while number > max(free[NUMBER] - RECENT_CLAIMS, 0) and steps < MOST_CLAIMED:
        at = (number - 1) % RECENT_CLAIMS
        low = seq if after(seq, lefts[at]) else lefts[at]
        high = end if before(end, rights[at]) else rights[at]
        if before(low, high) and was_sent_before(own, peer, ats[at], echoes[at], time, tsval, ident, 0):
            if found == 0 or before(low, lowest):
                lowest, gap_time, gap_ident, gap_tsval = low, times[at], np.int64(idents[at]), tsvals[at]
            found += np.int64(np.uint32(high - low))
            gap[rows[at]] -= np.uint32(high - low)
            said[rows[at]] |= ACK_EARLY
            right = rights[at]
            if low == lefts[at]:
                lefts[at] = high
            else:
                rights[at] = low
                if before(high, right):
                    _add(own, pool, free, high, right, rows[at], ats[at], echoes[at], times[at], idents[at], tsvals[at])
        number = befores[at]
        steps += 1
    return found, gap_time, gap_ident, gap_tsval
