"""What was sent again and what the network changed, by what the packets themselves show.

Wireshark judges by the clock and the highest sequence number. Here the bytes already seen, IPv4 identifications,
timestamps (RFC 7323), SACK and DSACK (RFC 2018, 2883) decide:

* a packet that repeats another in every field within a second is a copy made on the way (``capture_duplicate``)
  and changes no state. A sender that gives each packet its own IPv4 identification proves it by that. Without one a
  packet with payload, SYN or FIN is a copy if a resend could not look like it: it came sooner than a round trip, or
  its timestamp is older than one that a resend would have; a bare acknowledgement within a round trip if another
  packet of its sender came in between, if both segments before it were copied too, or, where its sender uses SACK, if
  nothing that arrives could cause it again (see below); a RST if both segments before it were copied and nothing that
  it could answer came in between; a SYN-ACK if what follows shows it, which is known only then;
* bytes that were seen before were sent again (``resent``), keep-alives and window probes excepted, unless they are
  the first copy, which its resend overtook (``reordered``);
* bytes that fill a gap were sent before the segment that opened the gap (``reordered``) or after it (``resent``,
  the first copy was lost before the capture point);
* bytes that the peer acknowledges and that were never seen are missing from the capture (``capture_gap``).

Which of two segments was sent first: their identifications tell where this sender was seen to count them up, by one
counter for each connection or a slow one for all; else their timestamps; equal timestamps mean no resend where the
sender's clock ticks twice in a round trip; else a resend comes a round trip later, since it needs word from the
receiver. The round trip is the smallest time from here to the receiver and back plus that to the sender and back;
while one of them is unknown, at least 3 ms.

What causes the same acknowledgement again. A receiver that uses SACK answers what arrives by a higher acknowledgement,
by a new block (RFC 2018 section 4), or, if it had the bytes, by a DSACK (RFC 2883), and repeats a DSACK only when they
come once more. So the same one again is a copy, except where it is a DSACK, and where it may answer what carries no new
bytes: a segment discarded since its timestamp is older than the one echoed (RFC 7323 section 5.3), which takes a resend
that arrived before segments sent earlier; the copy of an old acknowledgement (RFC 9293 section 3.10.7.4) seen within a
round trip; or a SYN-ACK or FIN that came more often than it was acknowledged. A SYN-ACK answers every SYN that arrives,
copies too, so one that comes again counts as ``resent`` until the next two packets of the connection turn out to be
copied, as at a mirror port, or, if no copy of its SYN was seen, until its sender's timestamps show that their clock
ticked between the two, which have the same; half a tick makes that likelier than not.

Whether the receiver had the bytes of a resend (``needless``). It had them if it had acknowledged them, if a DSACK
reports them (the latest resend of these bytes that waits for one), or if the resend begins where the acknowledgement
stood and that moves past it with an echo older than the resend's timestamp (Eifel, RFC 3522). It lacked them if that
echo is not older, and the resend's timestamp was new; a DSACK that comes then is of another copy. It is taken to have
lacked them where the resend fills a gap here, unless a DSACK follows. Else nothing is known: an acknowledgement that
jumps over several resends echoes the first one. Waiting ends when bytes sent after the resend are acknowledged.

Limits. A resend whose first copy passed unseen, without later bytes before it, looks like an original (a lost tail
or SYN). At most ``MOST_GAPS`` gaps a direction are remembered, so that a packet costs at most so many steps, whatever
came before it; the lowest is forgotten first. Whether bytes below a forgotten gap's end were seen is then not known: by
identification or timestamp such a segment is ``resent`` if it was sent after the highest byte and ``reordered`` if
before; without either it is ``resent`` a round trip after that, and else nothing is said of it. What a forgotten gap
lacks is not in ``capture_gap``. Copies are recognised among the last packets of ``RECENT_PACKETS`` slots, overtaken
first copies among the resends of ``RECENT_RESENDS``, both shared by all connections, later packets replacing earlier
ones, and the latter only where both copies begin at the same byte. Identifications are compared modulo 2**16, so two
segments more than 32767 packets of their sender apart may be taken in the wrong order. Without identifications and
timestamps a segment that the network made late by more than a round trip looks like a resend, and a resend within
one like a copy. A copy of a DSACK, or of a RST, cannot be told from a second one, since what brought that about may
have been copied beyond the capture point; for the same reason a few acknowledgements that were really sent twice are
called copies there, and all of those by which a receiver that uses SACK but no DSACK answers copied data. Of a
direction, ``MOST_RESENDS`` resends wait for what the receiver says of them; the oldest is given up first. A tail probe
of the only segment outstanding may take as long as a timeout (RFC 8985 section 7.2), and then counts as one in
``resend_reason``.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import RESEND_REASONS, RESEND_RULES
from pcapframe.segments.state import ACK, FIN, NO_LENGTH, RST, SYN, Array, Segments, after, before, grown, part
from pcapframe.segments.tracking import Tracked

__all__ = ["Evidence", "EvidencePass"]

MILLISECOND = 1_000_000
COPY_LIMIT_NS = 1_000 * MILLISECOND  # for a copy that an identification or a timestamp proves
COPY_LIMIT_WITHOUT_ID_NS = MILLISECOND  # for one that nothing proves, while no round trip is known
RECENT_PACKETS = 1 << 16  # slots to recognise copies by
RECENT_RESENDS = 1 << 14  # slots to recognise a first copy that comes after its resend
MOST_GAPS = 256
MOST_RESENDS = 64  # of a direction, that wait for what the receiver says of them
TIMEOUT_NS = 200 * MILLISECOND  # Linux' smallest retransmission timeout (RFC 6298 asks for a second)
REORDER_LIMIT_NS = 3 * MILLISECOND  # for filling a gap, while no round trip is known
LARGEST_STEP = 1 << 30  # an acknowledgement that jumps further is not believed
NEWEST_IDS, MOST_ID_STEP = 4, 128  # so many steps, each at most so large, show a counter
MOST_SAME_IDS = 2  # a sender that gives more packets in a row the same identification does not tell them apart by it
MOST_COPIES = 100  # of a segment that are counted
PACKETS_COPIED = 2  # after a SYN and a SYN-ACK that came twice: each packet is captured twice
FEWEST_TICKS = 4  # of the sender's timestamp clock, to tell how long one takes

TIMEOUT, FAST, TAIL_PROBE, SYN_RETRY, UNKNOWN = (
    RESEND_REASONS.index(name) for name in ("timeout", "fast", "tail_probe", "syn_retry", "unknown")
)
SEEN_BEFORE, BY_IDENTIFICATION, BY_TIMESTAMP, BY_ROUND_TRIP = (
    RESEND_RULES.index(name) for name in ("seen_before", "identification", "timestamp", "round_trip")
)
RULE_BIT = 3  # reasons are below it
IS_COPY, IS_RESENT, IS_REORDERED, IS_NEEDLESS, IS_NEEDED = 1, 2, 4, 8, 16
NOBODY = -1

DIRECTION = np.dtype(
    [
        ("high", np.uint32),  # end of the highest byte seen
        ("started", np.bool_),
        ("syn_seen", np.uint8),  # 1: SYN, 2: SYN-ACK
        ("takes_sack", np.bool_),  # its SYN permits SACK
        ("uses_sack", np.bool_),  # it reported blocks by SACK, or both SYNs permit it
        ("sacked", np.bool_),  # the peer reported blocks since its acknowledgement last moved
        ("has_acked", np.bool_),
        ("recovering", np.uint8),  # reason + 1 of the resends below `recovery_end`
        ("recovery_end", np.uint32),
        ("acked", np.uint32),  # highest acknowledgement this direction sent
        ("sack_high", np.uint32),  # highest byte that this direction reported by SACK
        ("repeats", np.int32),  # acknowledgements in a row that did not move
        ("window", np.int32),
        ("last_sent", np.int64),  # time of the last segment with bytes
        ("first_tsval", np.int64),  # with its time, for the rate of the sender's timestamp clock
        ("first_tsval_at", np.int64),  # 0: none yet
        ("newest_tsval", np.int64),
        ("newest_id", np.int32),
        ("id_steps", np.int16),
        ("same_ids", np.uint8),
        ("newest_copies", np.uint8),  # further copies seen of its newest segment with bytes
        ("older_copied", np.bool_),  # a copy was seen of the one before, if there was one
        ("print", np.int64),  # fingerprint of its last packet
        ("syn_copied", np.bool_),  # a copy of its SYN was seen, so that its peer may answer twice
        ("last_at", np.int64),  # time of its last packet, copies too
        ("stale_at", np.int64),  # time of its last copy of an acknowledgement that it sent before later bytes; 0: none
        ("answer_row", np.int64),  # its SYN-ACK that came again and may yet turn out to be a copy
        ("answer_since", np.int64),  # how long after the same one before [ns]
        ("answer_other_row", np.int64),  # what is a copy if it is one: it once more, or its second acknowledgement
        ("answer_packets", np.uint8),  # packets of both sides since then
        ("answer_copies", np.uint8),  # and copies of them
        ("again_tsval", np.int64),  # timestamp of the first resend of a recovery; 0: none yet
        ("again_end", np.uint32),  # and the highest byte seen then
        ("top_seq", np.uint32),  # the segment that reached `high`
        ("top_id", np.int32),
        ("top_tsval", np.int64),
        ("top_at", np.int64),
        ("first_gap", np.int32),  # places in Gaps, -1 for none
        ("gaps", np.int32),
        ("has_forgotten", np.bool_),
        ("forgotten", np.uint32),  # end of the highest gap forgotten
        ("rtt", np.int64),  # smallest time to an acknowledgement seen
        ("timed_end", np.uint32),
        ("timed_at", np.int64),  # 0: nothing is being timed
        ("newest_resend", np.int32),  # place in Unanswered, -1 for none
        ("resends", np.int32),
    ]
)


class Gaps(NamedTuple):
    """Pool of byte ranges not seen: linked lists by sequence number, one a direction."""

    left: Array  # uint32
    right: Array  # uint32
    time: Array  # int64, when it opened
    ident: Array  # int32, identification of the segment that opened it, -1 for none
    tsval: Array  # int64, its timestamp, -1 for none
    link: Array  # int32


class Unanswered(NamedTuple):
    """Pool of resends of which the receiver may yet say something: linked lists, the newest first, one a direction."""

    row: Array  # int64
    seq: Array  # uint32
    end: Array  # uint32
    high: Array  # uint32, end of the highest byte seen before it
    tsval: Array  # int64, -1 for none
    ticked: Array  # uint8, 1 where no packet before it had its timestamp
    link: Array  # int32


class Evidence(NamedTuple):
    """What the packets show of each segment."""

    bits: Array  # uint8, IS_…
    resent_bytes: Array  # uint32
    reason: Array  # int8, place in RESEND_REASONS and, from RULE_BIT on, in RESEND_RULES; -1 unless resent
    gap: Array  # uint32 [bytes]

    @classmethod
    def room(cls, rows: int) -> "Evidence":
        """Return columns for `rows` segments, to be filled."""
        return cls(*one_block(rows, (np.uint8, np.uint32, np.int8, np.uint32)))


@inner_jit
def _fingerprint(
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
def _round_trip(own: Any, peer: Any) -> Any:
    """Smallest time from sender to receiver and back, seven eighths of it for jitter: no answer comes sooner [ns].

    It is the way from here to the receiver and back and from here to the sender and back, wherever here is.
    """
    limit = (own.rtt + peer.rtt) * 7 // 8
    return limit if own.rtt > 0 and peer.rtt > 0 else max(limit, REORDER_LIMIT_NS)


@inner_jit
def _ticks_soon(own: Any, peer: Any, time: Any, tsval: Any) -> Any:
    """Whether the sender's timestamp clock ticks twice in a round trip, so that a resend has a newer timestamp."""
    if own.rtt <= 0 or peer.rtt <= 0 or own.first_tsval_at == 0:
        return False
    ticks = np.int64(np.uint32(own.newest_tsval - own.first_tsval))
    if ticks < FEWEST_TICKS:
        return False
    return (time - own.first_tsval_at) // ticks * 2 <= own.rtt + peer.rtt


