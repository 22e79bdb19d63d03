"""Classic pcap: a header of 24 bytes, then records (draft-ietf-opsawg-pcap)."""

from typing import Any, Literal, NamedTuple

import numpy as np

from pcapframe.capture.bits import LINE_BYTES, fetch_ahead, u32
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.jit import jit

__all__ = ["DONE", "MAGICS", "TOO_LONG", "PcapHeader", "longest_packet", "parse_header", "walk"]

HEADER_BYTES = 24
RECORD_HEADER_BYTES = 16
# magic number: big-endian, units of the sub-second field [ns]
MAGICS = {
    bytes.fromhex("a1b2c3d4"): (True, 1000),
    bytes.fromhex("d4c3b2a1"): (False, 1000),
    bytes.fromhex("a1b23c4d"): (True, 1),
    bytes.fromhex("4d3cb2a1"): (False, 1),
}
RAW_IP = 101
RAW_IP_NUMBERS = (12, 14)  # in files of some operating systems
# libpcap's limits on the length of a packet, by link type: D-Bus, USBPcap, EBHSCR [bytes]
LONG_PACKETS = {231: 128 << 20, 249: 128 << 20, 279: 8 << 20}
LONGEST_PACKET = 262144

DONE, TOO_LONG = 0, 1


class PcapHeader(NamedTuple):
    """Fields of the file header."""

    big_endian: bool
    unit_ns: int
    snaplen: int
    link_type: int


def longest_packet(link_type: int) -> int:
    """Longest packet accepted for a link type, in bytes; a longer one is damage."""
    return LONG_PACKETS.get(link_type, LONGEST_PACKET)


def normal_link_type(number: int) -> int:
    """Link type without the bits about the frame check sequence; all numbers of raw IP as one."""
    number &= 0x03FFFFFF
    return RAW_IP if number in RAW_IP_NUMBERS else number


def parse_header(header: bytes) -> PcapHeader:
    """Parse the 24 bytes of a file header whose magic number is one of `MAGICS`."""
    big_endian, unit_ns = MAGICS[header[:4]]
    order: Literal["big", "little"] = "big" if big_endian else "little"
    snaplen = int.from_bytes(header[16:20], order)
    network = int.from_bytes(header[20:24], order)
    return PcapHeader(big_endian, unit_ns, snaplen, normal_link_type(network))


@jit
def walk(
    buffer: Any, start: Any, end: Any, big_endian: Any, unit_ns: Any, link_type: Any, longest: Any, batch: Any
) -> Any:
    """Find the whole records between `start` and `end`.

    Returns
    -------
    tuple of int
        How many are in `batch`, where the next one begins, ``DONE`` or ``TOO_LONG`` (the next one claims more than
        `longest` bytes).
    """
    count = 0
    at = start
    stride = np.int64(0)
    while count < BATCH_RECORDS and at + RECORD_HEADER_BYTES <= end:
        captured = u32(buffer, at + 8, big_endian)
        if captured > longest:
            return count, at, TOO_LONG
        if at + RECORD_HEADER_BYTES + captured > end:
            break
        record = batch[count]
        record.at = at + RECORD_HEADER_BYTES
        record.captured = captured
        record.wire = u32(buffer, at + 12, big_endian)
        record.time = u32(buffer, at, big_endian) * 1_000_000_000 + u32(buffer, at + 4, big_endian) * unit_ns
        record.interface = -1
        record.link = link_type
        at += RECORD_HEADER_BYTES + captured
        count += 1
        if captured > LINE_BYTES:
            stride = RECORD_HEADER_BYTES + captured
        fetch_ahead(buffer, at, stride)
    return count, np.int64(at), DONE
