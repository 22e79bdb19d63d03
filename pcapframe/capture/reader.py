"""Reading one capture: bytes in, rows of ``PacketColumns`` and facts about the file out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pcapframe.capture import pcap, pcapng
from pcapframe.capture.link import LINK_NAMES, link_name
from pcapframe.capture.records import BATCH_RECORDS, PacketColumns, new_batch
from pcapframe.capture.source import CaptureStream
from pcapframe.errors import CaptureFormatError
from pcapframe.memory import bytes_to_read

__all__ = ["CaptureFacts", "Progress", "read_capture"]

BUFFER_BYTES = 1 << 19  # with what is decoded from it, within the second-level cache of one core
PIECE_BYTES = 1 << 22  # of a file that is not copied, where only the headers are looked at
TICK_BYTES = 1 << 21  # from one call of `progress` to the next, at least
SHARE_TO_EXPECT_BY = 0.02  # of a file, to expect how many packets the rest of it has

Progress = Callable[[int, int | None], object]
"""Called with how much of a file has been read and how long it is (None where unknown). [bytes]"""

KNOWN_OTHERS = {
    b"snoop\0\0\0": "a Solaris snoop file",
    b"GMBU": "a Microsoft Network Monitor file",
    b"RTSS": "a Microsoft Network Monitor file",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
}


@dataclass
class CaptureFacts:
    """What a capture file says of itself; see ``packets.CaptureInfo`` for the fields' meaning."""

    name: str
    format: str
    compression: str | None
    link_types: list[str] = field(default_factory=list)
    packets: int = 0
    bytes: int = 0
    snaplen: int | None = None
    interfaces: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    truncated: bool = False
    notes: list[str] = field(default_factory=list)

    def note(self, problem: str, offset: int | None = None) -> None:
        """Keep a note of what could not be read."""
        self.notes.append(problem if offset is None else f"at byte {offset}: {problem}")

    def damaged(self, problem: str, offset: int) -> None:
        """Keep a note that the rest of the capture is missing or cannot be read."""
        self.truncated = True
        self.note(f"{problem}; every whole packet before is kept", offset)

    def keep_comments(self, frame: int | None, texts: list[str]) -> None:
        """Keep comments up to a limit, with a note where there are more."""
        room = pcapng.MOST_COMMENTS - len(self.comments)
        self.comments += [{"frame": frame, "text": text} for text in texts[:room]]
        problem = f"there are more than {pcapng.MOST_COMMENTS:,} comments; the first of them are kept"
        if len(texts) > room and problem not in self.notes:
            self.note(problem)

    def use_link_type(self, number: int) -> None:
        """Remember a link type, with a note if it cannot be decoded."""
        name = link_name(number)
        if name not in self.link_types:
            self.link_types.append(name)
            if number not in LINK_NAMES:
                known = ", ".join(LINK_NAMES.values())
                self.note(f"{name} is not decoded: its packets have a time and a length only (decoded are {known})")


class _Buffer:
    """The part of the stream that is being looked at."""

    def __init__(self, stream: CaptureStream) -> None:
        self._stream = stream
        self.bytes = np.empty(BUFFER_BYTES, np.uint8)
        self._is_mapped = False  # whether these are the file's own
        self.base = 0  # where the buffer begins in the capture
        self.start = 0
        self.end = 0
        self.at_end = False

    @property
    def offset(self) -> int:
        """Where the unread part begins in the capture."""
        return self.base + self.start

    @property
    def unread(self) -> int:
        """How many bytes are there."""
        return self.end - self.start

    def fill(self) -> None:
        """Go on in the stream; what is unread stays, and more is held only when the buffer is full of real bytes."""
        unread = self.unread
        piece = self._stream.piece(self.offset, max(PIECE_BYTES, 2 * unread))
        if piece is not None:
            self.start = self.offset - piece.base
            self.bytes, self.base, self.end = piece.bytes, piece.base, piece.bytes.size
            self.at_end, self._is_mapped = piece.is_last, True
            return
        if self._is_mapped:  # the stream is read from here on
            self.base, self.start, self.end = self.offset, 0, 0
            self.bytes, self._is_mapped = np.empty(BUFFER_BYTES, np.uint8), False
            unread = 0
        if self.start:
            self.bytes[:unread] = self.bytes[self.start : self.end].copy()
            self.base += self.start
            self.start, self.end = 0, unread
        if unread == self.bytes.size:
            self.bytes = np.concatenate([self.bytes, np.empty(self.bytes.size, np.uint8)])
        view = memoryview(self.bytes)  # type: ignore[arg-type]
        while self.end < self.bytes.size and not self.at_end:
            count = self._stream.read_into(view[self.end :])
            self.end += count
            self.at_end = count == 0

    def close(self) -> None:
        """Let go of the bytes, which who keeps an exception would else keep too."""
        self._stream.give_back()
        self.bytes = np.empty(0, np.uint8)

    def need(self, count: int) -> bool:
        """Whether `count` bytes are there, read in if they were not."""
        while self.unread < count and not self.at_end:
            self.fill()
        return self.unread >= count

    def peek(self, count: int) -> bytes:
        """Return the next bytes without passing them."""
        return self.bytes[self.start : self.start + min(count, self.unread)].tobytes()


