"""Classic pcap and its dialects: a header of 24 bytes, then records (draft-ietf-opsawg-pcap).

Which dialect a file is in shows in its magic number, its version and, where dialects share a magic number, in its first
records, as Wireshark tells them (wiretap/libpcap.c):

- before version 2.3 and in version 543, the two lengths of a record stand in the other order; in version 2.3, where the
  captured one would be larger;
- AIX writes version 2.2 with link types of RFC 1573 and nanoseconds;
- patched libpcaps of 1999 (Kuznetzov; FRITZ!Box, Red Hat 6.1, SuSE 6.3) and Nokia have longer record headers;
- Ixia's header is 4 bytes longer.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.capture.bits import LINE_BYTES, fetch_ahead, u16, u32
from pcapframe.capture.records import (
    ANOTHER_HEADER,
    BEYOND_SECOND,
    DONE,
    TOO_LONG,
    ZEROS,
    ZEROS_TAKEN,
    Array,
    RecordFile,
)
from pcapframe.capture.scouting import MEAN, SCOUTED, new_scouts, scout_records
from pcapframe.jit import inner_jit, jit

__all__ = [
    "HEADER_BYTES",
    "MAGICS",
    "PcapHeader",
    "is_header",
    "longest_packet",
    "open_pcap",
    "parse_header",
    "records_after",
    "walk",
]

ByteOrder: TypeAlias = Literal["big", "little"]

HEADER_BYTES = 24
VERSION = (2, 4)
RECORD_HEADER_BYTES = 16
PATCHED_RECORD_BYTES, SUSE_RECORD_BYTES, NOKIA_RECORD_BYTES = 24, 28, 20
LENGTHS_IN_ORDER, LENGTHS_SWAPPED, LENGTHS_PERHAPS_SWAPPED = range(3)
RAW_IP = 101
RAW_IP_NUMBERS = (12, 14)  # in files of some operating systems
# libpcap's limits on the length of a packet, by link type: D-Bus, USBPcap, EBHSCR [bytes]
LONG_PACKETS = {231: 128 << 20, 249: 128 << 20, 279: 8 << 20}
LONGEST_PACKET = 262144
LONGEST_ON_WIRE = 128 << 20  # that is likely [bytes]
TRIED, FEWEST_TRIED = 3, 2  # records that a dialect is told by
LEAST_LIKELY = 14  # captured bytes: an Ethernet header
DECADE_S = 315_360_000

AIX_VERSION = (2, 2)
AIX_LINK_TYPES = {6: 1, 9: 6, 15: 10, 24: 0}  # ifType of RFC 1573: Ethernet, token ring, FDDI, loopback
AIX_FDDI_PADDING = 3  # before each frame [bytes]
FDDI = 10


class Magic(NamedTuple):
    """What a magic number says."""

    unit_ns: int  # of the sub-second field
    header_bytes: int
    is_patched: bool = False


MAGIC_NUMBERS = {
    0xA1B2C3D4: Magic(1000, HEADER_BYTES),
    0xA1B23C4D: Magic(1, HEADER_BYTES),
    0xA1B2CD34: Magic(1000, HEADER_BYTES, is_patched=True),
    0x1C0001AC: Magic(1, HEADER_BYTES + 4),  # Ixia, hardware
    0x1C0001AB: Magic(1000, HEADER_BYTES + 4),  # Ixia, software
}
STANDARD = 0xA1B2C3D4
# First bytes: whether they are big-endian, the number.
MAGICS = {number.to_bytes(4, "big"): (True, number) for number in MAGIC_NUMBERS} | {
    number.to_bytes(4, "little"): (False, number) for number in MAGIC_NUMBERS
}


class PcapHeader(NamedTuple):
    """Fields of the file header, and what they say of the records."""

    big_endian: bool
    unit_ns: int
    snaplen: int
    link_type: int
    magic: int = STANDARD
    version: tuple[int, int] = VERSION
    header_bytes: int = HEADER_BYTES
    record_bytes: int = RECORD_HEADER_BYTES  # of a record's header
    lengths: int = LENGTHS_IN_ORDER
    padding: int = 0  # before each packet, counted as captured [bytes]
    dialect: str = ""

    @property
    def format(self) -> str:
        """The format as ``CaptureInfo.format`` names it."""
        parts = [self.dialect] if self.dialect else []
        return f"pcap ({', '.join([*parts, 'nanoseconds' if self.unit_ns == 1 else 'microseconds'])})"


class Form(NamedTuple):
    """What `walk` has to know of the records."""

    big_endian: bool
    unit_ns: int
    link_type: int
    longest: int  # packet [bytes]
    magic: int
    record_bytes: int
    lengths: int
    padding: int


def longest_packet(link_type: int) -> int:
    """Longest packet accepted for a link type, in bytes; a longer one is damage."""
    return LONG_PACKETS.get(link_type, LONGEST_PACKET)


def normal_link_type(number: int) -> int:
    """Link type without the bits about the frame check sequence; all numbers of raw IP as one."""
    number &= 0x03FFFFFF
    return RAW_IP if number in RAW_IP_NUMBERS else number


def is_header(start: bytes) -> bool:
    """Whether a file header begins here: its magic number, and a version that is known.

    Parameters
    ----------
    start : bytes
        At least 8, or it is none.

    Returns
    -------
    bool
        False for a magic number alone, which may be the time of a record.
    """
    if start[:4] not in MAGICS or len(start) < 8:
        return False
    order: ByteOrder = "big" if MAGICS[start[:4]][0] else "little"
    return int.from_bytes(start[4:6], order) == 2 and int.from_bytes(start[6:8], order) <= 4


def parse_header(header: bytes, start: Array | None = None, *, is_whole: bool = True) -> PcapHeader:
    """Parse a file header whose magic number is one of `MAGICS`.

    Parameters
    ----------
    header : bytes
        24 of them.
    start : ndarray of uint8, optional
        The header and the first records, in which dialects with one magic number differ.
    is_whole : bool, default True
        Whether these are all records.

    Returns
    -------
    PcapHeader
        With the dialect.
    """
    big_endian, number = MAGICS[header[:4]]
    magic = MAGIC_NUMBERS[number]
    order: ByteOrder = "big" if big_endian else "little"
    version = (int.from_bytes(header[4:6], order), int.from_bytes(header[6:8], order))
    snaplen = int.from_bytes(header[16:20], order)
    network = int.from_bytes(header[20:24], order)
    found = PcapHeader(big_endian, magic.unit_ns, snaplen, normal_link_type(network), number, version)
    found = found._replace(header_bytes=magic.header_bytes, lengths=_order_of_lengths(version))
    if magic.header_bytes != HEADER_BYTES:
        return found._replace(dialect="Ixia")
    if number == STANDARD and version == AIX_VERSION and network in AIX_LINK_TYPES:
        link_type = AIX_LINK_TYPES[network]
        padding = AIX_FDDI_PADDING if link_type == FDDI else 0
        return found._replace(unit_ns=1, link_type=link_type, padding=padding, dialect="AIX")
    if magic.is_patched:
        dialects = [("modified", PATCHED_RECORD_BYTES), ("SuSE 6.3", SUSE_RECORD_BYTES)]
        return _likeliest(found, dialects, start, is_whole)
    if number == STANDARD and found.lengths == LENGTHS_IN_ORDER:
        dialects = [("", RECORD_HEADER_BYTES), ("Red Hat 6.1", PATCHED_RECORD_BYTES), ("Nokia", NOKIA_RECORD_BYTES)]
        return _likeliest(found, dialects, start, is_whole)
    return found


def _order_of_lengths(version: tuple[int, int]) -> int:
    """Order of the two lengths of a record in a version of the format."""
    if version < (2, 3) or version[0] == 543:  # DG/UX
        return LENGTHS_SWAPPED
    return LENGTHS_PERHAPS_SWAPPED if version == (2, 3) else LENGTHS_IN_ORDER


def _likeliest(
    header: PcapHeader, dialects: Sequence[tuple[str, int]], start: Array | None, is_whole: bool
) -> PcapHeader:
    """Return the header with the dialect in which the first records have the least that is unlikely."""
    found = [header._replace(dialect=name, record_bytes=size) for name, size in dialects]
    if start is None:
        return found[0]
    best, least = found[0], _unlikely(found[0], start, is_whole)
    for one in found[1:]:
        if least == 0:
            break
        count = _unlikely(one, start, is_whole)
        if count < least and (count == 0 or header.magic != STANDARD):
            best, least = one, count
    return best


def _unlikely(header: PcapHeader, start: Array, is_whole: bool) -> int:
    """Count what is unlikely about the first records in this dialect."""
    order: ByteOrder = "big" if header.big_endian else "little"
    at, count, first, is_named = header.header_bytes, 0, 0, False
    for number in range(TRIED):
        head = start[at : at + header.record_bytes].tobytes()
        begins_another = is_header(head)  # a further capture in the same file
        if len(head) < header.record_bytes or begins_another:
            is_sure = header.record_bytes == RECORD_HEADER_BYTES or number >= FEWEST_TRIED or is_named
            return count + (not is_sure) + (is_whole and at != start.size and not begins_another)
        seconds, part, captured, wire = (int.from_bytes(head[place : place + 4], order) for place in range(0, 16, 4))
        count += part >= 1_000_000
        count += captured < LEAST_LIKELY  # rather the end of a packet, and a time of 1970
        first = seconds if number == 0 else first
        count += abs(seconds - first) > DECADE_S
        count += captured > header.snaplen
        count += wire > LONGEST_ON_WIRE
        count += captured > wire
        count += _unlikely_rest(head, order)
        if captured > longest_packet(header.link_type):
            return count + 1
        kind = start[at + header.record_bytes + 12 :][:2].tobytes()  # of an Ethernet frame, in its record too
        is_named = head[20:22] == (kind if header.big_endian else kind[::-1]) != b""
        at += header.record_bytes + captured
    return count + (is_whole and at > start.size)


def _unlikely_rest(head: bytes, order: ByteOrder) -> int:
    """Count what is unlikely about the fields that the patches of 1999 add: interface, Ethernet type, which way."""
    if len(head) < PATCHED_RECORD_BYTES:  # nobody says what Nokia adds
        return 0
    interface, kind, way = int.from_bytes(head[16:20], order), int.from_bytes(head[20:22], order), head[22]
    is_known = kind >= 0x600 or kind <= 0x17 or kind in (0x60, 0x200, 0x400)
    return (interface > 10_000) + (not is_known) + (way > 4)


def open_pcap(start: Array, *, is_whole: bool) -> RecordFile:
    """Return how to read a pcap file.

    Parameters
    ----------
    start : ndarray of uint8
        Its header and first records.
    is_whole : bool
        Whether that is all of it.

    Returns
    -------
    RecordFile
        Of its dialect.
    """
    return records_after(parse_header(start[:HEADER_BYTES].tobytes(), start, is_whole=is_whole))


def records_after(header: PcapHeader) -> RecordFile:
    """Return how to read the records behind a header.

    Parameters
    ----------
    header : PcapHeader
        With its dialect.

    Returns
    -------
    RecordFile
        Of this dialect.
    """
    longest = longest_packet(header.link_type)
    fields = {name: getattr(header, name) for name in Form._fields if name != "longest"}
    form = Form(**fields, longest=longest)
    order: ByteOrder = "big" if header.big_endian else "little"

    scouts = new_scouts()

    def walk_records(buffer: Array, begin: int, end: int, odd: Array, batch: Array) -> tuple[int, int, int]:
        found: tuple[int, int, int] = walk(buffer, begin, end, form, odd, batch, scouts)
        return found

    def length_of(head: bytes) -> int:
        captured, wire = (int.from_bytes(head[place : place + 4], order) for place in (8, 12))
        is_swapped = header.lengths == LENGTHS_SWAPPED or (header.lengths and captured > wire)
        return wire if is_swapped else captured

    return RecordFile(
        format=header.format,
        snaplen=header.snaplen or None,
        link_types=[header.link_type],
        header_bytes=header.header_bytes,
        record_bytes=header.record_bytes,
        walk=walk_records,
        length_of=length_of,
        longest=longest,
        header=header,
    )


@inner_jit
def _starts_header(buffer: Any, at: Any) -> Any:
    """Whether a file header of version 2.0 to 2.4 begins at `at`, in either byte order."""
    for big in (True, False):
        if u32(buffer, at, big) in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
            return u16(buffer, at + 4, big) == 2 and u16(buffer, at + 6, big) <= 4
    return False


@jit
def walk(buffer: Any, start: Any, end: Any, form: Any, odd: Any, batch: Any, scouts: Any) -> Any:
    """Find the whole records between `start` and `end`, and count the odd ones in `odd`.

    Returns
    -------
    tuple of int
        How many are in `batch`, where the next one begins, and ``DONE`` or why it is no record: ``TOO_LONG`` (it claims
        more than the longest packet), ``ANOTHER_HEADER`` of a file, ``ZEROS``.
    """
    count = 0
    at = start
    stride = np.int64(0)
    big, unit_ns, size = form.big_endian, form.unit_ns, form.record_bytes
    units = 1_000_000_000 // unit_ns
    scouts[SCOUTED] = 0
    while count < batch.size and at + size <= end:
        if at >= scouts[SCOUTED]:
            scout_records(buffer, at, end, form, scouts)
        seconds, part = u32(buffer, at, big), u32(buffer, at + 4, big)
        captured, wire = u32(buffer, at + 8, big), u32(buffer, at + 12, big)
        if form.lengths and (form.lengths == LENGTHS_SWAPPED or captured > wire):
            captured, wire = wire, captured
        if captured == 0 or seconds == form.magic:
            if _starts_header(buffer, at):
                return count, np.int64(at), ANOTHER_HEADER
            if seconds == 0 and part == 0 and captured == 0 and wire == 0 and at >= odd[ZEROS_TAKEN]:
                return count, np.int64(at), ZEROS
        if captured > form.longest:
            return count, np.int64(at), TOO_LONG
        if at + size + captured > end:
            break
        padding = min(form.padding, captured)
        record = batch[count]
        record.at = at + size + padding
        record.captured = captured - padding
        record.wire = max(wire, captured) - padding
        record.time = seconds * 1_000_000_000 + part * unit_ns
        if part >= units:
            record.time = NO_TIME
            odd[BEYOND_SECOND] += 1
        record.interface = -1
        record.link = form.link_type
        at += size + captured
        count += 1
        if captured > LINE_BYTES:
            stride = size + captured
        fetch_ahead(buffer, at, stride)
    if count:
        scouts[MEAN] = (at - start) // count
    return count, np.int64(at), DONE
