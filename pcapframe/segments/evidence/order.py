"""Which of two segments of a direction was sent first.

The first of these that applies decides:

* their IP IDs, if they differ by ``NEAR_IDS`` or less, or if this sender was seen to count them up, with a counter per
  connection or a slow one for all connections, or if the later one directly follows the newest ID of its sender;
* their timestamps;
* a segment with a higher ACK number or a newer timestamp echo than any earlier packet of its sender was sent after all
  of these;
* equal timestamps show that there is no retransmission, if the sender's clock ticks twice in a round trip, or if it
  has ticked since and the round trip is not known;
* a retransmission comes at least a round trip later, since the receiver's answer triggers it.

Bytes seen before are those of an overtaken first copy, too, if they were sent before their sender's first packet in the
capture: by the IP ID, by the timestamp, or, where they are the first packet themselves, by a newer timestamp that their
receiver echoed before.

Where the capture begins after the SYN, bytes below the first ones were retransmitted if they were sent after those; if
they were sent before those, they are ``reordered``. Whether these were sent for the first time, no capture that begins
so late can show.

Limits. IP IDs are compared modulo 2**16, so the order of two segments more than 32767 packets of their sender apart may
be wrong. Without IP IDs and timestamps, a segment that the network delayed by more than a round trip looks like a
retransmission. Overtaken first copies are recognised among the last ``MOST_RESENT`` retransmissions of their direction,
and only if both copies begin at the same byte.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import RESEND_RULES
from pcapframe.segments.evidence.directions import round_trip, ticks_soon
from pcapframe.segments.evidence.duplicates import MOST_SAME_IDS
from pcapframe.segments.evidence.recent import FIRST, RESENDS, add, begin, double, newest
from pcapframe.segments.state import after, before

__all__ = [
    "BY_ROUND_TRIP",
    "MOST_RESENT",
    "SEEN_BEFORE",
    "is_overtaken",
    "note_echo",
    "note_identification",
    "rule_of",
    "was_sent_before_all",
    "was_sent_later",
]

MOST_RESENT_LOG = 12
MOST_RESENT = 1 << MOST_RESENT_LOG  # of a direction, of which a first copy may still come
NEWEST_IDS, MOST_ID_STEP = 4, 128  # this many steps of at most this size show a counter
NEAR_IDS = 8  # of two random IDs one pair in 4,096 is as near
SEEN_BEFORE, BY_IDENTIFICATION, BY_TIMESTAMP, BY_ACKNOWLEDGEMENT, BY_ROUND_TRIP = (
    RESEND_RULES.index(name) for name in ("seen_before", "identification", "timestamp", "acknowledgement", "round_trip")
)


@inner_jit
def note_echo(own: Any, tsecr: Any) -> None:
    """Follow the timestamps that the sender echoes, which only become newer (RFC 7323 section 4.3)."""
    if own.newest_echo == 0:
        own.newest_echo = tsecr
    elif after(tsecr, own.newest_echo):
        own.newest_echo = tsecr
        own.is_newest = True


@inner_jit
def _tells(own: Any, ident: Any, other_ident: Any) -> Any:
    """Return whether two IP IDs show which packet was sent first."""
    if ident <= 0 or other_ident <= 0 or ident == other_ident:
        return False
    step = np.int16(np.uint16(ident - other_ident))
    if own.newest_id > 0 and np.uint16(ident - own.newest_id) == 1 and 0 < step <= MOST_ID_STEP:
        return True
    return own.id_steps >= NEWEST_IDS or abs(step) <= NEAR_IDS


@inner_jit
def was_sent_later(
    own: Any, peer: Any, time: Any, ident: Any, tsval: Any, other_time: Any, other_ident: Any, other_tsval: Any
) -> Any:
    """Return whether a segment was sent after another one that was captured before it and has later or equal bytes."""
    if _tells(own, ident, other_ident):
        return np.int16(np.uint16(ident - other_ident)) > 0
    if tsval >= 0 and other_tsval >= 0 and tsval != other_tsval:
        return after(np.uint32(tsval), np.uint32(other_tsval))
    if own.is_newest:
        return True
    if tsval >= 0 and other_tsval >= 0:
        if own.rtt <= 0 or peer.rtt <= 0:
            if before(np.uint32(tsval), np.uint32(own.newest_tsval)):
                return False
        elif ticks_soon(own, peer, time):
            return False
    # The receiver's answer triggers a retransmission, at least a round trip after the other segment was seen.
    return time - other_time >= round_trip(own, peer)


@inner_jit
def was_sent_before_all(own: Any, peer: Any, ident: Any, tsval: Any) -> Any:
    """Return whether a segment was sent before its sender's first packet in the capture.

    Its timestamp shows it, or its IP ID. If it is itself the first one, the timestamps that its receiver echoed before
    show that later packets had overtaken it.
    """
    if own.first_id > 0 and _tells(own, ident, np.int64(own.first_id)):
        return np.int16(np.uint16(ident - own.first_id)) < 0
    if tsval < 0:
        return False
    if own.first_tsval_at != 0:
        return before(np.uint32(tsval), np.uint32(own.first_tsval))
    return peer.newest_echo != 0 and before(np.uint32(tsval), peer.newest_echo)


@inner_jit
def rule_of(own: Any, ident: Any, tsval: Any, other_ident: Any, other_tsval: Any) -> Any:
    """Return the rule that `was_sent_later` applies."""
    if _tells(own, ident, other_ident):
        return BY_IDENTIFICATION
    if tsval >= 0 and other_tsval >= 0 and tsval != other_tsval:
        return BY_TIMESTAMP
    return BY_ACKNOWLEDGEMENT if own.is_newest else BY_ROUND_TRIP


@inner_jit
def is_overtaken(own: Any, peer: Any, memory: Any, seq: Any, time: Any, ident: Any, tsval: Any) -> Any:
    """Return whether bytes already seen are the first copy, overtaken by its retransmission; remember a retransmission.

    The earlier retransmission is known only if it filled a gap or reached the highest byte.
    """
    words, count, place = memory[0], np.int64(own.resent), np.int64(-1)
    other_time, other_ident, other_tsval = np.int64(0), np.int64(-1), np.int64(-1)
    if own.resent_log:
        place = newest(memory, RESENDS, np.int64(own.resent_at), np.int64(own.resent_log), count, np.int64(seq))
    if place >= 0:
        other_time, other_ident, other_tsval = words[place + 1], words[place + 2], words[place + 3]
    elif own.top_seq == seq:
        other_time, other_ident, other_tsval = own.top_at, np.int64(own.top_id), own.top_tsval
    if other_time and not was_sent_later(own, peer, time, ident, tsval, other_time, other_ident, other_tsval):
        return True
    if place < 0:
        place = _new_resend(own, memory, count, seq)
    words[place + 1], words[place + 2], words[place + 3] = time, ident, tsval
    return False


@inner_jit
def _new_resend(own: Any, memory: Any, count: Any, seq: Any) -> Any:
    """Return the place of a new entry for the bytes from `seq` on."""
    if own.resent_log == 0:
        own.resent_log = FIRST
        own.resent_at = begin(memory, RESENDS, np.int64(FIRST))
    elif count >= np.int64(1) << np.int64(own.resent_log) and own.resent_log < MOST_RESENT_LOG:
        own.resent_at = double(memory, RESENDS, np.int64(own.resent_at), np.int64(own.resent_log), count)
        own.resent_log += 1
    own.resent += 1
    return add(memory, RESENDS, np.int64(own.resent_at), np.int64(own.resent_log), count, np.int64(seq))


@inner_jit
def note_identification(own: Any, ident: Any, is_late: Any) -> None:
    """Follow the sender's IP IDs, and whether it counts them up."""
    if own.newest_id < 0:
        own.newest_id = own.first_id = np.int32(ident)
        return
    step = np.int64(np.int16(np.uint16(ident - own.newest_id)))
    if step == 0:
        own.same_ids = min(own.same_ids + 1, MOST_SAME_IDS)
    elif -MOST_ID_STEP <= step <= MOST_ID_STEP:
        own.id_steps = min(own.id_steps + 1, 1000)
        own.newest_id = np.int32(ident) if step > 0 else own.newest_id
        if own.first_id > 0 and abs(np.int64(np.int16(np.uint16(own.newest_id - own.first_id)))) > MOST_ID_STEP:
            own.first_id = 0
    elif step > 0 or not is_late:  # a far lower ID is from a late packet, and shows nothing about the counter
        own.first_id = 0
        own.id_steps = min(own.id_steps - NEWEST_IDS, 0)
        own.newest_id = np.int32(ident)
