"""What each sender was doing: busy, limited by the peer's window, repairing, or idle. One pass in capture order.

A sender is busy while bytes or a FIN of it are not acknowledged, or held back by the peer's window. Of this time, it is
limited by the window while less than one full segment fits into it, if the next segment, which did not fit, is sent
promptly once it does. It is repairing from a resend until all bytes that were sent by then are acknowledged. Where both
hold, the window has the time. The rest of the time, the sender is idle. It may have nothing to send, or a send buffer
or a congestion window may hold it back: packets do not tell these apart.

The times are those of the sender. What the capture point sees of the peer reaches the sender later: by the smallest
time that the sender needs to answer a packet, as seen from the capture point (``answer_ns``). So every acknowledgement
counts that much later. Linux counts in the same way (``tcpi_busy_time`` and ``tcpi_rwnd_limited`` of TCP_INFO).

Copies made on the way and acknowledgements of what was never sent do not count. A clock that steps back stands still.
"""

from collections import namedtuple
from typing import Any

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.conversation.records import copies
from pcapframe.conversation.sender_state import (
    BUSY,
    LINK,
    SENDER,
    UNKNOWN,
    end_busy,
    end_repairing,
    log,
    repairing_ns,
    take_answer,
)
from pcapframe.conversation.sender_window import (
    Edges,
    arrive,
    end_limited,
    give_limited,
    keep_pace,
    next_turn,
    offer,
    raise_scale,
)
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.schema import ACK, FIN, PROBES, RESEND_RULES, RST, SYN

__all__ = ["Senders", "Sent"]

ZERO_WINDOW = PROBES.index("zero_window")
SEEN_BEFORE = RESEND_RULES.index("seen_before")
SHORTEST_HEADER = 20  # [bytes]
FIRST_SEGMENTS = 10  # as many may be sent before the first acknowledgement (RFC 6928)
PROMPT_NS = 10_000_000  # a segment is sent promptly if it is so soon after it fits [ns]
TICK_NS = 1_000_000  # of timestamp clocks, such as that of Linux [ns]
ENOUGH_TICKS, CLOCK_SHARE = 16, 8  # a clock keeps time if so many ticks take as long as they should, but for this part
MOST_DELAY = 8  # round trips that a queue on the path may hold a segment
LONGEST_STEP_BACK_NS = 10_000_000  # after a clock was set back further, times are unknown [ns]

Sent = namedtuple(
    "Sent",
    "place from_client time tcp_flags tcp_header_bytes payload_bytes rel_seq rel_ack window window_bytes mss tsval "
    "ack_rtt_s capture_duplicate resent resend_rule capture_gap acks_unsent rst_ignored probe",
)


@inner_jit
def _catch_up(own: Any, place: Any, time: Any, edges: Any, spans: Any) -> None:
    """Let the sender have what reached it until now."""
    if own.clear_at != NO_TIME and own.clear_at <= time:
        end_busy(own, place, own.clear_at, spans)
    elif own.repaired_at != NO_TIME and own.repaired_at <= time:
        end_repairing(own, place, own.repaired_at, spans)
    while own.first_edge and edges[0][own.first_edge - 1] + own.lag_ns <= time:
        arrive(own, edges[0][own.first_edge - 1] + own.lag_ns, edges)


@inner_jit
def _delay(own: Any, link: Any, time: Any, tsval: Any) -> Any:
    """Return how much longer than others a segment was under way, by its sender's clock [ns].

    0 for a sender at the capture point, and where the clock does not seem to have ticks of 1 ms.
    """
    if tsval < 0 or own.lag_ns == 0 or own.clock_at == NO_TIME:
        return np.int64(0)
    delay = time - tsval * TICK_NS - own.clock_at - TICK_NS
    if own.keeps_time:
        return max(delay, np.int64(0))
    return delay if 0 < delay < (time - link.first_at) // 4 and delay < MOST_DELAY * own.lag_ns else np.int64(0)


