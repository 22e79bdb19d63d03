"""Read one capture: from its bytes to rows of ``PacketColumns`` and facts about the file.

A file may hold several captures, one after another (``cat a.pcap b.pcap``): all are read, and the facts say so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pcapframe.capture import erf, pcap, pcapng, snoop
from pcapframe.capture.buffer import Buffer, Work
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.crew import Crew
from pcapframe.capture.facts import CaptureFacts, shortened
from pcapframe.capture.link_types import link_name
from pcapframe.capture.other_formats import LOOKED_AT, name_format
from pcapframe.capture.records import (
    BEYOND_SECOND,
    DONE,
    ZEROS,
    ZEROS_TAKEN,
    RecordFile,
    new_odd,
)
from pcapframe.capture.scouting import new_scouts
from pcapframe.capture.source import ByteRange, CaptureStream
from pcapframe.capture.strips import Strip
from pcapframe.errors import CaptureFormatError
from pcapframe.memory import bytes_to_read

__all__ = ["Progress", "Reading", "note_the_end", "read_capture"]

TICK_BYTES = 1 << 21  # from one call of `progress` to the next, at least
SHARE_TO_EXPECT_BY = 0.02  # of a file, read before its number of packets is estimated
FEW_ZEROS, SURE_ZEROS = 64, 1 << 20  # from so many on, they are rather, and surely, no empty packets [bytes]
MOST_CAPTURES = 10_000  # in one file

Progress = Callable[[int, int | None], object]
"""Called with how much of a file has been read and how long it is (None where unknown). [bytes]"""


def read_capture(stream: CaptureStream, into: PacketColumns, progress: Progress) -> CaptureFacts:
    """Read a capture to its end, or to where it is damaged.

    Parameters
    ----------
    stream : CaptureStream
        The capture's bytes.
    into : PacketColumns
        Receives one row per packet.
    progress : callable
        Called with how much of the file has been read and how long it is. [bytes]

    Returns
    -------
    CaptureFacts
        What the file says of itself, and what could not be read.

    Raises
    ------
    CaptureFormatError
        The bytes do not begin as a capture of a format that is read.
    """
    first_row, first_frame = into.count, into.frames
    next_tick = 0

    def tick() -> None:
        nonlocal next_tick
        done = buffer.offset
        if done < next_tick or buffer.is_within_piece:
            return
        next_tick = done + TICK_BYTES
        if stream.size and not stream.compression and done > stream.size * SHARE_TO_EXPECT_BY:
            # Extrapolated from what was read; a record has at least 16 bytes.
            rows = (into.count - first_row + crew.waiting_records) * stream.size // done
            into.rows.expected = first_row + min(rows, stream.size // 16)
        if stream.is_mapped:
            crew.drain()
        stream.give_back()  # the callback may take long, or write the file
        progress(stream.done() or 0, stream.size)

    def claim() -> None:
        if stream.claim is not None:
            stream.claim(bytes_to_read(into.nbytes), into.count)

    facts = CaptureFacts(stream.name, "", stream.compression)
    crew = Crew(into, claim)
    buffer = Buffer(stream, crew)
    try:
        with crew:
            Reading(stream, buffer, crew, tick, facts, into.interfaces).read()
    finally:
        buffer.close()
    into.finish_capture()
    into.interfaces += facts.interfaces_total
    facts.packets, facts.rows = into.frames - first_frame, into.count - first_row
    note_the_end(facts, stream, buffer.base + buffer.end)
    progress(stream.done() or 0, stream.size)
    return facts


def note_the_end(facts: CaptureFacts, stream: CaptureStream, end: int) -> None:
    """Note how far a file was read, and what ended that early.

    Parameters
    ----------
    facts : CaptureFacts
        Of the file; changed.
    stream : CaptureStream
        Its bytes.
    end : int
        Up to where these were there. [bytes]
    """
    if stream.cut is not None and facts.truncated:
        facts.damage += f" ({stream.cut})"
    elif stream.cut is not None:
        facts.damaged(stream.cut, end)
    facts.bytes = facts.damaged_at if facts.truncated else end
    if stream.size and not stream.compression and facts.bytes < stream.size and not facts.truncated:
        facts.damaged(f"the file ends here and had {stream.size} bytes before", facts.bytes)


class Team(Work, Protocol):
    """Who takes the records that were found."""

    records: int  # so far

    def strip(self) -> Strip:
        """Return a strip that is free."""

    def add(self, strip: Strip) -> None:
        """Take the strip that was free last, which has records now."""


def _no_mark(_state: RecordFile | pcapng.Walked) -> None:
    """Note nothing."""


@dataclass
class Reading:
    """A file that is being read; `mark` is called before each strip, with what reading it needs."""

    stream: CaptureStream | ByteRange
    buffer: Buffer
    crew: Team
    tick: Callable[[], None]
    facts: CaptureFacts
    interfaces: int  # described so far, by the captures before too
    mark: Callable[[RecordFile | pcapng.Walked], None] = _no_mark

    def __post_init__(self) -> None:
        self.odd = new_odd()

    def read(self) -> None:
        """Read all captures of the file."""
        try:
            self._read_one()
            while self.buffer.unread and not self.facts.truncated:
                if self.facts.captures == MOST_CAPTURES:
                    self.facts.damaged(f"more than {MOST_CAPTURES:,} captures, one after another", self.buffer.offset)
                    break
                self._read_one()
        except CaptureFormatError as error:
            if self.facts.captures:  # of one that follows another
                self.facts.damaged(error.problem, error.offset or self.buffer.offset)
            elif self.stream.cut is None:
                raise
            else:
                problem = f"{error.problem} ({self.stream.cut})"
                raise CaptureFormatError(self.stream.name, problem, error.offset) from None
        self.facts.undated = int(self.odd[BEYOND_SECOND])

    def _read_one(self) -> None:
        """Read the capture that begins here, to its end or to where another one begins."""
        stream, buffer = self.stream, self.buffer
        buffer.need(pcap.HEADER_BYTES)
        magic = buffer.peek(8)
        if magic[:4] == pcapng.SECTION_MAGIC:
            self.read_blocks(pcapng.new_walked())
            return
        file = None
        if magic[:4] in pcap.MAGICS:
            if not buffer.need(pcap.HEADER_BYTES):
                problem = f"cut off in the pcap header, {buffer.unread} of {pcap.HEADER_BYTES} bytes are there"
                raise CaptureFormatError(stream.name, problem, buffer.offset)
            buffer.need(LOOKED_AT)
            file = pcap.open_pcap(buffer.bytes[buffer.start : buffer.end], is_whole=buffer.at_end)
        elif magic == snoop.MAGIC and buffer.unread >= snoop.HEADER_BYTES:
            file = snoop.open_snoop(buffer.peek(snoop.HEADER_BYTES))
        elif stream.cut is None:
            buffer.need(LOOKED_AT)
            file = erf.open_erf() if erf.is_erf(buffer.peek(buffer.unread), buffer.at_end) else None
        if file is None:
            raise CaptureFormatError(stream.name, self._not_a_capture(), buffer.offset)
        self.read_records(file)

    def _not_a_capture(self) -> str:
        """Describe what is there instead of a capture."""
        if self.stream.cut is not None:
            return f"{self.stream.cut}, before any capture began in it"
        self.buffer.need(LOOKED_AT)
        return name_format(self.buffer.peek(LOOKED_AT))

    def _decode(self, strip: Strip, count: int) -> None:
        """Add the records that were found."""
        strip.fill(self.buffer.bytes, self.buffer.base, count)
        self.crew.add(strip)

    def read_records(self, file: RecordFile) -> None:
        """Read the records of a file without blocks, to its end or to where another capture begins."""
        buffer = self.buffer
        self.facts.add_capture(file.format, file.link_types, file.snaplen, buffer.offset)
        buffer.start += min(file.header_bytes, buffer.unread)
        has_empty = False  # whether records of zeros stand between others, which then are empty packets at the end too
        while True:
            self.mark(file)
            strip = self.crew.strip()
            count, at, why = file.walk(buffer.bytes, buffer.start, buffer.end, self.odd, strip.batch)
            if count:
                if not file.link_types:
                    self.facts.see_links(np.unique(strip.batch["link"][:count]).tolist())
                self._decode(strip, count)
            buffer.start = at
            if why == ZEROS and (zeros := self._zeros()) is not None:
                self.odd[ZEROS_TAKEN], has_empty = buffer.start + zeros, True
            elif why == ZEROS and buffer.unread < (SURE_ZEROS if has_empty else FEW_ZEROS) and buffer.at_end:
                self.odd[ZEROS_TAKEN] = buffer.end
            elif why == ZEROS and not buffer.at_end and buffer.unread < SURE_ZEROS:
                buffer.fill()
                self.odd[ZEROS_TAKEN] = 0
            elif why != DONE:
                break
            elif count < strip.batch.size:
                if buffer.at_end:
                    break
                self.tick()
                buffer.fill()
                self.odd[ZEROS_TAKEN] = 0
        header = buffer.peek(file.record_bytes)
        if not header or self._another_begins():
            return
        if why != DONE and not any(header):
            self._skip_zeros()
        elif why != DONE:
            length = file.length_of(header)
            claims = f"claims {length} captured bytes, expected at most {file.longest}"
            if length < 0:
                claims = f"claims {length + file.record_bytes} bytes, expected at least {file.record_bytes}"
            self.facts.damaged(f"a record {claims}", buffer.offset)
        elif buffer.unread < file.record_bytes:
            problem = f"cut off in a record header, {buffer.unread} of {file.record_bytes} bytes are there"
            self.facts.damaged(problem, buffer.offset)
        else:
            there, length = buffer.unread - file.record_bytes, file.length_of(header)
            self.facts.damaged(f"cut off in a record, {there} of {length} captured bytes are there", buffer.offset)

    def _another_begins(self) -> bool:
        """Whether another capture begins here."""
        start = self.buffer.peek(12)
        return pcap.is_header(start) or pcapng.is_section(start)

    def _zeros(self) -> int | None:
        """How many zeros are there before something else; None where nothing else is in the buffer."""
        buffer = self.buffer
        for size in (LOOKED_AT, buffer.unread):
            there = buffer.bytes[buffer.start : min(buffer.start + size, buffer.end)]
            if there.any():
                return int(np.argmax(there != 0))
        return None

    def _skip_zeros(self) -> None:
        """Note the zeros that begin here, instead of a record or a block."""
        buffer, begin = self.buffer, self.buffer.offset
        while True:
            if (zeros := self._zeros()) is not None:
                count = buffer.offset - begin + zeros
                self.facts.damaged(f"{count:,} zeros, and then something else", begin)
                return
            buffer.start = buffer.end
            if buffer.at_end:
                break
            self.tick()
            buffer.fill()
        self.facts.damaged(f"zeros up to the end, {buffer.offset - begin:,} bytes", begin)

    def read_blocks(self, walked: pcapng.Walked) -> None:
        """Read the blocks of pcapng, to their end or to where another capture begins."""
        buffer, facts = self.buffer, self.facts
        names: dict[tuple[int, int], str] = {}
        begin, scouts = buffer.offset, new_scouts()
        while True:
            self.mark(walked)
            strip = self.crew.strip()
            first_frame = self.crew.records + 1
            count, at, why = pcapng.walk(
                buffer.bytes, buffer.start, buffer.end, walked, self.interfaces, first_frame, strip.batch, scouts
            )
            if count:
                self._decode(strip, count)
            for kind, subject, place, length in walked.texts[: walked.numbers[pcapng.TEXTS]].tolist():
                text = buffer.bytes[place : place + length].tobytes()
                if kind == pcapng.HOSTS:
                    facts.keep_names(text, big_endian=subject == 1)
                elif kind == pcapng.COMMENT:
                    facts.keep_comment(None if subject < 0 else subject, text)
                else:
                    names[subject, kind] = shortened(text)
            buffer.start = at
            if why == pcapng.NEED_ROOM:
                walked = pcapng.with_interface_room(walked)
            elif why == pcapng.SKIP:
                self._skip_block(walked)
                if facts.truncated:
                    break
            elif why != pcapng.NEED_MORE:
                break
            elif count < strip.batch.size:
                if buffer.at_end:
                    break
                self.tick()
                buffer.fill()
        if not walked.numbers[pcapng.IN_SECTION]:
            problem = "cut off in the pcapng section header, or its length is not possible"
            raise CaptureFormatError(self.stream.name, problem, begin)
        self._say_why_blocks_end(walked, why)
        facts.add_capture("pcapng", pcapng.link_types(walked), int(walked.numbers[pcapng.SNAPLEN]) or None, begin)
        facts.comments_total += int(walked.numbers[pcapng.COMMENTS])
        facts.long_blocks += int(walked.numbers[pcapng.LONG_BLOCKS])
        self._add_interfaces(walked, names)

    def _skip_block(self, walked: pcapng.Walked) -> None:
        """Pass over the rest of a block that is too long to be held in memory."""
        left = int(walked.numbers[pcapng.TO_SKIP])
        buffer, begin = self.buffer, self.buffer.offset - int(walked.numbers[pcapng.HELD])
        while left > buffer.unread and not buffer.at_end:
            left -= buffer.unread
            buffer.start = buffer.end
            self.tick()
            buffer.fill()
        if left > buffer.unread:
            buffer.start = buffer.end
            self.facts.damaged(f"cut off in a pcapng block, {buffer.offset - begin} bytes of it are there", begin)
        else:
            buffer.start += left

    def _say_why_blocks_end(self, walked: pcapng.Walked, why: int) -> None:
        """Note what is there instead of the next block, if anything is."""
        buffer, facts = self.buffer, self.facts
        header = buffer.peek(12)
        if facts.truncated or not header or pcap.is_header(header):
            return
        if len(header) == 12 and not any(header):
            self._skip_zeros()
        elif why == pcapng.NEED_MORE:
            facts.damaged(f"cut off in a pcapng block, {buffer.unread} bytes of it are there", buffer.offset)
        elif why == pcapng.BAD_CLAIM:
            length, least = pcapng.claimed_length(walked, header)
            facts.damaged(f"a block claims {length} bytes, expected at least {least}", buffer.offset)
        else:
            facts.damaged(f"{pcapng.PROBLEMS[why]}, expected a whole pcapng block", buffer.offset)

    def _add_interfaces(self, walked: pcapng.Walked, names: dict[tuple[int, int], str]) -> None:
        """Add what the file says of its first interfaces."""
        facts, total = self.facts, pcapng.interfaces_so_far(walked)
        if len(facts.interfaces) == facts.interfaces_total:  # the place in the list is the number
            room = pcapng.MOST_INTERFACES - len(facts.interfaces)
            facts.interfaces += _interfaces(walked, min(total, room), names)
        facts.interfaces_total += total
        self.interfaces += total


def _interfaces(walked: pcapng.Walked, total: int, names: dict[tuple[int, int], str]) -> list[dict[str, Any]]:
    """Return what the file says of its first interfaces."""
    kept = walked.kept[:total]
    counters = kept[:, pcapng.KEPT_COUNTER : pcapng.HAS_COUNTER].astype(np.uint64).tolist()
    return [
        {
            "name": names.get((number, pcapng.NAME), ""),
            "description": names.get((number, pcapng.DESCRIPTION), ""),
            "link_type": link_name(link_type),
            "link_type_number": link_type,
            "snaplen": snaplen or None,
            "received": counters[number][0] if has_received else None,
            "dropped": counters[number][1] if has_dropped else None,
        }
        for number, (link_type, snaplen, _, _, has_received, has_dropped) in enumerate(kept.tolist())
    ]
