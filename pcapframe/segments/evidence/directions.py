"""State of one direction of a connection, and what several rules read off it."""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.segments.state import after, before

__all__ = [
    "DIRECTION",
    "FEWEST_TICKS",
    "IS_COPY",
    "IS_NEEDED",
    "IS_NEEDLESS",
    "IS_REORDERED",
    "IS_RESENT",
    "MILLISECOND",
    "NOBODY",
    "TIMEOUT_NS",
    "initialise",
    "is_dsack",
    "note_round_trip",
    "note_sack",
    "round_trip",
    "ticks_soon",
]

MILLISECOND = 1_000_000
REORDER_LIMIT_NS = 3 * MILLISECOND  # for filling a gap, while no round trip is known
TIMEOUT_NS = 200 * MILLISECOND  # Linux' smallest retransmission timeout (RFC 6298 asks for a second)
FEWEST_TICKS = 4  # of the sender's timestamp clock, to know its rate

IS_COPY, IS_RESENT, IS_REORDERED, IS_NEEDLESS, IS_NEEDED = 1, 2, 4, 8, 16
NOBODY = -1  # no row, or no entry in a pool

DIRECTION = np.dtype(
    [
        ("packets_at", np.int32),  # of rings in Recent: place, entries ever added, logarithm of the size, 0 for no ring
        ("packets", np.uint32),
        ("last_at", np.int64),  # time of its last packet, copies too
        ("print", np.int64),  # fingerprint of its last packet
        ("last_sent", np.int64),  # time of the last segment with bytes
        ("timer_at", np.int64),  # since when its retransmission timer runs; 0: not known
        ("timed_at", np.int64),  # 0: nothing is being timed
        ("top_at", np.int64),
        ("top_tsval", np.int64),
        ("newest_tsval", np.int64),
        ("first_tsval_at", np.int64),  # 0: none yet
        ("answer_row", np.int64),  # its repeated SYN-ACK, which may turn out to be a copy
        ("rtt", np.int64),  # smallest time to an acknowledgement seen
        ("high", np.uint32),  # end of the highest byte seen
        ("acked", np.uint32),  # highest acknowledgement this direction sent
        ("newest_echo", np.uint32),  # newest timestamp that it echoed; 0: none yet
        ("top_seq", np.uint32),  # the segment that reached `high`
        ("timed_end", np.uint32),
        ("repeats", np.int32),  # acknowledgements in a row that did not move
        ("window", np.int32),
        ("top_id", np.int32),
        ("newest_id", np.int32),
        ("first_gap", np.int32),  # index in Gaps, NOBODY for none
        ("newest_resend", np.int32),  # index in Unanswered, -1 for none
        ("id_steps", np.int16),
        ("initialised", np.bool_),  # by `initialise`; all else is zero before
        ("started", np.bool_),
        ("has_acked", np.bool_),
        ("is_newest", np.bool_),  # whether its ACK number or echo shows that its last packet was sent after all others
        ("uses_sack", np.bool_),  # it reported blocks by SACK, or both SYNs permit it
        ("takes_sack", np.bool_),  # its SYN permits SACK
        ("sacked", np.bool_),  # the peer reported blocks since its acknowledgement last moved
        ("probing", np.bool_),  # a tail probe is not settled
        ("same_ids", np.uint8),
        ("newest_copies", np.uint8),  # further copies seen of its newest segment with bytes
        ("older_copied", np.bool_),  # a copy was seen of the segment before that, or there is none
        ("timer_shots", np.uint8),  # retransmissions of the first outstanding bytes, and probes, since then
        ("syn_seen", np.uint8),  # 1: SYN, 2: SYN-ACK
        ("has_forgotten", np.bool_),
        ("packets_log", np.uint8),
        ("resent_log", np.uint8),
        ("claims_log", np.uint8),
        # Of few packets.
        ("resent_at", np.int32),
        ("resent", np.uint32),
        ("claims_at", np.int32),
        ("claims", np.uint32),
        ("asked_at", np.int64),  # when an acknowledgement last moved after others had asked for a resend; 0: never
        ("first_id", np.int32),  # of its first packets in the capture, while its IDs are still near; 0: none
        ("first_seq", np.uint32),  # the first segment with bytes, in a capture that begins after the SYN
        ("first_seq_id", np.int32),
        ("first_seq_tsval", np.int64),
        ("first_seq_at", np.int64),  # 0: none
        ("first_tsval", np.int64),  # with its time, for the rate of the sender's timestamp clock
        ("stale_at", np.int64),  # time of its last copied ACK that is older than its later bytes; 0: none
        ("answer_since", np.int64),  # time since the SYN-ACK that it repeats [ns]
        ("answer_other_row", np.int64),  # judged like it: a third SYN-ACK, or its repeated ACK
        ("again_tsval", np.int64),  # timestamp of the first retransmission of a recovery; 0: none yet
        ("smooth_rtt", np.int64),  # smoothed time to an acknowledgement seen (RFC 6298)
        ("recovery_end", np.uint32),
        ("recovery_top", np.uint32),  # end of the highest of these
        ("probe_end", np.uint32),
        ("sack_high", np.uint32),  # highest byte that this direction reported by SACK
        ("again_end", np.uint32),  # highest byte seen at that moment
        ("last_gap", np.int32),  # meaningful while there is a first one
        ("gaps", np.int32),
        ("forgotten", np.uint32),  # end of the highest gap forgotten
        ("oldest_resend", np.int32),  # meaningful while there is a newest one
        ("resends", np.int32),
        ("recovering", np.uint8),  # reason + 1 of the retransmissions below `recovery_end`
        ("recovery_blind", np.bool_),  # nothing above was reported by SACK when it began
        ("syn_copied", np.bool_),  # a copy of its SYN was seen, so that its peer may answer twice
        ("answer_packets", np.uint8),  # packets of both sides since then
        ("answer_copies", np.uint8),  # and copies of them
    ],
    align=True,
)


