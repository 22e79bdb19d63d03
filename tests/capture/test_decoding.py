"""Decoding one packet: what its row may depend on."""

import random
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.capture import buffer
from pcapframe.packets import read_pcap
from tests.builders import IPV6, ethernet, packet, pcap_header, pcap_record
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
    between = struct.pack("<IIII", word, word % 1_000_000, length, word) + bytes([fill]) * length
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
            monkeypatch.setattr(buffer, "BUFFER_BYTES", len(capture))
            assert len(read_pcap(capture, progress=False)) == 1
