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
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, YEAR_NS, Array
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.schema import ACK, FIN, PROBES, RST, SYN

__all__ = ["BUSY", "HELD", "LIMITED", "LINK", "REPAIRING", "SENDER", "SPAN", "Senders", "Sent"]

UNKNOWN = -1
KEEP_ALIVE, ZERO_WINDOW = PROBES.index("keep_alive"), PROBES.index("zero_window")
MOST_SCALE = 14  # RFC 7323 section 2.3
NEAR_NS = 200_000  # answers within this come from the host at the capture point [ns]
PROMPT_NS = 10_000_000  # a segment is sent promptly if it is so soon after it fits [ns]
LONGEST_STEP_BACK_NS = 10_000_000  # after a clock was set back further, times are unknown [ns]
BUSY, REPAIRING, LIMITED, HELD = 1, 2, 3, 4  # kinds of spans; HELD is busy time with nothing outstanding

# State of a direction: the sender of its bytes. Numbers are relative to its SYN.
SENDER = np.dtype(
    [
        ("high", np.int64),  # end of what was sent
        ("acked", np.int64),
        ("window", np.int64),  # last one that the peer offered
        ("edge", np.int64),  # end of the window that the sender knows
        ("edge_then", np.int64),  # when it began to be limited
        ("recover", np.int64),  # what ends the repairing if acknowledged
        ("busy_since", np.int64),  # [ns], NO_TIME while not
        ("clear_at", np.int64),  # when the sender learns that all is acknowledged; NO_TIME if it is not
        ("idle_since", np.int64),
        ("repairing_since", np.int64),
        ("repaired_at", np.int64),
        ("limited_since", np.int64),
        ("fits_at", np.int64),  # when a full segment fitted again
        ("moved_at", np.int64),  # when the window moved last, since it began to be limited
        ("busy_ns", np.int64),
        ("repairing_ns", np.int64),
        ("limited_ns", np.int64),
        ("repairing_then", np.int64),  # how long it had been repairing when it began to be limited
        ("answer_ns", np.int64),  # UNKNOWN for none
        ("largest", np.int32),  # payload
        ("largest_allowed", np.int32),  # by the options of both
        ("first_edge", np.int32),  # of the windows under way to the sender, + 1
        ("last_edge", np.int32),
        ("scale", np.int8),  # smallest that fits, where it is unknown
        ("sent_any", np.bool_),  # bytes
        ("is_seen", np.bool_),  # any packet
        ("has_acks", np.bool_),  # of the peer
        ("has_edge", np.bool_),
        ("lacks_scale", np.bool_),
        ("is_bounded", np.bool_),
        ("is_probing", np.bool_),
        ("has_fin", np.bool_),
        ("lacks_bytes", np.bool_),  # of which it is unknown when they were sent
    ]
)
LINK = np.dtype(
    [
        ("first_at", np.int64),  # [ns]
        ("last_at", np.int64),
        ("begun_at", np.int64),  # handshake complete, or the first packet
        ("syn_at", np.int64),  # the latest one
        ("syn_ack_at", np.int64),
        ("has_syn", np.bool_),
        ("awaits_ack", np.bool_),
        ("is_repeated", np.bool_),  # the SYN-ACK: which one is answered is unknown
        ("is_unclear", np.bool_),  # times are unknown
    ]
)
SPAN = np.dtype([("sender", np.int64), ("kind", np.int8), ("start", np.int64), ("end", np.int64)])


class Edges(NamedTuple):
    """Pool of windows under way to their sender: one linked list per direction, by time."""

    time: Array  # int64, when the sender gets it [ns]
    edge: Array  # int64
    link: Array  # int32, next one of this direction, or next free one, + 1; 0 for none
    free: Array  # int64: the first released one + 1, and how many were ever used


Sent = namedtuple(
    "Sent",
    "place from_client time tcp_flags payload_bytes rel_seq rel_ack window window_bytes mss ack_rtt_s "
    "capture_duplicate resent capture_gap acks_unsent rst_ignored probe",
)


@inner_jit
def _log(spans: Any, place: Any, kind: Any, start: Any, end: Any) -> None:
    """Write a span if there is room; the first one counts them."""
    if spans.size and end > start:
        spans[0].sender += 1
        span = spans[spans[0].sender]
        span.sender, span.kind, span.start, span.end = place, kind, start, end


@inner_jit
def _end_repairing(own: Any, place: Any, time: Any, spans: Any) -> None:
    """End the repairing."""
    own.repairing_ns += max(time - own.repairing_since, 0)
    _log(spans, place, REPAIRING, own.repairing_since, time)
    own.repairing_since = own.repaired_at = NO_TIME


