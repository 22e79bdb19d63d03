"""Copies of a packet made on the way to the capture point (``capture_duplicate``).

A packet that equals an earlier one in every field, within a second, may be a copy. If the sender gives each packet its
own IP ID, the equal ID proves it. Otherwise it depends on the kind of packet:

* payload, SYN or FIN: a copy if it cannot be a retransmission, since it came sooner than a round trip, or with an older
  timestamp than a retransmission would have;
* a bare ACK within a round trip: a copy if another packet of its sender came in between, if both segments before it
  were copied too, or, with SACK, if nothing could make the receiver send the same ACK again (see below);
* a RST: a copy if both segments before it were copied and no packet that it could answer came in between;
* a SYN-ACK: a copy if it follows at once and no copy of its SYN was seen, or if later packets show it.

When a receiver sends the same ACK again. With SACK it answers every segment by a higher ACK, a new block (RFC 2018
section 4) or, for bytes that it had, a DSACK (RFC 2883); it repeats a DSACK only if the bytes arrive once more. So an
equal ACK is a copy, unless it is a DSACK or may answer a packet without new bytes: a segment that was discarded because
its timestamp is older than the one echoed (RFC 7323 section 5.3), which requires that a retransmission arrived before
segments sent earlier; the copy of an old ACK (RFC 9293 section 3.10.7.4) within a round trip; or a SYN-ACK or FIN that
came more often than it was acknowledged. A SYN-ACK answers every SYN, copies included. So a repeated one counts as
``resent``, until the next two packets of the connection turn out to be copied, as at a mirror port; or, if no copy of
its SYN was seen, until the rate of its sender's timestamp clock shows that at least half a tick passed between the two,
which have the same timestamp: then a copy is likelier.

Limits. Of a direction its packets of the last second are compared, ``MOST_PACKETS`` at most. Without IP IDs and
timestamps, a retransmission within a round trip looks like a copy. A second SYN-ACK that follows at once may also
answer a SYN that was copied beyond the capture point: both look alike. A copy of a DSACK or of a RST cannot be told
from a second one, since the packet that it answers may have been copied beyond the capture point. For the same reason a
few ACKs that were really sent twice count as copies, and all ACKs by which a receiver with SACK but without DSACK
answers copied data.
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
from pcapframe.segments.evidence.recent import FIRST, PACKETS, STRIDES, add, begin, double, newest
from pcapframe.segments.state import after, before

__all__ = [
    "MOST_PACKETS",
    "MOST_SAME_IDS",
    "await_answer",
    "fingerprint_of",
    "is_copy_of",
    "note_clock",
    "note_copy",
    "settle_answers",
    "since_same",
]

COPY_LIMIT_NS = 1_000 * MILLISECOND  # for a copy that an IP ID or a timestamp proves
COPY_LIMIT_WITHOUT_ID_NS = MILLISECOND  # for other copies, while no round trip is known
MOST_PACKETS_LOG = 14
MOST_PACKETS = 1 << MOST_PACKETS_LOG  # of a direction, among which copies are recognised
MOST_COPIES = 100  # of a segment that are counted
MOST_SAME_IDS = 2  # with more packets in a row of the same IP ID, the sender's IDs identify no packets
PACKETS_COPIED = 2  # so many copied packets after a repeated SYN and SYN-ACK: every packet is captured twice


@inner_jit
def fingerprint_of(
    seq: Any, ack: Any, flags: Any, window: Any, length: Any, ident: Any, tsval: Any, tsecr: Any, sack_sum: Any
) -> Any:
    """Hash of every field in which copies agree, of the packets of one direction."""
    a = np.uint64(seq << 32 | ack) * np.uint64(0x9E3779B97F4A7C15)
    b = np.uint64(flags << 16 | window) * np.uint64(0xC2B2AE3D27D4EB4F)
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
def since_same(own: Any, memory: Any, fingerprint: Any, time: Any) -> Any:
    """Return how long ago the same packet was seen, -1 if not within `COPY_LIMIT_NS`; remember this one.

    The ring grows where the oldest packet, which this one overwrites, might still have a copy to come.
    """
    key, count, since = np.int64(fingerprint), np.int64(own.packets), np.int64(-1)
    words = memory[0]
    if own.packets_log == 0:
        own.packets_log = FIRST
        own.packets_at = begin(memory, PACKETS, np.int64(FIRST))
    else:
        size = np.int64(1) << np.int64(own.packets_log)
        oldest = np.int64(own.packets_at) + STRIDES[PACKETS] * (count & size - 1)
        if count >= size and own.packets_log < MOST_PACKETS_LOG and time - words[oldest + 1] <= COPY_LIMIT_NS:
            own.packets_at = double(memory, PACKETS, np.int64(own.packets_at), np.int64(own.packets_log), count)
            own.packets_log += 1
        same = newest(memory, PACKETS, np.int64(own.packets_at), np.int64(own.packets_log), count, key)
        if same >= 0:
            since = time - words[same + 1]
    place = add(memory, PACKETS, np.int64(own.packets_at), np.int64(own.packets_log), count, key)
    words[place + 1] = time
    own.packets += 1
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
    """Return whether a packet is a copy of the equal one `since` nanoseconds ago, rather than a retransmission."""
    if ident > 0 and own.same_ids < MOST_SAME_IDS:
        return True
    is_soon = since <= COPY_LIMIT_WITHOUT_ID_NS or (own.rtt > 0 and peer.rtt > 0 and since < round_trip(own, peer))
    is_old = tsval >= 0 and before(np.uint32(tsval), np.uint32(own.newest_tsval))  # a retransmission is newer
    each_copied = (own.newest_copies and own.older_copied) or (peer.newest_copies and peer.older_copied)
    if flags & RST and not carries:
        # A host without the connection answers each segment by the same RST.
        return is_soon and each_copied and peer.last_at <= time - since
    if not carries:
        if not is_soon:
            return False
        if is_old or is_behind or after(own.acked, ack):
            return True
        # A copy of the SYN-ACK alone is answered; where that of the SYN was captured too, each packet may be.
        is_answered = peer.answer_row != NOBODY or (peer.syn_seen == 2 and peer.syn_copied and not own.syn_copied)
        if not own.uses_sack or (is_answered and _may_answer(own, peer, time)):
            return False
        if each_copied:
            return True
        if not has_sack:
            return not _may_answer(own, peer, time)
        # A segment that arrives advances the ACK, adds to the SACK blocks (RFC 2018) or is reported by a DSACK
        # (RFC 2883), unless it is discarded.
        return not is_dsack and not _may_discard(peer, ack, tsecr)
    if flags & SYN:
        # Only a timeout repeats a SYN, and that takes longer. A SYN-ACK answers each SYN that arrives, copies
        # included, so later packets decide, unless none was seen and it came at once.
        if flags & ACK:
            return since <= COPY_LIMIT_WITHOUT_ID_NS and not peer.syn_copied
        return since < TIMEOUT_NS
    if is_old or (tsval >= 0 and ticks_soon(own, peer, time)):
        return True
    return is_soon and not (peer.repeats >= 3 and seq == peer.acked)  # duplicate ACKs have asked for it


@inner_jit
def _may_answer(own: Any, peer: Any, time: Any) -> Any:
    """Return whether an ACK without SACK blocks may answer a copied packet.

    A host sends one for a copied SYN-ACK (RFC 5961 section 4), a copied FIN (in TIME-WAIT, RFC 9293 section 3.10.7.4)
    and a segment without bytes that is outside the window (ibid.).
    """
    arrived = 1 + np.int64(peer.newest_copies) + (peer.answer_row != NOBODY)
    if np.uint32(peer.high - peer.top_seq) == 1 and own.repeats + 1 < arrived:
        return True
    return peer.stale_at != 0 and time - peer.stale_at <= round_trip(own, peer)


@inner_jit
def _may_discard(peer: Any, ack: Any, tsecr: Any) -> Any:
    """Return whether the receiver may have discarded a late segment, and repeated its last ACK as the answer.

    It discards a segment with an older timestamp than that of the last segment in order (RFC 7323 section 5.3), which
    it echoes. Segments are sent in order of their timestamps, so a retransmission must have arrived earlier.
    """
    if peer.again_tsval == 0 or after(ack, peer.again_end):
        return False
    return tsecr <= 0 or peer.again_tsval < 0 or not before(np.uint32(tsecr), np.uint32(peer.again_tsval))


@inner_jit
def settle_by_clock(own: Any, peer: Any, bits: Any, time: Any) -> None:
    """Decide whether a repeated SYN-ACK is a copy, once the rate of the sender's timestamp clock is known.

    Both have the same timestamp. If half a tick passed between them, a copy is likelier than two answers.
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
def _settle_by_copies(own: Any, peer: Any, bits: Any, is_copy: Any) -> None:
    """Decide that a repeated SYN-ACK, whose SYN was repeated too, is a copy if the next two packets are copied too.

    An ACK that was repeated with it is judged like it, and does not count as one of the two.
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


@inner_jit
def settle_answers(own: Any, peer: Any, bits: Any, row: Any, is_copy: Any, is_bare_repeat: Any) -> None:
    """Continue to judge a repeated SYN-ACK of either side by this packet."""
    if own.answer_row != NOBODY:
        _settle_by_copies(own, peer, bits, is_copy)
    elif peer.answer_row != NOBODY:
        if is_copy or not is_bare_repeat:
            _settle_by_copies(peer, own, bits, is_copy)
        elif peer.answer_other_row == NOBODY:
            peer.answer_other_row = row
            peer.answer_packets = max(peer.answer_packets - 1, 0)  # the same as the one before, if a copy of it


@inner_jit
def note_copy(own: Any, flags: Any, carries: Any, seq: Any, time: Any) -> None:
    """Count a copy of a segment, or remember the copy of an old ACK or of a SYN."""
    if carries:
        own.newest_copies = min(own.newest_copies + 1, MOST_COPIES)
    elif before(seq, own.high):
        own.stale_at = time
    own.syn_copied = own.syn_copied or flags & SYN != 0


@inner_jit
def await_answer(own: Any, row: Any, since: Any, end: Any, time: Any) -> None:
    """Remember a SYN or SYN-ACK that was repeated sooner than a timeout: later packets show whether it is a copy."""
    own.timed_at, own.timed_end = time, end  # measured from the later SYN-ACK, so that the round trip is not too long
    if since < 0:
        return
    if own.answer_row != NOBODY and own.answer_other_row == NOBODY:
        own.answer_other_row = row
    else:
        own.answer_row, own.answer_since = row, since
        own.answer_packets, own.answer_copies, own.answer_other_row = 0, 0, NOBODY


@inner_jit
def note_clock(own: Any, peer: Any, bits: Any, tsval: Any, time: Any) -> None:
    """Follow the sender's timestamp clock."""
    if own.first_tsval_at == 0:
        own.first_tsval = own.newest_tsval = tsval
        own.first_tsval_at = time
    elif after(np.uint32(tsval), np.uint32(own.newest_tsval)):
        own.newest_tsval = tsval
        if own.answer_row != NOBODY:
            settle_by_clock(own, peer, bits, time)
