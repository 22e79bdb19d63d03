"""Pieces of a file: the same packets as read, and nothing breaks when somebody else writes the file meanwhile."""

import mmap
import os
import subprocess
import sys
import textwrap

import pytest

from pcapframe.capture import mapped, reader
from pcapframe.capture.mapped import MappedFile
from pcapframe.capture.source import open_capture
from pcapframe.errors import CaptureWarning
from pcapframe.packets import read_pcap
from tests.builders import packet, pcap, pcapng

PAGE = mmap.ALLOCATIONGRANULARITY


@pytest.fixture
def path(tmp_path):
    """A file that can be leased."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(bytes(range(256)) * 64)
    with path.open("rb") as file:
        if MappedFile.lease(file) is None:
            pytest.skip("no lease of a file here: not Linux, or a file system without a block device")
    return path


@pytest.mark.parametrize(("start", "size"), [(0, 10), (24, 5000), (PAGE, PAGE), (PAGE - 1, 1), (16_000, 9999)])
def test_a_piece_holds_the_bytes_of_the_file(path, start, size):
    whole = path.read_bytes()
    with path.open("rb") as file:
        piece = MappedFile.lease(file).piece(start, size)
    assert piece.base <= start
    assert piece.bytes.tobytes() == whole[piece.base : min(start + size, len(whole))]
    assert piece.is_last == (start + size >= len(whole))


def test_no_piece_of_a_file_that_is_being_written(path):
    with path.open("ab"), path.open("rb") as file:
        assert MappedFile.lease(file) is None


def test_no_piece_without_a_block_device():
    with open("/proc/self/status", "rb") as file:
        assert MappedFile.lease(file) is None


def test_a_lease_is_given_back_when_somebody_wants_to_write(path):
    with path.open("rb") as file:
        lease = MappedFile.lease(file)
        assert lease.piece(0, 100) is not None
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        assert lease.piece(0, 100) is None
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def test_no_lease_is_left_where_a_file_cannot_be_mapped(path, monkeypatch):
    monkeypatch.setattr(mapped, "POPULATE_READ", -1)  # as before Linux 5.14
    with path.open("rb") as file:
        assert MappedFile.lease(file).piece(0, 100) is None
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("size", [1, 97, PAGE, 3 * PAGE + 5])
def test_pieces_of_any_size_give_the_same_packets(path, make, size, monkeypatch):
    capture = make([(i, packet(seq=i, payload=i * 7 % 1400)) for i in range(300)])
    path.write_bytes(capture)
    expected = read_pcap(capture)
    monkeypatch.setattr(reader, "PIECE_BYTES", size)
    told = []
    found = read_pcap(path, progress=lambda done, _size: told.append(done))
    assert found.equals(expected)
    assert told[-1] == len(capture)


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("wanted_at", [1, 2])
def test_reading_goes_on_where_a_lease_was_asked_back(path, make, wanted_at, monkeypatch):
    capture = make([(i, packet(seq=i, payload=i * 7 % 1400)) for i in range(300)])
    path.write_bytes(capture)
    monkeypatch.setattr(reader, "PIECE_BYTES", len(capture) // 5)
    monkeypatch.setattr(reader, "TICK_BYTES", 1)
    calls = []

    def want(done, _size):
        calls.append(done)
        if len(calls) == wanted_at:
            with pytest.raises(BlockingIOError):
                os.open(path, os.O_WRONLY | os.O_NONBLOCK)

    found = read_pcap(path, progress=want)
    assert found.equals(read_pcap(capture))
    assert len(calls) > wanted_at


def test_a_capture_that_is_shortened_meanwhile_is_cut(path):
    """In a process of its own, which a signal would end."""
    capture = pcap([(i, packet(seq=i, payload=1000)) for i in range(2000)])
    path.write_bytes(capture)
    script = textwrap.dedent(
        """
        import subprocess, sys, time, warnings
        from pcapframe.capture import reader
        from pcapframe.packets import read_pcap

        path = sys.argv[1]
        reader.PIECE_BYTES, reader.TICK_BYTES = 1 << 16, 1
        writers = []

        def shorten(done, size):
            if not writers:
                code = "import os, sys; print(flush=True); os.truncate(sys.argv[1], 0)"
                writers.append(subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE))
                writers[0].stdout.readline()
                time.sleep(0.2)  # now it waits for the lease
            elif len(writers) == 1:
                writers.append(writers[0].wait(10))  # and now, without one, need not any more

        with warnings.catch_warnings(record=True):
            packets = read_pcap(path, progress=shorten)
        assert writers[1] == 0
        print(len(packets), packets.attrs["capture"]["truncated"])
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    count, truncated = done.stdout.split()
    assert 0 < int(count) < 2000
    assert truncated == "True"
    assert path.stat().st_size == 0


def test_a_capture_that_ends_early_is_cut_where_it_ends(path):
    capture = pcap([(i, packet(seq=i)) for i in range(10)])
    path.write_bytes(capture[:-20])
    with pytest.warns(CaptureWarning, match=f"at byte {len(capture) - 70}: cut off in a record, 34 of 54"):
        assert len(read_pcap(path)) == 9


def test_nobody_waits_for_who_only_reads(path):
    with open_capture(path) as stream:
        stream.skip(100)
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        assert stream.read_into(memoryview(bytearray(10))) == 10
