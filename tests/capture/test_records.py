"""The columns while they fill: what a packet's row may depend on, and room for many."""

import gzip
import ipaddress
import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.capture import reader, records
from pcapframe.capture.records import BATCH_RECORDS, PacketColumns, protocol_name
from pcapframe.capture.source import open_capture
from pcapframe.packets import read_pcap
from tests.builders import IPV6, ethernet, packet, pcap, pcap_header, pcap_record
from tests.capture.frames import HEADERS, PACKET, PACKET6, TUNNELS
from tests.capture.rows import plain

FRAMES = [
    *((link, header + PACKET) for link, header, _, _ in HEADERS.values() if header is not None),
    *((link, header + PACKET6) for link, _, header, _ in HEADERS.values() if header is not None),
    *((1, ethernet(tunnel, IPV6 if tunnel[0] >> 4 == 6 else 0x0800)) for tunnel in TUNNELS.values()),
    (1, packet(mss=1460, wscale=7, sack_ok=True, ts=(1, 2))),
    (1, packet(flags="A", sack=[(1, 2), (3, 4)], ts=(1, 2))),
]


def rows_between(frames: list[tuple[int, bytes, int]], fill: int) -> list[dict[str, Any]]:
    """Rows of frames of (link type, captured bytes, wire length), with bytes of `fill` between them."""
    word, length = fill * 0x01010101, 200 + fill
    between = struct.pack("<IIII", word, word, length, word) + bytes([fill]) * length
    found = []
    for link in sorted({link for link, _, _ in frames}):
        records = [pcap_record(0, data, wire_bytes=wire) for kind, data, wire in frames if kind == link]
        capture = pcap_header(link_type=link) + b"".join(record + between for record in records)
        packets = read_pcap(capture, progress=False)
        found += plain(packets.iloc[::2].drop(columns=["offset", "source_frame"]))
    return found


def test_what_follows_a_packet_changes_nothing_in_its_row():
    cuts = [(link, frame[:length], len(frame)) for link, frame in FRAMES for length in range(len(frame) + 1)]
    zeros, ones = rows_between(cuts, 0), rows_between(cuts, 0xFF)
    assert len(zeros) == len(cuts)
    assert zeros == ones


VALUES = [0, 1, 2, 5, 6, 17, 44, 0x45, 0x60]


@pytest.mark.fuzz
@given(st.sampled_from(sorted({link for link, _ in FRAMES})), st.integers(0, 2**32))
def test_what_follows_a_damaged_packet_changes_nothing_in_its_row(link, seed):
    rng = random.Random(seed)
    frames = []
    for frame in [frame for kind, frame in FRAMES if kind == link]:
        damaged = bytearray(frame[: rng.randrange(1, len(frame) + 1)])
        for _ in range(rng.randrange(4)):
            damaged[rng.randrange(len(damaged))] = rng.choice([*VALUES, rng.randrange(256)])
        frames.append((link, bytes(damaged), len(frame)))
    assert rows_between(frames, 0) == rows_between(frames, 0xFF)


def test_no_read_beyond_the_buffer(monkeypatch):
    """With NUMBA_BOUNDSCHECK=1 (``make fuzz``) a read beyond a buffer that is full is an IndexError."""
    for link, frame in FRAMES:
        for length in (len(frame), len(frame) - 5, len(frame) // 2, len(frame) // 3):
            capture = pcap_header(link_type=link) + pcap_record(0, frame[:length], wire_bytes=len(frame))
            monkeypatch.setattr(reader, "BUFFER_BYTES", len(capture))
            assert len(read_pcap(capture, progress=False)) == 1


def test_more_addresses_than_there_was_room_for():
    count = 3 * BATCH_RECORDS + 17
    template = np.frombuffer(struct.pack("<IIII", 0, 0, 54, 54) + packet(), np.uint8)
    records = np.tile(template, (count, 1))
    numbers = np.arange(count)
    for column, shift in zip(range(16 + 26, 16 + 30), (24, 16, 8, 0), strict=True):
        records[:, column] = (0x0A000000 + numbers * 7) >> shift & 0xFF
    packets = read_pcap(pcap_header() + records.tobytes())
    assert len(packets) == count
    assert packets["src"].nunique() == count
    assert packets["dst"].unique().tolist() == ["198.51.100.1"]
    for place in (0, 1, BATCH_RECORDS - 1, BATCH_RECORDS, count - 1):
        assert packets["src"].iloc[place] == str(ipaddress.ip_address(0x0A000000 + place * 7))
    assert packets["source_frame"].tolist() == list(range(1, count + 1))
    assert packets["offset"].tolist() == [24 + 70 * place + 16 for place in range(count)]


def test_ipv6_addresses_that_share_halves():
    pairs = [(f"2001:db8:{i}::{j}", f"2001:db8:{j}::{i}") for i in range(1, 30) for j in range(1, 30)]
    packets = read_pcap(pcap([(0, packet(src, dst)) for src, dst in pairs]))
    assert list(zip(packets["src"], packets["dst"], strict=True)) == pairs
    assert len(packets["src"].cat.categories) == 29 * 29


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (6, "TCP"),
        (255, "IP protocol 255"),
        (256 + 0x0806, "ARP"),
        (256 + 0xFFFF, "Ethernet type 0xffff"),
        (256 + 0x10001, "short frame"),
        (256 + 0x20000 + 147, "link type 147"),
    ],
)
def test_protocol_names(code, name):
    assert protocol_name(code) == name


def test_bytes_held_grow_with_packets_addresses_sack_blocks_and_fragments() -> None:
    def held(frames: list[bytes]) -> int:
        columns = PacketColumns()
        seen: list[int] = []
        decode = columns.decode

        def watched(*arguments: Any) -> None:
            decode(*arguments)
            seen.append(columns.nbytes)

        columns.decode = watched  # type: ignore[method-assign]
        with open_capture(pcap(list(enumerate(frames)))) as stream:
            reader.read_capture(stream, columns, lambda _done, _size: None)
        return seen[-1]

    row = sum(np.dtype(dtype).itemsize for dtype in records.DTYPES.values())
    empty, plain_frame, sacked = held([b""]), packet(), packet(flags="A", sack=[(1, 2), (3, 4)])
    assert held([b""] * 101) == empty + 100 * row
    assert held([plain_frame] * 10) == empty + 9 * row + 2 * 24
    assert held([sacked] * 10) == held([plain_frame] * 10) + 10 * 4 * 4
    piece = bytearray(packet(payload=64))
    piece[20:22] = b"\x20\x00"  # more fragments follow
    assert held([bytes(piece)] * 10) > held([plain_frame] * 10) + 10 * 64


def test_rows_that_are_expected_but_have_no_room_are_not_waited_for() -> None:
    columns = PacketColumns()
    columns.expected_rows = 1 << 50
    capture = pcap([(i, b"") for i in range(3 * BATCH_RECORDS)])
    with open_capture(capture) as stream:
        reader.read_capture(stream, columns, lambda _done, _size: None)
    assert columns.filled().time.size == columns.count == 3 * BATCH_RECORDS


def test_an_estimate_that_is_too_low_does_not_move_all_rows_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    room = records._room
    monkeypatch.setattr(records, "_room", lambda rows: made.append(rows) or room(rows))
    columns = PacketColumns()
    columns.expected_rows = 1
    with open_capture(gzip.compress(pcap([(i, bytes(100)) for i in range(8 * BATCH_RECORDS)]), 1)) as stream:
        reader.read_capture(stream, columns, lambda _done, _size: None)
    assert columns.count == 8 * BATCH_RECORDS
    assert len(made) < 10
