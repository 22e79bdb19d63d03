"""pcapng: sections of blocks (draft-ietf-opsawg-pcapng); what the packet walker needs and what the rest says."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME
from pcapframe.capture.bits import LINE_BYTES, fetch_ahead, u16, u32
from pcapframe.capture.pcap import longest_packet, normal_link_type
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.jit import inner_jit, jit

__all__ = ["SECTION_MAGIC", "Interface", "Section", "walk"]

SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
BYTE_ORDER_MAGIC = b"\x1a\x2b\x3c\x4d"

SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
LARGEST_BLOCK = 16 << 20  # Wireshark's limit; other blocks that claim more are taken for damage [bytes]

NEED_MORE, TO_READ, BAD_LENGTH, BAD_TRAILER, BAD_INTERFACE, BAD_PACKET = 0, 1, 2, 3, 4, 5
PROBLEMS = {
    BAD_LENGTH: "a block length that is not possible",
    BAD_TRAILER: "a block whose two lengths differ",
    BAD_INTERFACE: "a packet of an interface that was not described",
    BAD_PACKET: "a packet length that is not possible",
}
MOST_COMMENTS = 1000  # kept
MOST_INTERFACES = 1000  # kept, of what is said of them


@dataclass
class Interface:
    """One interface description block."""

    link_type: int
    snaplen: int
    name: str = ""
    description: str = ""
    comments: list[str] = field(default_factory=list)
    power_of_two: bool = False
    exponent: int = 6
    offset_s: int = 0
    received: int | None = None
    dropped: int | None = None


class InterfaceTable(NamedTuple):
    """The interfaces of a section as the walker wants them: one row each."""

    link_type: npt.NDArray[np.int64]
    snaplen: npt.NDArray[np.int64]
    power_of_two: npt.NDArray[np.int64]
    exponent: npt.NDArray[np.int64]
    offset_s: npt.NDArray[np.int64]
    longest: npt.NDArray[np.int64]


class Section:
    """A section header block and the interfaces that follow it."""

    def __init__(self, block: bytes, first_interface: int) -> None:
        self.big_endian = block[8:12] == BYTE_ORDER_MAGIC
        self.first_interface = first_interface
        self.interfaces: list[Interface] = []
        self._rows = np.zeros((len(InterfaceTable._fields), 8), np.int64)
        self.comments = [_text(value) for code, value in self._options(block, 24) if code == 1]

    def _number(self, data: bytes, *, signed: bool = False) -> int:
        return int.from_bytes(data, "big" if self.big_endian else "little", signed=signed)

    def _options(self, block: bytes, start: int) -> list[tuple[int, bytes]]:
        """Return the options of a block as (code, value); ends quietly where they are malformed."""
        options = []
        at, end = start, len(block) - 4
        while at + 4 <= end:
            code, length = self._number(block[at : at + 2]), self._number(block[at + 2 : at + 4])
            if code == 0 or at + 4 + length > end:
                break
            options.append((code, block[at + 4 : at + 4 + length]))
            at += 4 + (length + 3) // 4 * 4
        return options

    def add_interface(self, block: bytes) -> Interface:
        """Read an interface description block."""
        link_type = normal_link_type(self._number(block[8:10]))
        interface = Interface(link_type, self._number(block[12:16]))
        for code, value in self._options(block, 16):
            if code == 1:
                interface.comments.append(_text(value))
            elif code == 2:
                interface.name = _text(value)
            elif code == 3:
                interface.description = _text(value)
            elif code == 9 and value:
                interface.power_of_two = value[0] & 0x80 != 0
                interface.exponent = value[0] & 0x7F
            elif code == 14 and len(value) == 8:
                interface.offset_s = self._number(value, signed=True)
        count = len(self.interfaces)
        if count == self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)], axis=1)
        self._rows[:, count] = (
            interface.link_type,
            interface.snaplen,
            interface.power_of_two,
            interface.exponent,
            interface.offset_s if abs(interface.offset_s) < 2**62 else 2**62,
            longest_packet(interface.link_type),
        )
        self.interfaces.append(interface)
        return interface

    def add_statistics(self, block: bytes) -> None:
        """Read an interface statistics block: what was received and dropped, the last one counts."""
        number = self._number(block[8:12])
        if number >= len(self.interfaces):
            return
        interface = self.interfaces[number]
        for code, value in self._options(block, 20):
            if code == 4 and len(value) == 8:
                interface.received = self._number(value)
            elif code == 5 and len(value) == 8:
                interface.dropped = self._number(value)

    def packet_comments(self, block: bytes) -> list[str]:
        """Comments of an enhanced (or obsolete) packet block."""
        captured = self._number(block[20:24])
        return [_text(value) for code, value in self._options(block, 28 + (captured + 3) // 4 * 4) if code == 1]

    def table(self) -> InterfaceTable:
        """Return the interfaces as arrays."""
        return InterfaceTable(*self._rows[:, : len(self.interfaces)])


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").rstrip("\0")


@inner_jit
def to_ns(ticks: Any, power_of_two: Any, exponent: Any, offset_s: Any) -> Any:
    """Time stamp in nanoseconds since 1970; ``NO_TIME`` where 64 bits cannot hold it."""
    billion = np.uint64(1_000_000_000)
    if power_of_two:
        if exponent > 63:
            return NO_TIME
        seconds = ticks >> np.uint64(exponent)
        fraction = ticks & ((np.uint64(1) << np.uint64(exponent)) - np.uint64(1))
        if exponent > 32:
            fraction >>= np.uint64(exponent - 32)
            exponent = 32
        rest = (fraction * billion) >> np.uint64(exponent)
    else:
        if exponent > 19:
            return NO_TIME
        unit = np.uint64(1)
        for _ in range(exponent):
            unit *= np.uint64(10)
        seconds = ticks // unit
        rest = ticks % unit
        if exponent <= 9:
            rest *= billion // unit
        else:
            rest //= unit // billion
    if seconds > np.uint64(9_000_000_000) or abs(offset_s) > 9_000_000_000:
        return NO_TIME
    total = np.int64(seconds) + offset_s
    if abs(total) > 9_000_000_000:
        return NO_TIME
    return total * 1_000_000_000 + np.int64(rest)


@inner_jit
def _has_comment(buffer: Any, at: Any, end: Any, big_endian: Any) -> Any:
    """Whether a comment is among the options between `at` and `end`."""
    while at + 4 <= end:
        code = u16(buffer, at, big_endian)
        length = u16(buffer, at + 2, big_endian)
        if code <= 1 or at + 4 + length > end:
            return code == 1
        at += 4 + (length + 3) // 4 * 4
    return False


@jit
def walk(
    buffer: Any, start: Any, end: Any, big_endian: Any, table: Any, first_interface: Any, batch: Any, commented: Any
) -> Any:
    """Find the packets between `start` and `end`, up to the next block that describes something.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the blocks.
    start, end : int
        Where the first block begins, where the bytes end.
    big_endian : bool
        Of this section.
    table : InterfaceTable
        Interfaces of this section.
    first_interface : int
        Number of its first interface in the whole capture.
    batch : ndarray of RECORD
        Filled.
    commented : ndarray of int64, shape (2, n)
        Filled with the place in the batch, and in the buffer, of packets that have comments.

    Returns
    -------
    tuple of int
        How many packets are in `batch`, how many are in `commented`, where the next block begins, and why it stopped
        there: ``NEED_MORE`` (bytes, or room in the batch), ``TO_READ`` (a section, interface or statistics block), or
        one of ``PROBLEMS``.
    """
    count = np.int64(0)
    comments = np.int64(0)
    at = np.int64(start)
    stride = np.int64(0)
    while count < BATCH_RECORDS and at + 12 <= end:
        kind = u32(buffer, at, big_endian)
        if kind in (SECTION, INTERFACE, STATISTICS):
            return count, comments, at, TO_READ
        length = u32(buffer, at + 4, big_endian)
        if length < 12 or length % 4 or length > (LARGEST_BLOCK if kind != PACKET else LARGEST_BLOCK * 16):
            return count, comments, at, BAD_LENGTH
        if at + length > end:
            break
        if u32(buffer, at + length - 4, big_endian) != length:
            return count, comments, at, BAD_TRAILER
        if kind in (PACKET, OLD_PACKET, SIMPLE_PACKET):
            header = 12 if kind == SIMPLE_PACKET else 28
            if length < header + 4:
                return count, comments, at, BAD_LENGTH
            if kind == SIMPLE_PACKET:
                number = np.int64(0)
            elif kind == PACKET:
                number = u32(buffer, at + 8, big_endian)
            else:
                number = u16(buffer, at + 8, big_endian)
            if number >= table.link_type.size:
                return count, comments, at, BAD_INTERFACE
            if kind == SIMPLE_PACKET:
                wire = u32(buffer, at + 8, big_endian)
                captured = min(wire, length - 16)
                if table.snaplen[number] > 0:
                    captured = min(captured, table.snaplen[number])
                time = NO_TIME
            else:
                captured, wire = u32(buffer, at + 20, big_endian), u32(buffer, at + 24, big_endian)
                ticks = np.uint64(u32(buffer, at + 12, big_endian)) << np.uint64(32)
                ticks |= np.uint64(u32(buffer, at + 16, big_endian))
                time = to_ns(ticks, table.power_of_two[number], table.exponent[number], table.offset_s[number])
            if captured > length - header - 4 or captured > table.longest[number]:
                return count, comments, at, BAD_PACKET
            if kind != SIMPLE_PACKET and comments < commented.shape[1]:
                options = at + header + (captured + 3) // 4 * 4
                if _has_comment(buffer, options, at + length - 4, big_endian):
                    commented[0, comments], commented[1, comments] = count, at
                    comments += 1
            record = batch[count]
            record.at = at + header
            record.captured = captured
            record.wire = wire
            record.time = time
            record.interface = first_interface + number
            record.link = table.link_type[number]
            count += 1
        at += length
        if length > LINE_BYTES:
            stride = np.int64(length)
        fetch_ahead(buffer, at, stride)
    return count, comments, at, NEED_MORE


def block_length(section: Section | None, header: bytes) -> int:
    """Total length of the block that begins with these 12 bytes; a section header brings its own byte order."""
    if header[:4] == SECTION_MAGIC:
        order: Any = "big" if header[8:12] == BYTE_ORDER_MAGIC else "little"
    else:
        order = "big" if section is not None and section.big_endian else "little"
    return int.from_bytes(header[4:8], order)
