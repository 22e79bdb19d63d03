"""Wireshark's view of each segment: the labels of ``tcp.analysis``, as Wireshark 4.0 sets them.

The rules are those of Wireshark's sequence analysis (User's Guide, "TCP Analysis"), bug for bug, so that each row can
be checked there; ``evidence`` decides what really happened. All sequence numbers are raw and compared modulo 2**32. In
the code *own* is the direction of this segment and *peer* the other one.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import one_block
from pcapframe.schema import ACK, FIN, LABELS, NO_NUMBER, RST, SYN
from pcapframe.segments.rooms import Over
from pcapframe.segments.state import (
    SHORTEST_HEADER,
    Segments,
    after,
    before,
    grown,
    not_after,
    whole,
)
from pcapframe.segments.tracking import REPEATED_SYN, REUSED, Tracked
from pcapframe.segments.unacknowledged import (
    DIRECTION_FIELDS,
    Entries,
    acknowledge,
    in_flight,
    rebase,
    release_lists,
    remember,
    start_list,
)

__all__ = ["LABEL_BITS", "Labeller", "Sequence"]

LABEL_BITS = {column.name: 1 << i for i, column in enumerate(LABELS)}
RETRANSMISSION = LABEL_BITS["retransmission"]
FAST = LABEL_BITS["fast_retransmission"]
SPURIOUS = LABEL_BITS["spurious_retransmission"]
OUT_OF_ORDER = LABEL_BITS["out_of_order"]
LOST_SEGMENT = LABEL_BITS["lost_segment"]
ACK_LOST_SEGMENT = LABEL_BITS["ack_lost_segment"]
DUPLICATE_ACK = LABEL_BITS["duplicate_ack"]
KEEP_ALIVE = LABEL_BITS["keep_alive"]
KEEP_ALIVE_ACK = LABEL_BITS["keep_alive_ack"]
ZERO_WINDOW = LABEL_BITS["zero_window"]
ZERO_WINDOW_PROBE = LABEL_BITS["zero_window_probe"]
ZERO_WINDOW_PROBE_ACK = LABEL_BITS["zero_window_probe_ack"]
WINDOW_UPDATE = LABEL_BITS["window_update"]
WINDOW_FULL = LABEL_BITS["window_full"]
REUSED_PORTS = LABEL_BITS["reused_ports"]

FAST_LIMIT_NS = 20_000_000  # since the peer's last segment
OUT_OF_ORDER_LIMIT_NS = 3_000_000  # while the initial RTT is unknown
UNKNOWN_SCALE, NO_SCALE, LARGEST_SCALE = -1, -2, 14
MANY = 0xFFFFFFFF  # "minus one" duplicate ACKs, compared unsigned
NO_WINDOW = -1  # before the first segment

DIRECTION = np.dtype(
    [
        ("next_time", np.int64),
        ("last_time", np.int64),
        ("next", np.uint32),  # highest end seen; 0 for none
        ("max_ack", np.uint32),  # highest contiguous end; 0 for none
        ("last_ack", np.uint32),
        ("duplicates", np.uint32),
        ("last_window", np.int32),
        *DIRECTION_FIELDS,
        ("sacked", np.int64),  # bytes in the SACK blocks of the last segment, three blocks at most
        ("last_labels", np.uint16),
        ("scale", np.int8),
        ("last_was_syn", np.bool_),
        ("flight_known", np.bool_),
    ]
)

STREAM = np.dtype([("syn_time", np.int64), ("initial_rtt", np.int64), ("started", np.bool_)])


class Sequence(NamedTuple):
    """Wireshark's analysis of each segment."""

    labels: Array  # uint16, LABEL_BITS
    ack_rtt_s: Array  # float64, NaN for none
    bytes_in_flight: Array  # uint32, 0 for none
    duplicate_ack_num: Array  # uint32, 0 for none
    window_bytes: Array  # uint32, 0 where the scale is unknown
    window_known: Array  # bool

    @classmethod
    def room(cls, rows: int) -> "Sequence":
        """Return columns for `rows` segments, to be filled."""
        dtypes = (np.uint16, np.float64, np.uint32, np.uint32, np.uint32, np.bool_)
        return cls(*one_block(rows, dtypes))


@inner_jit
def _start(stream: Any, own: Any, peer: Any) -> None:
    """State of a connection before its first segment."""
    stream.started = True
    for direction in (own, peer):
        start_list(direction)
        direction.last_window = NO_WINDOW
        direction.scale = UNKNOWN_SCALE
        direction.flight_known = True


