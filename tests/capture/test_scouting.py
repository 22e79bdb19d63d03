"""Scouts find the records ahead, and whatever they find, the walkers return the records that are there."""

import struct
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from pcapframe.capture import pcapng, scouting
from pcapframe.capture.pcap import Form, open_pcap
from pcapframe.capture.records import new_batch, new_odd
from pcapframe.capture.scouting import MEAN, SCOUTED, SCOUTS, STOP, WINDOW, new_scouts
from tests import builders

BATCH = 100  # so few that the walkers are called often, and know from the second call on how long records are
START_S = 1_700_000_000


@numba.njit
def scout(buffer: Any, at: Any, form: Any, scouts: Any) -> None:
    scouting.scout_records(buffer, at, buffer.size, form, scouts)


@numba.njit
def scout_pcapng(buffer: Any, at: Any, big: Any, scouts: Any) -> None:
    scouting.scout_blocks(buffer, at, buffer.size, big, scouts)


def imitation(big_endian: bool) -> bytes:
    """Bytes that look like the header of a record, and like that of a block."""
    order = ">" if big_endian else "<"
    return struct.pack(f"{order}IIII", START_S, 1, 700, 700) + struct.pack(f"{order}IIIIIII", 6, 64, 0, 0, 0, 32, 32)


def packets(filling: bytes, lengths: tuple[int, int] = (100, 1500)) -> list[tuple[float, bytes]]:
    """Some 3 MB of packets."""
    rng = np.random.default_rng(7)
    sizes = rng.integers(*lengths, 2 * 3_000_000 // sum(lengths))
    return [
        (START_S + i / 1000, (filling * (size // len(filling) + 1))[:size]) for i, size in enumerate(sizes.tolist())
    ]


def array(data: bytes) -> Any:
    return np.frombuffer(bytearray(data), np.uint8)


def walked(walk: Callable[[int, Any], tuple[int, int, int]], start: int) -> list[tuple[int, int]]:
    """Where packets begin and how long they are, by as many calls of a walker as it takes."""
    found: list[tuple[int, int]] = []
    while True:
        batch = new_batch(BATCH)
        count, start, _ = walk(start, batch)
        found += zip(batch["at"][:count].tolist(), batch["captured"][:count].tolist(), strict=True)
        if count == 0:
            return found


def expected(
    sent: list[tuple[float, bytes]], first: int, header: int, trailer: int, padded: bool
) -> list[tuple[int, int]]:
    found, at = [], first
    for _, packet in sent:
        found.append((at + header, len(packet)))
        at += header + len(packet) + (-len(packet) % 4 if padded else 0) + trailer
    return found


@pytest.mark.parametrize("lengths", [(100, 1500), (20, 60), (2000, 9000)])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("imitates", [False, True])
def test_a_walk_over_pcap_finds_all_records(big_endian: bool, imitates: bool, lengths: tuple[int, int]) -> None:
    sent = packets(imitation(big_endian) if imitates else b"payload", lengths)
    data = array(builders.pcap(sent, big_endian=big_endian))
    file, odd = open_pcap(data, is_whole=True), new_odd()
    found = walked(lambda start, batch: file.walk(data, start, data.size, odd, batch), 24)
    assert found == expected(sent, 24, 16, 0, padded=False)


@pytest.mark.parametrize("lengths", [(100, 1500), (20, 60)])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("imitates", [False, True])
def test_a_walk_over_pcapng_finds_all_packets(big_endian: bool, imitates: bool, lengths: tuple[int, int]) -> None:
    sent = packets(imitation(big_endian) if imitates else b"payload", lengths)
    capture = builders.pcapng(sent, big_endian=big_endian)
    data, state, scouts = array(capture), pcapng.new_walked(), new_scouts()
    found = walked(lambda start, batch: pcapng.walk(data, start, data.size, state, 0, 1, batch, scouts), 0)
    whole = expected(sent, 0, 28, 4, padded=True)
    first = found[0][0] - whole[0][0]  # the section and the interface before them
    assert found == [(first + at, size) for at, size in whole]
    assert [capture[at : at + size] for at, size in found] == [packet for _, packet in sent]


@pytest.mark.parametrize("big_endian", [False, True])
def test_scouts_go_from_record_to_record(big_endian: bool) -> None:
    """Each reaches the last record of its share, by the records that are there."""
    sent = packets(b"payload")
    data, scouts = array(builders.pcap(sent, big_endian=big_endian)), new_scouts()
    scouts[MEAN] = 800
    fields = open_pcap(data, is_whole=True).header._asdict() | {"longest": 262_144}
    form = Form(**{name: fields[name] for name in Form._fields})
    scout(data, 24, form, scouts)
    begins = {at - 16 for at, _ in expected(sent, 24, 16, 0, padded=False)}
    assert scouts[SCOUTED] == 24 + WINDOW
    assert set(scouts[:SCOUTS].tolist()) <= begins
    assert (np.abs(scouts[:SCOUTS] - scouts[STOP : STOP + SCOUTS]) < 1600).all()


@pytest.mark.parametrize("big_endian", [False, True])
def test_scouts_go_from_block_to_block(big_endian: bool) -> None:
    sent = packets(b"payload")
    data, scouts = array(builders.pcapng(sent, big_endian=big_endian)), new_scouts()
    scouts[MEAN] = 800
    scout_pcapng(data, 0, big_endian, scouts)
    state = pcapng.new_walked()
    found = walked(lambda start, batch: pcapng.walk(data, start, data.size, state, 0, 1, batch, new_scouts()), 0)
    blocks = {at - 28 for at, _ in found}
    assert set(scouts[:SCOUTS].tolist()) <= blocks
    assert (np.abs(scouts[:SCOUTS] - scouts[STOP : STOP + SCOUTS]) < 1600).all()


@pytest.mark.parametrize("mean", [40, 8_000])
def test_scouts_stay_where_there_is_nothing_to_gain(mean: int) -> None:
    data, scouts = array(bytes(1 << 20)), new_scouts()
    scouts[MEAN] = mean
    scout_pcapng(data, 0, False, scouts)
    assert scouts[:SCOUTS].tolist() == [k * data.size // SCOUTS for k in range(SCOUTS)]


def test_scouts_among_zeros_give_up() -> None:
    data, scouts = array(bytes(1 << 20)), new_scouts()
    scouts[MEAN] = 800
    scout_pcapng(data, 0, False, scouts)
    assert scouts[1:SCOUTS].tolist() == scouts[STOP + 1 : STOP + SCOUTS].tolist()


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("likely", [0.0, 0.01, 0.3])
def test_scouts_stay_within_the_bytes(big_endian: bool, likely: float) -> None:
    """Whatever lengths are claimed; an index beyond the bytes is an error with ``NUMBA_BOUNDSCHECK=1``."""
    rng = np.random.default_rng(9)
    data = rng.integers(0, 256, 700_000, np.uint8)
    header = np.frombuffer(imitation(big_endian), np.uint8)
    for place in rng.integers(0, data.size - header.size, int(likely * data.size / header.size)).tolist():
        data[place : place + header.size] = header
    data[:16] = header[:16]
    form = Form(big_endian, 1000, 1, 262_144, 0xA1B2C3D4, 16, 0, 0)
    for run in (lambda scouts: scout(data, 0, form, scouts), lambda scouts: scout_pcapng(data, 0, big_endian, scouts)):
        scouts = new_scouts()
        scouts[MEAN] = 800
        run(scouts)
        assert (scouts[:SCOUTS] >= scouts[STOP : STOP + SCOUTS] - 16 - 64).all()
