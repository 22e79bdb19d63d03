"""The compiled pass that follows the exchange between the two hosts of a connection."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import ACK, FIN, NO_NUMBER, RST, SYN
from pcapframe.segments.exchange.acknowledgements import (
    Waiting,
    acknowledge,
    settle_by_peer,
    settle_by_self,
    take_echo,
    take_time,
)  # fmt: skip
from pcapframe.segments.exchange.hosts import (
    ACKS_UNSENT,
    HOST,
    NOBODY,
    OTHER_SYN_ACK,
    OWN_NUMBERS_ANEW,
    PEER_NUMBERS_ANEW,
    Outcome,
    take_over,
)  # fmt: skip
from pcapframe.segments.exchange.probes import answer, expect_answer, probe_of
from pcapframe.segments.exchange.resets import Resets, refuses, settle, wait_for_more
from pcapframe.segments.rooms import Over
from pcapframe.segments.state import Segments, after, before, grown
from pcapframe.segments.tracking import Tracked

__all__ = ["Exchange", "ExchangePass"]

FARTHEST_BACK = 128  # by which an identification is older than the newest of its host because of reordering
RSTS, OTHER_SYN_ACKS = 3, 4  # where they are counted, after the state of the pool of acknowledgements


class Exchange(NamedTuple):
    """Results for each segment."""

    bits: Array  # uint16, of hosts
    answer: Array  # int32, row of the answer to a probe, -1 for none; meaningful for probes only

    @classmethod
    def room(cls, rows: int) -> "Exchange":
        """Return columns for `rows` segments, to be filled."""
        return cls(*one_block(rows, (np.uint16, np.int32)))


@inner_jit
def _open(own: Any, peer: Any, seq: Any, flags: Any) -> None:
    """Apply the sequence number of a SYN or SYN-ACK; a number that differs from before restarts the host's numbers."""
    is_new = own.started and seq != own.isn
    own.syn_sent = max(own.syn_sent, 2 if flags & ACK else 1)
    if is_new or not own.started:
        own.isn = own.high = seq  # the SYN itself is still to be noted
    if is_new:
        own.numbering += 1
        peer.has_acked = False
    own.started = True


@inner_jit
def _passes_fin(own: Any, end: Any, flags: Any) -> Any:
    """Whether bytes end beyond a FIN of their sender, or a FIN below its bytes; remember the lowest FIN."""
    if flags & FIN:
        is_below = own.started and before(end, own.high)
        if not own.has_fin or before(end, own.fin_end):
            own.has_fin, own.fin_end = True, end
        return is_below or after(end, own.fin_end)
    return after(end, own.fin_end)


@inner_jit
def _restart(own: Any, peer: Any) -> None:
    """Let a host's numbers begin with those of its later SYN-ACK."""
    own.isn = own.other_isn
    own.high = np.uint32(own.isn + np.uint32(1))
    own.has_other_isn = peer.has_acked = False
    own.numbering += 1


@inner_jit
def _numbers_anew(own: Any, peer: Any, seq: Any, ack: Any, flags: Any, waits: Any) -> Any:
    """Tell a SYN-ACK with another number, and the segment that shows that it is the one that counts.

    A host in SYN-SENT takes the first SYN-ACK that acknowledges its SYN and drops any later one (RFC 9293 section
    3.10.7.3 and 3.10.7.4), so its acknowledgement shows which one that was; so does data with the next number after
    it, unless the other number was acknowledged before.
    """
    if flags & SYN:
        if not flags & ACK or (own.started and seq == own.isn):
            return 0
        is_amid = own.started
        if not own.started:
            is_opening = peer.syn_sent == 1 and own.syn_sent == 0
            is_for_syn = after(ack, peer.isn) and not after(ack, peer.high)
            # In a capture that begins later the peer acknowledged other bytes of this host before.
            is_amid = peer.syn_sent == 0 and peer.waiting > 0 and waits != np.uint32(seq + np.uint32(1))
            if not is_amid and (is_for_syn or not is_opening):
                return 0
        own.has_other_isn, own.other_isn = True, seq
        return OTHER_SYN_ACK if is_amid else OTHER_SYN_ACK | ACKS_UNSENT
    if own.has_other_isn and not peer.has_acked and seq == np.uint32(own.other_isn + np.uint32(1)):
        _restart(own, peer)
        return OWN_NUMBERS_ANEW
    if peer.has_other_isn and flags & ACK and ack == np.uint32(peer.other_isn + np.uint32(1)):
        _restart(peer, own)
        return PEER_NUMBERS_ANEW
    return 0


