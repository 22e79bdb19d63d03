"""Bytes of a gap that were acknowledged before they were captured, because one direction is captured late.

The retransmission that fills a gap, or the segment that was overtaken, may be captured after the ACK that answers it.
That ACK seems to cover bytes that the capture lacks. If they come after all, soon enough, and were sent before the ACK
(`was_sent_before`), then the capture lacks nothing, the ACK was captured early (``ack_early``), and the segment is
judged as if the gap were still open. ``exchange.acknowledgements`` does the same for bytes above the highest one.

Limits. Of a direction the newest ``MOST_CLAIMED`` ranges are looked at, and each for ``LONGEST_EARLY_NS``.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.segments.evidence.recent import CLAIMS, FIRST, STRIDES, begin, double
from pcapframe.segments.exchange.acknowledgements import was_sent_before
from pcapframe.segments.exchange.hosts import ACK_EARLY
from pcapframe.segments.state import after, before

__all__ = ["MOST_CLAIMED", "claim", "reclaim"]

MOST_CLAIMED = 64
MOST_CLAIMS_LOG = 7  # entries for these, and for as many that are added while they are looked at

# Words of an entry: the range, row and time [ns] of the ACK and the timestamp that it echoes (-1 for none); when the
# gap opened, and identification and timestamp of the segment that opened it (-1 for none).
LEFT, RIGHT, ROW, AT, ECHO, TIME, IDENT, TSVAL = range(STRIDES[CLAIMS])


@inner_jit
def _add(
    own: Any, memory: Any, left: Any, right: Any, row: Any, at: Any, echo: Any, time: Any, ident: Any, tsval: Any
) -> None:
    """Remember a range, instead of the direction's oldest one where there are many."""
    words, count = memory[0], np.int64(own.claims)
    if own.claims_log == 0:
        own.claims_log = FIRST
        own.claims_at = begin(memory, CLAIMS, np.int64(FIRST))
    elif count >= np.int64(1) << np.int64(own.claims_log) and own.claims_log < MOST_CLAIMS_LOG:
        own.claims_at = double(memory, CLAIMS, np.int64(own.claims_at), np.int64(own.claims_log), count)
        own.claims_log += 1
    place = _place(own, count)
    words[place + LEFT], words[place + RIGHT], words[place + ROW] = np.int64(left), np.int64(right), row
    words[place + AT], words[place + ECHO], words[place + TIME] = at, echo, time
    words[place + IDENT], words[place + TSVAL] = ident, tsval
    own.claims += 1


@inner_jit
def _place(own: Any, number: Any) -> Any:
    """Return the place of an entry by its number."""
    return np.int64(own.claims_at) + STRIDES[CLAIMS] * (number & (np.int64(1) << np.int64(own.claims_log)) - 1)


@inner_jit
def claim(own: Any, gaps: Any, memory: Any, ack: Any, row: Any, time: Any, tsecr: Any) -> None:
    """Remember the bytes of gaps of `own` that its peer acknowledges, before they are filled."""
    left, right, gap_time, ident, tsval, link = gaps[0], gaps[1], gaps[2], gaps[3], gaps[4], gaps[5]
    at = np.int64(own.first_gap)
    while at >= 0 and before(left[at], ack):
        stop = ack if before(ack, right[at]) else right[at]
        _add(own, memory, left[at], stop, row, time, tsecr, gap_time[at], np.int64(ident[at]), tsval[at])
        at = np.int64(link[at])


@inner_jit
def reclaim(
    own: Any, peer: Any, memory: Any, seq: Any, end: Any, time: Any, ident: Any, tsval: Any, said: Any, gap: Any
) -> Any:
    """Take the bytes from `seq` to `end` off those that were said to be missing, if they were sent before their ACK.

    Returns
    -------
    tuple
        How many of them were [bytes], and time, identification and timestamp of the segment that opened the gap of the
        lowest.
    """
    words, lowest = memory[0], end
    found: Any = np.int64(0)
    gap_time, gap_ident, gap_tsval = np.int64(0), np.int64(-1), np.int64(-1)
    number: Any = np.int64(own.claims) - 1
    oldest = max(number - MOST_CLAIMED, -1)
    while number > oldest:
        at = _place(own, number)
        left, right = np.uint32(words[at + LEFT]), np.uint32(words[at + RIGHT])
        low = seq if after(seq, left) else left
        high = end if before(end, right) else right
        sent, echo = words[at + AT], words[at + ECHO]
        if before(low, high) and was_sent_before(own, peer, sent, echo, time, tsval, ident, 0):
            row, its_time, its_ident, its_tsval = (
                words[at + ROW], words[at + TIME], words[at + IDENT], words[at + TSVAL],
            )  # fmt: skip
            if found == 0 or before(low, lowest):
                lowest, gap_time, gap_ident, gap_tsval = low, its_time, its_ident, its_tsval
            found += np.int64(np.uint32(high - low))
            gap[row] -= np.uint32(high - low)
            said[row] |= ACK_EARLY
            if low == left:
                words[at + LEFT] = np.int64(high)
            else:
                words[at + RIGHT] = np.int64(low)
                if before(high, right):
                    _add(own, memory, high, right, row, sent, echo, its_time, its_ident, its_tsval)
        number -= 1
    return found, gap_time, gap_ident, gap_tsval