@inner_jit
def _window_labels(own: Any, peer: Any, seq: Any, ack: Any, length: Any, end: Any, window: Any, flags: Any) -> Any:
    """Return labels about windows, gaps and repeated ACKs; count duplicate ACKs."""
    control = flags & (SYN | FIN | RST) != 0
    labels = 0
    if window == 0 and not control:
        labels |= ZERO_WINDOW
    if own.next != 0 and after(seq, own.next) and not flags & RST:
        labels |= LOST_SEGMENT
        own.flight_known = False
    if length <= 1 and np.uint32(seq) == np.uint32(own.next - np.uint32(1)) and not control:
        labels |= KEEP_ALIVE
    repeat = length == 0 and not control and seq == own.next and ack == own.last_ack
    if repeat and window != 0 and window != own.last_window:
        labels |= WINDOW_UPDATE
    if length > 0 and not control and peer.scale != UNKNOWN_SCALE:
        shift = 0 if peer.last_was_syn or peer.scale == NO_SCALE else np.int64(peer.scale)
        edge = np.uint32(np.int64(peer.last_ack) + (np.int64(peer.last_window) << shift))
        if np.uint32(end) == edge:
            labels |= WINDOW_FULL
    if repeat and window == own.last_window:
        if window != 0 and peer.last_labels & KEEP_ALIVE:
            labels |= KEEP_ALIVE_ACK
        elif window == 0 and peer.last_labels & ZERO_WINDOW_PROBE:
            labels |= ZERO_WINDOW_PROBE_ACK
        elif window != 0:
            own.duplicates = np.uint32(1) if own.duplicates == MANY else np.uint32(own.duplicates + np.uint32(1))
            labels |= DUPLICATE_ACK
    return labels


@inner_jit
def _unseen_ack(own: Any, peer: Any, ack: Any) -> Any:
    """Return the label for an ACK of bytes that were not seen."""
    if peer.max_ack == 0 or not after(ack, peer.max_ack):
        return 0
    if after(peer.next, peer.max_ack):
        peer.max_ack = peer.next
        return ACK_LOST_SEGMENT
    labels = ACK_LOST_SEGMENT if peer.duplicates == 0 else 0
    peer.duplicates = np.uint32(MANY)
    return labels


@inner_jit
def _order_labels(stream: Any, own: Any, peer: Any, seq: Any, length: Any, end: Any, phantom: Any, time: Any) -> Any:
    """Return the label of a segment that begins below the highest byte sent; the first matching rule decides."""
    old = own.next != 0 and before(seq, own.next)
    if length > 1 and np.uint32(seq) == np.uint32(own.next - np.uint32(1)):
        old = False
    if length > 0 and peer.last_ack != 0 and not_after(end, peer.last_ack):
        return RETRANSMISSION | SPURIOUS
    if not old:
        return 0
    since_peer = np.uint64(time - peer.last_time)
    if peer.duplicates >= 2 and seq == peer.last_ack and since_peer < np.uint64(FAST_LIMIT_NS):
        return RETRANSMISSION | FAST
    limit = stream.initial_rtt if stream.initial_rtt != 0 else np.int64(OUT_OF_ORDER_LIMIT_NS)
    since_highest = np.uint64(time - own.next_time)
    if since_highest < np.uint64(limit) and own.next != np.uint32(end + phantom):
        return OUT_OF_ORDER
    return RETRANSMISSION


@inner_jit
def _note_options(own, scale, sack, sack_start, sack_stop):  # type: ignore[no-untyped-def]
    """Store the number of SACKed bytes (in at most three blocks) and the window scale."""
    sacked = np.int64(0)
    for k in range(sack_start, min(sack_stop, sack_start + 6) - 1, 2):
        sacked += np.int64(np.uint32(sack[k + 1] - sack[k]))
    own.sacked = sacked
    if scale >= 0:
        own.scale = min(scale, LARGEST_SCALE)


@inner_jit
def _settle_scale(own, peer, flags):  # type: ignore[no-untyped-def]
    """Store that a SYN without the option disables window scaling."""
    if own.scale == UNKNOWN_SCALE:
        own.scale = NO_SCALE
        peer.scale = NO_SCALE
    if flags & ACK and peer.scale == NO_SCALE:
        own.scale = NO_SCALE


