"""The compiled passes over segments, chunk by chunk.

Where more than one core may be used, the passes of a chunk that need nothing of each other run at the same time, and
the connections of the next chunk are found meanwhile. Results are the same.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pcapframe.disk import give_back, give_back_after
from pcapframe.memory import count_where
from pcapframe.schema import RST
from pcapframe.segments import exchange
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.evidence import Evidence, EvidencePass
from pcapframe.segments.exchange import Exchange, ExchangePass
from pcapframe.segments.exchange.hosts import Known
from pcapframe.segments.rooms import Over, Rooms
from pcapframe.segments.sequence import Labeller, Sequence
from pcapframe.segments.state import Segments, part
from pcapframe.segments.tracking import Tracked, Tracker
from pcapframe.threads import Team

__all__ = ["Passed", "run_passes"]

CHUNK_ROWS = 1 << 15
KEPT_ROWS = 1 << 19  # of a capture with more, chunks are made once more rather than kept
MOST_THREADS = 3  # that have anything to do at once
FEW_SEGMENTS = 4  # of each new connection in a chunk: then rooms are given anew


class Passed(NamedTuple):
    """What the passes say of each segment."""

    connections: int
    tracked: Tracked
    labelled: Sequence
    said: Exchange
    judged: Evidence


class _Chunks:
    """The chunks of a capture by their first rows."""

    def __init__(self, segments: SegmentColumns, rows: int) -> None:
        self._segments, self._rows = segments, rows
        self._kept: dict[int, Segments] = {}

    def starts(self, first: int = 0) -> range:
        return range(first, self._rows, CHUNK_ROWS)

    def stop(self, start: int) -> int:
        return min(start + CHUNK_ROWS, self._rows)

    def at(self, start: int) -> Segments:
        chunk = self._kept.get(start)
        if chunk is None:
            chunk = self._segments.chunk(start, self.stop(start))
            if self._rows <= KEPT_ROWS:
                self._kept[start] = chunk
        return chunk


class _Placed(NamedTuple):
    """A chunk whose connections are known."""

    start: int
    stop: int
    chunk: Segments
    tracked: Tracked  # with rooms in place of connections
    rooms: int  # how many there are so far
    connections: int
    over: Over
    over_before: Over | None  # where rooms are given anew from this chunk on


class _Placing:
    """Finds the connections of one chunk after the other, and their rooms."""

    def __init__(self, chunks: _Chunks, tracked: Tracked, rows: int) -> None:
        self._chunks, self._tracked, self._rows = chunks, tracked, rows
        self._tracker, self.rooms = Tracker(rows), Rooms(tracked.conn_id, CHUNK_ROWS)

    @property
    def connections(self) -> int:
        """How many there are so far."""
        return self._tracker.connections

    def at(self, start: int) -> _Placed:
        """Place the chunk that begins there; those before it are placed."""
        chunk, stop, before = self._chunks.at(start), self._chunks.stop(start), self.connections
        over_before = None
        if not self.rooms.are_reused:
            self._tracker.feed(chunk, part(self._tracked, start, stop))
            if stop < self._rows and FEW_SEGMENTS * (self.connections - before) >= stop - start:
                for later in self._chunks.starts(stop):
                    self._tracker.feed(self._chunks.at(later), part(self._tracked, later, self._chunks.stop(later)))
                self.rooms.reuse(start, before, self.connections)
                over_before = self.rooms.over_before()
        placed = part(self._tracked, start, stop)._replace(conn_id=self.rooms.of(start, stop))
        count, over = self.rooms.count(self.connections), self.rooms.over(start, stop)
        return _Placed(start, stop, chunk, placed, count, self.connections, over, over_before)


def _label_and_follow(
    chunks: _Chunks, placing: _Placing, labeller: Labeller, exchange_pass: ExchangePass, labelled: Sequence,
    said: Exchange, team: Team,
) -> None:  # fmt: skip
    """Run the passes that need nothing but the connections."""

    def placed() -> Iterator[_Placed]:
        for start in chunks.starts():
            yield placing.at(start)
            give_back_after(chunks.stop(start), chunks.stop(start) - start)

    def label(now: _Placed) -> None:
        labeller.feed(now.chunk, now.tracked, now.rooms, part(labelled, now.start, now.stop))
        labeller.forget(now.over)

    def follow(now: _Placed) -> None:
        if now.over_before is not None:
            exchange_pass.forget(now.over_before, now.connections)
        exchange_pass.feed(now.chunk, now.tracked, now.rooms, said)
        exchange_pass.forget(now.over, now.connections)

    team.each_in_order(placed(), [label, follow])


def run_passes(segments: SegmentColumns, rows: int) -> Passed:
    """Run all passes.

    Parameters
    ----------
    segments : SegmentColumns
        In capture order.
    rows : int
        How many there are.

    Returns
    -------
    Passed
        One row per segment.
    """
    chunks, labeller, flags = _Chunks(segments, rows), Labeller(rows), segments["tcp_flags"]
    exchange_pass = ExchangePass(count_where(rows, lambda some: flags[some] & RST), rows)
    tracked, labelled, judged, said = Tracked.room(rows), Sequence.room(rows), Evidence.room(rows), Exchange.room(rows)
    placing = _Placing(chunks, tracked, rows)
    with Team(MOST_THREADS if rows > CHUNK_ROWS else 1) as team:
        _label_and_follow(chunks, placing, labeller, exchange_pass, labelled, said, team)
        if exchange_pass.has_other_syn_acks:
            exchange.number_by_taken_syn_acks(segments, tracked, labelled, said.bits)
        rooms, connections = placing.rooms, placing.connections
        ends, is_odd = exchange_pass.ends(connections), exchange_pass.odd_connections(connections)
        if ends.passes_fin.any():
            exchange.find_ignored_fins(segments, tracked, ends, said.bits)
        known = Known(ends.rtt, ends.uses_sack)
        del ends, placing, labeller, exchange_pass  # a connection's state in all passes together takes a kilobyte
        give_back()
        evidence_pass = EvidencePass(rows)
        rooms.find_ends(connections)

        def pieces() -> Iterator[tuple[int, Segments]]:
            for start in chunks.starts():
                yield start, chunks.at(start)
                give_back_after(chunks.stop(start), chunks.stop(start) - start)

        def judge(piece: tuple[int, Segments]) -> None:  # by what is known then of the acknowledgements
            start, chunk = piece
            stop = chunks.stop(start)
            evidence_pass.feed(
                chunk, part(tracked, start, stop), is_odd, known, judged, said.bits, rooms.of(start, stop),
                rooms.count(connections),
            )  # fmt: skip
            evidence_pass.forget(rooms.over(start, stop, is_odd))

        team.each_in_order(pieces(), [judge])
    return Passed(connections, tracked, labelled, said, judged)
