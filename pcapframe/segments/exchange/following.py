"""The compiled pass that follows the exchange between the two hosts of a connection."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import ACK, FIN, NO_NUMBER, RST, SYN
from pcapframe.segments.exchange.hosts import HOST, LARGEST_STEP, NOBODY
from pcapframe.segments.exchange.probes import answer, expect_answer, probe_of
from pcapframe.segments.exchange.resets import Resets, refuses, settle, wait_for_more
from pcapframe.segments.state import Segments, after, grown
from pcapframe.segments.tracking import Tracked

__all__ = ["Exchange", "ExchangePass"]


class Exchange(NamedTuple):
    """Results for each segment."""

    bits: Array  # uint8, KEEP_ALIVE, WINDOW_PROBE, RST_IGNORED
    answer: Array  # int32, row of the answer to a probe, -1 for none; meaningful for probes only

    @classmethod
    def room(cls, rows: int) -> "Exchange":
        """Return columns for `rows` segments, to be filled."""
        return cls(*one_block(rows, (np.uint8, np.int32)))


@inner_jit
def _acknowledge(own: Any, peer: Any, ack: Any) -> None:
    """Apply an ACK."""
    if peer.syn_sent == 1 and own.syn_sent == 0 and ack != peer.high:
        return  # from an earlier connection: the peer has sent only its SYN (RFC 9293 section 3.10.7.3)
    if not peer.started:
        peer.started = True
        peer.high = ack
    if own.has_acked:
        if not after(ack, own.acked) or np.uint32(ack - own.acked) > LARGEST_STEP:
            return
    own.has_acked = True
    own.acked = ack
    if after(ack, peer.high):
        peer.high = ack


@inner_jit
def _open(own: Any, peer: Any, seq: Any, flags: Any) -> None:
    """Apply the sequence number of a SYN or SYN-ACK; a number that differs from before restarts the host's numbers."""
    is_new = own.started and seq != own.isn
    own.syn_sent = max(own.syn_sent, 2 if flags & ACK else 1)
    if is_new or not own.started:
        own.isn = seq
        own.high = np.uint32(seq + np.uint32(1))
    if is_new:
        own.numbering += 1
        peer.has_acked = False
    own.started = True


@jit
def follow(
    segments: Any, tracked: Any, base_row: Any, hosts: Any, resets: Any, counts: Any, all_bits: Any, all_answers: Any
) -> None:
    """Follow a chunk of segments, whose first one is row `base_row` of `all_bits`; see the package's docstring."""
    times, flags_column, seqs, acks, windows = (
        segments.time, segments.tcp_flags, segments.seq, segments.ack, segments.window,
    )  # fmt: skip
    payload, tsvals, tsecrs = segments.payload_bytes, segments.tsval, segments.tsecr
    conn_ids, sides = tracked.conn_id, tracked.side
    bits, answers = unchecked(all_bits), unchecked(all_answers)
    pool = (
        unchecked(resets.row), unchecked(resets.link), unchecked(resets.time), unchecked(resets.seq),
        unchecked(resets.own_high), unchecked(resets.peer_high), unchecked(resets.own_numbering),
        unchecked(resets.peer_numbering), unchecked(resets.tsval),
    )  # fmt: skip
    for i in range(seqs.size):
        row = base_row + i
        bits[row] = 0
        length = np.int64(payload[i])
        if length == NO_NUMBER:
            continue
        connection, side = np.int64(conn_ids[i]), np.int64(sides[i])
        own, peer = hosts[2 * connection + side], hosts[2 * connection + 1 - side]
        time, flags, seq, ack = times[i], np.int64(flags_column[i]), seqs[i], acks[i]
        if flags & RST:
            if not refuses(own, peer, flags, ack):
                wait_for_more(own, peer, pool, counts[0], row, time, seq)
                counts[0] += 1
            continue
        if flags & SYN:
            _open(own, peer, seq, flags)
        bit = probe_of(own, peer, seq, length, flags)
        if bit:
            bits[row] = bit
            answers[row] = NOBODY
            expect_answer(own, bit, row, seq, time)
        else:
            if peer.probe_bit:
                answer(own, peer, row, ack, length, flags, np.int64(windows[i]), answers)
            if length > 0:
                own.probe_bit = 0
        end = np.uint32(np.int64(seq) + length + (1 if flags & (SYN | FIN) else 0))
        if not own.started:
            own.started = True
            own.isn = np.uint32(seq - np.uint32(1))
            own.high = end
        elif after(end, own.high):
            own.high = end
        if flags & ACK:
            _acknowledge(own, peer, ack)
        if tsvals[i] >= 0 and (own.tsval == 0 or after(np.uint32(tsvals[i]), np.uint32(own.tsval))):
            own.tsval = tsvals[i]
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
        dtypes = (
            np.int64, np.int64, np.int64, np.uint32, np.uint32, np.uint32, np.int32, np.int32, np.int64,
        )  # fmt: skip
        self._resets = Resets(*(np.empty(resets, dtype) for dtype in dtypes))
        self._hosts = np.zeros(0, HOST)
        self._counts = np.zeros(1, np.int64)  # RSTs so far
        self._fed = 0

    def feed(self, segments: Segments, tracked: Tracked, connections: int, out: Exchange) -> None:
        """Follow the next chunk.

        Parameters
        ----------
        segments : Segments
            In capture order.
        tracked : Tracked
            Their connections and directions.
        connections : int
            How many connections there are so far.
        out : Exchange
            Of all segments. The rows of this chunk are filled; earlier rows may change until the last chunk is fed.
        """
        self._hosts = grown(self._hosts, 2 * connections, 2 * self._most)
        follow(segments, tracked, self._fed, self._hosts, self._resets, self._counts, out.bits, out.answer)
        self._fed += segments.seq.size