@inner_jit
def _end_busy(own: Any, place: Any, time: Any, spans: Any) -> None:
    """Let the sender be idle."""
    if own.repairing_since != NO_TIME:
        _end_repairing(own, place, time, spans)
    own.busy_ns += max(time - own.busy_since, 0)
    _log(spans, place, BUSY, own.busy_since, time)
    own.busy_since = own.clear_at = NO_TIME
    own.idle_since = time


@inner_jit
def _move(own: Any, edge: Any, time: Any) -> None:
    """Let the sender know another window."""
    own.edge, own.has_edge = edge, True
    if own.limited_since != NO_TIME:
        own.moved_at = time
        fits = edge >= own.high + own.largest
        if fits and own.fits_at == NO_TIME:
            own.fits_at = time
        elif not fits:
            own.fits_at = NO_TIME


@inner_jit
def _catch_up(own: Any, place: Any, time: Any, edges: Any, spans: Any) -> None:
    """Let the sender have what reached it until now."""
    if own.clear_at != NO_TIME and own.clear_at <= time:
        _end_busy(own, place, own.clear_at, spans)
    elif own.repaired_at != NO_TIME and own.repaired_at <= time:
        _end_repairing(own, place, own.repaired_at, spans)
    times, values, link, free = edges
    while own.first_edge and times[own.first_edge - 1] <= time:
        at = own.first_edge - 1
        _move(own, values[at], times[at])
        own.first_edge = link[at]
        if own.first_edge == 0:
            own.last_edge = 0
        link[at] = free[0]
        free[0] = at + 1


@inner_jit
def _offer(own: Any, edge: Any, now: Any, time: Any, edges: Any) -> None:
    """Send a window to the sender, which gets it at `time`."""
    if time <= now or (own.busy_since == NO_TIME and own.first_edge == 0):
        _move(own, edge, time)
        return
    times, values, link, free = edges
    if own.last_edge and values[own.last_edge - 1] == edge:
        return
    at = free[0] - 1
    if at >= 0:
        free[0] = link[at]
    else:
        at = free[1]
        free[1] += 1
    times[at], values[at], link[at] = time, edge, 0
    if own.last_edge:
        link[own.last_edge - 1] = at + 1
    else:
        own.first_edge = at + 1
    own.last_edge = at + 1


@inner_jit
def _repairing_ns(own: Any, time: Any) -> Any:
    """Return how long the sender was repairing until now [ns]."""
    return own.repairing_ns + (max(time - own.repairing_since, 0) if own.repairing_since != NO_TIME else 0)


@inner_jit
def _give_limited(own: Any, place: Any, time: Any, spans: Any) -> None:
    """Count the time since the window was full as limited by it."""
    own.limited_ns += time - own.limited_since
    _log(spans, place, LIMITED, own.limited_since, time)
    own.repairing_ns -= _repairing_ns(own, time) - own.repairing_then
    if own.busy_since == NO_TIME:
        own.busy_ns += max(time - own.idle_since, 0)
        _log(spans, place, HELD, own.idle_since, time)
        own.idle_since = time


@inner_jit
def _end_limited(own: Any, place: Any, length: Any, time: Any, prompt_ns: Any, spans: Any) -> None:
    """Judge by the next segment, of some new bytes, whether the sender was limited by the window."""
    did_fit = own.high + min(length, own.largest) <= own.edge_then
    opened = own.fits_at if own.fits_at != NO_TIME else own.moved_at
    if not did_fit and opened != NO_TIME and time - opened <= prompt_ns:
        _give_limited(own, place, time, spans)
    own.limited_since = NO_TIME


@inner_jit
def _bound(own: Any, edges: Any) -> None:
    """Raise the scale of the window so that what is outstanding fits into it."""
    flight = own.high - own.acked
    if flight <= own.window or own.window <= 0:
        return
    while own.window < flight and own.scale < MOST_SCALE:
        own.window, own.scale = own.window << 1, own.scale + 1
    link, free = edges[2], edges[3]
    while own.first_edge:  # they were scaled by too little
        at = own.first_edge - 1
        own.first_edge, link[at], free[0] = link[at], free[0], at + 1
    own.last_edge = 0
    own.edge = own.acked + own.window
    own.is_bounded, own.limited_ns, own.limited_since = True, 0, NO_TIME  # judged by too small a window


