"""Read one large file in several places: walk over its records once, and decode the parts between.

Walking finds the records' boundaries by their headers, so none is guessed, and says all that the file states. A part is
decoded with some records before it and behind it, whose rows are left out: fragments and payload that span a cut are
then as in the whole. `Seam` says what may reach further, so that whoever puts parts together reads the file as one.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture import pcapng
from pcapframe.capture.buffer import Buffer
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.crew import Crew
from pcapframe.capture.facts import CaptureFacts
from pcapframe.capture.fragments import MOST_DATAGRAMS, TIMEOUT_NS, pending
from pcapframe.capture.fragments import USED as SLOTS_USED
from pcapframe.capture.pcap import PcapHeader, records_after
from pcapframe.capture.reader import Progress, Reading, note_the_end
from pcapframe.capture.records import BATCH_RECORDS, ZEROS_TAKEN, RecordFile
from pcapframe.capture.source import CaptureStream
from pcapframe.capture.strips import Strip

__all__ = ["Part", "PartReader", "Seam", "Surveyed", "agree", "survey"]

OVERLAP = BATCH_RECORDS  # records that are decoded on both sides of a cut, at least


class Mark(NamedTuple):
    """A place between two records."""

    offset: int  # in the file [bytes]
    records: int  # before it
    latest: int  # of the times of these, ``NO_TIME`` for none [ns]
    state: "PcapHeader | Blocks"  # with which reading goes on


class Blocks(NamedTuple):
    """What the packets of pcapng depend on."""

    numbers: Array
    table: Array


class Part(NamedTuple):
    """A part of a file."""

    begin: Mark  # where decoding begins, `OVERLAP` before the part where there is as much
    first: Mark
    last: Mark
    end: int  # where decoding ends [bytes]

    @property
    def before(self) -> int:
        """How many records are decoded and belong to the part before."""
        return self.first.records - self.begin.records

    @property
    def records(self) -> int:
        """How many records it has."""
        return self.last.records - self.first.records


@dataclass
class Surveyed:
    """What walking over a file says."""

    facts: CaptureFacts
    times: Array  # of its packets [ns]
    parts: list[Part]  # none where the file can only be read as one


class _Walker:
    """Takes the records of a file, and only counts them."""

    def __init__(self, size: int, overlap: int) -> None:
        self.records, self.times = 0, [np.empty(0, np.int64)]
        self.latest = NO_TIME
        self._strip, self._size, self._overlap = Strip(min(overlap, BATCH_RECORDS)), size, overlap
        self._recent: deque[Mark] = deque()
        self._open: list[tuple[Mark, Mark]] = []  # parts whose end is not known: where decoding and they begin
        self._parts: list[Part] = []
        self._last: Mark | None = None  # of the part that has no end yet

    def strip(self) -> Strip:
        """Return room for records."""
        return self._strip

    def add(self, strip: Strip) -> None:
        """Count records."""
        times = strip.batch["time"][: strip.count].copy()
        self.records += strip.count
        self.times.append(times)
        self.latest = max(self.latest, int(times.max()))

    def needs(self, _buffer: Array) -> bool:
        """Whether bytes are needed later: never."""
        return False

    def drain(self) -> None:
        """Return at once."""

    def ahead(self, work: Any) -> Any:
        """Return the work, which is done when it is needed."""
        return work

    def mark(self, offset: int, state: PcapHeader | Blocks) -> None:
        """Note a place between records, and cut there if the part is long enough."""
        here = Mark(offset, self.records, self.latest, state)
        if not self._open:
            self._open.append((here, here))
        self._end_parts(here)
        while len(self._recent) > 1 and self._recent[1].records <= here.records - self._overlap:
            self._recent.popleft()
        self._recent.append(here)
        if self._last is None and offset - self._open[-1][1].offset >= self._size:
            self._last = here
            self._open.append((self._recent[0], here))

    def _end_parts(self, here: Mark) -> None:
        if self._last is not None and here.records >= self._last.records + self._overlap:
            begin, first = self._open.pop(0)
            self._parts.append(Part(begin, first, self._last, here.offset))
            self._last = None

    def parts(self, end: Mark) -> list[Part]:
        """Return all parts, none where there is only one."""
        begins = [*(first for _, first in self._open[1:]), end]
        left = [Part(begin, first, last, end.offset) for (begin, first), last in zip(self._open, begins, strict=False)]
        found = [part for part in (*self._parts, *left) if part.records]
        return found if len(found) > 1 else []


def survey(stream: CaptureStream, size: int, overlap: int = OVERLAP) -> Surveyed:
    """Walk over a file, and cut it.

    Parameters
    ----------
    stream : CaptureStream
        Its bytes.
    size : int
        Of a part, at least. [bytes]
    overlap : int, optional
        How many records are decoded on both sides of a cut, at least.

    Returns
    -------
    Surveyed
        Without parts where there would be one, and where it can only be read as one: compressed, several captures in
        one file, other formats than pcap and pcapng, records of zeros, and times in a unit that is not the file's.

    Raises
    ------
    CaptureFormatError
        The bytes do not begin as a capture of a format that is read.
    """
    facts = CaptureFacts(stream.name, "", stream.compression)
    if stream.compression:
        return Surveyed(facts, np.empty(0, np.int64), [])
    walker = _Walker(size, overlap)
    buffer = Buffer(stream, walker)
    is_cut = True
    state: PcapHeader | Blocks | None = None

    def mark(of: RecordFile | pcapng.Walked) -> None:
        nonlocal is_cut, state
        if isinstance(of, RecordFile):
            is_cut &= of.header is not None and not reading.odd[ZEROS_TAKEN]
            state = of.header
        else:
            state = Blocks(of.numbers.copy(), of.table.copy())
        if is_cut and state is not None:
            walker.mark(buffer.offset, state)

    reading = Reading(stream, buffer, walker, stream.give_back, facts, 0, mark)
    try:
        reading.read()
    finally:
        end = buffer.base + buffer.end
        buffer.close()
    facts.packets = facts.rows = walker.records
    note_the_end(facts, stream, end)
    is_cut &= facts.captures == 1 and not facts.undated and not reading.odd[ZEROS_TAKEN]
    times = np.concatenate(walker.times)
    if not is_cut or state is None:
        return Surveyed(facts, times, [])
    return Surveyed(facts, times, walker.parts(Mark(facts.bytes, walker.records, walker.latest, state)))


@dataclass
class Seam:
    """What a part of a file may share with parts that are not beside it."""

    is_odd: bool  # its rows are not its records, or depend on all others of the file
    pending: list[tuple[int, ...]]  # datagrams that are not complete


class PartReader:
    """Reads a part of a file, with the records beside it, as `read_capture` reads a file.

    Parameters
    ----------
    part : Part
        From `survey` of this file.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self.seam = Seam(False, [])

    def __call__(self, stream: CaptureStream, into: PacketColumns, _progress: Progress) -> CaptureFacts:
        """Read it.

        Parameters
        ----------
        stream : CaptureStream
            Of the file.
        into : PacketColumns
            Receives the rows, those of the records beside it too.

        Returns
        -------
        CaptureFacts
            Only how many records and rows there are, and no time where the file has none.
        """
        begin, facts = self._part.begin, CaptureFacts(stream.name, "", None)
        crew = Crew(into, lambda: None)
        some = stream.between(begin.offset, self._part.end)
        buffer = Buffer(some, crew)
        reading = Reading(some, buffer, crew, lambda: None, facts, into.interfaces)
        try:
            with crew:
                if isinstance(begin.state, Blocks):
                    numbers, table = (each.copy() for each in begin.state)
                    walked = pcapng.new_walked()._replace(numbers=numbers, table=table)
                    reading.read_blocks(walked)
                else:
                    reading.read_records(replace(records_after(begin.state), header_bytes=0))
        finally:
            buffer.close()
        datagrams = into.datagrams
        is_full = datagrams is not None and int(datagrams.numbers[SLOTS_USED]) == MOST_DATAGRAMS
        is_odd = is_full or into.count != crew.records or bool(into.extras()["sliced"].any())
        self.seam = Seam(is_odd, pending(datagrams) if datagrams is not None else [])
        into.finish_capture()
        facts.packets, facts.rows = into.frames, into.count
        return facts


def agree(seams: Sequence[Seam]) -> bool:
    """Whether parts of a file have the rows that the file has when it is read as one.

    Parameters
    ----------
    seams : sequence of Seam
        Of all parts.

    Returns
    -------
    bool
        False where a fragment is not complete in a part, and one of the same datagram is in another part.

    Notes
    -----
    Not noticed: a datagram that is complete in its part, with the identification of an incomplete one in an earlier
    part, less than a minute before.
    """
    if any(seam.is_odd for seam in seams):
        return False
    seen: dict[tuple[int, ...], tuple[int, ...]] = {}
    for seam in seams:
        for one in seam.pending:
            key = one[4:]
            before = seen.get(key, one)
            is_later = NO_TIME not in (before[0], one[0]) and one[0] > before[0] + TIMEOUT_NS
            if before != one and not is_later:
                return False
            seen[key] = one
    return True
