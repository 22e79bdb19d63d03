"""Several threads decode a capture: the same rows, texts and errors as one alone gives, and no thread is left."""

import gzip
import os
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

from pcapframe.capture import buffer, crew, mapped, reader, strips
from pcapframe.capture.crew import Crew
from pcapframe.capture.fetching import BoundedCapture
from pcapframe.disk import FOLDER, MEMORY
from pcapframe.errors import CaptureError
from pcapframe.examples import example
from pcapframe.packets import read_pcap
from pcapframe.threads import VARIABLE
from tests.builders import ARP, IPV6, Pcapng, ethernet, packet, pcap, pcapng
from tests.capture.frames import PACKET6
from tests.capture.test_framing import MIXED
from tests.capture.wrappings import VXLAN, over_udp

NG = Pcapng()
Outcome = tuple[pd.DataFrame | str, list[str], list[tuple[int, int | None]]]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("pcapframe")]


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Outcome, Outcome]]:
    """What one thread and what three give for a capture, in strips of so many records from the first one on."""

    def read(source: Any, records: int) -> tuple[Outcome, Outcome]:
        monkeypatch.setattr(crew, "ALONE", 0)
        monkeypatch.setattr(crew, "STRIP_RECORDS", records)
        made = []
        for threads in ("1", "3"):
            monkeypatch.setenv(VARIABLE, threads)
            made.append(outcome(source))
        alone, several = made
        return alone, several

    return read