@inner_jit
def _read_clock(own: Any, time: Any, tsval: Any, is_syn: Any) -> None:
    """Follow the clock of a sender: when it was 0, and whether it has ticks of 1 ms."""
    clock = time - tsval * TICK_NS
    own.clock_at = min(own.clock_at, clock) if own.clock_at != NO_TIME else clock
    if own.ticks_at == NO_TIME or is_syn:
        own.ticks_at, own.first_tick = time, tsval
    elif not own.keeps_time:
        passed, ticks = time - own.ticks_at, tsval - own.first_tick
        own.keeps_time = ticks >= ENOUGH_TICKS and abs(passed - ticks * TICK_NS) <= passed // CLOCK_SHARE


@inner_jit
def _send(own: Any, peer: Any, place: Any, link: Any, row: Any, edges: Any, spans: Any) -> None:
    """Follow a segment with bytes or a FIN."""
    time, start, payload, has_fin, resent, is_first_copy, options, tsval = row
    end = start + payload + has_fin
    own.segments, own.resends = own.segments + 1, own.resends + resent
    if not own.sent_any:
        own.sent_any = True
        if not own.has_acks or start < own.high:
            own.high = start
        elif start > own.high and not link.has_syn:
            own.busy_since = link.first_at  # bytes were outstanding when the capture began
    if payload > own.largest:
        most = max(own.largest_allowed - options, 1) if own.largest_allowed > 0 else payload
        own.largest = max(min(payload, most), own.largest)
    while own.first_edge and end - has_fin > own.edge:  # it had a later window: it is nearer than thought
        take_answer(own, peer, max(time - edges[0][own.first_edge - 1], 1))
        arrive(own, time, edges)
    if end - has_fin > own.edge and not own.lacks_scale:
        own.has_edge = False  # the window is not the one that was captured, until the next one
    if end > own.high:
        keep_pace(own, time, end - own.high)
        if own.limited_since != NO_TIME:
            prompt_ns = max(PROMPT_NS, (max(own.answer_ns, 0) + max(peer.answer_ns, 0)) // 2)
            end_limited(own, place, end - own.high - has_fin, time, prompt_ns, spans)
        if own.busy_since == NO_TIME:
            since = max(link.begun_at, own.idle_since)
            own.busy_since = max(time - _delay(own, link, time, tsval), min(since, time))
        own.high, own.clear_at, own.is_probing = end, NO_TIME, False
        own.has_fin |= has_fin
        if own.lacks_scale and own.has_edge:
            raise_scale(own, edges)
        is_first = own.acked <= 1 and own.high - own.acked >= FIRST_SEGMENTS * own.largest
        if own.has_edge and own.high + own.largest > own.edge and not own.has_fin and not is_first:
            own.limited_since, own.edge_then = time + next_turn(own), own.edge
            own.fits_at = own.moved_at = NO_TIME
            own.repairing_then = repairing_ns(own, own.limited_since)
    if resent:
        own.lacks_bytes |= is_first_copy and own.lag_ns > 0
        if own.busy_since == NO_TIME and end <= own.high:  # the acknowledgement did not reach the sender
            if own.idle_since != NO_TIME:
                own.busy_ns += max(time - own.idle_since, 0)
                log(spans, place, BUSY, own.idle_since, time)
            own.busy_since = time
        if own.repairing_since == NO_TIME:
            own.repairing_since = time
        own.recover, own.repaired_at, own.clear_at = own.high, NO_TIME, NO_TIME


@inner_jit
def _acknowledge(own: Any, now: Any, ack: Any, window: Any, edges: Any, gap: Any) -> None:
    """Follow an acknowledgement that the peer sent."""
    arrives = now + own.lag_ns
    if not own.has_acks:
        own.has_acks = True
        own.acked = ack
        if not own.sent_any:
            own.high = ack
    if ack > own.high:
        own.lacks_bytes |= own.busy_since == NO_TIME and gap > 0
        own.high = ack
    if ack < own.acked:
        return
    own.acked, own.window = ack, window
    offer(own, ack + window, now, arrives, edges)
    if own.busy_since != NO_TIME and ack >= own.high and own.clear_at == NO_TIME:
        own.clear_at = arrives
    if own.repairing_since != NO_TIME and ack >= own.recover and own.repaired_at == NO_TIME:
        own.repaired_at = arrives


@inner_jit
def _begin(senders: Any, at: Any, time: Any) -> None:
    """Begin to count: the handshake is complete."""
    for place in (2 * at, 2 * at + 1):
        own = senders[place]
        own.busy_ns = own.repairing_ns = own.limited_ns = 0
        if own.busy_since != NO_TIME:
            own.busy_since = time
        if own.repairing_since != NO_TIME:
            own.repairing_since = time
        own.limited_since = own.idle_since = NO_TIME


@inner_jit
def _greet(senders: Any, at: Any, link: Any, own: Any, flags: Any, time: Any) -> None:
    """Follow the handshake."""
    is_client = own == 2 * at
    if flags & SYN:
        if not flags & ACK:
            link.syn_at = time
            if is_client and not link.has_syn:
                link.has_syn = link.awaits_ack = True
        else:
            if link.syn_at != NO_TIME and link.syn_ack_at == NO_TIME:
                take_answer(senders[own], senders[own ^ 1], time - link.syn_at)
            link.is_repeated = link.syn_ack_at != NO_TIME
            link.syn_ack_at = time
    elif is_client and flags & (ACK | RST) == ACK:
        link.awaits_ack, link.begun_at = False, time
        if link.syn_ack_at != NO_TIME and not link.is_repeated:
            take_answer(senders[own], senders[own ^ 1], time - link.syn_ack_at)
        _begin(senders, at, time)


@jit
def _follow(rows: Any, links: Any, senders: Any, edges: Any, spans: Any) -> None:
    """Follow a chunk of segments; write `spans`, if not None."""
    place, from_client, times, tcp_flags = rows.place, rows.from_client, rows.time, rows.tcp_flags
    header, payload, rel_seq, rel_ack = rows.tcp_header_bytes, rows.payload_bytes, rows.rel_seq, rows.rel_ack
    windows, scaled, mss, tsvals = rows.window, rows.window_bytes, rows.mss, rows.tsval
    rtts = rows.ack_rtt_s
    copies, resent, rules, gaps = rows.capture_duplicate, rows.resent, rows.resend_rule, rows.capture_gap
    acks_unsent, rst_ignored, probes = rows.acks_unsent, rows.rst_ignored, rows.probe
    pool = (unchecked(edges.time), unchecked(edges.edge), unchecked(edges.link), unchecked(edges.free))
    for i in range(place.size):
        at, time, flags = place[i], times[i], np.int64(tcp_flags[i])
        link = links[at]
        if time == NO_TIME or (link.last_at != NO_TIME and link.last_at - time > LONGEST_STEP_BACK_NS):
            link.is_unclear = True
            continue
        if link.first_at == NO_TIME:
            link.first_at = link.begun_at = time
        time = link.last_at = max(time, link.last_at)
        if copies[i]:
            continue
        side = 0 if from_client[i] else 1
        own, peer = senders[2 * at + side], senders[2 * at + 1 - side]
        own.is_seen = True
        if tsvals[i] >= 0 and (own.lag_ns or flags & SYN):
            _read_clock(own, time, tsvals[i], flags & SYN != 0)
        if flags & SYN or link.awaits_ack:
            if mss[i] > 0:
                for one in (own, peer):
                    one.largest_allowed = min(one.largest_allowed, mss[i]) if one.largest_allowed > 0 else mss[i]
            if not acks_unsent[i]:
                _greet(senders, at, link, 2 * at + side, flags, time)
        elif rtts[i] > 0 and not flags & RST:
            take_answer(own, peer, np.int64(rtts[i] * 1e9 + 0.5))
        _catch_up(own, 2 * at + side, time, pool, spans)
        if flags & RST:
            if not rst_ignored[i]:
                for one in (own, peer):
                    if one.busy_since != NO_TIME and one.clear_at == NO_TIME:
                        one.clear_at = time
            continue
        has_fin = flags & FIN != 0
        if probes[i] >= 0:
            own.is_probing |= probes[i] == ZERO_WINDOW
        elif not flags & SYN and (payload[i] > 0 or has_fin):
            is_first_copy = rules[i] != SEEN_BEFORE
            row = (
                time, rel_seq[i], max(payload[i], 0), has_fin, resent[i], is_first_copy, header[i] - SHORTEST_HEADER,
                tsvals[i],
            )  # fmt: skip
            _send(own, peer, 2 * at + side, link, row, pool, spans)
        if flags & ACK and not acks_unsent[i]:
            _catch_up(peer, 2 * at + 1 - side, time, pool, spans)
            window = scaled[i]
            if window < 0:
                peer.lacks_scale = True
                window = np.int64(windows[i]) << peer.scale
            _acknowledge(peer, time, rel_ack[i], window, pool, gaps[i])


@jit
def _finish(links: Any, senders: Any, edges: Any, spans: Any) -> None:
    """End what goes on when the capture ends."""
    pool = (edges.time, edges.edge, edges.link, edges.free)
    for place in range(senders.size):
        own, end = senders[place], links[place >> 1].last_at
        _catch_up(own, place, end, pool, spans)
        if own.limited_since != NO_TIME and own.is_probing and own.fits_at == NO_TIME:
            give_limited(own, place, end, spans)
        if own.busy_since != NO_TIME:
            end_busy(own, place, end, spans)


class Senders:
    """Follows the senders of all connections, chunk by chunk.

    Parameters
    ----------
    connections : int
        How many there are.

    Attributes
    ----------
    links : ndarray of LINK
        State of each connection.
    senders : ndarray of SENDER
        State of each direction: the client's of connection n at 2 n, the server's after it.
    """

    def __init__(self, connections: int) -> None:
        link, sender = np.zeros((), LINK), np.zeros((), SENDER)
        for name in ("first_at", "last_at", "begun_at", "syn_at", "syn_ack_at"):
            link[name] = NO_TIME
        for name in SENDER.names or ():
            if name.endswith(("_since", "_at")):
                sender[name] = NO_TIME
        sender["answer_ns"] = UNKNOWN
        self.links, self.senders = copies(link, connections), copies(sender, 2 * connections)
        self._edges = Edges(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(2, np.int64))

    def feed(self, rows: Any, spans: Array | None = None) -> None:
        """Follow the next chunk.

        Parameters
        ----------
        rows : NamedTuple
            Has the fields of `Sent`, such as ``connections.Rows``.
        spans : ndarray of SPAN, optional
            To write spans to. The ``sender`` of the first one counts those after it.
        """
        sent = Sent(*(getattr(rows, name) for name in Sent._fields))
        self._edges = self._grown(int(self._edges.free[1]) + sent.place.size)
        _follow(sent, self.links, self.senders, self._edges, spans)

    def finish(self, spans: Array | None = None) -> None:
        """End what goes on at the end of the capture.

        Parameters
        ----------
        spans : ndarray of SPAN, optional
            As for `feed`.
        """
        _finish(self.links, self.senders, self._edges, spans)

    def _grown(self, rows: int) -> Edges:
        """Return the pool of windows with that much room."""
        if rows <= self._edges.time.size:
            return self._edges
        rows = max(rows, 2 * self._edges.time.size)
        columns: list[Array] = []
        for column in self._edges[:3]:
            columns.append(np.zeros(rows, column.dtype))
            columns[-1][: column.size] = column
        return Edges(columns[0], columns[1], columns[2], self._edges.free)