@jit
def follow(
    segments: Any, tracked: Any, base_row: Any, hosts: Any, resets: Any, waiting: Any, counts: Any, all_bits: Any,
    all_answers: Any,
) -> None:  # fmt: skip
    """Follow a chunk of segments, of all that have `all_bits` the one from `base_row`; see the package's docstring."""
    times, flags_column, seqs, acks, windows = (
        segments.time, segments.tcp_flags, segments.seq, segments.ack, segments.window,
    )  # fmt: skip
    payload, idents, tsvals, tsecrs = segments.payload_bytes, segments.ip_id, segments.tsval, segments.tsecr
    sack_at, conn_ids, sides = segments.sack_at, tracked.conn_id, tracked.side
    bits, answers = unchecked(all_bits), unchecked(all_answers)
    pool = (
        unchecked(resets.row), unchecked(resets.link), unchecked(resets.time), unchecked(resets.seq),
        unchecked(resets.own_high), unchecked(resets.peer_high), unchecked(resets.own_numbering),
        unchecked(resets.peer_numbering), unchecked(resets.tsval),
    )  # fmt: skip
    acks_pool = (
        unchecked(waiting.row), unchecked(waiting.ack), unchecked(waiting.time), unchecked(waiting.tsecr),
        unchecked(waiting.link),
    )  # fmt: skip
    free = unchecked(counts)
    for i in range(seqs.size):
        row = base_row + i
        bits[row] = 0
        length = np.int64(payload[i])
        if length == NO_NUMBER:
            continue
        connection, side = np.int64(conn_ids[i]), np.int64(sides[i])
        own, peer = hosts[2 * connection + side], hosts[2 * connection + 1 - side]
        time, flags, seq, ack = times[i], np.int64(flags_column[i]), seqs[i], acks[i]
        ident, tsval = np.int64(idents[i]), tsvals[i]
        end = np.uint32(np.int64(seq) + length + (1 if flags & (SYN | FIN) else 0))
        if not flags & RST and (own.has_other_isn or peer.has_other_isn or flags & SYN):
            waits = acks_pool[1][peer.first_ack] if peer.waiting else seq
            anew = _numbers_anew(own, peer, seq, ack, flags, waits)
            if anew:
                bits[row] |= anew
                own.is_odd = True
            if anew & OTHER_SYN_ACK:
                counts[OTHER_SYN_ACKS] += 1
                continue
        if peer.waiting:
            settle_by_peer(peer, own, acks_pool, free, seq, end, flags, time, tsval, ident, bits)
        if flags & RST:
            own.is_odd |= own.has_reset
            own.has_reset = True
            if not refuses(own, peer, flags, ack):
                wait_for_more(own, peer, pool, counts[RSTS], row, time, seq)
                counts[RSTS] += 1
            continue
        if own.waiting and flags & ACK:
            settle_by_self(own, peer, acks_pool, free, ack, flags, bits)
        if flags & SYN:
            _open(own, peer, seq, flags)
        if end != seq:
            own.is_odd |= not own.started or seq != own.high
            if flags & FIN or own.has_fin:
                own.passes_fin |= _passes_fin(own, end, flags)
        else:
            own.is_odd |= not own.started or not flags & ACK or (own.has_acked and not after(ack, own.acked))
        bit = probe_of(own, peer, seq, length, flags)
        if bit:
            bits[row] |= bit
            answers[row] = NOBODY
            expect_answer(own, bit, row, seq, time)
        else:
            if peer.probe_bit:
                answer(own, peer, row, ack, length, flags, np.int64(windows[i]), answers)
            if length > 0:
                own.probe_bit = 0
        if not own.started:
            own.started = True
            own.isn = np.uint32(seq - np.uint32(1))
            own.high = end
        elif after(end, own.high):
            own.high = end
            if own.timed_at == 0:
                own.timed_at, own.timed_end = time, end
        elif end != seq:
            own.timed_at = 0  # Karn: an acknowledgement from here on is ambiguous
        if flags & ACK:
            take_time(own, peer, ack, time)
            acknowledge(own, peer, acks_pool, free, row, time, ack, tsecrs[i], bit != 0, flags, bits)
        if own.syn_sent == 0 or peer.syn_sent == 0:
            take_echo(own, peer, tsval, tsecrs[i], time)
        if sack_at[i + 1] > sack_at[i]:
            own.reports_sack = True
        if tsval >= 0 and (own.tsval == 0 or after(np.uint32(tsval), np.uint32(own.tsval))):
            own.tsval = tsval
        if ident > 0 and not -FARTHEST_BACK <= np.int16(np.uint16(ident - own.newest_id)) < 0:
            own.newest_id = ident
        own.window = np.int64(windows[i])
        if own.first_rst:
            settle(own, peer, pool, bits, time, np.int64(NOBODY))
        if peer.first_rst:
            settle(peer, own, pool, bits, time, NOBODY if flags & SYN else tsecrs[i])


