"""Headers and records, byte by byte as the formats are specified."""

import struct

import numpy as np

from pcapframe.capture.writer import Described, Records, copy_packets, pcap_header, pcapng_header, record_bytes, records

PACKETS = Records(
    np.array([1_500_000_000_123_456_789, 2]), np.array([3, 4], np.uint32), np.array([9, 4], np.uint32), np.array([0, 1])
)


def test_pcap() -> None:
    assert pcap_header(1, 60) == bytes.fromhex("4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000")
    assert pcap_header(101, 300_000)[16:20] == struct.pack("<I", 300_000)
    laid = records(PACKETS, pcapng=False)
    assert laid.places.tolist() == [16, 35]
    first = struct.pack("<IIII", 1_500_000_000, 123_456_789, 3, 9) + b"\0" * 3
    assert laid.data.tobytes() == first + struct.pack("<IIII", 0, 2, 4, 4) + b"\0" * 4


def test_pcapng_blocks() -> None:
    laid = records(PACKETS, pcapng=True, offset_s=-1)
    ticks = 1_500_000_000_123_456_789 + 10**9
    first = struct.pack("<IIIIIII", 6, 36, 0, ticks >> 32, ticks & 0xFFFFFFFF, 3, 9) + b"\0" * 4 + struct.pack("<I", 36)
    second = struct.pack("<IIIIIII", 6, 36, 1, 0, 10**9 + 2, 4, 4) + b"\0" * 4 + struct.pack("<I", 36)
    assert laid.data.tobytes() == first + second
    assert laid.places.tolist() == [28, 64]
    assert record_bytes(PACKETS.captured, pcapng=True).tolist() == [36, 36]


def test_pcapng_header() -> None:
    header = pcapng_header([Described(1, 96, name="eth0")], -2)
    length = struct.unpack_from("<I", header, 4)[0]
    block = header[length:]
    assert block[:16] == struct.pack("<IIHHI", 1, len(block), 1, 0, 96)
    options = struct.pack("<HH4s", 2, 4, b"eth0") + struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HHq", 14, 8, -2)
    assert block[16:-4] == options + b"\0" * 4


def test_no_packets() -> None:
    empty = Records(*(np.empty(0, np.int64) for _ in Records._fields))
    assert all(records(empty, pcapng=pcapng).data.size == 0 for pcapng in (False, True))


def test_stretches_are_copied() -> None:
    target = np.zeros(6, np.uint8)
    source = np.arange(10, dtype=np.uint8)
    copy_packets(source, np.array([1, 7]), np.array([2, 3]), target, np.array([3, 0]))
    assert target.tolist() == [7, 8, 9, 1, 2, 0]
