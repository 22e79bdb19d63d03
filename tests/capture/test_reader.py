"""Reading a capture to its end: what is no capture, records across the buffer's edge, progress."""

import io

import numpy as np
import pytest

from pcapframe.capture import reader
from pcapframe.capture.reader import BUFFER_BYTES, PIECE_BYTES, TICK_BYTES, read_capture
from pcapframe.capture.records import PacketColumns
from pcapframe.capture.source import open_capture
from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Pcapng, packet, pcap, pcap_header, pcap_record, pcapng

NG = Pcapng()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty, expected a pcap or pcapng capture"),
        (b"abc", "has 3 bytes, expected a pcap or pcapng capture"),
        (b"Once upon a time", "is not a capture: begins with 4f 6e 63 65"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is not a capture: begins with 89 50 4e 47"),
        (b"PK\x03\x04" + bytes(50), "is a ZIP archive"),
        (b"%PDF-1.7\n", "is a PDF document"),
        (b"snoop\0\0\0" + bytes(50), "is a Solaris snoop file"),
        (b"\xd4\xc3\xb2\xa1", "cut off in the pcap header, 4 of 24 bytes are there"),
        (b"\x0a\x0d\x0d\x0a", "cut off in the pcapng section header"),
        (b"\n\r\r\nnot a section at all", "cut off in the pcapng section header, or its length"),
        (bytes(100), "is not a capture: begins with 00 00 00 00"),
    ],
)
def test_what_is_no_capture(data, problem):
    with pytest.raises(CaptureFormatError, match=problem) as caught:
        read_pcap(data)
    assert caught.value.offset == 0
    assert str(caught.value).startswith(f"{len(data)} bytes at byte 0: ")


def lengths() -> list[int]:
    """Packet lengths that put the buffer's edges at every kind of place."""
    rng = np.random.default_rng(3)
    return [*rng.integers(54, 1500, 3000).tolist(), *range(54, 1400), *[60_000] * 100]


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_records_across_the_edges_of_the_buffer(make):
    frames = [(i / 1000, packet(seq=i, payload=length - 54)) for i, length in enumerate(lengths())]
    capture = make(frames)
    assert len(capture) > 2 * BUFFER_BYTES
    found = read_pcap(capture, progress=False)
    assert found["seq"].tolist() == list(range(len(frames)))
    assert found["captured_bytes"].tolist() == lengths()
    assert found["payload_bytes"].tolist() == [length - 54 for length in lengths()]
    for offset, (_, frame) in zip(found["offset"].iloc[::500], frames[::500], strict=True):
        assert capture[offset : offset + len(frame)] == frame


@pytest.mark.parametrize("size", [28, 64, 97, 1000])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_buffer_of_any_size_gives_the_same(make, size, monkeypatch):
    capture = make([(i, packet(seq=i, payload=i * 7 % 300)) for i in range(200)])
    expected = read_pcap(capture)
    monkeypatch.setattr(reader, "BUFFER_BYTES", size)
    found = read_pcap(capture)
    assert found.equals(expected)
    assert found.attrs == expected.attrs


def test_records_longer_than_the_buffer():
    long = bytes(BUFFER_BYTES + 1000)
    dbus = pcap_header(link_type=231) + pcap_record(1, b"x") + pcap_record(2, long) + pcap_record(3, b"y")
    with pytest.warns(CaptureWarning, match="link type 231 is not decoded"):
        found = read_pcap(dbus, progress=False)
    assert found["captured_bytes"].tolist() == [1, len(long), 1]
    skipped = NG.section() + NG.interface() + NG.block(77, long) + NG.enhanced(1, packet())
    assert len(read_pcap(skipped, progress=False)) == 1


def test_claims_allocate_nothing():
    """A header may claim what it likes; the buffer grows only with bytes that are there."""
    claim = NG.section() + NG.interface() + NG.block(77, bytes(8))[:4] + (16 << 20).to_bytes(4, "little")
    with open_capture(claim + bytes(100)) as stream:
        columns = PacketColumns()
        facts = read_capture(stream, columns, lambda _done, _size: None)
    assert facts.truncated
    assert columns.count == 0
    assert columns._columns.time.size < 100_000


def test_a_sparse_file_claims_no_more_rows_than_it_has(tmp_path):
    path = tmp_path / "sparse.pcap"
    with path.open("wb") as file:
        file.write(pcap_header() + 40_000 * pcap_record(1, b"") + b"\xff" * 64)
        file.truncate(100 << 30)
    with pytest.warns(CaptureWarning, match="claims"):
        found = read_pcap(path, progress=False)
    assert len(found) == 40_000


# Progress.


def test_progress_is_told_what_was_read_and_how_much_there_is(tmp_path):
    capture = pcap([(i, packet(payload=60_000)) for i in range(300)])
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture)
    for source, size in ((path, len(capture)), (capture, len(capture)), (io.BytesIO(capture), None)):
        told = []
        read_pcap(source, progress=lambda done, size, told=told: told.append((done, size)))
        assert len(told) > len(capture) // (max(TICK_BYTES, PIECE_BYTES) + BUFFER_BYTES)
        assert {entry[1] for entry in told} == {size}
        assert [entry[0] for entry in told] == sorted(entry[0] for entry in told)
        assert told[-1][0] == len(capture)


def test_progress_is_told_of_small_captures_too():
    told = []
    capture = pcap([(0, packet())])
    read_pcap(capture, progress=lambda *entry: told.append(entry))
    assert told == [(len(capture), len(capture))]


def test_progress_may_stop_the_reading():
    class Enough(Exception):
        pass

    def stop(_done, _size):
        raise Enough

    with pytest.raises(Enough):
        read_pcap(pcap([(0, packet())]), progress=stop)


# Facts.


def test_damage_is_noted_once_with_its_place():
    capture = pcap([(0, packet())]) + b"\x01\x02"
    with pytest.warns(CaptureWarning) as warned:
        found = read_pcap(capture)
    info = capture_info(found)
    assert info.truncated
    assert info.notes == [
        "at byte 94: cut off in a record header, 2 of 16 bytes are there; every whole packet before is kept"
    ]
    assert [str(warning.message) for warning in warned] == [f"96 bytes: {info.notes[0]}"]
    assert warned[0].filename == __file__


def test_undecoded_link_types_are_noted_once_each():
    capture = NG.section() + NG.interface(link_type=147) * 3 + NG.interface(link_type=148) + NG.interface()
    with pytest.warns(CaptureWarning, match="link type") as warned:
        found = read_pcap(capture)
    assert len(warned) == 2
    assert capture_info(found).link_types == ["link type 147", "link type 148", "Ethernet"]