class ExchangePass:
    """Feeds `follow` chunk by chunk.

    Parameters
    ----------
    resets : int
        How many RSTs there are in all chunks.
    most : int, optional
        How many segments there are in all chunks, if known.
    """

    def __init__(self, resets: int, most: int = 0) -> None:
        self._most = most
        dtypes: tuple[Any, ...] = (
            np.int64, np.int64, np.int64, np.uint32, np.uint32, np.uint32, np.int32, np.int32, np.int64,
        )  # fmt: skip
        self._resets = Resets(*(np.empty(resets, dtype) for dtype in dtypes))
        self._hosts = np.zeros(0, HOST)
        self._ended: Outcome | None = None  # of the connections that are over, where rooms are given anew
        dtypes = np.int64, np.uint32, np.int64, np.int64, np.int32
        self._waiting = Waiting(*(np.zeros(0, dtype) for dtype in dtypes))
        # Of the acknowledgements that wait: the first place given back, or -1; places ever used; and places in use.
        self._counts = np.array([-1, 0, 0, 0, 0], np.int64)  # and numbers of RSTs and others
        self._fed = 0

    @property
    def has_other_syn_acks(self) -> bool:
        """Whether there is a SYN-ACK with another number than its host's."""
        return bool(self._counts[OTHER_SYN_ACKS])

    def ends(self, connections: int) -> Outcome:
        """Return what is known of the hosts of all connections after the last segment."""
        return Outcome.of(self._hosts[: 2 * connections]) if self._ended is None else self._ended

    def odd_connections(self, connections: int) -> Array:
        """Return which of the connections have a packet that is more than the next bytes or a new acknowledgement.

        All bytes of the others were captured, once and in order, from the SYN on, and each packet is unlike those
        before it. So nothing was sent again, overtaken, copied or is missing.
        """
        return self.ends(connections).is_odd

    def forget(self, over: Over, connections: int) -> None:
        """Keep only what `ends` returns of connections that are over; their rooms are given back.

        Parameters
        ----------
        over : Over
            None of them has a segment that is still to be fed.
        connections : int
            How many there are in all chunks.
        """
        if not over.rooms.size:
            return
        if self._ended is None:
            self._ended = Outcome.unknown(connections)
        take_over(self._hosts, self._hosts.view(np.uint8), *over, self._ended)

    def feed(self, segments: Segments, tracked: Tracked, connections: int, out: Exchange) -> None:
        """Follow the next chunk.

        Parameters
        ----------
        segments : Segments
            In capture order.
        tracked : Tracked
            Their connections (or their rooms) and directions.
        connections : int
            How many connections (or rooms) there are so far.
        out : Exchange
            Of all segments. The rows of this chunk are filled; earlier rows may change until the last chunk is fed.
        """
        self._hosts = grown(self._hosts, 2 * connections, 2 * self._most)
        rows = segments.seq.size
        needed = int(max(self._counts[1], self._counts[2] + rows))
        self._waiting = Waiting(*(grown(column, needed + 1) for column in self._waiting))
        tables = self._hosts, self._resets, self._waiting, self._counts
        follow(segments, tracked, self._fed, *tables, out.bits, out.answer)
        self._fed += rows