@inner_jit
def note_round_trip(own: Any, taken: Any) -> None:
    """Take a time to an acknowledgement: the smallest one, and the smoothed one (RFC 6298 section 2.3)."""
    own.rtt = taken if own.rtt == 0 else min(own.rtt, taken)
    own.smooth_rtt = taken if own.smooth_rtt == 0 else (7 * own.smooth_rtt + taken) // 8


@inner_jit
def initialise(direction: Any, rtt: Any, uses_sack: Any) -> None:
    """Initialise the state of a direction, which is zero so far.

    `rtt` and `uses_sack` are what the whole capture shows, where it lacks the handshake; else 0.
    """
    direction.rtt, direction.uses_sack = rtt, uses_sack
    direction.initialised = True
    direction.newest_id = -1
    direction.window = -1
    direction.answer_row = direction.answer_other_row = NOBODY
    direction.first_gap = direction.last_gap = NOBODY
    direction.newest_resend = direction.oldest_resend = NOBODY


@inner_jit
def note_sack(own: Any, peer: Any, is_permitted: Any, sack: Any, start: Any, stop: Any) -> Any:
    """Note that a direction uses SACK, or permits it on its SYN; return a hash of the blocks."""
    hashed = np.int64(0)
    for edge in range(start, stop):
        hashed = hashed * 31 + np.int64(sack[edge])
        own.uses_sack = True
    if is_permitted:
        own.takes_sack = True
        if peer.takes_sack:
            own.uses_sack = peer.uses_sack = True
    return hashed


@inner_jit
def round_trip(own: Any, peer: Any) -> Any:
    """Return 7/8 (for jitter) of the smallest time from sender to receiver and back: no answer is faster [ns].

    It is the way from here to the receiver and back and from here to the sender and back, wherever here is.
    """
    limit = (own.rtt + peer.rtt) * 7 // 8
    return limit if own.rtt > 0 and peer.rtt > 0 else max(limit, REORDER_LIMIT_NS)


@inner_jit
def ticks_soon(own: Any, peer: Any, time: Any) -> Any:
    """Return whether the sender's timestamp clock ticks twice per round trip: then retransmissions have newer ones."""
    if own.rtt <= 0 or peer.rtt <= 0 or own.first_tsval_at == 0:
        return False
    ticks = np.int64(np.uint32(own.newest_tsval - own.first_tsval))
    if ticks < FEWEST_TICKS:
        return False
    return (time - own.first_tsval_at) // ticks * 2 <= own.rtt + peer.rtt


@inner_jit
def is_dsack(ack: Any, sack: Any, start: Any, stop: Any) -> Any:
    """Whether the first SACK block reports bytes that the receiver had before (RFC 2883 section 4)."""
    if stop - start < 2:
        return False
    left, right = sack[start], sack[start + 1]
    if not after(right, ack):
        return True
    return stop - start >= 4 and not before(left, sack[start + 2]) and not after(right, sack[start + 3])
