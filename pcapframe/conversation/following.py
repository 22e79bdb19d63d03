"""Find the turns of conversations: one compiled pass over the segments of all connections, in capture order.

A request is payload of the client, its response the payload of the server after it, until the client's next payload.
Only segments that bring bytes not captured before count (``unseen``). Copies made on the way, keep-alives and window
probes do not count, nor does payload of a RST (RFC 9293 section 3.5.3: text about the reset). Payload before the first
request belongs to no turn.

A client that acknowledges bytes of the server that were not captured got a response. So its next payload begins another
turn, and the turn before it has no response in the capture.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.conversation.records import copies
from pcapframe.conversation.unseen import DIRECTION, Holes, renumber, take_unseen
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.schema import ACK, FIN, RST, SYN

__all__ = ["CLIENT", "NOT_KNOWN", "TALK", "TURN", "TURN_ROWS", "Following", "Spoken", "since"]

NOT_KNOWN = -1  # stands for a time that is not known, and for a row where there is none
NO_TURN, REQUEST, RESPONSE = 0, 1, 2  # phases
CLIENT, SERVER = 0, 1  # sides, as bits shifted by them
FLUSHED_ROWS = 1 << 14


class Spoken(NamedTuple):
    """A chunk of segments in capture order: columns by name, as in ``connections.Rows``."""

    place: Array  # int32, row of the connection
    from_client: Array  # bool
    time: Array  # int64 [ns]
    tcp_flags: Array  # uint16
    payload_bytes: Array  # int64, -1 where unknown
    rel_seq: Array  # int64
    rel_ack: Array  # int64, the least one for null
    zero_window: Array  # bool
    capture_duplicate: Array  # bool
    resent: Array  # bool
    reordered: Array  # bool
    capture_gap: Array  # uint32
    acks_unsent: Array  # bool
    probe: Array  # int32, -1 for none


# State of a connection, and of its current turn.
TALK = np.dtype(
    [
        ("phase", np.uint8),
        ("closed", np.uint8),  # sides that advertise a window of zero
        ("awaits_ack", np.bool_),  # of its handshake
        ("is_answered", np.bool_),  # by a SYN-ACK
        ("has_syn", np.bool_),
        ("lacks_response", np.bool_),  # the client acknowledged bytes that the capture does not have
        ("is_overlapping", np.bool_),
        ("turns", np.int32),
        ("request_row", np.int64),
        ("request_end_row", np.int64),
        ("response_row", np.int64),
        ("response_end_row", np.int64),
        ("request_at", np.int64),  # [ns]
        ("request_end", np.int64),
        ("response_at", np.int64),
        ("response_end", np.int64),
        ("request_seq", np.int64),
        ("request_bytes", np.int64),
        ("response_bytes", np.int64),
        ("gap_bytes", np.int64),
        ("resent_segments", np.int64),
        ("ready_at", np.int64),  # from when the client waits before its request [ns], NO_TIME where unknown
        ("closed_at", np.int64),  # since when a window is zero [ns]
        ("closed_ns", np.int64),  # how long windows were zero until then
        ("closed_before", np.int64),  # when the turn began
        ("closed_until", np.int64),  # at its last segment
        ("syn_at", np.int64),  # [ns], NO_TIME for none
        ("complete_at", np.int64),  # when the handshake was complete [ns], NO_TIME where unknown
        ("first_response_at", np.int64),  # [ns], NO_TIME for none
        ("greeting_end", np.int64),  # [ns], NO_TIME for none
        ("greeting_bytes", np.int64),
    ]
)

# A turn. Rows are numbers of segments, times are in nanoseconds; NOT_KNOWN where there is none.
TURN = np.dtype(
    [
        ("place", np.int32),
        ("turn", np.int32),
        ("request_row", np.int64),
        ("request_end_row", np.int64),
        ("response_row", np.int64),
        ("response_end_row", np.int64),
        ("request_bytes", np.int64),
        ("response_bytes", np.int64),
        ("wait_ns", np.int64),
        ("request_ns", np.int64),
        ("service_ns", np.int64),
        ("response_ns", np.int64),
        ("resent_segments", np.int64),
        ("zero_window_ns", np.int64),
        ("gap_bytes", np.int64),
        ("overlapping", np.bool_),
    ]
)
TURN_ROWS = tuple(name for name in TURN.names or () if name.endswith("_row"))


@inner_jit
def since(earlier: Any, later: Any) -> Any:
    """Return the time between two times [ns]; NOT_KNOWN if either is unknown, or if the clock was set back between."""
    return later - earlier if earlier != NO_TIME and later != NO_TIME and later >= earlier else np.int64(NOT_KNOWN)


@inner_jit
def _write(talk: Any, place: Any, turn: Any) -> None:
    """Write the connection's turn, which is over."""
    turn.place, turn.turn = place, talk.turns
    turn.request_row, turn.request_end_row = talk.request_row, talk.request_end_row
    turn.response_row, turn.response_end_row = talk.response_row, talk.response_end_row
    turn.request_bytes, turn.response_bytes = talk.request_bytes, talk.response_bytes
    turn.wait_ns = since(talk.ready_at, talk.request_at)
    turn.request_ns = since(talk.request_at, talk.request_end)
    turn.service_ns = since(talk.request_end, talk.response_at)
    turn.response_ns = since(talk.response_at, talk.response_end)
    turn.resent_segments, turn.gap_bytes = talk.resent_segments, talk.gap_bytes
    turn.zero_window_ns = max(talk.closed_until - talk.closed_before, 0)
    turn.overlapping = talk.is_overlapping


