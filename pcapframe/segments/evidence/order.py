"""Which of two segments of a direction was sent first.

Their identifications tell where this sender was seen to count them up, by one counter for each connection or a slow one
for all, or where they differ by one; else their timestamps; else one that acknowledges more, or echoes a newer
timestamp, than any packet of its sender before was sent after them all; equal timestamps mean no resend where the
sender's clock ticks twice in a round trip; else a resend comes a round trip later, since it needs word from the
receiver.

Limits. Identifications are compared modulo 2**16, so two segments more than 32767 packets of their sender apart may be
taken in the wrong order. Without identifications and timestamps a segment that the network made late by more than a
round trip looks like a resend. Overtaken first copies are recognised among the resends of ``RECENT_RESENDS`` slots,
shared by all connections, later resends replacing earlier ones, and only where both copies begin at the same byte.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import RESEND_RULES
from pcapframe.segments.evidence.directions import round_trip, ticks_soon
from pcapframe.segments.state import after

__all__ = [
    "BY_ROUND_TRIP",
    "MOST_ID_STEP",
    "NEWEST_IDS",
    "RECENT_RESENDS",
    "SEEN_BEFORE",
    "is_overtaken",
    "rule_of",
    "was_sent_later",
]

RECENT_RESENDS = 1 << 14  # slots to recognise a first copy that comes after its resend
NEWEST_IDS, MOST_ID_STEP = 4, 128  # this many steps of at most this size show a counter
SEEN_BEFORE, BY_IDENTIFICATION, BY_TIMESTAMP, BY_ACKNOWLEDGEMENT, BY_ROUND_TRIP = (
    RESEND_RULES.index(name) for name in ("seen_before", "identification", "timestamp", "acknowledgement", "round_trip")
)


@inner_jit
def _tells(own: Any, ident: Any, other_ident: Any) -> Any:
    """Whether two identifications tell which was given first."""
    if ident <= 0 or other_ident <= 0 or ident == other_ident:
        return False
    return own.id_steps >= NEWEST_IDS or abs(np.int16(np.uint16(ident - other_ident))) == 1


@inner_jit
def was_sent_later(
    own: Any, peer: Any, time: Any, ident: Any, tsval: Any, other_time: Any, other_ident: Any, other_tsval: Any
) -> Any:
    """Whether a segment was sent after another one, of later bytes or the same, that was seen before it."""
    if _tells(own, ident, other_ident):
        return np.int16(np.uint16(ident - other_ident)) > 0
    if tsval >= 0 and other_tsval >= 0 and tsval != other_tsval:
        return after(np.uint32(tsval), np.uint32(other_tsval))
    if own.is_newest:
        return True
    if tsval >= 0 and other_tsval >= 0 and ticks_soon(own, peer, time):
        return False
    # A resend needs word from the receiver, which takes a round trip from where the other segment was seen.
    return time - other_time >= round_trip(own, peer)


@inner_jit
def rule_of(own: Any, ident: Any, tsval: Any, other_ident: Any, other_tsval: Any) -> Any:
    """What `was_sent_later` goes by."""
    if _tells(own, ident, other_ident):
        return BY_IDENTIFICATION
    if tsval >= 0 and other_tsval >= 0 and tsval != other_tsval:
        return BY_TIMESTAMP
    return BY_ACKNOWLEDGEMENT if own.is_newest else BY_ROUND_TRIP


@inner_jit
def is_overtaken(own: Any, peer: Any, resends: Any, place: Any, seq: Any, time: Any, ident: Any, tsval: Any) -> Any:
    """Whether bytes already seen are the first copy, overtaken by its resend; remembers a resend.

    The resend is known where it filled a gap or reached the highest byte.
    """
    key = np.int64(place) << 32 | np.int64(seq)
    hashed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    slot = 4 * (np.int64(hashed >> np.uint64(40)) & (RECENT_RESENDS - 1))
    other_time, other_ident, other_tsval = np.int64(0), np.int64(-1), np.int64(-1)
    if resends[slot] == key and resends[slot + 1] != 0:
        other_time, other_ident, other_tsval = resends[slot + 1], resends[slot + 2], resends[slot + 3]
    elif own.top_seq == seq:
        other_time, other_ident, other_tsval = own.top_at, np.int64(own.top_id), own.top_tsval
    if other_time and not was_sent_later(own, peer, time, ident, tsval, other_time, other_ident, other_tsval):
        return True
    resends[slot] = key
    resends[slot + 1] = time
    resends[slot + 2] = ident
    resends[slot + 3] = tsval
    return False