@inner_jit
def _since_same(tags: Any, recent: Any, fingerprint: Any, time: Any) -> Any:
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
def _is_copy(
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
    is_soon = since <= COPY_LIMIT_WITHOUT_ID_NS or (own.rtt > 0 and peer.rtt > 0 and since < _round_trip(own, peer))
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
    if is_old or (tsval >= 0 and _ticks_soon(own, peer, time, tsval)):
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
    return peer.stale_at != 0 and time - peer.stale_at <= _round_trip(own, peer)


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
def _is_dsack(ack: Any, sack: Any, start: Any, stop: Any) -> Any:
    """Whether the first SACK block reports bytes that the receiver had before (RFC 2883 section 4)."""
    if stop - start < 2:
        return False
    left, right = sack[start], sack[start + 1]
    if not after(right, ack):
        return True
    return stop - start >= 4 and not before(left, sack[start + 2]) and not after(right, sack[start + 3])


@inner_jit
def _settle_by_clock(own: Any, peer: Any, bits: Any, time: Any) -> None:
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
def _settle_by_copies(own: Any, peer: Any, bits: Any, is_copy: Any) -> None:
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


@inner_jit
def _forget(own: Any, end: Any) -> None:
    """Remember that there was a gap up to `end`, of which nothing more is known."""
    if not own.has_forgotten or after(end, own.forgotten):
        own.has_forgotten = True
        own.forgotten = end


@inner_jit
def _open_gap(own: Any, pool: Any, free: Any, left: Any, right: Any, time: Any, ident: Any, tsval: Any) -> None:
    """Remember that bytes from `left` to `right` were not seen; they are above all other gaps."""
    gap_left, gap_right, gap_time, gap_ident, gap_tsval, link = pool
    if own.gaps >= MOST_GAPS:
        lowest = own.first_gap
        _forget(own, gap_right[lowest])
        own.first_gap = link[lowest]
        own.gaps -= 1
        link[lowest] = free[0]
        free[0] = lowest
        free[2] -= 1
    place = free[0]
    if place >= 0:
        free[0] = link[place]
    else:
        place = free[1]
        free[1] += 1
    free[2] += 1
    gap_left[place] = left
    gap_right[place] = right
    gap_time[place] = time
    gap_ident[place] = ident
    gap_tsval[place] = tsval
    link[place] = -1
    own.gaps += 1
    if own.first_gap < 0:
        own.first_gap = place
        return
    at = np.int64(own.first_gap)
    while link[at] >= 0:
        at = np.int64(link[at])
    link[at] = place


@inner_jit
def _fill(own: Any, pool: Any, free: Any, seq: Any, end: Any) -> Any:
    """Take the bytes from `seq` to `end` out of the gaps.

    Returns
    -------
    tuple
        How many of them were not seen before [bytes], and time, identification and timestamp of the segment that
        opened the first gap they are in.
    """
    gap_left, gap_right, gap_time, gap_ident, gap_tsval, link = pool
    unseen = np.int64(0)
    time, ident, tsval = np.int64(0), np.int64(-1), np.int64(-1)
    previous = np.int64(-1)
    at = np.int64(own.first_gap)
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
            link[at] = free[0]
            free[0] = at
            free[2] -= 1
            own.gaps -= 1
        elif low == left:
            gap_left[at] = high
            previous = at
        elif high == right:
            gap_right[at] = low
            previous = at
        elif own.gaps < MOST_GAPS:
            place = free[0]
            if place >= 0:
                free[0] = link[place]
            else:
                place = free[1]
                free[1] += 1
            free[2] += 1
            gap_left[place], gap_right[place] = high, right
            gap_time[place], gap_ident[place], gap_tsval[place] = gap_time[at], gap_ident[at], gap_tsval[at]
            gap_right[at] = low
            link[place] = link[at]
            link[at] = place
            own.gaps += 1
            previous = place
        else:
            _forget(own, low)
            gap_left[at] = high
            previous = at
        at = following
    return unseen, time, ident, tsval


@inner_jit
def _sent_later(
    own: Any, peer: Any, time: Any, ident: Any, tsval: Any, other_time: Any, other_ident: Any, other_tsval: Any
) -> Any:
    """Whether a segment was sent after another one, of later bytes or the same, that was seen before it."""
    if own.id_steps >= NEWEST_IDS and ident > 0 and other_ident > 0 and ident != other_ident:
        return np.int16(np.uint16(ident - other_ident)) > 0
    if tsval >= 0 and other_tsval >= 0:
        if tsval != other_tsval:
            return after(np.uint32(tsval), np.uint32(other_tsval))
        if _ticks_soon(own, peer, time, tsval):
            return False
    # A resend needs word from the receiver, which takes a round trip from where the other segment was seen.
    return time - other_time >= _round_trip(own, peer)


@inner_jit
def _rule(own: Any, ident: Any, tsval: Any, other_ident: Any, other_tsval: Any) -> Any:
    """What `_sent_later` goes by."""
    if own.id_steps >= NEWEST_IDS and ident > 0 and other_ident > 0 and ident != other_ident:
        return BY_IDENTIFICATION
    return BY_TIMESTAMP if tsval >= 0 and other_tsval >= 0 and tsval != other_tsval else BY_ROUND_TRIP


@inner_jit
def _overtaken(own: Any, peer: Any, resends: Any, place: Any, seq: Any, time: Any, ident: Any, tsval: Any) -> Any:
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
    if other_time and not _sent_later(own, peer, time, ident, tsval, other_time, other_ident, other_tsval):
        return True
    resends[slot] = key
    resends[slot + 1] = time
    resends[slot + 2] = ident
    resends[slot + 3] = tsval
    return False


@inner_jit
def _reason(own: Any, peer: Any, seq: Any, end: Any, flags: Any, time: Any) -> Any:
    """Why the sender sent again, as far as the packets show; opens or continues a recovery."""
    if flags & SYN:
        return SYN_RETRY
    if own.recovering and before(seq, own.recovery_end):
        return np.int64(own.recovering) - 1
    idle = time - own.last_sent
    reported = peer.sacked and after(peer.sack_high, seq)
    is_tail = end == own.high and own.rtt > 0 and idle >= own.rtt + peer.rtt
    is_first = not peer.has_acked or not after(seq, peer.acked)  # of what is outstanding
    if reported or peer.repeats >= 3:
        reason = FAST if idle < TIMEOUT_NS else TIMEOUT
    elif is_tail and (idle < TIMEOUT_NS or not is_first):  # a timeout begins with the first (RFC 6298 section 5.4)
        reason = TAIL_PROBE
    elif idle >= TIMEOUT_NS:
        reason = TIMEOUT
    elif peer.repeats >= 1:
        reason = FAST
    else:
        reason = UNKNOWN
    if reason != TAIL_PROBE:
        own.recovering = reason + 1
        own.recovery_end = own.high
    return reason


@inner_jit
def _acknowledge(own: Any, peer: Any, pool: Any, free: Any, flags: Any, ack: Any, time: Any, length: Any) -> Any:
    """Take an acknowledgement; how many of the bytes that it covers the capture lacks."""
    gap = np.int64(0)
    if not own.has_acked:
        own.has_acked = True
        own.acked = ack
        if not peer.started:
            peer.started = True
            peer.high = ack
    elif after(ack, own.acked):
        if np.uint32(ack - own.acked) > LARGEST_STEP:
            return gap
        own.acked = ack
        own.repeats = 0
        own.sacked = False
    elif ack == own.acked and length == 0 and not flags & (SYN | FIN | RST):
        own.repeats += 1
    if peer.timed_at != 0 and not before(ack, peer.timed_end):
        if ack == peer.timed_end and time > peer.timed_at and (peer.rtt == 0 or time - peer.timed_at < peer.rtt):
            peer.rtt = time - peer.timed_at
        peer.timed_at = 0
    if peer.started and peer.first_gap >= 0:
        gap = _fill(peer, pool, free, pool[0][peer.first_gap], ack)[0] if before(pool[0][peer.first_gap], ack) else gap
    if peer.started and after(ack, peer.high) and np.uint32(ack - peer.high) <= LARGEST_STEP:
        gap += np.int64(np.uint32(ack - peer.high))
        peer.high = ack
    return gap


@inner_jit
def _remember(own: Any, pool: Any, free: Any, row: Any, seq: Any, end: Any, tsval: Any) -> None:
    """Remember a resend until its receiver has said what it will say of it."""
    rows, seqs, ends, highs, tsvals, ticked, link = pool
    place = np.int64(free[3])
    if own.resends >= MOST_RESENDS:
        before_last, place = np.int64(NOBODY), np.int64(own.newest_resend)
        while link[place] >= 0:
            before_last, place = place, np.int64(link[place])
        link[before_last] = -1
    elif place >= 0:
        free[3] = link[place]
        own.resends += 1
        free[5] += 1
    else:
        place = free[4]
        free[4] += 1
        own.resends += 1
        free[5] += 1
    rows[place], seqs[place], ends[place], highs[place], tsvals[place] = row, seq, end, own.high, tsval
    ticked[place] = own.first_tsval_at != 0 and after(np.uint32(tsval), np.uint32(own.newest_tsval))
    link[place] = own.newest_resend
    own.newest_resend = place


@inner_jit
def _confirm(
    own: Any,
    peer: Any,
    pool: Any,
    free: Any,
    bits: Any,
    moved_from: Any,
    is_first: Any,
    ack: Any,
    tsecr: Any,
    sack: Any,
    sack_start: Any,
    sack_stop: Any,
) -> None:
    """Note in the `bits` of all segments what this one says of the peer's resends: whether they were needed.

    `moved_from` is the acknowledgement before; `is_first` where there was none.
    """
    is_dsack = _is_dsack(ack, sack, sack_start, sack_stop)
    left = right = np.uint32(0)
    if sack_stop - sack_start >= 2:
        left, right = sack[sack_start], sack[sack_start + 1]
        if not is_dsack:
            own.sacked = True
            if own.sack_high == 0 or after(right, own.sack_high):
                own.sack_high = right
    rows, seqs, ends, highs, tsvals, ticked, link = pool
    told_left = told_right = np.uint32(0)
    previous, at = np.int64(NOBODY), np.int64(peer.newest_resend)
    while at >= 0:
        following, row, seq, end = np.int64(link[at]), rows[at], seqs[at], ends[at]
        is_done = after(ack, highs[at])
        is_told = is_dsack and before(left, end) and after(right, seq)
        if is_told and told_left != told_right:
            is_told = not (before(told_left, end) and after(told_right, seq))  # of a later resend of these bytes
        if is_told:
            bits[row] = bits[row] & ~IS_NEEDED | IS_NEEDLESS
            if told_left == told_right:
                told_left, told_right = seq, end
            told_left = seq if before(seq, told_left) else told_left
            told_right = end if after(end, told_right) else told_right
        elif not before(ack, end) and (is_first or before(moved_from, end)):
            if tsecr > 0 and tsvals[at] >= 0 and (is_first or not after(seq, moved_from)):
                # Eifel (RFC 3522): the echo is of the segment that filled the gap at the acknowledgement.
                if before(np.uint32(tsecr), np.uint32(tsvals[at])):
                    bits[row] = bits[row] & ~IS_NEEDED | IS_NEEDLESS
                elif ticked[at] != 0:
                    bits[row] |= IS_NEEDED
                    is_done = True  # a DSACK of these bytes is of another copy
        if is_told or is_done:
            if previous < 0:
                peer.newest_resend = following
            else:
                link[previous] = following
            link[at] = free[3]
            free[3] = at
            free[5] -= 1
            peer.resends -= 1
        else:
            previous = at
        at = following


@jit
def judge(
    segments: Any,
    tracked: Any,
    base_row: Any,
    directions: Any,
    gaps: Any,
    unanswered: Any,
    free: Any,
    recent_tags: Any,
    recent_packets: Any,
    recent_resends: Any,
    all_bits: Any,
    out: Any,
) -> None:
    """Judge a chunk of segments, of all that have `all_bits` the one from `base_row`; see the module's docstring."""
    times, flags_column, seqs, acks, windows = (
        segments.time, segments.tcp_flags, segments.seq, segments.ack, segments.window,
    )  # fmt: skip
    payload, idents, tsvals, tsecrs = segments.payload, segments.ip_id, segments.tsval, segments.tsecr
    sack_at, sack = segments.sack_at, unchecked(segments.sack)
    sack_permitted = segments.sack_permitted
    conn_ids, sides = tracked.conn_id, tracked.side
    bits, resent_bytes, reasons, out_gap = out.bits, out.resent_bytes, out.reason, out.gap
    bits_raw, recent, spare = unchecked(all_bits), unchecked(recent_packets), unchecked(free)
    tags, resends = unchecked(recent_tags), unchecked(recent_resends)
    pool = (
        unchecked(gaps.left), unchecked(gaps.right), unchecked(gaps.time), unchecked(gaps.ident),
        unchecked(gaps.tsval), unchecked(gaps.link),
    )  # fmt: skip
    unanswered_pool = (
        unchecked(unanswered.row), unchecked(unanswered.seq), unchecked(unanswered.end), unchecked(unanswered.high),
        unchecked(unanswered.tsval), unchecked(unanswered.ticked), unchecked(unanswered.link),
    )  # fmt: skip
    for i in range(seqs.size):
        connection, side = np.int64(conn_ids[i]), np.int64(sides[i])
        own, peer = directions[2 * connection + side], directions[2 * connection + 1 - side]
        for direction in (own, peer):
            if direction.newest_id == 0:
                direction.newest_id = -1
                direction.answer_row = NOBODY
                direction.first_gap = direction.newest_resend = -1
                direction.window = -1
        bits[i], resent_bytes[i], reasons[i], out_gap[i] = 0, 0, -1, 0
        length = np.int64(payload[i])
        if length == NO_LENGTH:
            continue
        time, flags, seq, ack = times[i], np.int64(flags_column[i]), seqs[i], acks[i]
        ident, tsval, tsecr = np.int64(idents[i]), tsvals[i], tsecrs[i]
        phantom = 1 if flags & (SYN | FIN) else 0
        end = np.uint32(np.int64(seq) + length + phantom)
        carries = (length > 0 or phantom == 1) and not flags & RST
        sack_sum = np.int64(0)
        for edge in range(sack_at[i], sack_at[i + 1]):
            sack_sum = sack_sum * 31 + np.int64(sack[edge])
            own.uses_sack = True
        fingerprint = _fingerprint(
            2 * connection + side,
            np.int64(seq),
            np.int64(ack),
            flags,
            np.int64(windows[i]),
            length,
            ident,
            tsval,
            tsecr,
            sack_sum,
        )
        if flags & SYN and sack_permitted[i]:
            own.takes_sack = True
            if peer.takes_sack:
                own.uses_sack = peer.uses_sack = True
        since = _since_same(tags, recent, fingerprint, time)
        # Another packet came in between; without options both may say the same as others.
        is_behind = own.print != np.int64(fingerprint) and (tsval >= 0 or own.uses_sack)
        own.last_at = time
        is_copy = since >= 0 and _is_copy(
            own, peer, since, time, ident, tsval, flags, carries, seq, ack, tsecr, is_behind,
            sack_at[i + 1] > sack_at[i], _is_dsack(ack, sack, sack_at[i], sack_at[i + 1]),
        )  # fmt: skip
        if own.answer_row != NOBODY:
            _settle_by_copies(own, peer, bits_raw, is_copy)
        elif peer.answer_row != NOBODY:
            if since < 0 or is_copy or carries:
                _settle_by_copies(peer, own, bits_raw, is_copy)
            elif peer.answer_other_row == NOBODY:
                peer.answer_other_row = base_row + i
                peer.answer_packets = max(peer.answer_packets - 1, 0)  # the same as the one before, if a copy of it
        if is_copy:
            bits[i] = IS_COPY
            if carries:
                own.newest_copies = min(own.newest_copies + 1, MOST_COPIES)
            elif before(seq, own.high):
                own.stale_at = time
            own.syn_copied = own.syn_copied or flags & SYN != 0
            continue
        if flags & ACK and not flags & RST:
            moved_from, is_first = own.acked, not own.has_acked
            out_gap[i] = _acknowledge(own, peer, pool, spare, flags, ack, time, length)
            if peer.newest_resend >= 0 or sack_at[i + 1] > sack_at[i]:
                _confirm(
                    own, peer, unanswered_pool, spare, bits_raw, moved_from, is_first, ack, tsecr,
                    sack, sack_at[i], sack_at[i + 1],
                )  # fmt: skip
        own.window = np.int32(windows[i])
        if not before(ack, own.acked):  # one that was overtaken says nothing of those after it
            own.print = np.int64(fingerprint)
        in_order = True
        if carries:
            own.older_copied, own.newest_copies = own.newest_copies > 0 or not own.started, 0
            if not own.started:
                own.started = True
                own.high = seq
            is_again = before(seq, own.high)
            if is_again and length <= 1 and phantom == 0 and np.uint32(own.high - seq) == 1:
                # A keep-alive or a window probe: nothing is outstanding, or the peer's window is closed.
                if peer.window == 0 or (peer.has_acked and peer.acked == own.high):
                    is_again = carries = False
            if is_again and flags & SYN and flags & ACK and own.syn_seen == 1:
                is_again = carries = False  # crossing SYNs: the SYN-ACK repeats the SYN's number
            if is_again:
                top = own.high if after(end, own.high) else end
                unseen, gap_time, gap_ident, gap_tsval = _fill(own, pool, spare, seq, top)
                seen = np.int64(np.uint32(top - seq)) - unseen
                in_order = False
                rule = SEEN_BEFORE
                is_known = True
                if seen != 0 and own.has_forgotten and before(seq, own.forgotten):
                    top_id = np.int64(own.top_id)
                    late = not _sent_later(own, peer, time, ident, tsval, own.top_at, top_id, own.top_tsval)
                    rule = _rule(own, ident, tsval, top_id, own.top_tsval)
                    is_known = not late or rule != BY_ROUND_TRIP
                elif seen == 0:
                    rule = _rule(own, ident, tsval, gap_ident, gap_tsval)
                    late = not _sent_later(own, peer, time, ident, tsval, gap_time, gap_ident, gap_tsval)
                    if not late:
                        _overtaken(own, peer, resends, 2 * connection + side, seq, time, ident, tsval)
                else:
                    late = not flags & SYN and _overtaken(
                        own, peer, resends, 2 * connection + side, seq, time, ident, tsval
                    )
                if late:
                    bits[i] |= IS_REORDERED if is_known else 0
                else:
                    bits[i] |= IS_RESENT
                    resent_bytes[i] = min(length, np.int64(np.uint32(top - seq)))
                    reasons[i] = _reason(own, peer, seq, end, flags, time) | rule << RULE_BIT
                    if peer.has_acked and not after(end, peer.acked):
                        bits[i] |= IS_NEEDLESS
                    elif seen == 0:
                        bits[i] |= IS_NEEDED  # the copy before it did not get as far as here
                    _remember(own, unanswered_pool, spare, base_row + i, seq, end, tsval)
                    own.timed_at = 0  # Karn: an acknowledgement from here on is ambiguous
                    if own.again_tsval == 0 or not before(peer.acked, own.again_end):
                        own.again_tsval = tsval if tsval else 1
                    own.again_end = own.high
                    if flags & SYN and time - own.last_sent < TIMEOUT_NS:
                        own.timed_at, own.timed_end = time, end  # the time from the later SYN-ACK is not too long
                        if since >= 0 and own.answer_row != NOBODY and own.answer_other_row == NOBODY:
                            own.answer_other_row = base_row + i
                        elif since >= 0:
                            own.answer_row, own.answer_since = base_row + i, since
                            own.answer_packets, own.answer_copies, own.answer_other_row = 0, 0, NOBODY
            elif carries and after(seq, own.high):
                _open_gap(own, pool, spare, own.high, seq, time, ident, tsval)
            if carries:
                if after(end, own.high):
                    own.high = end
                    own.top_seq, own.top_id, own.top_tsval, own.top_at = seq, np.int32(ident), tsval, time
                    if own.timed_at == 0 and in_order:
                        own.timed_at, own.timed_end = time, end
                if not bits[i] & IS_REORDERED:
                    own.last_sent = time
            if flags & SYN:
                own.syn_seen = 2 if flags & ACK else 1
        if tsval >= 0:
            if own.first_tsval_at == 0:
                own.first_tsval = own.newest_tsval = tsval
                own.first_tsval_at = time
            elif after(np.uint32(tsval), np.uint32(own.newest_tsval)):
                own.newest_tsval = tsval
                if own.answer_row != NOBODY:
                    _settle_by_clock(own, peer, bits_raw, time)
        if ident > 0 and own.newest_id < 0:
            own.newest_id = np.int32(ident)
        elif ident > 0:
            step = np.int64(np.int16(np.uint16(ident - own.newest_id)))
            if step == 0:
                own.same_ids = min(own.same_ids + 1, MOST_SAME_IDS)
            elif -MOST_ID_STEP <= step <= MOST_ID_STEP:
                own.id_steps = min(own.id_steps + 1, 1000)
                own.newest_id = np.int32(ident) if step > 0 else own.newest_id
            elif step > 0 or not bits[i] & IS_REORDERED:  # one far behind is late, and says nothing of the counter
                own.id_steps = min(own.id_steps - NEWEST_IDS, 0)
                own.newest_id = np.int32(ident)


class EvidencePass:
    """Feeds `judge` chunk by chunk."""

    def __init__(self) -> None:
        self._directions = np.zeros(0, DIRECTION)
        self._gaps = Gaps(
            *(np.zeros(0, dtype) for dtype in (np.uint32, np.uint32, np.int64, np.int32, np.int64, np.int32))
        )
        self._unanswered = Unanswered(
            *(np.zeros(0, dtype) for dtype in (np.int64, np.uint32, np.uint32, np.uint32, np.int64, np.uint8, np.int32))
        )
        # Of both pools: the first place given back, or -1; places ever used; and places in use.
        self._free = np.array([-1, 0, 0, -1, 0, 0], np.int64)
        self._tags = np.zeros(RECENT_PACKETS, np.uint8)
        self._recent = np.zeros(2 * RECENT_PACKETS, np.int64)  # fingerprint, time
        self._resends = np.zeros(4 * RECENT_RESENDS, np.int64)  # direction and seq, time, identification, timestamp
        self._fed = 0

    def feed(self, segments: Segments, tracked: Tracked, connections: int, out: Evidence) -> None:
        """Judge the next chunk.

        Parameters
        ----------
        segments : Segments
            In capture order.
        tracked : Tracked
            Their connections and directions.
        connections : int
            How many connections there are so far.

        out : Evidence
            All segments, of which the rows of this chunk are filled; later segments show whether an earlier resend
            was needed, so that its ``bits`` may change until the last chunk was fed.
        """
        rows = segments.seq.size
        self._directions = grown(self._directions, 2 * connections)
        needed = int(max(self._free[1], self._free[2] + 2 * rows))
        self._gaps = Gaps(*(grown(column, needed + 1) for column in self._gaps))
        needed = int(max(self._free[4], self._free[5] + rows))
        self._unanswered = Unanswered(*(grown(column, needed + 1) for column in self._unanswered))
        tables = (
            self._directions, self._gaps, self._unanswered, self._free, self._tags, self._recent, self._resends,
        )  # fmt: skip
        judge(segments, tracked, self._fed, *tables, out.bits, part(out, self._fed, self._fed + rows))
        self._fed += rows