@inner_jit
def _closed_ns(talk: Any, time: Any) -> Any:
    """Return for how long a window was zero, up to now [ns]."""
    if talk.closed == 0:
        return talk.closed_ns
    return talk.closed_ns + max(since(talk.closed_at, time), 0)


@inner_jit
def _open_or_close(talk: Any, side: Any, is_zero: Any, time: Any) -> None:
    """Follow how long windows are zero."""
    bit = 1 << side
    if is_zero and not talk.closed & bit:
        if talk.closed == 0:
            talk.closed_at = time
        talk.closed |= bit
    elif not is_zero and talk.closed & bit:
        talk.closed_ns = _closed_ns(talk, time)
        talk.closed_at = time
        talk.closed &= ~bit


@inner_jit
def _greet(talk: Any, side: Any, flags: Any, time: Any) -> None:
    """Follow the handshake, as in ``connections.establishment``."""
    if flags & SYN:
        if side == CLIENT and not flags & ACK and not talk.has_syn:
            talk.has_syn, talk.awaits_ack, talk.syn_at = True, True, time
        elif side == SERVER and flags & ACK and not talk.is_answered:
            talk.is_answered = True
            talk.awaits_ack, talk.complete_at = talk.has_syn, NO_TIME  # an ACK before it did not answer it
    elif side == CLIENT and flags & (ACK | RST) == ACK:
        talk.awaits_ack, talk.complete_at = False, time


@inner_jit
def _request(talk: Any, row: Any, time: Any, start: Any, unseen: Any) -> None:
    """Add a segment to the request; the first one begins the turn."""
    if talk.phase != REQUEST:
        ready = talk.response_end if talk.phase == RESPONSE else NO_TIME
        talk.ready_at = talk.complete_at if talk.turns == 0 else ready
        talk.phase, talk.turns = REQUEST, talk.turns + 1
        talk.request_row, talk.request_at, talk.request_seq = row, time, start
        talk.response_row = talk.response_end_row = NOT_KNOWN
        talk.response_at = talk.response_end = NO_TIME
        talk.request_bytes = talk.response_bytes = talk.gap_bytes = talk.resent_segments = 0
        talk.lacks_response = talk.is_overlapping = False
        talk.closed_before = _closed_ns(talk, time)
    talk.request_end_row, talk.request_end = row, time
    talk.request_bytes += unseen
    talk.closed_until = _closed_ns(talk, time)


@inner_jit
def _respond(talk: Any, row: Any, time: Any, unseen: Any, is_older: Any) -> None:
    """Add a segment to the response; `is_older` if it was sent before the server had any byte of the request."""
    if talk.phase == REQUEST:
        talk.phase = RESPONSE
        talk.response_row, talk.response_at = row, time
        if talk.first_response_at == NO_TIME:
            talk.first_response_at = time
    talk.response_end_row, talk.response_end = row, time
    talk.response_bytes += unseen
    talk.closed_until = _closed_ns(talk, time)
    talk.is_overlapping |= is_older


