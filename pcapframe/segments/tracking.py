"""Find the connection and the direction of each segment.

A connection is a pair of endpoints, from its first packet until a SYN with another sequence number reuses the
ports: Wireshark's ``tcp.stream`` (4.0), without timeouts. Sequence numbers relative to the SYN are computed here too,
since they need the same state.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit, prefetch, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import ACK, NO_NUMBER, SYN
from pcapframe.segments.state import Segments, grown

__all__ = ["REPEATED_SYN", "REUSED", "Tracked", "Tracker", "nearest"]

REUSED, REPEATED_SYN = 1, 2
CACHED_SLOTS = 1 << 18  # which the processor's caches hold; of more, those of later rows are fetched ahead
AHEAD = 16  # rows


class Tracked(NamedTuple):
    """Connection, direction and relative numbers of each segment."""

    conn_id: Array  # int32
    side: Array  # uint8: 0 or 1, the same for all packets of one sender in a connection
    notes: Array  # uint8: REUSED, REPEATED_SYN
    rel_seq: Array  # int64
    rel_ack: Array  # int64, meaningful with ACK only

    @classmethod
    def room(cls, rows: int) -> "Tracked":
        """Return columns for `rows` segments, to be filled."""
        return cls(*one_block(rows, (np.int32, np.uint8, np.uint8, np.int64, np.int64)))


class Pairs(NamedTuple):
    """Hash table of endpoint pairs; an endpoint is address * 65536 + port, the lower one comes first."""

    slots: Array  # int32, open addressing: number of the pair + 1, 0 where free
    low: Array  # int64
    high: Array  # int64
    connection: Array  # int32, the pair's latest


class Sides(NamedTuple):
    """State by direction: row 2 * connection + side (side 0: the lower endpoint sends)."""

    base: Array  # uint32, sequence number of the SYN
    known: Array  # bool, whether there is a base
    reach: Array  # int64, furthest relative sequence number, to unwrap by


@inner_jit
def _first_slot(mask: Any, seed: Any, low: Any, high: Any) -> Any:
    """Return the slot from which on a pair of endpoints may be."""
    h = np.uint64(low) * seed[0] + np.uint64(high)
    h = (h ^ (h >> np.uint64(32))) * seed[1]
    h = (h ^ (h >> np.uint64(29))) * seed[0]
    return np.int64(h >> np.uint64(16)) & mask


@inner_jit
def _slot(slots: Any, mask: Any, pair_low: Any, pair_high: Any, seed: Any, low: Any, high: Any) -> Any:
    """Return the slot of a pair of endpoints, or the free slot for it."""
    slot = _first_slot(mask, seed, low, high)
    while True:
        number = np.int64(slots[slot]) - 1
        if number < 0 or (pair_low[number] == low and pair_high[number] == high):
            return slot
        slot = (slot + 1) & mask


@jit
def _rehash(pairs: Any, seed: Any, count: Any) -> None:
    """Insert every pair into an empty, larger table."""
    slots, low, high = unchecked(pairs.slots), unchecked(pairs.low), unchecked(pairs.high)
    for number in range(count):
        slot = _slot(slots, pairs.slots.size - 1, low, high, unchecked(seed), low[number], high[number])
        slots[slot] = number + 1


@inner_jit
def nearest(reach: Any, difference: Any) -> Any:
    """Return the number congruent to `difference` modulo 2**32 that is nearest to `reach`."""
    return reach + np.int64(np.int32(np.uint32(difference - reach)))


@jit
def track(segments: Any, pairs: Any, seed: Any, sides: Any, counts: Any, tracked: Any) -> None:
    """Find the connection and direction of each segment; the tables have room for one new connection per segment.

    A direction's base is the sequence number of its SYN. A SYN without ACK opens a new connection between the same
    endpoints if its number differs from its sender's base. A SYN-ACK with another number replaces the base. Without a
    SYN the base is one below the first sequence number, or one below the peer's first ACK number.
    """
    slots, low, high, latest = (
        unchecked(pairs.slots), unchecked(pairs.low), unchecked(pairs.high), pairs.connection,
    )  # fmt: skip
    seeds = unchecked(seed)
    mask = pairs.slots.size - 1
    base, known, reach = sides.base, sides.known, sides.reach
    src, dst, src_port, dst_port = segments.src, segments.dst, segments.src_port, segments.dst_port
    tcp_flags, seqs, acks, payload = segments.tcp_flags, segments.seq, segments.ack, segments.payload_bytes
    conn_ids, out_side, notes = tracked.conn_id, tracked.side, tracked.notes
    rel_seqs, rel_acks = tracked.rel_seq, tracked.rel_ack
    is_large = pairs.slots.size > CACHED_SLOTS
    for i in range(seqs.size):
        if is_large and i + AHEAD < seqs.size:
            a = np.int64(src[i + AHEAD]) << 16 | np.int64(src_port[i + AHEAD])
            b = np.int64(dst[i + AHEAD]) << 16 | np.int64(dst_port[i + AHEAD])
            prefetch(pairs.slots, _first_slot(mask, seeds, min(a, b), max(a, b)))
        a = np.int64(src[i]) << 16 | np.int64(src_port[i])
        b = np.int64(dst[i]) << 16 | np.int64(dst_port[i])
        side = 0 if a <= b else 1
        if side:
            a, b = b, a
        slot = _slot(slots, mask, low, high, seeds, a, b)
        pair = np.int64(slots[slot]) - 1
        flags = np.int64(tcp_flags[i])
        seq = np.int64(seqs[i])
        is_syn, is_ack = flags & SYN != 0, flags & ACK != 0
        note = 0
        if pair < 0:
            pair = counts[1]
            counts[1] += 1
            slots[slot] = pair + 1
            low[pair] = a
            high[pair] = b
            is_new = True
        else:
            connection = np.int64(latest[pair])
            own = 2 * connection + side
            is_new = False
            if is_syn and known[own] and seq != base[own]:
                note = REUSED
                is_new = not is_ack
            elif is_syn and not is_ack and known[own]:
                note = REPEATED_SYN
        if is_new:
            connection = counts[0]
            counts[0] += 1
            latest[pair] = connection
        own, peer = 2 * connection + side, 2 * connection + 1 - side
        if note == REUSED and not is_new:
            base[own] = np.uint32(seq)
            reach[own] = 0
        if payload[i] != NO_NUMBER:
            if not known[own]:
                base[own] = np.uint32(seq if is_syn else seq - 1)
                known[own] = True
                reach[own] = 0
            if is_ack and not known[peer]:
                base[peer] = np.uint32(acks[i] - 1)
                known[peer] = True
                reach[peer] = 0
        relative = nearest(reach[own], np.int64(seq) - np.int64(base[own]))
        reach[own] = max(reach[own], relative)
        conn_ids[i], out_side[i], notes[i], rel_seqs[i] = connection, side, note, relative
        rel_acks[i] = nearest(reach[peer], np.int64(acks[i]) - np.int64(base[peer]))


class Tracker:
    """Feeds `track` chunk by chunk; `most` is the total number of segments, if known."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        rng = np.random.default_rng()
        self._seed = rng.integers(1, 2**63, 2, np.uint64) * np.uint64(2) + np.uint64(1)
        self._counts = np.zeros(2, np.int64)  # connections, pairs
        self._pairs = Pairs(
            np.zeros(1 << 12, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32)
        )
        self._sides = Sides(np.zeros(0, np.uint32), np.zeros(0, np.bool_), np.zeros(0, np.int64))

    @property
    def connections(self) -> int:
        """How many connections there are so far."""
        return int(self._counts[0])

    def feed(self, segments: Segments, out: Tracked) -> None:
        """Track the next chunk.

        Parameters
        ----------
        segments : Segments
            In capture order.
        out : Tracked
            Filled, one row per segment.
        """
        rows = segments.seq.size
        connections, pairs = (int(count) for count in self._counts)
        self._sides = Sides(*(grown(column, 2 * (connections + rows), 2 * self._most) for column in self._sides))
        lists = (grown(column, pairs + rows, self._most) for column in self._pairs[1:])
        self._pairs = Pairs(self._pairs.slots, *lists)
        if 2 * (pairs + rows) > self._pairs.slots.size:
            size = 1 << int(4 * (pairs + rows) - 1).bit_length()
            self._pairs = self._pairs._replace(slots=np.zeros(size, np.int32))
            _rehash(self._pairs, self._seed, pairs)
        track(segments, self._pairs, self._seed, self._sides, self._counts, out)
