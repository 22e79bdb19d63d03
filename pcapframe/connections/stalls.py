"""How often one segment was sent, and how long a sender waited for the ACK of bytes that it sent three times or more.

- ``most_copies``: transmissions of the most often sent segment in the capture. These are its retransmissions
  (``resent``: segments with payload, SYN or FIN that begin at the same byte) and its first copy, if its bytes were seen
  before (``resend_rule`` ``seen_before``). 1 if nothing was retransmitted, 0 if nothing was sent.
- ``stalled_s``: the time during which bytes that were retransmitted at least twice were not acknowledged: from their
  first retransmission to the first ACK of the last byte (RFC 9293 section 3.8.1), or to the connection's last packet.
  Each moment counts once, however many segments wait. SYN and FIN count like bytes. SACKed bytes are not acknowledged
  (RFC 2018 section 8: the receiver may drop them).

Limits. Bytes that are repeated in segments that begin elsewhere do not count as the same segment. If the capture has no
packet of the peer, but the sender acknowledges some, the stalled time is unknown once something was retransmitted
twice. Copies made on the way (``capture_duplicate``) do not count, and an ACK of what was
never sent (``acks_unsent``) acknowledges nothing.
"""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, YEAR_NS, Array, changes
from pcapframe.connections.rows import Rows, by_side
from pcapframe.jit import inner_jit, jit
from pcapframe.schema import ACK, FIN, RESEND_RULES, RST, SYN

__all__ = ["Stalls"]

SEEN_BEFORE = RESEND_RULES.index("seen_before")
NOTHING = np.iinfo(np.int64).min
FEWEST_RESENDS = 2
SENT_PACKETS, SENT_DATA, SENT_ACKS = 1, 2, 4


class Directions(NamedTuple):
    """State by connection and sender: row 2 * connection, plus 1 for the server."""

    highest_ack: Array  # int64, of the peer; relative
    awaited: Array  # int64, the highest end of what was resent
    seen: Array  # uint8: SENT_PACKETS, SENT_DATA, SENT_ACKS


class Events(NamedTuple):
    """Retransmissions, and ACKs that advanced while a retransmission was unacknowledged."""

    direction: Array  # int64, of the sender of the data
    seq: Array  # int64, relative: where the resend begins, NOTHING for an acknowledgement
    end: Array  # int64, where it ends, or what is acknowledged
    time: Array  # int64 [ns]
    first_seen: Array  # bool, its bytes were captured before
    done: Array  # bool, they were acknowledged before


@inner_jit
def _add(events: Any, count: Any, direction: Any, seq: Any, end: Any, time: Any) -> None:
    """Write an event."""
    events.direction[count], events.seq[count], events.end[count], events.time[count] = direction, seq, end, time


Read = namedtuple(
    "Read",
    "place from_client time tcp_flags payload_bytes rel_seq rel_ack capture_duplicate resent resend_rule acks_unsent",
)


@jit
def _watch(rows: Any, directions: Any, last: Any, events: Any) -> Any:
    """Collect `events` and the time of each connection's last packet; return the number of events."""
    place, from_client, times, tcp_flags = rows.place, rows.from_client, rows.time, rows.tcp_flags
    payload, rel_seq, rel_ack, copies = rows.payload_bytes, rows.rel_seq, rows.rel_ack, rows.capture_duplicate
    resent, rules, acks_unsent = rows.resent, rows.resend_rule, rows.acks_unsent
    highest, awaited, seen = directions
    count = 0
    for i in range(place.size):
        at = place[i]
        last[at] = max(last[at], times[i])
        if copies[i]:
            continue
        own = 2 * at if from_client[i] else 2 * at + 1
        peer, flags = own ^ 1, np.int64(tcp_flags[i])
        seen[own] |= SENT_PACKETS
        length = max(payload[i], 0) + (flags & SYN != 0) + (flags & FIN != 0)
        if length > 0:
            seen[own] |= SENT_DATA
            if resent[i]:
                end = rel_seq[i] + length
                awaited[own] = max(awaited[own], end)
                _add(events, count, own, rel_seq[i], end, times[i])
                events.first_seen[count], events.done[count] = rules[i] == SEEN_BEFORE, highest[own] >= end
                count += 1
        if flags & ACK and not acks_unsent[i]:
            if not flags & RST:
                seen[own] |= SENT_ACKS
            if rel_ack[i] > highest[peer]:
                if highest[peer] < awaited[peer]:
                    _add(events, count, peer, NOTHING, rel_ack[i], times[i])
                    count += 1
                highest[peer] = rel_ack[i]
    return count


