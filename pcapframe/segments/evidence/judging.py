"""The compiled pass that judges each segment."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import ACK, FIN, NO_NUMBER, RST, SYN
from pcapframe.segments.evidence.directions import (
    DIRECTION,
    IS_COPY,
    IS_NEEDED,
    IS_NEEDLESS,
    IS_REORDERED,
    IS_RESENT,
    TIMEOUT_NS,
    initialise,
    is_dsack,
    note_round_trip,
    note_sack,
)  # fmt: skip
from pcapframe.segments.evidence.duplicates import (
    RECENT_PACKETS,
    await_answer,
    fingerprint_of,
    is_copy_of,
    note_clock,
    note_copy,
    settle_answers,
    since_same,
)  # fmt: skip
from pcapframe.segments.evidence.gaps import Gaps, fill, open_gap, renumber
from pcapframe.segments.evidence.lateness import RECENT_CLAIMS, Claims, claim, reclaim
from pcapframe.segments.evidence.needs import Unanswered, confirm, remember
from pcapframe.segments.evidence.order import (
    BY_ROUND_TRIP,
    RECENT_RESENDS,
    SEEN_BEFORE,
    is_overtaken,
    note_echo,
    note_identification,
    rule_of,
    was_sent_before_all,
    was_sent_later,
)  # fmt: skip
from pcapframe.segments.evidence.reasons import note_answer, note_sent, reason_of
from pcapframe.segments.exchange.hosts import (
    ACK_EARLY,
    ACKS_UNSENT,
    FIN_UNNUMBERED,
    OTHER_SYN_ACK,
    OWN_NUMBERS_ANEW,
    PEER_NUMBERS_ANEW,
    Known,
)  # fmt: skip
from pcapframe.segments.state import Segments, after, before, grown, part
from pcapframe.segments.tracking import Tracked

__all__ = ["RULE_BIT", "Evidence", "EvidencePass", "judge"]

LARGEST_STEP = 1 << 30  # an ACK that jumps further is ignored
RULE_BIT = 3  # reasons are below it


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
def _acknowledge(own: Any, peer: Any, flags: Any, ack: Any, time: Any, length: Any) -> Any:
    """Apply an ACK; return whether it is to be believed."""
    if not own.has_acked:
        own.has_acked = True
        own.acked = ack
        if not peer.started:
            peer.started = True
            peer.high = ack
    elif after(ack, own.acked):
        if np.uint32(ack - own.acked) > LARGEST_STEP:
            return False
        own.acked = ack
        peer.asked_at = time if own.sacked or own.repeats > 0 else peer.asked_at
        own.repeats = 0
        own.sacked = False
    elif ack == own.acked and length == 0 and not flags & (SYN | FIN | RST):
        own.repeats += 1
    if peer.timed_at != 0 and not before(ack, peer.timed_end):
        if ack == peer.timed_end and time > peer.timed_at:
            note_round_trip(peer, time - peer.timed_at)
        peer.timed_at = 0
    return True


@inner_jit
def _cover(own: Any, pool: Any, claims: Any, free: Any, row: Any, ack: Any, time: Any, tsecr: Any) -> Any:
    """Close the gaps of `own` that an ACK of its peer covers; return how many of these bytes were never captured."""
    gap = np.int64(0)
    if own.first_gap >= 0 and before(pool[0][own.first_gap], ack):
        claim(own, pool, claims, free, ack, row, time, tsecr)
        gap = fill(own, pool, free, pool[0][own.first_gap], ack)[0]
    if after(ack, own.high) and np.uint32(ack - own.high) <= LARGEST_STEP:
        gap += np.int64(np.uint32(ack - own.high))
        own.high = ack
    return gap


@inner_jit
def _probes(own: Any, peer: Any, seq: Any, length: Any, phantom: Any, flags: Any) -> Any:
    """Return whether old bytes are no retransmission: a keep-alive, a window probe, or part of a simultaneous open.

    For a keep-alive nothing is outstanding; for a window probe the peer's window is closed. In a simultaneous open the
    SYN-ACK repeats the sequence number of its sender's SYN.
    """
    if length <= 1 and phantom == 0 and np.uint32(own.high - seq) == 1:
        return peer.window == 0 or (peer.has_acked and peer.acked == own.high)
    return flags & SYN and flags & ACK and own.syn_seen == 1


@inner_jit
def _judge_again(
    own: Any,
    peer: Any,
    gap_pool: Any,
    claims: Any,
    free: Any,
    said: Any,
    gap: Any,
    resends: Any,
    place: Any,
    seq: Any,
    end: Any,
    flags: Any,
    time: Any,
    ident: Any,
    tsval: Any,
) -> Any:
    """Judge a segment that begins below the highest byte.

    Returns
    -------
    tuple of int
        Its bits; for a retransmission also its reason and rule.
    """
    top = own.high if after(end, own.high) else end
    unseen, gap_time, gap_ident, gap_tsval = fill(own, gap_pool, free, seq, top)
    claimed = np.int64(0)
    if own.newest_claim:
        claimed, its_time, its_ident, its_tsval = reclaim(
            own, peer, claims, free, seq, top, time, ident, tsval, said, gap
        )
        if claimed and unseen == 0:
            gap_time, gap_ident, gap_tsval = its_time, its_ident, its_tsval
        unseen += claimed
    seen = np.int64(np.uint32(top - seq)) - unseen
    rule = SEEN_BEFORE
    is_known = True
    if seen != 0 and own.first_seq_at != 0 and before(seq, own.first_seq):
        first_id = np.int64(own.first_seq_id)
        late = not was_sent_later(own, peer, time, ident, tsval, own.first_seq_at, first_id, own.first_seq_tsval)
        rule = rule_of(own, ident, tsval, first_id, own.first_seq_tsval)
        is_known = not late or rule != BY_ROUND_TRIP
    elif seen != 0 and own.has_forgotten and before(seq, own.forgotten):
        top_id = np.int64(own.top_id)
        late = not was_sent_later(own, peer, time, ident, tsval, own.top_at, top_id, own.top_tsval)
        rule = rule_of(own, ident, tsval, top_id, own.top_tsval)
        is_known = not late or rule != BY_ROUND_TRIP
    elif seen == 0:
        rule = rule_of(own, ident, tsval, gap_ident, gap_tsval)
        late = not was_sent_later(own, peer, time, ident, tsval, gap_time, gap_ident, gap_tsval)
        if not late:
            is_overtaken(own, peer, resends, place, seq, time, ident, tsval)
    else:
        late = not flags & SYN and (
            was_sent_before_all(own, peer, ident, tsval)
            or is_overtaken(own, peer, resends, place, seq, time, ident, tsval)
        )
    if late:
        return (IS_REORDERED if is_known else 0), -1
    bits = IS_RESENT
    if peer.has_acked and not after(end, peer.acked) and claimed == 0:
        bits |= IS_NEEDLESS
    elif seen == 0:
        bits |= IS_NEEDED  # the earlier copy was lost before the capture point
    return bits, reason_of(own, peer, seq, end, flags, time) | rule << RULE_BIT


@inner_jit
def _note_sent_again(
    own: Any,
    peer: Any,
    pool: Any,
    free: Any,
    row: Any,
    since: Any,
    seq: Any,
    end: Any,
    flags: Any,
    time: Any,
    tsval: Any,
) -> None:
    """Remember a retransmission until its receiver answers; begin or continue a recovery."""
    remember(own, pool, free, row, seq, end, tsval)
    own.timed_at = 0  # Karn: an acknowledgement from here on is ambiguous
    if own.again_tsval == 0 or not before(peer.acked, own.again_end):
        own.again_tsval = tsval if tsval else 1
    own.again_end = own.high
    if flags & SYN and time - own.last_sent < TIMEOUT_NS:
        await_answer(own, row, since, end, time)


@inner_jit
def _note_bytes(own: Any, seq: Any, flags: Any, ident: Any, tsval: Any, time: Any) -> None:
    """Prepare for a segment with bytes; the first one captured is where the account of bytes begins."""
    own.older_copied, own.newest_copies = own.newest_copies > 0 or not own.started, 0
    if not own.started:
        own.started = True
        own.high = seq
        if not flags & SYN:
            own.first_seq, own.first_seq_id, own.first_seq_tsval, own.first_seq_at = seq, np.int32(ident), tsval, time


@inner_jit
def _note_highest(own: Any, seq: Any, end: Any, ident: Any, tsval: Any, time: Any, is_again: Any) -> None:
    """Remember the segment that reached the highest byte, and time it unless it is a retransmission."""
    own.high = end
    own.top_seq, own.top_id, own.top_tsval, own.top_at = seq, np.int32(ident), tsval, time
    if own.first_seq_at != 0 and np.uint32(end - own.first_seq) > LARGEST_STEP:
        own.first_seq_at = 0  # sequence numbers are about to wrap
    if own.timed_at == 0 and not is_again:
        own.timed_at, own.timed_end = time, end


@jit
def judge(
    segments: Any,
    tracked: Any,
    base_row: Any,
    is_odd: Any,
    rtts: Any,
    use_sack: Any,
    directions: Any,
    gaps: Any,
    unanswered: Any,
    claimed: Any,
    free: Any,
    recent_tags: Any,
    recent_packets: Any,
    recent_resends: Any,
    all_bits: Any,
    all_gap: Any,
    all_said: Any,
    out: Any,
) -> None:
    """Judge a chunk of segments, whose first one is row `base_row` of `all_…`; see the package's docstring."""
    times, flags_column, seqs, acks, windows = (
        segments.time, segments.tcp_flags, segments.seq, segments.ack, segments.window,
    )  # fmt: skip
    payload, idents, tsvals, tsecrs = segments.payload_bytes, segments.ip_id, segments.tsval, segments.tsecr
    sack_at, sack = segments.sack_at, unchecked(segments.sack)
    sack_permitted, conn_ids, sides = segments.sack_permitted, tracked.conn_id, tracked.side
    bits, resent_bytes, reasons, out_gap = out.bits, out.resent_bytes, out.reason, out.gap
    bits_raw, gap_raw, said_raw, spare = unchecked(all_bits), unchecked(all_gap), unchecked(all_said), unchecked(free)
    tags, recent, resends = unchecked(recent_tags), unchecked(recent_packets), unchecked(recent_resends)
    pool = (
        unchecked(gaps.left), unchecked(gaps.right), unchecked(gaps.time), unchecked(gaps.ident),
        unchecked(gaps.tsval), unchecked(gaps.link), unchecked(gaps.back),
    )  # fmt: skip
    unanswered_pool = (
        unchecked(unanswered.row), unchecked(unanswered.seq), unchecked(unanswered.end), unchecked(unanswered.high),
        unchecked(unanswered.tsval), unchecked(unanswered.ticked), unchecked(unanswered.link),
        unchecked(unanswered.back),
    )  # fmt: skip
    claims = (
        unchecked(claimed.left), unchecked(claimed.right), unchecked(claimed.row), unchecked(claimed.at),
        unchecked(claimed.echo), unchecked(claimed.time), unchecked(claimed.ident), unchecked(claimed.tsval),
        unchecked(claimed.before),
    )  # fmt: skip
    for i in range(seqs.size):
        connection, side = np.int64(conn_ids[i]), np.int64(sides[i])
        bits[i], resent_bytes[i], reasons[i], out_gap[i] = 0, 0, -1, 0
        if not is_odd[connection]:
            continue
        own, peer = directions[2 * connection + side], directions[2 * connection + 1 - side]
        if not own.initialised:
            place, other = 2 * connection + side, 2 * connection + 1 - side
            initialise(own, rtts[place], use_sack[place])
            initialise(peer, rtts[other], use_sack[other])
        length = np.int64(payload[i])
        if length == NO_NUMBER:
            continue
        time, flags, seq, ack = times[i], np.int64(flags_column[i]), seqs[i], acks[i]
        ident, tsval, tsecr = np.int64(idents[i]), tsvals[i], tsecrs[i]
        said = np.int64(said_raw[base_row + i])
        phantom = 1 if flags & (SYN | FIN) and not said & FIN_UNNUMBERED else 0
        end = np.uint32(np.int64(seq) + length + phantom)
        carries = (length > 0 or phantom == 1) and not flags & RST
        sack_sum = note_sack(own, peer, flags & SYN and sack_permitted[i] == 1, sack, sack_at[i], sack_at[i + 1])
        fingerprint = fingerprint_of(
            2 * connection + side, np.int64(seq), np.int64(ack), flags, np.int64(windows[i]), length, ident, tsval,
            tsecr, sack_sum,
        )  # fmt: skip
        since = since_same(tags, recent, fingerprint, time)
        # Another packet came in between; without options both may say the same as others.
        is_behind = own.print != np.int64(fingerprint) and (tsval >= 0 or own.uses_sack)
        own.last_at = time
        is_copy = since >= 0 and is_copy_of(
            own, peer, since, time, ident, tsval, flags, carries, seq, ack, tsecr, is_behind,
            sack_at[i + 1] > sack_at[i], is_dsack(ack, sack, sack_at[i], sack_at[i + 1]),
        )  # fmt: skip
        settle_answers(own, peer, bits_raw, base_row + i, is_copy, since >= 0 and not carries)
        if is_copy:
            bits[i] = IS_COPY
            note_copy(own, flags, carries, seq, time)
            continue
        own.is_newest = False
        if said & OTHER_SYN_ACK:
            continue  # of another host, or yet to be shown to count
        if said & OWN_NUMBERS_ANEW:
            renumber(own, peer, pool, spare)
        elif said & PEER_NUMBERS_ANEW:
            renumber(peer, own, pool, spare)
        if flags & ACK and not flags & RST and not said & ACKS_UNSENT:
            moved_from, is_first = own.acked, not own.has_acked
            taken, is_believed = ack, True
            if said & ACK_EARLY:  # the bytes that it covers are still to come
                peer.timed_at = 0
                taken = peer.high if after(ack, peer.high) else ack
                is_believed = peer.started and (not own.has_acked or after(peer.high, own.acked))
            if is_believed and _acknowledge(own, peer, flags, taken, time, length):
                if after(taken, peer.high) or (peer.first_gap >= 0 and before(pool[0][peer.first_gap], taken)):
                    out_gap[i] = _cover(peer, pool, claims, spare, base_row + i, taken, time, tsecr)
            own.is_newest = not is_first and own.acked != moved_from
            note_answer(peer, own, time, is_first or own.is_newest, ack, sack, sack_at[i], sack_at[i + 1])
            if tsecr > 0:
                note_echo(own, np.uint32(tsecr))
            if peer.newest_resend >= 0 or sack_at[i + 1] > sack_at[i]:
                confirm(
                    own, peer, unanswered_pool, spare, bits_raw, moved_from, is_first, ack, tsecr,
                    sack, sack_at[i], sack_at[i + 1],
                )  # fmt: skip
        own.window = np.int32(windows[i])
        if not before(ack, own.acked):  # an overtaken segment shows nothing about later ones
            own.print = np.int64(fingerprint)
        if carries:
            _note_bytes(own, seq, flags, ident, tsval, time)
            is_again = before(seq, own.high)
            if is_again and _probes(own, peer, seq, length, phantom, flags):
                is_again = carries = False
            if is_again:
                found, reason = _judge_again(
                    own, peer, pool, claims, spare, said_raw, gap_raw, resends, 2 * connection + side, seq, end, flags,
                    time, ident, tsval,
                )  # fmt: skip
                bits[i] = found
                if found & IS_RESENT:
                    reasons[i] = reason
                    top = own.high if after(end, own.high) else end
                    resent_bytes[i] = min(length, np.int64(np.uint32(top - seq)))
                    _note_sent_again(
                        own, peer, unanswered_pool, spare, base_row + i, since, seq, end, flags, time, tsval
                    )  # fmt: skip
            elif carries:
                note_sent(own, peer, time)
                if after(seq, own.high):
                    open_gap(own, pool, spare, own.high, seq, time, ident, tsval)
            if carries:
                if after(end, own.high):
                    _note_highest(own, seq, end, ident, tsval, time, is_again)
                if not bits[i] & IS_REORDERED:
                    own.last_sent = time
            if flags & SYN:
                own.syn_seen = 2 if flags & ACK else 1
        if tsval >= 0:
            note_clock(own, peer, bits_raw, tsval, time)
        if ident > 0:
            note_identification(own, ident, bits[i] & IS_REORDERED != 0)


