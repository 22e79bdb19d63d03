"""The blocks of pcapng (draft-ietf-opsawg-pcapng), walked in compiled code.

Packets go to a batch of records; information from the other blocks goes to `Walked`, which is kept between calls. A
block creates no Python objects: up to a limit, texts are recorded by their offset; beyond it, they are only counted.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME
from pcapframe.capture.bits import LINE_BYTES, byte, fetch_ahead, u16, u32
from pcapframe.capture.pcap import LONG_PACKETS, LONGEST_PACKET, RAW_IP, RAW_IP_NUMBERS
from pcapframe.capture.scouting import MEAN, SCOUTED, scout_blocks
from pcapframe.capture.timestamps import to_ns
from pcapframe.jit import borrowed, inner_jit, jit

__all__ = [
    "LARGEST_BLOCK",
    "MOST_COMMENTS",
    "MOST_INTERFACES",
    "SECTION_MAGIC",
    "Walked",
    "claimed_length",
    "interfaces_so_far",
    "is_section",
    "link_types",
    "new_walked",
    "walk",
    "with_interface_room",
]

Array = npt.NDArray[Any]

SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, NAME_BLOCK, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6
BIG_ENDIAN_MAGIC = 0x1A2B3C4D  # as read in big-endian order
LONGEST_BLOCK = 0xFFFFFFFC  # that a length may say [bytes]
LARGEST_BLOCK = 16 << 20  # held in memory; of a longer one, the options beyond are passed over [bytes]
LEAST_SECTION, LEAST_OTHER = 28, 20  # length of a section header, and of an interface or statistics block [bytes]

# Options: in any block, of an interface, of statistics.
END_OF_OPTIONS, COMMENT, NAME, DESCRIPTION, RESOLUTION, OFFSET, RECEIVED, DROPPED = 0, 1, 2, 3, 9, 14, 4, 5

NEED_MORE, NEED_ROOM, SKIP, BAD_CLAIM, BAD_LENGTH, BAD_TRAILER, BAD_INTERFACE, BAD_PACKET = range(8)
PROBLEMS = {
    BAD_LENGTH: "a block length that is not possible",
    BAD_TRAILER: "a block whose two lengths differ",
    BAD_INTERFACE: "a packet of an interface that was not described",
    BAD_PACKET: "a packet length that is not possible",
}
MOST_COMMENTS = 1000  # kept
MOST_INTERFACES = 1000  # kept of what the file says of each
MOST_NAME_BLOCKS = 1000  # kept
LINK_TYPES = 1 << 16
LONGEST_OF_ALL = max(LONG_PACKETS.values())

# Slots of `Walked.numbers`.
IN_SECTION, BIG_ENDIAN, FIRST_INTERFACE, INTERFACES, LINKS, SNAPLEN, COMMENTS, COMMENTS_LEFT, TEXTS = range(9)
HELD, TO_SKIP, LONG_BLOCKS = range(9, 12)  # of a long block, and its rest [bytes]; how many
NAME_BLOCKS = 12
HOSTS = -1  # kind of the text that is a block of names
FOUND = 16  # from here on, by kind: where the value of the last option of a block is, -1 for none
OPTION_KINDS = 16
WHOLE_CAPTURE, UNCOUNTED = -1, -2  # in place of the frame number of a comment; programs comment on their statistics
# Columns of `Walked.table`, of `Walked.links` and of `Walked.kept`.
TABLE_LINK, TABLE_SNAPLEN, POWER_OF_TWO, EXPONENT, OFFSET_S, LONGEST = range(6)
LINK_NORMAL, LINK_LONGEST, LINK_PLACE = range(3)
KEPT_LINK, KEPT_SNAPLEN, KEPT_COUNTER, HAS_COUNTER = 0, 1, 2, 4  # two counters: received, dropped


class Walked(NamedTuple):
    """State from the blocks so far. Few arrays: each one makes all functions that take them slower to compile."""

    numbers: Array  # int64, see the slots above
    table: Array  # int64, the interfaces of the current section: what is needed to read their packets
    links: Array  # int64, by link type: number that it stands for, longest packet [bytes], order of appearance from 1
    kept: Array  # int64, the first interfaces: link type, snaplen, received, dropped (unsigned), and whether there
    texts: Array  # int64, texts in the last call: kind, frame or interface or byte order, place in the buffer, length


def new_walked() -> Walked:
    """Return the state before the first block."""
    numbers = np.zeros(FOUND + OPTION_KINDS, np.int64)
    numbers[COMMENTS_LEFT] = MOST_COMMENTS
    links = np.zeros((LINK_TYPES, 3), np.int64)
    links[:, LINK_NORMAL], links[:, LINK_LONGEST] = np.arange(LINK_TYPES), LONGEST_PACKET
    links[list(RAW_IP_NUMBERS), LINK_NORMAL] = RAW_IP
    links[list(LONG_PACKETS), LINK_LONGEST] = list(LONG_PACKETS.values())
    return Walked(
        numbers=numbers,
        table=np.zeros((8, 6), np.int64),
        links=links,
        kept=np.zeros((MOST_INTERFACES, 6), np.int64),
        texts=np.zeros((MOST_COMMENTS + 2 * MOST_INTERFACES + MOST_NAME_BLOCKS, 4), np.int64),
    )


def with_interface_room(walked: Walked) -> Walked:
    """Return the state with room for twice as many interfaces."""
    return walked._replace(table=np.concatenate([walked.table, np.zeros_like(walked.table)]))


def link_types(walked: Walked) -> list[int]:
    """Return the link types of all interfaces, in order of appearance."""
    place = walked.links[:, LINK_PLACE]
    seen = np.flatnonzero(place)
    order: list[int] = seen[np.argsort(place[seen])].tolist()
    return order


def is_section(start: bytes) -> bool:
    """Whether a section header begins with these 12 bytes."""
    return start[:4] == SECTION_MAGIC and BIG_ENDIAN_MAGIC in (
        int.from_bytes(start[8:12], "big"),
        int.from_bytes(start[8:12], "little"),
    )


def interfaces_so_far(walked: Walked) -> int:
    """Return how many interfaces were described, in all sections."""
    return int(walked.numbers[FIRST_INTERFACE] + walked.numbers[INTERFACES])


def claimed_length(walked: Walked, header: bytes) -> tuple[int, int]:
    """Return the length that a section, interface or statistics block claims in its first 12 bytes, and the minimum."""
    is_section = header[:4] == SECTION_MAGIC
    magic_is_big = int.from_bytes(header[8:12], "big") == BIG_ENDIAN_MAGIC
    is_big = magic_is_big if is_section else walked.numbers[BIG_ENDIAN] == 1
    return int.from_bytes(header[4:8], "big" if is_big else "little"), LEAST_SECTION if is_section else LEAST_OTHER


@inner_jit
def _has_option(buffer: Any, at: Any, end: Any, big_endian: Any) -> Any:
    """Return whether a whole option begins at `at`; the end-of-options marker does not count."""
    if at + 4 > end or u16(buffer, at, big_endian) == END_OF_OPTIONS:
        return False
    return at + 4 + u16(buffer, at + 2, big_endian) <= end


@inner_jit
def _after_option(buffer: Any, at: Any, big_endian: Any) -> Any:
    """Return where the option after the one at `at` begins."""
    return at + 4 + (u16(buffer, at + 2, big_endian) + 3) // 4 * 4


@inner_jit
def _note_text(walked: Any, kind: Any, subject: Any, at: Any, length: Any) -> None:
    """Record where a text is."""
    texts, number = walked.texts, walked.numbers[TEXTS]
    texts[number, 0], texts[number, 1], texts[number, 2], texts[number, 3] = kind, subject, at, length
    walked.numbers[TEXTS] = number + 1


@inner_jit
def _has_comment(buffer: Any, at: Any, end: Any, big_endian: Any) -> Any:
    """Return whether a comment is among the options between `at` and `end`."""
    while _has_option(buffer, at, end, big_endian):
        if u16(buffer, at, big_endian) == COMMENT:
            return True
        at = _after_option(buffer, at, big_endian)
    return False


@inner_jit
def _read_options(buffer: Any, at: Any, end: Any, big_endian: Any, frame: Any, walked: Any) -> None:
    """Count the comments among the options between `at` and `end`, and find the last option of each kind.

    All blocks share this function, because every inlined copy would be compiled again.
    """
    numbers = walked.numbers
    for code in range(OPTION_KINDS):
        numbers[FOUND + code] = -1
    while _has_option(buffer, at, end, big_endian):
        code, size = u16(buffer, at, big_endian), u16(buffer, at + 2, big_endian)
        if code == COMMENT and frame != UNCOUNTED:
            numbers[COMMENTS] += 1
            if numbers[COMMENTS_LEFT] > 0:
                numbers[COMMENTS_LEFT] -= 1
                _note_text(walked, COMMENT, frame, at + 4, size)
        elif code < OPTION_KINDS and (code in (NAME, DESCRIPTION) or size == 8 or (code == RESOLUTION and size > 0)):
            numbers[FOUND + code] = at + 4
        at = _after_option(buffer, at, big_endian)


@inner_jit
def _signed_64(buffer: Any, at: Any, big_endian: Any) -> Any:
    """Signed 64 bits at `at`."""
    first, second = u32(buffer, at, big_endian), u32(buffer, at + 4, big_endian)
    return first << 32 | second if big_endian else second << 32 | first


@inner_jit
def _add_interface(buffer: Any, at: Any, big_endian: Any, walked: Any) -> None:
    """Read an interface description block, whose options have been found."""
    numbers, table = walked.numbers, walked.table
    row = numbers[INTERFACES]
    number = numbers[FIRST_INTERFACE] + row
    link_type = walked.links[u16(buffer, at + 8, big_endian), LINK_NORMAL]
    snaplen = u32(buffer, at + 12, big_endian)
    resolution = np.int64(6)
    if numbers[FOUND + RESOLUTION] >= 0:
        resolution = byte(buffer, numbers[FOUND + RESOLUTION])
    offset_s = np.int64(0)
    if numbers[FOUND + OFFSET] >= 0:
        offset_s = _signed_64(buffer, numbers[FOUND + OFFSET], big_endian)
    table[row, TABLE_LINK], table[row, TABLE_SNAPLEN] = link_type, snaplen
    table[row, POWER_OF_TWO], table[row, EXPONENT] = resolution >> 7, resolution & 0x7F
    table[row, OFFSET_S] = max(min(offset_s, 2**62), -(2**62))  # so that its absolute value is a number too
    table[row, LONGEST] = walked.links[link_type, LINK_LONGEST]
    numbers[INTERFACES] = row + 1
    numbers[SNAPLEN] = max(numbers[SNAPLEN], snaplen)
    if walked.links[link_type, LINK_PLACE] == 0:
        numbers[LINKS] += 1
        walked.links[link_type, LINK_PLACE] = numbers[LINKS]
    if number < MOST_INTERFACES:
        walked.kept[number, KEPT_LINK], walked.kept[number, KEPT_SNAPLEN] = link_type, snaplen
        for kind in (NAME, DESCRIPTION):
            text = numbers[FOUND + kind]
            if text >= 0:
                _note_text(walked, kind, number, text, u16(buffer, text - 2, big_endian))


@inner_jit
def _add_statistics(buffer: Any, at: Any, big_endian: Any, walked: Any) -> None:
    """Read an interface statistics block, whose options have been found: the last counters of an interface hold."""
    numbers = walked.numbers
    row = u32(buffer, at + 8, big_endian)
    number = numbers[FIRST_INTERFACE] + row
    if row >= numbers[INTERFACES] or number >= MOST_INTERFACES:
        return
    for counter in range(2):
        value = numbers[FOUND + RECEIVED + counter]
        if value >= 0:
            walked.kept[number, KEPT_COUNTER + counter] = _signed_64(buffer, value, big_endian)
            walked.kept[number, HAS_COUNTER + counter] = 1


@inner_jit
def _describe(buffer: Any, at: Any, end: Any, kind: Any, walked: Any) -> Any:
    """Read a section, interface or statistics block: its length (0 if it cannot be read), and why it cannot."""
    numbers = walked.numbers
    big_endian = numbers[BIG_ENDIAN] == 1
    least, options = np.int64(LEAST_OTHER), np.int64(16 if kind == INTERFACE else 20)
    if kind == SECTION:
        big_endian = u32(buffer, at + 8, True) == BIG_ENDIAN_MAGIC
        least, options = np.int64(LEAST_SECTION), np.int64(24)
    length = u32(buffer, at + 4, big_endian)
    step: Any = np.int64(length + 3 & ~3)  # as in `walk`
    if length < least or step > LONGEST_BLOCK:
        return np.int64(0), BAD_CLAIM
    held = min(step, LARGEST_BLOCK)
    if at + held > end:
        return np.int64(0), NEED_MORE
    if step != length and u32(buffer, at + held - 4, big_endian) != length:
        return np.int64(0), BAD_CLAIM
    if kind == INTERFACE and numbers[INTERFACES] == walked.table.shape[0]:
        return np.int64(0), NEED_ROOM
    frame = UNCOUNTED if kind == STATISTICS else WHOLE_CAPTURE
    _read_options(buffer, at + options, at + held - 4, big_endian, frame, walked)
    if kind == SECTION:
        numbers[IN_SECTION] = 1
        numbers[BIG_ENDIAN] = 1 if big_endian else 0
        numbers[FIRST_INTERFACE] += numbers[INTERFACES]
        numbers[INTERFACES] = 0
    elif kind == INTERFACE:
        _add_interface(buffer, at, big_endian, walked)
    else:
        _add_statistics(buffer, at, big_endian, walked)
    if held < step:
        numbers[HELD], numbers[TO_SKIP] = held, step - held
        numbers[LONG_BLOCKS] += 1
        return held, SKIP
    return step, NEED_MORE


@jit
def walk(
    buffer: Any, start: Any, end: Any, walked: Any, interfaces_before: Any, first_frame: Any, batch: Any, scouts: Any
) -> Any:  # fmt: skip
    """Find the packets between `start` and `end`, and read the other blocks among them.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the blocks.
    start, end : int
        Where the first block begins, where the bytes end.
    walked : Walked
        State from the blocks before; updated.
    interfaces_before : int
        How many interfaces earlier captures described.
    first_frame : int
        Frame number of the first packet found, for its comments.
    batch : ndarray of RECORD
        Filled.
    scouts : ndarray of int64
        From `new_scouts`, kept from call to call.

    Returns
    -------
    tuple of int
        How many packets are in `batch`, where the next block begins, and why it stopped there: ``NEED_MORE`` (bytes,
        or room in the batch), ``NEED_ROOM`` (for interfaces), ``SKIP`` (first the rest of a long block, `TO_SKIP`
        bytes), ``BAD_CLAIM`` (the next block's length is out of range) or one of ``PROBLEMS``.
    """
    buffer, walked = borrowed(buffer), borrowed(walked)
    numbers, table = walked.numbers, walked.table
    numbers[TEXTS] = 0
    big_endian = numbers[BIG_ENDIAN] == 1
    count = np.int64(0)
    at = np.int64(start)
    stride = np.int64(0)
    scouts[SCOUTED] = 0
    while count < batch.size and at + 12 <= end:
        if at >= scouts[SCOUTED]:
            scout_blocks(buffer, at, end, big_endian, scouts)
        kind = u32(buffer, at, big_endian)
        if kind in (SECTION, INTERFACE, STATISTICS):
            length, why = _describe(buffer, at, end, kind, walked)
            if length == 0:
                return count, at, why
            big_endian = numbers[BIG_ENDIAN] == 1
            at += length
            if why == SKIP:
                return count, at, SKIP
            continue
        length = u32(buffer, at + 4, big_endian)
        step = np.int64(length + 3 & ~3)  # some writers leave the padding out of their lengths
        if length < 12 or step > LONGEST_BLOCK:
            return count, at, BAD_LENGTH
        is_packet = kind in (PACKET, OLD_PACKET, SIMPLE_PACKET)
        held = step
        if length > LARGEST_BLOCK:  # of which only the packet and the first options are read
            held = np.int64(12)
            if is_packet and at + 28 > end:
                break
            if is_packet:
                claimed = u32(buffer, at + (8 if kind == SIMPLE_PACKET else 20), big_endian)
                if claimed > LONGEST_OF_ALL:
                    return count, at, BAD_PACKET
                held = min(step, LARGEST_BLOCK + claimed)
        if at + held > end:
            break
        if held == step and u32(buffer, at + step - 4, big_endian) != length:
            return count, at, BAD_TRAILER
        if kind == NAME_BLOCK and held == step and numbers[NAME_BLOCKS] < MOST_NAME_BLOCKS:
            numbers[NAME_BLOCKS] += 1
            _note_text(walked, HOSTS, 1 if big_endian else 0, at + 8, length - 12)
        if is_packet:
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
                if table[number, TABLE_SNAPLEN] > 0:
                    captured = min(captured, table[number, TABLE_SNAPLEN])
                time = NO_TIME
            else:
                captured, wire = u32(buffer, at + 20, big_endian), u32(buffer, at + 24, big_endian)
                ticks = np.uint64(u32(buffer, at + 12, big_endian)) << np.uint64(32)
                ticks |= np.uint64(u32(buffer, at + 16, big_endian))
                time = to_ns(ticks, table[number, POWER_OF_TWO], table[number, EXPONENT], table[number, OFFSET_S])
            if captured > length - header - 4 or captured > table[number, LONGEST]:
                return count, at, BAD_PACKET
            if kind != SIMPLE_PACKET:
                options, options_end = at + header + (captured + 3) // 4 * 4, at + held - 4
                if _has_comment(buffer, options, options_end, big_endian):
                    _read_options(buffer, options, options_end, big_endian, first_frame + count, walked)
            record = batch[count]
            record.at = at + header
            record.captured = captured
            record.wire = max(wire, captured)
            record.time = time
            record.interface = interfaces_before + numbers[FIRST_INTERFACE] + number
            record.link = table[number, TABLE_LINK]
            count += 1
        if held < step:
            numbers[HELD], numbers[TO_SKIP] = held, step - held
            numbers[LONG_BLOCKS] += 1 if is_packet else 0
            return count, at + held, SKIP
        at += step
        if length > LINE_BYTES:
            stride = np.int64(length)
        fetch_ahead(buffer, at, stride)
    if count:
        scouts[MEAN] = (at - start) // count
    return count, at, NEED_MORE
