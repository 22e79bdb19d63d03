"""Snoop files of Solaris: a header of 16 bytes, then records, all big-endian (RFC 1761)."""

from typing import Any

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.capture.bits import be32
from pcapframe.capture.pcap import LONGEST_PACKET
from pcapframe.capture.records import (
    BEYOND_SECOND,
    DONE,
    TOO_LONG,
    Array,
    RecordFile,
)
from pcapframe.jit import jit

__all__ = ["MAGIC", "open_snoop"]

MAGIC = b"snoop\0\0\0"
VERSION = 2
HEADER_BYTES, RECORD_HEADER_BYTES = 16, 24
# By what the header says: 802.3, token ring, Ethernet, FDDI, SunATM; tunnels of IPv4, of IPv6 and 6to4; IP over
# InfiniBand.
LINK_TYPES = {0: 1, 2: 6, 4: 1, 8: 10, 18: 123, 0x80000001: 101, 0x80000002: 101, 0x80000003: 101, 26: 242}


def open_snoop(header: bytes) -> RecordFile | None:
    """Return how to read a snoop file.

    Parameters
    ----------
    header : bytes
        Its first 16 bytes.

    Returns
    -------
    RecordFile or None
        None for another version (Shomiti and Finisar Surveyor), or a kind of link that no link type stands for.
    """
    version, kind = int.from_bytes(header[8:12], "big"), int.from_bytes(header[12:16], "big")
    if version != VERSION or kind not in LINK_TYPES:
        return None
    link_type = LINK_TYPES[kind]

    def walk_records(buffer: Array, start: int, end: int, odd: Array, batch: Array) -> tuple[int, int, int]:
        found: tuple[int, int, int] = walk(buffer, start, end, link_type, odd, batch)
        return found

    return RecordFile(
        format="snoop",
        snaplen=None,
        link_types=[link_type],
        header_bytes=HEADER_BYTES,
        record_bytes=RECORD_HEADER_BYTES,
        walk=walk_records,
        length_of=lambda head: int.from_bytes(head[8:12], "big") - RECORD_HEADER_BYTES,
        longest=LONGEST_PACKET,
    )


@jit
def walk(buffer: Any, start: Any, end: Any, link_type: Any, odd: Any, batch: Any) -> Any:
    """Find the whole records between `start` and `end`, as `records.Walk` says."""
    count = 0
    at = np.int64(start)
    while count < batch.size and at + RECORD_HEADER_BYTES <= end:
        wire, captured, length = be32(buffer, at), be32(buffer, at + 4), be32(buffer, at + 8)
        if length - RECORD_HEADER_BYTES > LONGEST_PACKET or length < RECORD_HEADER_BYTES + captured:
            return count, at, TOO_LONG
        if at + length > end:
            break
        record = batch[count]
        record.at = at + RECORD_HEADER_BYTES
        record.captured = captured
        record.wire = max(wire, captured)
        part = be32(buffer, at + 20)
        record.time = be32(buffer, at + 16) * 1_000_000_000 + part * 1000
        if part >= 1_000_000:
            record.time = NO_TIME
            odd[BEYOND_SECOND] += 1
        record.interface = -1
        record.link = link_type
        at += length
        count += 1
    return count, at, DONE