@jit
def label(
    segments: Any, tracked: Any, first_order: Any, streams: Any, directions: Any, entries: Any, free: Any, out: Any
) -> None:
    """Label a chunk of segments; see the module's docstring."""
    times, flags_column, seqs, acks = segments.time, segments.tcp_flags, segments.seq, segments.ack
    windows, headers, payload = segments.window, segments.tcp_header_bytes, segments.payload_bytes
    scales, hidden, sack_at, sack = segments.window_scale, segments.hidden, segments.sack_at, unchecked(segments.sack)
    conn_ids, sides, notes, rel_seqs = tracked.conn_id, tracked.side, tracked.notes, tracked.rel_seq
    out_labels, out_rtt, out_flight = out.labels, out.ack_rtt_s, out.bytes_in_flight
    out_number, out_window, out_known = out.duplicate_ack_num, out.window_bytes, out.window_known
    pool = (
        unchecked(entries.seq), unchecked(entries.end), unchecked(entries.time), unchecked(entries.order),
        unchecked(entries.link), unchecked(entries.back),
    )  # fmt: skip
    spare = unchecked(free)
    for i in range(seqs.size):
        connection = np.int64(conn_ids[i])
        stream = streams[connection]
        own = directions[2 * connection + sides[i]]
        peer = directions[2 * connection + 1 - sides[i]]
        if not stream.started:
            _start(stream, own, peer)
        time, flags, seq, ack = times[i], np.int64(flags_column[i]), seqs[i], acks[i]
        window = np.int64(windows[i])
        length: Any = np.int64(payload[i])
        phantom = 1 if flags & (SYN | FIN) else 0
        end = np.uint32(np.int64(seq) + max(length, 0))
        next_seq = np.uint32(np.int64(end) + phantom)
        labels = REUSED_PORTS if notes[i] & REUSED else 0
        rtt = flight = number = np.int64(0)
        shift = 0 if flags & SYN or own.scale == NO_SCALE else np.int64(own.scale)
        out_window[i], out_known[i] = (window << shift, True) if shift >= 0 else (np.int64(0), False)
        own.sacked = 0
        own.packets += 1
        if notes[i] & REPEATED_SYN:
            own.next = own.max_ack
        if length != NO_NUMBER:
            base = np.uint32(np.int64(seq) - rel_seqs[i])
            if base != own.base:
                rebase(own, peer, pool, spare, base)
            if flags & ACK:
                peer.flight_known = True
            if length == 1 and seq == own.next and peer.last_window == 0:
                labels |= ZERO_WINDOW_PROBE
            else:
                labels |= _window_labels(own, peer, seq, ack, length, end, window, flags)
            if labels & DUPLICATE_ACK:
                number = np.int64(own.duplicates)
            if ack != own.last_ack:
                own.duplicates = 0
            if flags & ACK:
                labels |= _unseen_ack(own, peer, ack)
            carries = length > 0 or phantom == 1
            if carries and not labels & KEEP_ALIVE:
                labels |= _order_labels(stream, own, peer, seq, length, end, phantom, time)
            if carries:
                remember(own, peer, pool, spare, seq, next_seq, time, first_order + i)
            if not labels & ZERO_WINDOW_PROBE:
                if own.next == 0 or after(next_seq, own.next):
                    own.next = next_seq
                    own.next_time = time
                if own.max_ack == 0 or seq == own.max_ack:
                    own.max_ack = own.next
            own.last_window = window
            own.last_ack = ack
            own.last_time = time
            own.last_labels = labels
            rtt = acknowledge(peer, own, pool, spare, ack, time)
            if length > 0 and own.entries > 0 and own.flight_known:
                flight = in_flight(own, peer.sacked, pool, phantom)
        if headers[i] >= SHORTEST_HEADER:
            if flags & SYN:
                if not flags & ACK:
                    stream.syn_time = time
                own.last_was_syn = True
            elif flags & ACK:
                if stream.syn_time != 0 and stream.initial_rtt == 0:  # either is unknown while it is 0
                    stream.initial_rtt = time - stream.syn_time
                own.last_was_syn = False
            _note_options(own, scales[i], sack, sack_at[i], sack_at[i + 1])
            if flags & SYN and not hidden[i]:
                _settle_scale(own, peer, flags)
        if hidden[i]:
            labels, rtt, flight, number = 0, np.int64(0), np.int64(0), np.int64(0)
        out_labels[i], out_flight[i], out_number[i] = labels, flight, number
        out_rtt[i] = rtt / 1e9 if rtt != 0 else np.nan


class Labeller:
    """Feeds `label` chunk by chunk; `most` is the total number of segments, if known."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._streams = np.zeros(0, STREAM)
        self._directions = np.zeros(0, DIRECTION)
        dtypes = (np.uint32, np.uint32, np.int64, np.int64, np.int32, np.int32)
        self._entries = Entries(*(np.zeros(0, dtype) for dtype in dtypes))
        self._free = np.array([-1, 0, 0], np.int64)  # first free entry, first never used, how many are in use
        self._fed = 0

    def feed(self, segments: Segments, tracked: Tracked, connections: int, out: Sequence) -> None:
        """Label the next chunk.

        Parameters
        ----------
        segments : Segments
            In capture order.
        tracked : Tracked
            Their connections (or their rooms) and directions.
        connections : int
            How many connections (or rooms) there are so far.
        out : Sequence
            Filled, one row per segment.
        """
        rows = segments.seq.size
        self._streams = grown(self._streams, connections, self._most)
        self._directions = grown(self._directions, 2 * connections, 2 * self._most)
        # A chunk takes free entries first, so that room for `rows` more than are in use now is always enough.
        needed = int(max(self._free[1], self._free[2] + rows))
        self._entries = Entries(*(grown(column, needed + 1, self._most) for column in self._entries))
        label(segments, tracked, self._fed, self._streams, self._directions, self._entries, self._free, out)
        self._fed += rows

    def forget(self, over: Over) -> None:
        """Give the rooms of connections that are over back, as those of new ones, and the entries of their lists."""
        if over.rooms.size:
            release_lists(over.rooms, self._directions, self._entries.link, self._free)
        for table, records in ((self._streams, 1), (self._directions, 2)):
            rows = whole(table, records)
            rows[over.rooms] = np.zeros((), rows.dtype)