@inner_jit
def _first_ack(events: Any, low: Any, high: Any, end: Any) -> Any:
    """Return the first of some acknowledgements that reaches `end`, `high` for none."""
    while low < high:
        middle = (low + high) // 2
        if events.end[middle] < end:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def _measure(events: Any, starts: Any, last: Any, most: Any, stretches: Any) -> Any:
    """Fill `most` of each direction that has events, and `stretches` without an ACK; return how many these are.

    `starts` are where the events of each begin: its acknowledgements, which rise, then its resends by where they
    begin, those of the same byte in the order of capture.
    """
    found = 0
    for k in range(starts.size - 1):
        first, stop = starts[k], starts[k + 1]
        direction = events.direction[first]
        at = first
        while at < stop and events.seq[at] == NOTHING:
            at += 1
        resends = at
        while at < stop:
            group = at
            while at < stop and events.seq[at] == events.seq[group]:
                at += 1
            most[direction] = max(most[direction], at - group + events.first_seen[group])
            if at - group < FEWEST_RESENDS or events.done[group]:
                continue
            answer = _first_ack(events, first, resends, events.end[group])
            end = events.time[answer] if answer < resends else last[direction >> 1]
            stretches[0, found], stretches[1, found], stretches[2, found] = direction, events.time[group], end
            found += 1
    return found


def _covered(direction: Array, begin: Array, end: Array, directions: int) -> Array:
    """Return how long at least one of each direction's stretches lasts [ns]."""
    lasts = end > begin
    direction, begin, end = direction[lasts], begin[lasts], end[lasts]
    times, of, steps = np.append(begin, end), np.append(direction, direction), np.repeat([1, -1], begin.size)
    order = np.lexsort((times, of))
    is_open = np.cumsum(steps[order])[:-1] > 0
    total = np.zeros(directions, np.int64)
    np.add.at(total, of[order][:-1][is_open], np.diff(times[order])[is_open])
    return total


class Stalls:
    """The columns ``most_copies`` and ``stalled_s``."""

    def __init__(self, connections: int) -> None:
        self._directions = Directions(
            np.full(2 * connections, NOTHING), np.full(2 * connections, NOTHING), np.zeros(2 * connections, np.uint8)
        )
        self._last = np.full(connections, NO_TIME)
        self._events: list[Events] = []

    def feed(self, rows: Rows) -> None:
        """Collect retransmissions and their ACKs in the next chunk."""
        room = int(np.count_nonzero(rows.resent))
        room = rows.place.size + room  # an ACK may be a separate event
        events = _room(room)
        count = _watch(rows.pick(Read), self._directions, self._last, events)
        if count:
            self._events.append(Events(*(column[:count].copy() for column in events)))

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        seen = self._directions.seen
        most = (seen & SENT_DATA != 0).astype(np.uint32)
        stalled = np.where(seen != 0, 0.0, np.nan)
        if self._events:
            events = Events(*(np.concatenate(columns) for columns in zip(*self._events, strict=True)))
            order = np.lexsort((events.seq, events.direction))
            events = Events(*(column[order] for column in events))
            starts = np.append(np.flatnonzero(changes(events.direction)), order.size)
            stretches = np.empty((3, order.size), np.int64)
            direction, begin, end = stretches[:, : _measure(events, starts, self._last, most, stretches)]
            total = _covered(direction, begin, end, seen.size)
            stalled[direction] = np.where(total < YEAR_NS, total / 1e9, np.nan)[direction]
            is_cut = (seen[direction ^ 1] == 0) & (seen[direction] & SENT_ACKS != 0)
            stalled[direction[is_cut | (begin == NO_TIME) | (end == NO_TIME)]] = np.nan
        return by_side("most_copies", most.reshape(-1, 2)) | by_side("stalled_s", stalled.reshape(-1, 2))


def _room(rows: int) -> Events:
    """Return room for that many events."""
    return Events(*(np.empty(rows, np.int64) for _ in range(4)), *(np.zeros(rows, np.bool_) for _ in range(2)))
