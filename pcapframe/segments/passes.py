"""The compiled passes over segments, chunk by chunk, one after the other."""

from typing import NamedTuple

import numpy as np

from pcapframe.disk import give_back, give_back_after
from pcapframe.schema import RST
from pcapframe.segments import exchange
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.evidence import Evidence, EvidencePass
from pcapframe.segments.exchange import Exchange, ExchangePass
from pcapframe.segments.exchange.hosts import Known
from pcapframe.segments.rooms import Rooms
from pcapframe.segments.sequence import Labeller, Sequence
from pcapframe.segments.state import Segments, part
from pcapframe.segments.tracking import Tracked, Tracker

__all__ = ["Passed", "run_passes"]

CHUNK_ROWS = 1 << 15
KEPT_ROWS = 1 << 19  # of a capture with more, chunks are made once more rather than kept
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
    chunks, tracker, labeller = _Chunks(segments, rows), Tracker(rows), Labeller(rows)
    exchange_pass = ExchangePass(int(np.count_nonzero(segments["tcp_flags"] & RST)), rows)
    tracked, labelled, judged, said = Tracked.room(rows), Sequence.room(rows), Evidence.room(rows), Exchange.room(rows)
    rooms = Rooms(tracked.conn_id, CHUNK_ROWS)
    for start in chunks.starts():
        chunk, stop, before = chunks.at(start), chunks.stop(start), tracker.connections
        if not rooms.are_reused:
            tracker.feed(chunk, part(tracked, start, stop))
            if stop < rows and FEW_SEGMENTS * (tracker.connections - before) >= stop - start:
                for later in chunks.starts(stop):
                    tracker.feed(chunks.at(later), part(tracked, later, chunks.stop(later)))
                rooms.reuse(start, before, tracker.connections)
                exchange_pass.forget(rooms.over_before(), tracker.connections)
        placed = part(tracked, start, stop)._replace(conn_id=rooms.of(start, stop))
        count, over = rooms.count(tracker.connections), rooms.over(start, stop)
        labeller.feed(chunk, placed, count, part(labelled, start, stop))
        exchange_pass.feed(chunk, placed, count, said)
        labeller.forget(over)
        exchange_pass.forget(over, tracker.connections)
        give_back_after(stop, stop - start)
    if exchange_pass.has_other_syn_acks:
        exchange.number_by_taken_syn_acks(segments, tracked, labelled, said.bits)
    connections = tracker.connections
    ends, is_odd = exchange_pass.ends(connections), exchange_pass.odd_connections(connections)
    if ends.passes_fin.any():
        exchange.find_ignored_fins(segments, tracked, ends, said.bits)
    known = Known(ends.rtt, ends.uses_sack)
    del ends, tracker, labeller, exchange_pass  # a connection's state in all passes together takes a kilobyte
    give_back()
    evidence_pass = EvidencePass(rows)
    rooms.find_ends(connections)
    for start in chunks.starts():  # by what is known then of the acknowledgements
        stop = chunks.stop(start)
        evidence_pass.feed(
            chunks.at(start), part(tracked, start, stop), is_odd, known, judged, said.bits, rooms.of(start, stop),
            rooms.count(connections),
        )  # fmt: skip
        evidence_pass.forget(rooms.over(start, stop, is_odd))
        give_back_after(stop, stop - start)
    return Passed(connections, tracked, labelled, said, judged)