class EvidencePass:
    """Feeds `judge` chunk by chunk; `most` is the total number of segments, if known."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._directions = np.zeros(0, DIRECTION)
        dtypes: tuple[Any, ...] = (np.uint32, np.uint32, np.int64, np.int32, np.int64, np.int32, np.int32)
        self._gaps = Gaps(*(np.zeros(0, dtype) for dtype in dtypes))
        dtypes = (np.int64, np.uint32, np.uint32, np.uint32, np.int64, np.uint8, np.int32, np.int32)
        self._unanswered = Unanswered(*(np.zeros(0, dtype) for dtype in dtypes))
        dtypes = (np.uint32, np.uint32, np.int64, np.int64, np.int64, np.int64, np.int32, np.int64, np.int64)
        self._claims = Claims(*(np.zeros(RECENT_CLAIMS, dtype) for dtype in dtypes))
        # Of both pools: the first released node, or -1; the number of nodes ever used; the number in use. And how many
        # claims there were.
        self._free = np.array([-1, 0, 0, -1, 0, 0, 0], np.int64)
        self._tags = np.zeros(RECENT_PACKETS, np.uint8)
        self._recent = np.zeros(2 * RECENT_PACKETS, np.int64)  # fingerprint, time
        self._resends = np.zeros(4 * RECENT_RESENDS, np.int64)  # direction and seq, time, identification, timestamp
        self._fed = 0

    def feed(
        self, segments: Segments, tracked: Tracked, is_odd: Array, known: Known, out: Evidence, said: Array
    ) -> None:
        """Judge the next chunk.

        Parameters
        ----------
        segments : Segments
            In capture order.
        tracked : Tracked
            Their connections and directions.
        is_odd : ndarray of bool
            Which connections, of all so far, to judge: there is nothing to say of the others.
        known : Known
            What the whole capture shows of their hosts.
        out : Evidence
            Of all segments. The rows of this chunk are filled. Later segments show whether an earlier retransmission
            was needed, so its ``bits`` may change until the last chunk is fed.
        said : ndarray of uint16
            ``Exchange.bits`` of all segments. Later segments show that an ACK was captured early, so it may change.
        """
        rows = segments.seq.size
        self._directions = grown(self._directions, 2 * is_odd.size, 2 * self._most)
        needed = int(max(self._free[1], self._free[2] + 2 * rows))
        self._gaps = Gaps(*(grown(column, needed + 1) for column in self._gaps))
        needed = int(max(self._free[4], self._free[5] + rows))
        self._unanswered = Unanswered(*(grown(column, needed + 1) for column in self._unanswered))
        tables = (
            self._directions, self._gaps, self._unanswered, self._claims, self._free, self._tags, self._recent,
            self._resends,
        )  # fmt: skip
        chunk = part(out, self._fed, self._fed + rows)
        judge(segments, tracked, self._fed, is_odd, *known, *tables, out.bits, out.gap, said, chunk)
        self._fed += rows
