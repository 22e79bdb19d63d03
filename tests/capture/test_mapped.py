"""Pieces of a file: the same packets as read, and nothing breaks when somebody else writes the file meanwhile."""

import mmap
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pcapframe.capture import buffer, mapped, reader
from pcapframe.capture.mapped import MappedFile
from pcapframe.capture.source import open_capture
from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import read_pcap
from tests.builders import packet, pcap, pcapng

PAGE = mmap.ALLOCATIONGRANULARITY


@pytest.fixture
def path(tmp_path):
    """A file that can be leased."""
    path = tmp_path / "capture.pcap"
    path.write_bytes(bytes(range(256)) * 64)
    with path.open("rb") as file:
        lease = MappedFile(file)
        if lease.piece(0, 1) is None:
            if os.environ.get("CI"):
                pytest.fail("no lease of a file in the folder of the tests, which then try nothing of this")
            pytest.skip("no lease of a file here: not Linux, or a file system without a block device")
        lease.give_back()
    return path


@pytest.mark.parametrize(("start", "size"), [(0, 10), (24, 5000), (PAGE, PAGE), (PAGE - 1, 1), (16_000, 9999)])
def test_a_piece_holds_the_bytes_of_the_file(path, start, size):
    whole = path.read_bytes()
    with path.open("rb") as file:
        lease = MappedFile(file)
        piece = lease.piece(start, size)
        lease.give_back()
    assert piece.base <= start
    assert piece.bytes.tobytes() == whole[piece.base : min(start + size, len(whole))]
    assert piece.is_last == (start + size >= len(whole))


def test_no_piece_of_a_file_that_is_being_written(path):
    with path.open("ab"), path.open("rb") as file:
        assert MappedFile(file).piece(0, 100) is None


def test_no_piece_without_a_block_device(path):
    with open("/proc/self/status", "rb") as file:
        assert MappedFile(file).piece(0, 100) is None


def may_be_written(path):
    """Whether nobody has a lease of a file, without waiting."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except BlockingIOError:
        return False
    return True


def test_who_wants_to_write_waits_for_a_piece_only(path):
    with path.open("rb") as file:
        lease = MappedFile(file)
        piece = lease.piece(0, 100)
        assert not may_be_written(path)
        lease.give_back()
        assert may_be_written(path)
        assert lease.piece(0, 100) is not None
    assert piece.bytes.size == 100  # and its mapping keeps a copy of the closed file's descriptor


def test_no_piece_of_a_file_that_became_shorter_or_longer(path):
    for size in (100, 20_000):
        with path.open("rb") as file:
            lease = MappedFile(file)
            os.truncate(path, size)
            assert lease.piece(0, 50) is None
            assert may_be_written(path)


def test_no_lease_is_left_where_a_file_cannot_be_mapped(path, monkeypatch):
    monkeypatch.setattr(mapped, "POPULATE_READ", -1)  # as before Linux 5.14
    with path.open("rb") as file:
        assert MappedFile(file).piece(0, 100) is None
        assert may_be_written(path)


def test_no_lease_is_left_with_an_exception_that_is_kept(path):
    """As a notebook keeps the last one, with all that its functions held."""
    path.write_bytes(pcap([(i, packet(payload=1000)) for i in range(10_000)]))

    class Enough(Exception):
        pass

    def stop(_done, _size):
        assert may_be_written(path)
        raise Enough

    with pytest.raises(Enough) as kept:
        read_pcap(path, progress=stop)
    assert may_be_written(path)
    path.write_bytes(b"not a capture at all")
    with pytest.raises(CaptureFormatError) as also_kept:
        read_pcap(path)
    assert may_be_written(path)
    assert kept.tb is not None
    assert also_kept.tb is not None


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("size", [1, 97, PAGE, 3 * PAGE + 5])
def test_pieces_of_any_size_give_the_same_packets(path, make, size, monkeypatch):
    capture = make([(i, packet(seq=i, payload=i * 7 % 1400)) for i in range(300)])
    path.write_bytes(capture)
    expected = read_pcap(capture)
    monkeypatch.setattr(buffer, "PIECE_BYTES", size)
    told = []
    found = read_pcap(path, progress=lambda done, _size: told.append(done))
    assert found.equals(expected)
    assert told[-1] == len(capture)


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("wanted_at", [1, 2])
def test_the_rest_is_read_while_somebody_has_the_file_open_for_writing(path, make, wanted_at, monkeypatch):
    capture = make([(i, packet(seq=i, payload=i * 7 % 1400)) for i in range(300)])
    path.write_bytes(capture)
    monkeypatch.setattr(buffer, "PIECE_BYTES", len(capture) // 5)
    monkeypatch.setattr(reader, "TICK_BYTES", 1)
    writers = []

    def write(_done, _size):
        writers.append(path.open("ab") if len(writers) + 1 == wanted_at else None)

    found = read_pcap(path, progress=write)
    assert found.equals(read_pcap(capture))
    assert len(writers) > wanted_at
    writers[wanted_at - 1].close()


def test_a_capture_that_is_shortened_meanwhile_is_cut(path, monkeypatch):
    capture = pcap([(i, packet(seq=i, payload=1000)) for i in range(2000)])
    path.write_bytes(capture)
    monkeypatch.setattr(buffer, "PIECE_BYTES", 1 << 16)
    monkeypatch.setattr(reader, "TICK_BYTES", 1)
    with pytest.warns(CaptureWarning, match=f"the file ends here and had {len(capture)} bytes before|cut off"):
        packets = read_pcap(path, progress=lambda _done, _size: os.truncate(path, 0))
    assert 0 < len(packets) < 100
    assert packets.attrs["capture"]["truncated"]


def test_who_shortens_a_file_waits_while_it_is_looked_at(path):
    """In processes of their own: without the lease the one that looks would be ended by a signal."""
    script = """if True:
        import subprocess, sys, time
        import numpy as np
        from pcapframe.capture.mapped import MappedFile

        path = sys.argv[1]
        with open(path, "rb") as file:
            lease = MappedFile(file)
            piece = lease.piece(0, 16_000)
            code = "import os, sys; print(flush=True); os.truncate(sys.argv[1], 0)"
            writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
            writer.stdout.readline()
            time.sleep(0.3)
            assert int(piece.bytes.sum()) > 0
            assert writer.poll() is None
            lease.give_back()
            assert writer.wait() == 0
        """
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
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


@pytest.mark.parametrize(("reading_s", "mapping_s", "expected"), [(0.004, 0.001, True), (0.001, 0.002, False)])
def test_a_large_file_is_mapped_where_that_takes_less_time(path, monkeypatch, reading_s, mapping_s, expected):
    """By a clock of its own: every call takes as long as it is said to; reading is slow at first, from the disk."""
    clock = [0.0]
    path.write_bytes(bytes(100_000))

    def read(*_):
        clock[0] += reading_s if clock[0] else 1.0

    def piece(_self, _start, _size):
        clock[0] += mapping_s

    monkeypatch.setattr(mapped, "COMPARED_BYTES", 1)
    monkeypatch.setattr(mapped, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(mapped.os, "preadv", read)
    monkeypatch.setattr(MappedFile, "piece", piece)
    with path.open("rb", buffering=0) as file:
        assert MappedFile(file).is_worthwhile() is expected


def test_a_short_file_is_mapped_without_a_trial(path, monkeypatch):
    path.write_bytes(pcap([(1, packet())]))
    monkeypatch.delattr(mapped.os, "preadv")
    with path.open("rb", buffering=0) as file:
        assert MappedFile(file).is_worthwhile()