@inner_jit
def _send(own: Any, place: Any, link: Any, row: Any, prompt_ns: Any, edges: Any, spans: Any) -> None:
    """Follow a segment with bytes or a FIN."""
    time, start, payload, has_fin, resent = row
    end = start + payload + has_fin
    if not own.sent_any:
        own.sent_any = True
        if not own.has_acks or start < own.high:
            own.high = start
        elif start > own.high and not link.has_syn:
            own.busy_since = link.first_at  # bytes were outstanding when the capture began
    if payload > own.largest:
        own.largest = min(payload, own.largest_allowed) if own.largest_allowed > 0 else payload
    if end > own.high:
        if own.limited_since != NO_TIME:
            _end_limited(own, place, end - own.high - has_fin, time, prompt_ns, spans)
        if own.busy_since == NO_TIME:
            own.busy_since = time
        own.high, own.clear_at, own.is_probing = end, NO_TIME, False
        own.has_fin |= has_fin
        if own.lacks_scale and own.has_edge:
            _bound(own, edges)
        if own.has_edge and own.high + own.largest > own.edge and not own.has_fin:
            own.limited_since, own.edge_then = time, own.edge
            own.fits_at = own.moved_at = NO_TIME
            own.repairing_then = _repairing_ns(own, time)
    if resent:
        if own.busy_since == NO_TIME and end <= own.high:  # the acknowledgement did not reach the sender
            if own.idle_since != NO_TIME:
                own.busy_ns += max(time - own.idle_since, 0)
                _log(spans, place, BUSY, own.idle_since, time)
            own.busy_since = time
        if own.repairing_since == NO_TIME:
            own.repairing_since = time
        own.recover, own.repaired_at, own.clear_at = own.high, NO_TIME, NO_TIME


@inner_jit
def _acknowledge(own: Any, now: Any, ack: Any, window: Any, edges: Any, gap: Any) -> None:
    """Follow an acknowledgement that the peer sent."""
    arrives = now + (own.answer_ns if own.answer_ns >= NEAR_NS else 0)
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
    _offer(own, ack + window, now, arrives, edges)
    if own.busy_since != NO_TIME and ack >= own.high and own.clear_at == NO_TIME:
        own.clear_at = arrives
    if own.repairing_since != NO_TIME and ack >= own.recover and own.repaired_at == NO_TIME:
        own.repaired_at = arrives


@inner_jit
def _answer(own: Any, sample: Any) -> None:
    """Take a time that the host needed to answer."""
    if 0 <= sample < YEAR_NS and (own.answer_ns < 0 or sample < own.answer_ns):
        own.answer_ns = sample


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
                _answer(senders[own], time - link.syn_at)
            link.is_repeated = link.syn_ack_at != NO_TIME
            link.syn_ack_at = time
    elif is_client and flags & (ACK | RST) == ACK:
        link.awaits_ack, link.begun_at = False, time
        if link.syn_ack_at != NO_TIME and not link.is_repeated:
            _answer(senders[own], time - link.syn_ack_at)
        _begin(senders, at, time)


@jit
def _follow(rows: Any, links: Any, senders: Any, edges: Any, spans: Any) -> None:
    """Follow a chunk of segments; write `spans` if there is room for them."""
    place, from_client, times, tcp_flags = rows.place, rows.from_client, rows.time, rows.tcp_flags
    payload, rel_seq, rel_ack = rows.payload_bytes, rows.rel_seq, rows.rel_ack
    windows, scaled, mss, rtts = rows.window, rows.window_bytes, rows.mss, rows.ack_rtt_s
    copies, resent, gaps, acks_unsent, rst_ignored, probes = (
        rows.capture_duplicate, rows.resent, rows.capture_gap, rows.acks_unsent, rows.rst_ignored, rows.probe,
    )  # fmt: skip
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
        if flags & SYN or link.awaits_ack:
            if mss[i] > 0:
                for one in (own, peer):
                    one.largest_allowed = min(one.largest_allowed, mss[i]) if one.largest_allowed > 0 else mss[i]
            if not acks_unsent[i]:
                _greet(senders, at, link, 2 * at + side, flags, time)
        elif rtts[i] > 0 and not flags & RST:
            _answer(own, np.int64(rtts[i] * 1e9 + 0.5))
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
            prompt_ns = max(PROMPT_NS, (max(own.answer_ns, 0) + max(peer.answer_ns, 0)) // 2)
            row = (time, rel_seq[i], max(payload[i], 0), has_fin, resent[i])
            _send(own, 2 * at + side, link, row, prompt_ns, pool, spans)
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
            _give_limited(own, place, end, spans)
        if own.busy_since != NO_TIME:
            _end_busy(own, place, end, spans)


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
        self.links = np.zeros(connections, LINK)
        self.senders = np.zeros(2 * connections, SENDER)
        for name in ("first_at", "last_at", "begun_at", "syn_at", "syn_ack_at"):
            self.links[name] = NO_TIME
        for name in SENDER.names or ():
            if name.endswith(("_since", "_at")):
                self.senders[name] = NO_TIME
        self.senders["answer_ns"] = UNKNOWN
        self._edges = Edges(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(2, np.int64))

    def feed(self, rows: Any, spans: Array = np.empty(0, SPAN)) -> None:  # noqa: B008  # not written to
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

    def finish(self, spans: Array = np.empty(0, SPAN)) -> None:  # noqa: B008  # not written to
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
