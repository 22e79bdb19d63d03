"""The compiled pass that judges each segment."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import jit, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import ACK, FIN, NO_NUMBER, RST, SYN
from pcapframe.segments.evidence.accounting import note_bytes, note_highest, take_ack
from pcapframe.segments.evidence.directions import (
    DIRECTION,
    IS_COPY,
    IS_REORDERED,
    IS_RESENT,
    initialise,
    is_dsack,
    note_sack,
)  # fmt: skip
from pcapframe.segments.evidence.duplicates import (
    fingerprint_of,
    is_copy_of,
    note_clock,
    note_copy,
    settle_answers,
    since_same,
)  # fmt: skip
from pcapframe.segments.evidence.gaps import Gaps, open_gap, renumber
from pcapframe.segments.evidence.needs import Unanswered
from pcapframe.segments.evidence.old_bytes import RULE_BIT, judge_again, note_sent_again, probes
from pcapframe.segments.evidence.order import note_identification
from pcapframe.segments.evidence.reasons import note_sent
from pcapframe.segments.evidence.recent import CLAIMS, PACKETS, RESENDS, ROOM, TOP, Recent, give_back
from pcapframe.segments.exchange.hosts import (
    ACKS_UNSENT,
    FIN_UNNUMBERED,
    OTHER_SYN_ACK,
    OWN_NUMBERS_ANEW,
    PEER_NUMBERS_ANEW,
    Known,
)  # fmt: skip
from pcapframe.segments.rooms import Over
from pcapframe.segments.state import Segments, after, before, grown, part, whole
from pcapframe.segments.tracking import Tracked

__all__ = ["RULE_BIT", "Evidence", "EvidencePass", "judge"]

NOTHING = (0, 0, -1, 0)  # in Evidence, of a segment that nothing is said of
MOST_WORDS = 6  # of rings for each segment: beyond, they are moved as they grow


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


@jit
def judge(
    segments: Any, tracked: Any, rooms: Any, first: Any, base_row: Any, is_odd: Any, rtts: Any, use_sack: Any,
    directions: Any, gaps: Any, unanswered: Any, free: Any, recent: Any, all_bits: Any, all_gap: Any,
    all_said: Any, out: Any,
) -> Any:  # fmt: skip
    """Judge a chunk of segments, whose first one is row `base_row` of `all_…`; see the package's docstring.

    It begins with the segment `first` of the chunk, and returns the first that it did not judge for want of memory.
    """
    times, flags_column, seqs, acks, windows = (
        segments.time, segments.tcp_flags, segments.seq, segments.ack, segments.window,
    )  # fmt: skip
    payload, idents, tsvals, tsecrs = segments.payload_bytes, segments.ip_id, segments.tsval, segments.tsecr
    sack_at, sack = segments.sack_at, unchecked(segments.sack)
    sack_permitted, conn_ids, sides = segments.sack_permitted, tracked.conn_id, tracked.side
    bits, resent_bytes, reasons, out_gap = out.bits, out.resent_bytes, out.reason, out.gap
    bits_raw, gap_raw, said_raw, spare = unchecked(all_bits), unchecked(all_gap), unchecked(all_said), unchecked(free)
    memory, most = (unchecked(recent.words), unchecked(recent.links), unchecked(recent.state)), recent.words.size - ROOM
    pool = (
        unchecked(gaps.left), unchecked(gaps.right), unchecked(gaps.time), unchecked(gaps.ident),
        unchecked(gaps.tsval), unchecked(gaps.link), unchecked(gaps.back),
    )  # fmt: skip
    unanswered_pool = (
        unchecked(unanswered.row), unchecked(unanswered.seq), unchecked(unanswered.end), unchecked(unanswered.high),
        unchecked(unanswered.tsval), unchecked(unanswered.ticked), unchecked(unanswered.link),
        unchecked(unanswered.back),
    )  # fmt: skip
    for i in range(first, seqs.size):
        if memory[2][TOP] > most:
            return i
        connection, side = np.int64(conn_ids[i]), np.int64(sides[i])
        if not is_odd[connection]:
            continue
        room = np.int64(rooms[i])
        own, peer = directions[2 * room + side], directions[2 * room + 1 - side]
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
            np.int64(seq), np.int64(ack), flags, np.int64(windows[i]), length, ident, tsval, tsecr, sack_sum
        )
        since = since_same(own, memory, fingerprint, time)
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
            missing = take_ack(
                own, peer, pool, memory, unanswered_pool, spare, bits_raw, base_row + i, said, flags, ack, time, length,
                tsecr, sack, sack_at[i], sack_at[i + 1],
            )  # fmt: skip
            if missing:
                out_gap[i] = missing
        own.window = np.int32(windows[i])
        if not before(ack, own.acked):  # an overtaken segment shows nothing about later ones
            own.print = np.int64(fingerprint)
        if carries:
            note_bytes(own, seq, flags, ident, tsval, time)
            is_again = before(seq, own.high)
            if is_again and probes(own, peer, seq, length, phantom, flags):
                is_again = carries = False
            if is_again:
                found, reason = judge_again(
                    own, peer, pool, memory, spare, said_raw, gap_raw, seq, end, flags, time, ident, tsval
                )
                if found:
                    bits[i] = found
                if found & IS_RESENT:
                    reasons[i] = reason
                    top = own.high if after(end, own.high) else end
                    resent_bytes[i] = min(length, np.int64(np.uint32(top - seq)))
                    note_sent_again(
                        own, peer, unanswered_pool, spare, base_row + i, since, seq, end, flags, time, tsval
                    )  # fmt: skip
            elif carries:
                note_sent(own, peer, time)
                if after(seq, own.high):
                    open_gap(own, pool, spare, own.high, seq, time, ident, tsval)
            if carries:
                if after(end, own.high):
                    note_highest(own, seq, end, ident, tsval, time, is_again)
                if not bits[i] & IS_REORDERED:
                    own.last_sent = time
            if flags & SYN:
                own.syn_seen = 2 if flags & ACK else 1
        if tsval >= 0:
            note_clock(own, peer, bits_raw, tsval, time)
        if ident > 0:
            note_identification(own, ident, bits[i] & IS_REORDERED != 0)
    return seqs.size


@jit
def release_rings(directions: Any, rooms: Any, recent: Any) -> None:
    """Give the rings of some rooms back."""
    memory = unchecked(recent.words), unchecked(recent.links), unchecked(recent.state)
    for i in range(2 * rooms.size):
        own = directions[2 * np.int64(rooms[i >> 1]) + (i & 1)]
        if own.packets_log:
            give_back(memory, PACKETS, np.int64(own.packets_at), np.int64(own.packets_log))
        if own.resent_log:
            give_back(memory, RESENDS, np.int64(own.resent_at), np.int64(own.resent_log))
        if own.claims_log:
            give_back(memory, CLAIMS, np.int64(own.claims_at), np.int64(own.claims_log))


class _Pools:
    """What is remembered of connections, besides their directions."""

    def __init__(self) -> None:
        dtypes: tuple[Any, ...] = (np.uint32, np.uint32, np.int64, np.int32, np.int64, np.int32, np.int32)
        self.gaps = Gaps(*(np.zeros(0, dtype) for dtype in dtypes))
        dtypes = (np.int64, np.uint32, np.uint32, np.uint32, np.int64, np.uint8, np.int32, np.int32)
        self.unanswered = Unanswered(*(np.zeros(0, dtype) for dtype in dtypes))
        # Of both pools: the first released node, or -1; the number of nodes ever used; the number in use.
        self.free = np.array([-1, 0, 0, -1, 0, 0], np.int64)
        self.recent = Recent.empty()

    def make_room(self, rows: int) -> None:
        """Have room for what so many segments add, but for rings."""
        needed = int(max(self.free[1], self.free[2] + 2 * rows))
        self.gaps = Gaps(*(grown(column, needed + 1) for column in self.gaps))
        needed = int(max(self.free[4], self.free[5] + rows))
        self.unanswered = Unanswered(*(grown(column, needed + 1) for column in self.unanswered))


class EvidencePass:
    """Feeds `judge` chunk by chunk; `most` is the total number of segments, if known."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._directions = np.zeros(0, DIRECTION)
        self._pools = _Pools()
        self._fed = 0

    def feed(
        self,
        segments: Segments,
        tracked: Tracked,
        is_odd: Array,
        known: Known,
        out: Evidence,
        said: Array,
        rooms: Array | None = None,
        count: int = 0,
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
        rooms, count : ndarray of int32 and int, optional
            Rooms of the segments' connections, and how many there are; by default one for each connection.
        """
        rows = segments.seq.size
        self._directions = grown(self._directions, 2 * (count or is_odd.size), 2 * self._most)
        chunk = part(out, self._fed, self._fed + rows)
        for column, nothing in zip(chunk, NOTHING, strict=True):
            column[:] = nothing
        places = tracked.conn_id if rooms is None else rooms
        pools, judged = self._pools, 0
        pools.make_room(rows)
        while judged < rows:
            pools.recent = pools.recent.with_room(MOST_WORDS * self._most)
            tables = self._directions, pools.gaps, pools.unanswered, pools.free, pools.recent
            judged = judge(
                segments, tracked, places, judged, self._fed, is_odd, *known, *tables, out.bits, out.gap, said, chunk
            )
        self._fed += rows

    def forget(self, over: Over) -> None:
        """Give the rooms of connections that are over back, as those of new ones."""
        release_rings(self._directions, over.rooms, self._pools.recent)
        rows = whole(self._directions, 2)
        rows[over.rooms] = np.zeros((), rows.dtype)