def read_capture(stream: CaptureStream, into: PacketColumns, progress: Progress) -> CaptureFacts:
    """Read a capture to its end, or to where it is damaged.

    Parameters
    ----------
    stream : CaptureStream
        The capture's bytes.
    into : PacketColumns
        Gets a row a packet.
    progress : callable
        Called with how much of the file has been read and how long it is. [bytes]

    Returns
    -------
    CaptureFacts
        What the file says of itself, and what could not be read.

    Raises
    ------
    CaptureFormatError
        The bytes do not begin as a pcap or pcapng capture does.
    """
    first_row = into.count
    next_tick = 0

    def tick() -> None:
        nonlocal next_tick
        done = buffer.offset
        if done < next_tick:
            return
        next_tick = done + TICK_BYTES
        if stream.size and not stream.compression and done > stream.size * SHARE_TO_EXPECT_BY:
            # By what came so far; a packet takes 16 bytes at least.
            rows = (into.count - first_row) * stream.size // done
            into.expected_rows = first_row + min(rows, stream.size // 16)
        stream.give_back()  # who is called may take long, or write
        progress(stream.done() or 0, stream.size)

    buffer = _Buffer(stream)
    try:
        facts = _read(stream, buffer, into, tick)
    finally:
        buffer.close()
    into.finish_capture()
    if stream.cut is not None and facts.truncated:
        facts.notes[-1] += f" ({stream.cut})"
    elif stream.cut is not None:
        facts.damaged(stream.cut, buffer.base + buffer.end)
    facts.packets = into.count - first_row
    facts.bytes = buffer.offset if facts.truncated else buffer.base + buffer.end
    if stream.size and not stream.compression and facts.bytes < stream.size and not facts.truncated:
        facts.damaged(f"the file ends here and had {stream.size} bytes before", facts.bytes)
    progress(stream.done() or 0, stream.size)
    return facts


def _read(stream: CaptureStream, buffer: _Buffer, into: PacketColumns, tick: Callable[[], None]) -> CaptureFacts:
    """Read a capture of either format."""
    buffer.need(pcap.HEADER_BYTES)
    magic = buffer.peek(4)
    if magic not in pcap.MAGICS and magic != pcapng.SECTION_MAGIC:
        raise CaptureFormatError(stream.name, _not_a_capture(stream, buffer), 0)
    try:
        return (_read_pcap if magic in pcap.MAGICS else _read_pcapng)(stream, buffer, into, tick)
    except CaptureFormatError as error:
        if stream.cut is None:
            raise
        raise CaptureFormatError(stream.name, f"{error.problem} ({stream.cut})", error.offset) from None


def _decode(stream: CaptureStream, buffer: _Buffer, into: PacketColumns, batch: Any, count: int) -> None:
    """Add rows, as long as they take no more memory than is allowed."""
    into.decode(buffer.bytes, buffer.base, batch, count)
    if stream.claim is not None:
        stream.claim(bytes_to_read(into.nbytes), into.count)


def _not_a_capture(stream: CaptureStream, buffer: _Buffer) -> str:
    """Say what was found where a capture should begin."""
    head = buffer.peek(8)
    if stream.cut is not None:
        return f"{stream.cut}, before any capture began in it"
    if not head:
        return "is empty, expected a pcap or pcapng capture"
    if len(head) < 4:
        return f"has {len(head)} bytes, expected a pcap or pcapng capture"
    for start, what in KNOWN_OTHERS.items():
        if head.startswith(start):
            return f"is {what}, expected a pcap or pcapng capture"
    return f"is not a capture: begins with {head[:4].hex(' ')}, expected the magic number of pcap or pcapng"


def _read_pcap(stream: CaptureStream, buffer: _Buffer, into: PacketColumns, tick: Callable[[], None]) -> CaptureFacts:
    """Read the rest of a pcap capture."""
    if not buffer.need(pcap.HEADER_BYTES):
        raise CaptureFormatError(stream.name, f"cut off in the pcap header, {buffer.unread} of 24 bytes are there", 0)
    header = pcap.parse_header(buffer.peek(pcap.HEADER_BYTES))
    resolution = "nanoseconds" if header.unit_ns == 1 else "microseconds"
    facts = CaptureFacts(stream.name, f"pcap ({resolution})", stream.compression, snaplen=header.snaplen or None)
    facts.use_link_type(header.link_type)
    buffer.start += pcap.HEADER_BYTES
    longest = pcap.longest_packet(header.link_type)
    batch = new_batch()
    while True:
        count, at, why = pcap.walk(
            buffer.bytes, buffer.start, buffer.end, header.big_endian, header.unit_ns, header.link_type, longest, batch
        )
        if count:
            _decode(stream, buffer, into, batch, count)
        buffer.start = at
        if why == pcap.TOO_LONG:
            length = int.from_bytes(buffer.peek(12)[8:], "big" if header.big_endian else "little")
            facts.damaged(f"a record claims {length} captured bytes, expected at most {longest}", buffer.offset)
            break
        if count < BATCH_RECORDS:
            if buffer.at_end:
                break
            tick()
            buffer.fill()
    if buffer.unread and not facts.truncated:
        facts.damaged(_cut_record(buffer, header.big_endian), buffer.offset)
    return facts


def _cut_record(buffer: _Buffer, big_endian: bool) -> str:
    """Say what is missing of the last record."""
    if buffer.unread < pcap.RECORD_HEADER_BYTES:
        return f"cut off in a record header, {buffer.unread} of 16 bytes are there"
    length = int.from_bytes(buffer.peek(12)[8:], "big" if big_endian else "little")
    return f"cut off in a record, {buffer.unread - 16} of {length} captured bytes are there"


def _read_pcapng(stream: CaptureStream, buffer: _Buffer, into: PacketColumns, tick: Callable[[], None]) -> CaptureFacts:
    """Read the rest of a pcapng capture."""
    facts = CaptureFacts(stream.name, "pcapng", stream.compression)
    first_row = into.count
    interfaces: list[pcapng.Interface] = []
    section: pcapng.Section | None = None
    batch = new_batch()
    commented = np.zeros((2, pcapng.MOST_COMMENTS + 1), np.int64)  # one more, to see that there are too many
    while True:
        if section is not None:
            before = into.count
            count, comments, at, why = pcapng.walk(
                buffer.bytes, buffer.start, buffer.end, section.big_endian, section.table(), section.first_interface,
                batch, commented,
            )  # fmt: skip
            if count:
                _decode(stream, buffer, into, batch, count)
            for place, block_at in commented[:, :comments].T:
                _keep_comment(facts, section, buffer, int(block_at), before - first_row + int(place) + 1)
            buffer.start = at
            if why in pcapng.PROBLEMS:
                facts.damaged(f"{pcapng.PROBLEMS[why]}, expected a whole pcapng block", buffer.offset)
                break
            if why == pcapng.NEED_MORE:
                if count:
                    continue
                if buffer.at_end:
                    break
                tick()
                buffer.fill()
                continue
        if not buffer.need(12):
            break
        block = _whole_block(buffer, section, facts)
        if block is None:
            break
        if block[:4] == pcapng.SECTION_MAGIC:
            section = pcapng.Section(block, into.interfaces + len(interfaces))
            facts.keep_comments(None, section.comments)
        elif section is not None and int.from_bytes(block[:4], "big" if section.big_endian else "little") == 1:
            interface = section.add_interface(block)
            interfaces.append(interface)
            facts.use_link_type(interface.link_type)
            facts.keep_comments(None, interface.comments)
        elif section is not None:
            section.add_statistics(block)
        buffer.start += len(block)
    if section is None:
        raise CaptureFormatError(stream.name, "cut off in the pcapng section header, or its length is not possible", 0)
    if buffer.unread and not facts.truncated:
        facts.damaged(f"cut off in a pcapng block, {buffer.unread} bytes of it are there", buffer.offset)
    facts.interfaces = [_interface_facts(interface) for interface in interfaces[: pcapng.MOST_INTERFACES]]
    if len(interfaces) > pcapng.MOST_INTERFACES:
        facts.note(
            f"{len(interfaces):,} interfaces are described; what is said of them is kept for the first "
            f"{pcapng.MOST_INTERFACES:,}"
        )
    into.interfaces += len(interfaces)
    snaplens = [interface.snaplen for interface in interfaces if interface.snaplen]
    facts.snaplen = max(snaplens) if snaplens else None
    return facts


def _whole_block(buffer: _Buffer, section: pcapng.Section | None, facts: CaptureFacts) -> bytes | None:
    """Return the section, interface or statistics block that comes next; None where it is cut off or damaged."""
    header = buffer.peek(12)
    length = pcapng.block_length(section, header)
    least = 28 if header[:4] == pcapng.SECTION_MAGIC else 20
    if length < least or length % 4 or length > pcapng.LARGEST_BLOCK:
        if section is not None:
            facts.damaged(f"a block claims {length} bytes, expected {least} to {pcapng.LARGEST_BLOCK}", buffer.offset)
        return None
    if not buffer.need(length):
        return None
    return buffer.peek(length)


def _keep_comment(facts: CaptureFacts, section: pcapng.Section, buffer: _Buffer, at: int, frame: int) -> None:
    """Keep the comments of the packet block at `at`."""
    length = pcapng.block_length(section, buffer.bytes[at : at + 12].tobytes())
    facts.keep_comments(frame, section.packet_comments(buffer.bytes[at : at + length].tobytes()))


def _interface_facts(interface: pcapng.Interface) -> dict[str, Any]:
    return {
        "name": interface.name,
        "description": interface.description,
        "link_type": link_name(interface.link_type),
        "snaplen": interface.snaplen or None,
        "received": interface.received,
        "dropped": interface.dropped,
    }
