"""ERF files of Endace cards: records one after another, without a header or a magic number (Endace EDM11-01).

A record has a time in 2^-32 s (little-endian), a type, flags and lengths (big-endian), perhaps extension headers of 8
bytes, and for some types bytes before the packet. Padding is passed over; what has no packet (counters, provenance)
stays a record of the link type ERF.
"""

from typing import Any

import numpy as np

from pcapframe.capture.bits import be16, byte, u32
from pcapframe.capture.records import DONE, TOO_LONG, Array, RecordFile
from pcapframe.jit import jit

__all__ = ["RECORD_HEADER_BYTES", "is_erf", "open_erf"]

RECORD_HEADER_BYTES, EXTENSION_BYTES = 16, 8
MORE_EXTENSIONS = 0x80  # of the type, and of an extension's first byte
PADDING = 48
LINK_ERF, LINK_ETHERNET, LINK_HDLC, LINK_IPV4, LINK_IPV6 = 197, 1, 50, 228, 229
# Link type and bytes before the packet, by type. HDLC may be PPP or Cisco's, which is told by its address.
PACKETS = {
    1: (LINK_HDLC, 0), 2: (LINK_ETHERNET, 2), 5: (LINK_HDLC, 4), 10: (LINK_HDLC, 0), 11: (LINK_ETHERNET, 2),
    15: (LINK_HDLC, 0), 16: (LINK_ETHERNET, 2), 17: (LINK_HDLC, 4), 19: (LINK_HDLC, 0), 20: (LINK_ETHERNET, 2),
    22: (LINK_IPV4, 0), 23: (LINK_IPV6, 0),
}  # fmt: skip
KINDS = (*range(1, 28), PADDING)
TRIED = 10  # records that have to look like ERF
FEWEST_WHOLE = 3  # of them, in a file that is cut off
EARLIER_S = 86_400  # than the record before, at most
SPARE_BYTES = 64  # that a record is longer than its packet and headers, at most


def is_erf(start: bytes, is_whole: bool) -> bool:
    """Whether the first records look like ERF.

    Parameters
    ----------
    start : bytes
        The beginning of the file.
    is_whole : bool
        Whether that is all of it.

    Returns
    -------
    bool
        True if all of the first ten are possible, or fewer that end with the file, or three of a file that is cut off.
    """
    at = seconds_before = 0
    for number in range(TRIED):
        if at == len(start) and is_whole:
            return number > 0
        head = start[at : at + RECORD_HEADER_BYTES]
        if len(head) < RECORD_HEADER_BYTES:
            return number >= FEWEST_WHOLE
        kind, length, wire = head[8] & 0x7F, int.from_bytes(head[10:12], "big"), int.from_bytes(head[14:16], "big")
        seconds = int.from_bytes(head[4:8], "little")
        if kind not in KINDS or length < RECORD_HEADER_BYTES or seconds + EARLIER_S < seconds_before:
            return False
        has_extensions = head[8] & MORE_EXTENSIONS
        if kind != PADDING and not has_extensions and length > wire + RECORD_HEADER_BYTES + SPARE_BYTES:
            return False
        at, seconds_before = at + length, seconds
    return True


def open_erf() -> RecordFile:
    """Return how to read an ERF file.

    Returns
    -------
    RecordFile
        Its link types are those of the records.
    """
    table = np.full((128, 2), -1, np.int64)
    for kind, found in PACKETS.items():
        table[kind] = found

    def walk_records(buffer: Array, start: int, end: int, _odd: Array, batch: Array) -> tuple[int, int, int]:
        found: tuple[int, int, int] = walk(buffer, start, end, table, batch)
        return found

    return RecordFile(
        format="ERF",
        snaplen=None,
        link_types=[],
        header_bytes=0,
        record_bytes=RECORD_HEADER_BYTES,
        walk=walk_records,
        length_of=lambda head: int.from_bytes(head[10:12], "big") - RECORD_HEADER_BYTES,
        longest=0xFFFF - RECORD_HEADER_BYTES,
    )


@jit
def walk(buffer: Any, start: Any, end: Any, table: Any, batch: Any) -> Any:
    """Find the whole records between `start` and `end`, as `records.Walk` says; `table` is made of ``PACKETS``."""
    count = 0
    at = np.int64(start)
    while count < batch.size and at + RECORD_HEADER_BYTES <= end:
        length, wire = be16(buffer, at + 10), be16(buffer, at + 14)
        if length < RECORD_HEADER_BYTES:
            return count, at, TOO_LONG
        if at + length > end:
            break
        kind = byte(buffer, at + 8)
        place, stop = at + RECORD_HEADER_BYTES, at + length
        more = kind & MORE_EXTENSIONS
        while more and place + EXTENSION_BYTES <= stop:
            more = byte(buffer, place) & MORE_EXTENSIONS
            place += EXTENSION_BYTES
        kind &= 0x7F
        link, before = table[kind, 0], table[kind, 1]
        if kind != PADDING:
            record = batch[count]
            record.link, record.interface = link, -1
            if link < 0 or place + before > stop:
                record.link = LINK_ERF
                record.at, record.captured, record.wire = at, length, max(length, wire)
            else:
                record.at = place + before
                record.captured = min(stop - place - before, wire)
                record.wire = wire
            record.time = u32(buffer, at + 4, False) * 1_000_000_000 + (u32(buffer, at, False) * 1_000_000_000 >> 32)
            count += 1
        at += length
    return count, at, DONE
