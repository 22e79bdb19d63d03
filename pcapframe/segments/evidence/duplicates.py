"""Copies of a packet made on the way to the capture point (``capture_duplicate``).

A packet that repeats another in every field within a second may be one. A sender that gives each packet its own IPv4
identification proves it by that. Without one a packet with payload, SYN or FIN is a copy if a resend could not look
like it: it came sooner than a round trip, or its timestamp is older than one that a resend would have; a bare
acknowledgement within a round trip if another packet of its sender came in between, if both segments before it were
copied too, or, where its sender uses SACK, if nothing that arrives could cause it again; a RST if both segments before
it were copied and nothing that it could answer came in between; a SYN-ACK if what follows shows it.

What causes the same acknowledgement again. A receiver that uses SACK answers what arrives by a higher acknowledgement,
by a new block (RFC 2018 section 4), or, if it had the bytes, by a DSACK (RFC 2883), and repeats a DSACK only when they
come once more. So the same one again is a copy, except where it is a DSACK, and where it may answer what carries no new
bytes: a segment discarded since its timestamp is older than the one echoed (RFC 7323 section 5.3), which takes a resend
that arrived before segments sent earlier; the copy of an old acknowledgement (RFC 9293 section 3.10.7.4) seen within a
round trip; or a SYN-ACK or FIN that came more often than it was acknowledged. A SYN-ACK answers every SYN that arrives,
copies too, so one that comes again counts as ``resent`` until the next two packets of the connection turn out to be
copied, as at a mirror port, or, if no copy of its SYN was seen, until its sender's timestamps show that their clock
ticked between the two, which have the same; half a tick makes that likelier than not.

Limits. Copies are recognised among the last packets of ``RECENT_PACKETS`` slots, shared by all connections, later
packets replacing earlier ones. Without identifications and timestamps a resend within a round trip looks like a copy. A
copy of a DSACK, or of a RST, cannot be told from a second one, since what brought that about may have been copied
beyond the capture point; for the same reason a few acknowledgements that were really sent twice are called copies
there, and all of those by which a receiver that uses SACK but no DSACK answers copied data.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import ACK, RST, SYN
from pcapframe.segments.evidence.directions import (
    FEWEST_TICKS,
    IS_COPY,
    MILLISECOND,
    NOBODY,
    TIMEOUT_NS,
    round_trip,
    ticks_soon,
)  # fmt: skip
from pcapframe.segments.state import after, before

__all__ = [
    "MOST_SAME_IDS",
    "RECENT_PACKETS",
    "fingerprint_of",
    "is_copy_of",
    "settle_by_clock",
    "settle_by_copies",
    "since_same",
]

COPY_LIMIT_NS = 1_000 * MILLISECOND  # for a copy that an identification or a timestamp proves
COPY_LIMIT_WITHOUT_ID_NS = MILLISECOND  # for one that nothing proves, while no round trip is known
RECENT_PACKETS = 1 << 16  # slots to recognise copies by
MOST_SAME_IDS = 2  # a sender that gives more packets in a row the same identification does not tell them apart by it
PACKETS_COPIED = 2  # after a SYN and a SYN-ACK that came twice: each packet is captured twice


@inner_jit
def fingerprint_of(
    place: Any,
    seq: Any,
    ack: Any,
    flags: Any,
    window: Any,
    length: Any,
    ident: Any,
    tsval: Any,
    tsecr: Any,
    sack_sum: Any,
) -> Any:
    """Hash of every field in which copies agree; `place` is the connection and the direction."""
    a = np.uint64(seq << 32 | ack) * np.uint64(0x9E3779B97F4A7C15)
    b = np.uint64(place << 32 | flags << 16 | window) * np.uint64(0xC2B2AE3D27D4EB4F)
    c = np.uint64(tsval << 32 ^ tsecr) * np.uint64(0x165667B19E3779F9)
    d = np.uint64(length << 32 ^ ident << 16 ^ sack_sum) * np.uint64(0xD6E8FEB86659FD93)
    h = (
        (a ^ (a >> np.uint64(31)))
        + (b ^ (b >> np.uint64(29)))
        + (c ^ (c >> np.uint64(27)))
        + (d ^ (d >> np.uint64(33)))
    )
    return (h ^ (h >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)


@inner_jit
def since_same(tags: Any, recent: Any, fingerprint: Any, time: Any) -> Any:
    """How long ago the same packet was seen, -1 unless it was a moment ago; remembers this one.

    The tags, a byte of each slot's fingerprint, stay in the cache; the slots themselves are seldom read.
    """
    slot = np.int64(fingerprint >> np.uint64(40)) & (RECENT_PACKETS - 1)
    tag = np.uint8(fingerprint & np.uint64(0xFF))
    since = np.int64(-1)
    if tags[slot] == tag and recent[2 * slot] == np.int64(fingerprint):
        since = time - recent[2 * slot + 1]
    tags[slot] = tag
    recent[2 * slot] = np.int64(fingerprint)
    recent[2 * slot + 1] = time
    return since if 0 <= since <= COPY_LIMIT_NS else np.int64(-1)


@inner_jit
def is_copy_of(
    own: Any,
    peer: Any,
    since: Any,
    time: Any,
    ident: Any,
    tsval: Any,
    flags: Any,
    carries: Any,
    seq: Any,
    ack: Any,
    tsecr: Any,
    is_behind: Any,
    has_sack: Any,
    is_dsack: Any,
) -> Any:
    """Whether a packet like one seen `since` nanoseconds ago is a copy of it, rather than sent again."""
    if ident > 0 and own.same_ids < MOST_SAME_IDS:
        return True
    is_soon = since <= COPY_LIMIT_WITHOUT_ID_NS or (own.rtt > 0 and peer.rtt > 0 and since < round_trip(own, peer))
    is_old = tsval >= 0 and before(np.uint32(tsval), np.uint32(own.newest_tsval))  # a resend has its own time
    each_copied = (own.newest_copies and own.older_copied) or (peer.newest_copies and peer.older_copied)
    if flags & RST and not carries:
        # A host without the connection answers each segment by the same RST.
        return is_soon and each_copied and peer.last_at <= time - since
    if not carries:
        if not is_soon:
            return False
        if is_old or is_behind or after(own.acked, ack):
            return True
        if not own.uses_sack or (peer.answer_row != NOBODY and _may_answer(own, peer, time)):
            return False
        if each_copied:
            return True
        if not has_sack:
            return not _may_answer(own, peer, time)
        # What arrives moves the acknowledgement or adds to the blocks (RFC 2018) or is reported in the first one
        # (RFC 2883), unless it is discarded.
        return not is_dsack and not _may_discard(peer, ack, tsecr)
    if flags & SYN:
        # Only a timeout repeats a SYN, and that takes longer; a SYN-ACK answers each SYN that arrives, also those
        # that the network copied, so it is left to what follows.
        return since < TIMEOUT_NS and not flags & ACK
    if is_old or (tsval >= 0 and ticks_soon(own, peer, time)):
        return True
    return is_soon and not (peer.repeats >= 3 and seq == peer.acked)  # that one has been asked for


@inner_jit
def _may_answer(own: Any, peer: Any, time: Any) -> Any:
    """Whether an acknowledgement without SACK may answer a copy, of which it says nothing.

    That is so of a SYN-ACK (RFC 5961 section 4), a FIN (in TIME-WAIT, RFC 9293 section 3.10.7.4) and a segment without
    bytes that is out of the window (ibid.).
    """
    arrived = 1 + np.int64(peer.newest_copies) + (peer.answer_row != NOBODY)
    if np.uint32(peer.high - peer.top_seq) == 1 and own.repeats + 1 < arrived:
        return True
    return peer.stale_at != 0 and time - peer.stale_at <= round_trip(own, peer)


@inner_jit
def _may_discard(peer: Any, ack: Any, tsecr: Any) -> Any:
    """Whether the receiver that sends this may have discarded a late segment, answering it by what it said before.

    It discards one whose timestamp is older than that of the last one in order (RFC 7323 section 5.3), which it
    echoes. Segments are sent in order of their timestamps, so that takes a resend that arrived before.
    """
    if peer.again_tsval == 0 or after(ack, peer.again_end):
        return False
    return tsecr <= 0 or peer.again_tsval < 0 or not before(np.uint32(tsecr), np.uint32(peer.again_tsval))


@inner_jit
def settle_by_clock(own: Any, peer: Any, bits: Any, time: Any) -> None:
    """Once the rate of the sender's timestamp clock shows, say whether its SYN-ACK that came again is a copy.

    Both have the same timestamp; with half a tick between them that is likelier for a copy than for two answers.
    """
    ticks = np.int64(np.uint32(own.newest_tsval - own.first_tsval))
    if peer.syn_copied or ticks < FEWEST_TICKS:
        return
    if own.answer_since * ticks * 2 >= time - own.first_tsval_at:
        bits[own.answer_row] = IS_COPY
        if own.answer_other_row != NOBODY:
            bits[own.answer_other_row] = IS_COPY
    own.answer_row = NOBODY


@inner_jit
def settle_by_copies(own: Any, peer: Any, bits: Any, is_copy: Any) -> None:
    """Say of a SYN-ACK that came again, as did its SYN, that it is a copy if the next two packets are copied too.

    An acknowledgement that came again with it shares its fate and is not among the two.
    """
    if not peer.syn_copied:
        return
    if is_copy:
        own.answer_copies += 1
        if own.answer_copies == PACKETS_COPIED:
            bits[own.answer_row] = IS_COPY
            if own.answer_other_row != NOBODY:
                bits[own.answer_other_row] = IS_COPY
            own.answer_row = NOBODY
    elif own.answer_packets == PACKETS_COPIED:
        own.answer_row = NOBODY
    else:
        own.answer_packets += 1