def outcome(source: Any) -> Outcome:
    told: list[tuple[int, int | None]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found: pd.DataFrame | str = read_pcap(source, progress=lambda *entry: told.append(entry))
        except CaptureError as error:
            found = str(error)
    return found, [str(warning.message) for warning in caught], told


def assert_same(alone: Outcome, several: Outcome) -> None:
    assert several[1:] == alone[1:]
    if isinstance(alone[0], str) or isinstance(several[0], str):
        assert alone[0] == several[0]
    else:
        pd.testing.assert_frame_equal(several[0], alone[0])
        assert several[0].attrs == alone[0].attrs
        for name in ("src", "dst", "protocol", "outer_src", "undecoded"):
            assert several[0][name].cat.categories.tolist() == alone[0][name].cat.categories.tolist()


def of_all_kinds() -> list[bytes]:
    """TCP with and without SACK blocks, fragments far apart, tunnels, ARP, unnamed types, ever new addresses."""
    frames: list[bytes] = []
    pieces = fragments_of(9)
    for i in range(300):
        host = f"10.{i % 7}.{i // 7}.1"
        frames.append(packet(host, "198.51.100.1", seq=i, payload=i % 40, sack=[(i, i + 1)] if i % 5 == 0 else None))
        if i % 11 == 0:
            frames.append(ethernet(over_udp(4789, VXLAN, packet(host, "10.9.9.9", seq=i))))
        if i % 13 == 0:
            frames.append(ethernet(bytes(28), ARP))
        if i % 2 == 0:
            frames.append(ethernet(bytes(28), 0x6000 + i))
        if i % 30 == 0:
            frames.append(pieces[i // 30 % len(pieces)])
        if i % 17 == 0:
            frames.append(ethernet(PACKET6, IPV6))
    return frames


def fragments_of(count: int) -> list[bytes]:
    whole = packet(payload=16 * count)
    made = []
    header, rest = bytearray(whole[:34]), whole[34:]
    for begin in range(0, len(rest), 16):
        part = rest[begin : begin + 16]
        more = 0x2000 if begin + 16 < len(rest) else 0
        header[16:18] = struct.pack(">H", 20 + len(part))
        header[20:22] = struct.pack(">H", more | begin // 8)
        made.append(bytes(header) + part)
    return made[::-1]


CAPTURES: dict[str, bytes] = {
    "pcap": pcap(list(enumerate(of_all_kinds()))),
    "pcapng": pcapng(list(enumerate(of_all_kinds()))),
    "two, one after another": pcap(list(enumerate(of_all_kinds()))) + pcapng(list(enumerate(of_all_kinds()))),
    "cut": pcap(list(enumerate(of_all_kinds())))[:-20],
    "damaged": pcap(list(enumerate(of_all_kinds()))) + struct.pack("<IIII", 1, 2, 1 << 30, 1 << 30) + bytes(99),
    "aggregates": pcap([(i, MIXED[i % len(MIXED)]) for i in range(200)], link_type=105),
    "comments": NG.section()
    + NG.interface()
    + b"".join(NG.enhanced(i, packet(seq=i), comment=f"no. {i}" if i % 9 == 0 else None) for i in range(100)),
    "compressed": gzip.compress(pcap(list(enumerate(of_all_kinds())))),
    "compressed and cut": gzip.compress(pcap(list(enumerate(of_all_kinds()))))[:-500],
    "nothing": b"no capture",
}


@pytest.mark.parametrize("records", [1, 7, 64])
@pytest.mark.parametrize("name", CAPTURES)
def test_several_threads_give_what_one_gives(
    outcomes: Callable[..., tuple[Outcome, Outcome]], monkeypatch: pytest.MonkeyPatch, name: str, records: int
) -> None:
    monkeypatch.setattr(buffer, "BUFFER_BYTES", 5000)
    assert_same(*outcomes(CAPTURES[name], records))


@pytest.mark.parametrize("name", ["pcap", "pcapng", "damaged"])
@pytest.mark.parametrize("size", [mapped.mmap.PAGESIZE, 5 * mapped.mmap.PAGESIZE])
def test_so_they_do_with_a_file_in_pieces(
    outcomes: Callable[..., tuple[Outcome, Outcome]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    size: int,
) -> None:
    monkeypatch.setattr(buffer, "PIECE_BYTES", size)
    monkeypatch.setattr(buffer, "LOOK_BYTES", mapped.mmap.PAGESIZE)
    monkeypatch.setattr(reader, "TICK_BYTES", 1)
    path = tmp_path / "capture"
    path.write_bytes(CAPTURES[name])
    alone, several = outcomes(path, 20)
    assert_same(alone, several)
    assert len(alone[2]) > 2
    in_memory, _ = outcomes(CAPTURES[name], 20)
    assert isinstance(alone[0], pd.DataFrame)
    assert isinstance(in_memory[0], pd.DataFrame)
    pd.testing.assert_frame_equal(alone[0], in_memory[0])


@pytest.mark.parametrize("name", ["losses.pcap", "ipv6.pcapng", "mirrored.pcap.gz"])
def test_so_they_do_with_real_traffic(outcomes: Callable[..., tuple[Outcome, Outcome]], name: str) -> None:
    assert_same(*outcomes(example(name), 100))


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_payload_that_looks_like_records_is_payload(
    outcomes: Callable[..., tuple[Outcome, Outcome]], monkeypatch: pytest.MonkeyPatch, make: Callable[..., bytes]
) -> None:
    """Each packet carries a chain of records that ends with it: a reader that starts in the middle may take them."""
    inner = packet("203.0.113.9", "203.0.113.8", payload=20)
    chain = make([(i, inner) for i in range(5)])[24 if make is pcap else 0 :]
    carried = packet("192.0.2.1", "198.51.100.1", payload=len(chain))
    frames = [carried[: -len(chain)] + chain] * 150
    monkeypatch.setattr(buffer, "BUFFER_BYTES", len(chain) + 1000)
    alone, several = outcomes(make(list(enumerate(frames))), 3)
    assert_same(alone, several)
    assert isinstance(several[0], pd.DataFrame)
    assert several[0]["src"].unique().tolist() == ["192.0.2.1"]
    assert several[0]["payload_bytes"].tolist() == [len(chain)] * 150


def test_a_hand_that_knows_many_addresses_begins_anew(
    outcomes: Callable[..., tuple[Outcome, Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "MOST_OWN_ADDRESSES", 10)
    assert_same(*outcomes(CAPTURES["pcap"], 5))


def test_so_they_do_with_columns_on_the_disk(
    outcomes: Callable[..., tuple[Outcome, Outcome]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pcapframe.capture.storing.SMALLEST_PIECE", 100)
    monkeypatch.setenv(MEMORY, "0")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr("pcapframe.disk.SMALLEST_BLOCK", 0)
    assert_same(*outcomes(CAPTURES["pcap"], 7))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_exception_in_the_middle_ends_all_threads(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(crew, "ALONE", 0)
    monkeypatch.setattr(crew, "STRIP_RECORDS", 5)
    monkeypatch.setenv(VARIABLE, "3")
    monkeypatch.setattr(buffer, "BUFFER_BYTES", 1000)
    monkeypatch.setattr(reader, "TICK_BYTES", 1)

    def stop(done: int, _size: int | None) -> None:
        if done > 9000:
            raise error

    with pytest.raises(error):
        read_pcap(CAPTURES["pcap"], progress=stop)


def test_what_another_thread_meets_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "ALONE", 1)
    monkeypatch.setattr(crew, "STRIP_RECORDS", 5)
    monkeypatch.setenv(VARIABLE, "3")

    def fail(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(strips.Strip, "decode_by", fail)
    with pytest.raises(MemoryError, match="no room"):
        read_pcap(CAPTURES["pcap"])


def test_of_two_errors_the_first_one_in_the_file_is_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A capture that takes too much memory, and is too long when decompressed."""

    class TooMuch(CaptureError):
        pass

    def claim(_memory: int, packets: int) -> None:
        if packets > 30:
            raise TooMuch("", "takes too much memory")

    path = tmp_path / "capture.gz"
    rng = Random(1)
    frames = [packet(payload=0) + rng.randbytes(1000) for _ in range(60)]
    path.write_bytes(gzip.compress(pcap(list(enumerate(frames)))))
    monkeypatch.setattr(crew, "ALONE", 0)
    monkeypatch.setattr(crew, "STRIP_RECORDS", 5)
    monkeypatch.setattr(buffer, "BUFFER_BYTES", 500)
    for threads in ("1", "3"):
        monkeypatch.setenv(VARIABLE, threads)
        with path.open("rb") as file, pytest.raises(TooMuch):
            read_pcap(BoundedCapture("", file, 1000, 50_000, claim))


def test_few_records_need_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "3")
    begun: list[object] = []
    monkeypatch.setattr(Crew, "_begin", begun.append)
    assert len(read_pcap(CAPTURES["pcap"])) == len(of_all_kinds())
    assert not begun
