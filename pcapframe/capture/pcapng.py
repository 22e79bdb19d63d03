"""The blocks of pcapng (draft-ietf-opsawg-pcapng), walked in compiled code.

Packets go to a batch of records; what the other blocks say goes to `Walked`, which lives from call to call. A block
makes no Python objects: texts are noted by their place, up to a limit, and counted beyond it.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME
from pcapframe.capture.bits import LINE_BYTES, byte, fetch_ahead, u16, u32
from pcapframe.capture.pcap import longest_packet, normal_link_type
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.jit import inner_jit, jit

__all__ = [
    "LARGEST_BLOCK",
    "MOST_COMMENTS",
    "MOST_INTERFACES",
    "SECTION_MAGIC",
    "Walked",
    "claimed_length",
    "interfaces_so_far",
    "new_walked",
    "walk",
    "with_interface_room",
]

Array = npt.NDArray[Any]

SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
BIG_ENDIAN_MAGIC = 0x1A2B3C4D  # as read in big-endian order
LARGEST_BLOCK = 16 << 20  # Wireshark's limit; other blocks that claim more are taken for damage [bytes]
LARGEST_PACKET_BLOCK = 16 * LARGEST_BLOCK
LEAST_SECTION, LEAST_OTHER = 28, 20  # length of a section header, and of an interface or statistics block [bytes]

# Options: in any block, of an interface, of statistics.
END_OF_OPTIONS, COMMENT, NAME, DESCRIPTION, RESOLUTION, OFFSET, RECEIVED, DROPPED = 0, 1, 2, 3, 9, 14, 4, 5

NEED_MORE, NEED_ROOM, BAD_CLAIM, BAD_LENGTH, BAD_TRAILER, BAD_INTERFACE, BAD_PACKET = range(7)
PROBLEMS = {
    BAD_LENGTH: "a block length that is not possible",
    BAD_TRAILER: "a block whose two lengths differ",
    BAD_INTERFACE: "a packet of an interface that was not described",
    BAD_PACKET: "a packet length that is not possible",
}
MOST_COMMENTS = 1000  # kept
MOST_INTERFACES = 1000  # kept of what the file says of each
LINK_TYPES = 1 << 16

# Slots of `Walked.numbers`.
IN_SECTION, BIG_ENDIAN, FIRST_INTERFACE, INTERFACES, LINKS, SNAPLEN, COMMENTS, COMMENTS_LEFT, TEXTS = range(9)


class InterfaceTable(NamedTuple):
    """The interfaces of the current section, one row each: what is needed to read their packets."""

    link_type: Array
    snaplen: Array
    power_of_two: Array
    exponent: Array
    offset_s: Array
    longest: Array


class Walked(NamedTuple):
    """What the blocks so far say."""

    numbers: Array  # int64, see the slots above
    table: InterfaceTable  # int64; `INTERFACES` rows of it are used
    longest: Array  # int64, longest packet by link type, in this format [bytes]
    normal: Array  # int64, link types with several numbers as one
    is_linked: Array  # bool, link types seen
    links: Array  # int64, link types in order of appearance; `LINKS` of them
    described: Array  # int64, shape (MOST_INTERFACES, 2): link type and snaplen of the first interfaces
    counters: Array  # uint64, shape (MOST_INTERFACES, 2): received, dropped
    has_counter: Array  # bool, the same shape
    texts: Array  # int64, rows of kind, frame or interface, place in the buffer, length; `TEXTS` since the last call


def new_walked() -> Walked:
    """Return the state before the first block."""
    numbers = np.zeros(9, np.int64)
    numbers[COMMENTS_LEFT] = MOST_COMMENTS
    link_types = range(LINK_TYPES)
    return Walked(
        numbers=numbers,
        table=_interface_table(8),
        longest=np.array([longest_packet(number) for number in link_types], np.int64),
        normal=np.array([normal_link_type(number) for number in link_types], np.int64),
        is_linked=np.zeros(LINK_TYPES, np.bool_),
        links=np.zeros(LINK_TYPES, np.int64),
        described=np.zeros((MOST_INTERFACES, 2), np.int64),
        counters=np.zeros((MOST_INTERFACES, 2), np.uint64),
        has_counter=np.zeros((MOST_INTERFACES, 2), np.bool_),
        texts=np.zeros((MOST_COMMENTS + 2 * MOST_INTERFACES, 4), np.int64),
    )


def _interface_table(rows: int) -> InterfaceTable:
    return InterfaceTable(*np.zeros((len(InterfaceTable._fields), rows), np.int64))


def with_interface_room(walked: Walked) -> Walked:
    """Return the state with room for as many interfaces again."""
    rows = walked.table.link_type.size
    larger = _interface_table(2 * rows)
    for new, old in zip(larger, walked.table, strict=True):
        new[:rows] = old
    return walked._replace(table=larger)


def interfaces_so_far(walked: Walked) -> int:
    """How many interfaces were described, in all sections."""
    return int(walked.numbers[FIRST_INTERFACE] + walked.numbers[INTERFACES])


def claimed_length(walked: Walked, header: bytes) -> tuple[int, int]:
    """Length that a section, interface or statistics block claims in its first 12 bytes, and the least it may have."""
    is_section = header[:4] == SECTION_MAGIC
    magic_is_big = int.from_bytes(header[8:12], "big") == BIG_ENDIAN_MAGIC
    is_big = magic_is_big if is_section else walked.numbers[BIG_ENDIAN] == 1
    return int.from_bytes(header[4:8], "big" if is_big else "little"), LEAST_SECTION if is_section else LEAST_OTHER


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
def _has_option(buffer: Any, at: Any, end: Any, big_endian: Any) -> Any:
    """Whether a whole option begins at `at`; the end of options is none."""
    if at + 4 > end or u16(buffer, at, big_endian) == END_OF_OPTIONS:
        return False
    return at + 4 + u16(buffer, at + 2, big_endian) <= end


@inner_jit
def _after_option(buffer: Any, at: Any, big_endian: Any) -> Any:
    """Where the option at `at` is followed by the next."""
    return at + 4 + (u16(buffer, at + 2, big_endian) + 3) // 4 * 4


@inner_jit
def _note_text(walked: Any, kind: Any, subject: Any, at: Any, length: Any) -> None:
    """Note where a text is."""
    texts, number = walked.texts, walked.numbers[TEXTS]
    texts[number, 0], texts[number, 1], texts[number, 2], texts[number, 3] = kind, subject, at, length
    walked.numbers[TEXTS] = number + 1


@inner_jit
def _has_comment(buffer: Any, at: Any, end: Any, big_endian: Any) -> Any:
    """Whether a comment is among the options between `at` and `end`."""
    while _has_option(buffer, at, end, big_endian):
        if u16(buffer, at, big_endian) == COMMENT:
            return True
        at = _after_option(buffer, at, big_endian)
    return False


@inner_jit
def _count_comments(buffer: Any, at: Any, end: Any, big_endian: Any, frame: Any, walked: Any) -> None:
    """Count the comments among the options between `at` and `end`, and note where the first ones are."""
    numbers = walked.numbers
    while _has_option(buffer, at, end, big_endian):
        if u16(buffer, at, big_endian) == COMMENT:
            numbers[COMMENTS] += 1
            if numbers[COMMENTS_LEFT] > 0:
                numbers[COMMENTS_LEFT] -= 1
                _note_text(walked, COMMENT, frame, at + 4, u16(buffer, at + 2, big_endian))
        at = _after_option(buffer, at, big_endian)


@inner_jit
def _begin_section(buffer: Any, at: Any, length: Any, walked: Any) -> None:
    """Read a section header block, whose byte order holds for the section."""
    numbers = walked.numbers
    big_endian = u32(buffer, at + 8, True) == BIG_ENDIAN_MAGIC
    numbers[IN_SECTION] = 1
    numbers[BIG_ENDIAN] = 1 if big_endian else 0
    numbers[FIRST_INTERFACE] += numbers[INTERFACES]
    numbers[INTERFACES] = 0
    _count_comments(buffer, at + 24, at + length - 4, big_endian, -1, walked)


@inner_jit
def _signed_64(buffer: Any, at: Any, big_endian: Any) -> Any:
    """Signed 64 bits at `at`."""
    first, second = u32(buffer, at, big_endian), u32(buffer, at + 4, big_endian)
    return first << 32 | second if big_endian else second << 32 | first


@inner_jit
def _add_interface(buffer: Any, at: Any, length: Any, walked: Any) -> None:
    """Read an interface description block."""
    numbers, table = walked.numbers, walked.table
    big_endian = numbers[BIG_ENDIAN] == 1
    row = numbers[INTERFACES]
    number = numbers[FIRST_INTERFACE] + row
    link_type = walked.normal[u16(buffer, at + 8, big_endian)]
    snaplen = u32(buffer, at + 12, big_endian)
    power_of_two, exponent, offset_s = np.int64(0), np.int64(6), np.int64(0)
    name, description = np.int64(-1), np.int64(-1)
    option, end = at + 16, at + length - 4
    _count_comments(buffer, option, end, big_endian, -1, walked)
    while _has_option(buffer, option, end, big_endian):
        code, size = u16(buffer, option, big_endian), u16(buffer, option + 2, big_endian)
        if code == NAME:
            name = option
        elif code == DESCRIPTION:
            description = option
        elif code == RESOLUTION and size > 0:
            power_of_two, exponent = byte(buffer, option + 4) >> 7, byte(buffer, option + 4) & 0x7F
        elif code == OFFSET and size == 8:
            offset_s = _signed_64(buffer, option + 4, big_endian)
        option = _after_option(buffer, option, big_endian)
    table.link_type[row], table.snaplen[row] = link_type, snaplen
    table.power_of_two[row], table.exponent[row] = power_of_two, exponent
    table.offset_s[row] = max(min(offset_s, 2**62), -(2**62))  # so that its absolute value is a number too
    table.longest[row] = walked.longest[link_type]
    numbers[INTERFACES] = row + 1
    numbers[SNAPLEN] = max(numbers[SNAPLEN], snaplen)
    if not walked.is_linked[link_type]:
        walked.is_linked[link_type] = True
        walked.links[numbers[LINKS]] = link_type
        numbers[LINKS] += 1
    if number < MOST_INTERFACES:
        walked.described[number, 0], walked.described[number, 1] = link_type, snaplen
        if name >= 0:
            _note_text(walked, NAME, number, name + 4, u16(buffer, name + 2, big_endian))
        if description >= 0:
            _note_text(walked, DESCRIPTION, number, description + 4, u16(buffer, description + 2, big_endian))


@inner_jit
def _add_statistics(buffer: Any, at: Any, length: Any, walked: Any) -> None:
    """Read an interface statistics block: the last counters of an interface hold."""
    numbers = walked.numbers
    big_endian = numbers[BIG_ENDIAN] == 1
    row = u32(buffer, at + 8, big_endian)
    number = numbers[FIRST_INTERFACE] + row
    if row >= numbers[INTERFACES] or number >= MOST_INTERFACES:
        return
    option, end = at + 20, at + length - 4
    while _has_option(buffer, option, end, big_endian):
        code = u16(buffer, option, big_endian)
        if code in (RECEIVED, DROPPED) and u16(buffer, option + 2, big_endian) == 8:
            walked.counters[number, code - RECEIVED] = np.uint64(_signed_64(buffer, option + 4, big_endian))
            walked.has_counter[number, code - RECEIVED] = True
        option = _after_option(buffer, option, big_endian)


@inner_jit
def _describe(buffer: Any, at: Any, end: Any, kind: Any, walked: Any) -> Any:
    """Read a section, interface or statistics block: its length, and why it cannot be read (0: it can)."""
    numbers = walked.numbers
    big_endian = numbers[BIG_ENDIAN] == 1
    least = LEAST_OTHER
    if kind == SECTION:
        big_endian = u32(buffer, at + 8, True) == BIG_ENDIAN_MAGIC
        least = LEAST_SECTION
    length = u32(buffer, at + 4, big_endian)
    if length < least or length % 4 or length > LARGEST_BLOCK:
        return np.int64(0), BAD_CLAIM
    if at + length > end:
        return np.int64(0), NEED_MORE
    if kind == SECTION:
        _begin_section(buffer, at, length, walked)
    elif kind == INTERFACE:
        if numbers[INTERFACES] == walked.table.link_type.size:
            return np.int64(0), NEED_ROOM
        _add_interface(buffer, at, length, walked)
    else:
        _add_statistics(buffer, at, length, walked)
    return length, NEED_MORE


@jit
def walk(buffer: Any, start: Any, end: Any, walked: Any, interfaces_before: Any, first_frame: Any, batch: Any) -> Any:
    """Find the packets between `start` and `end`, and read the other blocks among them.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the blocks.
    start, end : int
        Where the first block begins, where the bytes end.
    walked : Walked
        What the blocks before said; updated.
    interfaces_before : int
        How many interfaces earlier captures described.
    first_frame : int
        Frame number of the first packet found, for its comments.
    batch : ndarray of RECORD
        Filled.

    Returns
    -------
    tuple of int
        How many packets are in `batch`, where the next block begins, and why it stopped there: ``NEED_MORE`` (bytes,
        or room in the batch), ``NEED_ROOM`` (for interfaces), ``BAD_CLAIM`` (a length of the next block that is out of
        range) or one of ``PROBLEMS``.
    """
    numbers, table = walked.numbers, walked.table
    numbers[TEXTS] = 0
    big_endian = numbers[BIG_ENDIAN] == 1
    count = np.int64(0)
    at = np.int64(start)
    stride = np.int64(0)
    while count < BATCH_RECORDS and at + 12 <= end:
        kind = u32(buffer, at, big_endian)
        if kind in (SECTION, INTERFACE, STATISTICS):
            length, why = _describe(buffer, at, end, kind, walked)
            if length == 0:
                return count, at, why
            big_endian = numbers[BIG_ENDIAN] == 1
            at += length
            continue
        length = u32(buffer, at + 4, big_endian)
        if length < 12 or length % 4 or length > (LARGEST_BLOCK if kind != PACKET else LARGEST_PACKET_BLOCK):
            return count, at, BAD_LENGTH
        if at + length > end:
            break
        if u32(buffer, at + length - 4, big_endian) != length:
            return count, at, BAD_TRAILER
        if kind in (PACKET, OLD_PACKET, SIMPLE_PACKET):
            header = 12 if kind == SIMPLE_PACKET else 28
            if length < header + 4:
                return count, at, BAD_LENGTH
            if kind == SIMPLE_PACKET:
                number = np.int64(0)
            elif kind == PACKET:
                number = u32(buffer, at + 8, big_endian)
            else:
                number = u16(buffer, at + 8, big_endian)
            if number >= numbers[INTERFACES]:
                return count, at, BAD_INTERFACE
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
                return count, at, BAD_PACKET
            if kind != SIMPLE_PACKET:
                options, options_end = at + header + (captured + 3) // 4 * 4, at + length - 4
                if _has_comment(buffer, options, options_end, big_endian):
                    _count_comments(buffer, options, options_end, big_endian, first_frame + count, walked)
            record = batch[count]
            record.at = at + header
            record.captured = captured
            record.wire = wire
            record.time = time
            record.interface = interfaces_before + numbers[FIRST_INTERFACE] + number
            record.link = table.link_type[number]
            count += 1
        at += length
        if length > LINE_BYTES:
            stride = np.int64(length)
        fetch_ahead(buffer, at, stride)
    return count, at, NEED_MORE
