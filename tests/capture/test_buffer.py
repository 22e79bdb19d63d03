"""Bytes in a buffer: records across its edges, longer than it, and claims without bytes."""

import os

import numpy as np
import pytest

from pcapframe.capture import buffer, crew, reader
from pcapframe.capture.buffer import BUFFER_BYTES
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.mapped import MappedFile
from pcapframe.capture.reader import read_capture
from pcapframe.capture.source import CaptureStream, open_capture
from pcapframe.errors import CaptureNotFoundError, CaptureWarning
from pcapframe.packets import read_pcap
from tests.builders import Pcapng, packet, pcap, pcap_header, pcap_record, pcapng

NG = Pcapng()


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
    monkeypatch.setattr(buffer, "BUFFER_BYTES", size)
    found = read_pcap(capture)
    assert found.equals(expected)
    assert found.attrs == expected.attrs


def test_records_longer_than_the_buffer():
    long = bytes(BUFFER_BYTES + 1000)
    dbus = pcap_header(link_type=231) + pcap_record(1, b"x") + pcap_record(2, long) + pcap_record(3, b"y")
    with pytest.warns(CaptureWarning, match="link type 231 \\(D-Bus\\) is not decoded"):
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
    assert sum(piece.rows for piece in columns.rows._pieces) < 100_000


def test_a_sparse_file_claims_no_more_rows_than_it_has(tmp_path):
    path = tmp_path / "sparse.pcap"
    with path.open("wb") as file:
        file.write(pcap_header() + 40_000 * pcap_record(1, b"") + b"\xff" * 64)
        file.truncate(100 << 30)
    with pytest.warns(CaptureWarning, match="claims"):
        found = read_pcap(path, progress=False)
    assert len(found) == 40_000


@pytest.fixture
def read_ahead(monkeypatch):
    """Have files read, whatever takes less time, by as many threads as are named and in small strips."""

    def read(threads, size, room=1 << 16):
        monkeypatch.setattr(MappedFile, "is_worthwhile", lambda _: False)
        monkeypatch.setenv("PCAPFRAME_THREADS", str(threads))
        monkeypatch.setattr(crew, "ALONE", 0)
        monkeypatch.setattr(crew, "STRIP_RECORDS", 20)
        monkeypatch.setattr(buffer, "BUFFER_BYTES", size)
        monkeypatch.setattr(buffer, "ROOM_BEFORE", room)

    return read


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(("size", "room"), [(97, 0), (97, 50), (1000, 100), (1000, 1 << 16), (50_000, 3000)])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_what_is_read_ahead_gives_the_same(make, threads, size, room, tmp_path, read_ahead):
    capture = make([(i, packet(f"10.0.{i % 7}.1", seq=i, payload=i * 7 % 1400)) for i in range(300)])
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture)
    expected = read_pcap(capture)
    read_ahead(threads, size, room)
    told = []
    found = read_pcap(path, progress=lambda done, _size: told.append(done))
    assert found.equals(expected)
    assert told == sorted(told)
    assert told[-1] == len(capture)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_ahead_waits_for_its_turn(threads, tmp_path, read_ahead, monkeypatch):
    """Where a record before it is damaged, nothing behind that is looked at."""
    records = [pcap_record(i, packet(seq=i, payload=500)) for i in range(100)]
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(pcap_header() + b"".join(records))
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(pcap_header() + b"".join(records[:20]) + b"\xff" * 500 + b"".join(records[20:]))
    read_at, bad = CaptureStream.read_at, len(b"".join(records[:20])) + 2_000

    def fail(stream, offset, view):
        if offset > bad:
            raise CaptureNotFoundError(stream.name, "cannot be read (Input/output error)")
        return read_at(stream, offset, view)

    read_ahead(threads, 2_000)
    monkeypatch.setattr(CaptureStream, "read_at", fail)
    with pytest.raises(CaptureNotFoundError, match="Input/output error"):
        read_pcap(whole)
    with pytest.warns(CaptureWarning, match="a record claims"):
        assert len(read_pcap(damaged)) == 20


@pytest.mark.parametrize("threads", [1, 2])
def test_a_file_that_is_shortened_while_it_is_read_is_cut(threads, tmp_path, read_ahead, monkeypatch):
    capture = pcap([(i, packet(seq=i, payload=1000)) for i in range(2000)])
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture)
    read_ahead(threads, 1 << 14)
    monkeypatch.setattr(reader, "TICK_BYTES", 1)
    with pytest.warns(CaptureWarning, match=f"the file ends here and had {len(capture)} bytes before|cut off"):
        packets = read_pcap(path, progress=lambda _done, _size: os.truncate(path, 0))
    assert 0 < len(packets) < 200
    assert packets.attrs["capture"]["truncated"]


@pytest.mark.parametrize("threads", [1, 3])
def test_zeros_within_and_at_the_end_are_told_alike_however_the_file_is_read(threads, tmp_path, read_ahead):
    """A few between records are empty packets; from another buffer on, a long run up to the end is none."""
    records = [pcap_record(i, packet(seq=i, payload=900)) for i in range(200)]
    capture = pcap_header() + b"".join(records[:150]) + bytes(16 * 5) + b"".join(records[150:]) + bytes(4 << 20)
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture)
    with pytest.warns(CaptureWarning, match="zeros up to the end"):
        expected = read_pcap(path)
    assert len(expected) == 205
    read_ahead(threads, 150_000)
    with pytest.warns(CaptureWarning, match="zeros up to the end"):
        found = read_pcap(path)
    assert found.equals(expected)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_long_record_is_joined_by_halves_of_it(threads, tmp_path, read_ahead, monkeypatch):
    """Not piece by piece, each of which would copy all before."""
    long = bytes(300_000)
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap_header(link_type=231) + pcap_record(1, b"x") + pcap_record(2, long) + pcap_record(3, b"y"))
    read_ahead(threads, 1000, 100)
    joined, copied = buffer.Buffer._joined, []

    def count(*arguments):
        made = joined(*arguments)
        copied.append(made.size)
        return made

    monkeypatch.setattr(buffer.Buffer, "_joined", count)
    with pytest.warns(CaptureWarning, match="not decoded"):
        found = read_pcap(path, progress=False)
    assert found["captured_bytes"].tolist() == [1, len(long), 1]
    assert sum(copied) < 4 * len(long)