@jit
def _follow(rows: Any, base_row: Any, talks: Any, directions: Any, holes: Any, out: Any) -> Any:
    """Follow a chunk of segments, whose first one is row `base_row`; write turns that are over, return how many."""
    place, from_client, times, tcp_flags = rows.place, rows.from_client, rows.time, rows.tcp_flags
    payload, rel_seq, rel_ack, zero_window = rows.payload_bytes, rows.rel_seq, rows.rel_ack, rows.zero_window
    copies, resent, reordered, gaps, acks_unsent, probes = (
        rows.capture_duplicate, rows.resent, rows.reordered, rows.capture_gap, rows.acks_unsent, rows.probe,
    )  # fmt: skip
    pool = (unchecked(holes.left), unchecked(holes.right), unchecked(holes.link), unchecked(holes.free))
    found = 0
    for i in range(place.size):
        if copies[i]:
            continue
        at, flags, time = place[i], np.int64(tcp_flags[i]), times[i]
        talk, side = talks[at], CLIENT if from_client[i] else SERVER
        if flags & SYN or (talk.awaits_ack and not acks_unsent[i]):
            _greet(talk, side, flags, time)
        if zero_window[i] or (talk.closed and not flags & (SYN | FIN | RST)):
            _open_or_close(talk, side, zero_window[i], time)
        if gaps[i]:
            talk.gap_bytes += gaps[i]
            talk.lacks_response |= side == CLIENT and talk.phase == REQUEST
        start = rel_seq[i] + (flags & SYN != 0)
        if flags & SYN and not resent[i] and not flags & RST:
            renumber(directions[at, side], pool, start)
        if payload[i] <= 0 or flags & RST or probes[i] >= 0:
            continue
        is_late = resent[i] or reordered[i]
        unseen = take_unseen(directions[at, side], pool, start, start + payload[i], is_late)
        if unseen > 0:
            if side == SERVER and talk.phase == NO_TURN:
                talk.greeting_end = time
                talk.greeting_bytes += unseen
            elif side == SERVER:
                is_older = flags & ACK != 0 and not acks_unsent[i] and rel_ack[i] <= talk.request_seq
                _respond(talk, base_row + i, time, unseen, is_older)
            else:
                if talk.phase == RESPONSE or talk.lacks_response:
                    _write(talk, at, out[found])
                    found += 1
                    talk.phase = NO_TURN if talk.phase == REQUEST else RESPONSE
                _request(talk, base_row + i, time, start, unseen)
        if resent[i]:
            talk.resent_segments += 1
    return found


@jit
def _flush(talks: Any, first: Any, out: Any) -> Any:
    """Write the last turns of some connections, from `first` on; return how many."""
    found = 0
    for i in range(talks.size):
        if talks[i].phase != NO_TURN:
            _write(talks[i], first + i, out[found])
            talks[i].phase = NO_TURN
            found += 1
    return found


class Following:
    """Follows the conversations of all connections, chunk by chunk.

    Parameters
    ----------
    connections : int
        How many there are.

    Attributes
    ----------
    talks : ndarray of TALK
        State of each connection.
    """

    def __init__(self, connections: int) -> None:
        silent = np.zeros((), TALK)
        for name in ("syn_at", "complete_at", "first_response_at", "greeting_end"):
            silent[name] = NO_TIME
        self.talks = copies(silent, connections)
        self._directions = np.zeros((connections, 2), DIRECTION)
        self._holes = Holes(
            np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(2, np.int64)
        )  # fmt: skip
        self._fed = 0

    def feed(self, rows: Any) -> Array:
        """Follow the next chunk.

        Parameters
        ----------
        rows : NamedTuple
            Has the fields of `Spoken`, such as ``connections.Rows``.

        Returns
        -------
        ndarray of TURN
            Turns that are over, in the order of their ends.
        """
        spoken = Spoken(*(getattr(rows, name) for name in Spoken._fields))
        count = spoken.place.size
        self._holes = self._grown(int(self._holes.free[1]) + 2 * count)
        out = np.empty(count, TURN)
        found = _follow(spoken, self._fed, self.talks, self._directions, self._holes, out)
        self._fed += count
        return out[:found]

    def finish(self) -> Iterator[Array]:
        """Yield the last turn of each connection, some at a time.

        Yields
        ------
        ndarray of TURN
            In order of connections.
        """
        for first in range(0, self.talks.size, FLUSHED_ROWS):
            talks = self.talks[first : first + FLUSHED_ROWS]
            out = np.empty(talks.size, TURN)
            yield out[: _flush(talks, first, out)]

    def _grown(self, rows: int) -> Holes:
        """Return the pool of holes with that much room."""
        if rows <= self._holes.left.size:
            return self._holes
        rows = max(rows, 2 * self._holes.left.size)
        columns: list[Array] = []
        for column in self._holes[:3]:
            columns.append(np.zeros(rows, column.dtype))
            columns[-1][: column.size] = column
        return Holes(columns[0], columns[1], columns[2], self._holes.free)
