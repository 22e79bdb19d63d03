"""Where a capture may come from, and how it may be compressed."""

import bz2
import gzip
import io
import lzma
import os
import random
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import lz4.frame
import pytest
import zstandard

from pcapframe.capture.source import open_capture, source_name
from pcapframe.errors import CaptureFormatError, CaptureNotFoundError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Conversation, packet, pcap, pcapng

TALK = Conversation().handshake().data("client", 500).close()
CAPTURE = pcap(TALK)
COUNT = len(TALK.frames)
# Frames that compress badly, so that a compressed capture is nearly as long as the capture.
NOISE = random.Random(7)
LARGE = pcap([(i, packet(seq=i, payload=NOISE.randbytes(1000))) for i in range(300)])

COMPRESS = {
    "gzip": gzip.compress,
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "lz4": lz4.frame.compress,
}


class OnlyRead:
    """A stream that has read and nothing else, and gives a few bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        self._stream = io.BytesIO(data)
        self._most = most

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, self._most))


# Kinds of source.


def test_paths(tmp_path):
    path = tmp_path / "a capture.pcap"
    path.write_bytes(CAPTURE)
    for source in (path, str(path), os.path.relpath(path)):
        found = read_pcap(source)
        assert len(found) == COUNT
        assert capture_info(found).name == str(source)
        assert capture_info(found).compression is None


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(kind):
    found = read_pcap(kind(CAPTURE))
    assert len(found) == COUNT
    assert capture_info(found).name == f"{len(CAPTURE)} bytes"


def test_open_files_are_read_from_where_they_stand_and_stay_open(tmp_path):
    path = tmp_path / "capture"
    path.write_bytes(b"before" + CAPTURE)
    for buffering in (0, -1):
        with path.open("rb", buffering) as file:
            file.seek(6)
            found = read_pcap(file)
            assert len(found) == COUNT
            assert capture_info(found).name == str(path)
            assert not file.closed


@pytest.mark.parametrize("most", [1, 5, 100, 1 << 20])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_streams_that_cannot_seek(most, compress):
    assert len(read_pcap(OnlyRead(compress(CAPTURE), most))) == COUNT


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(CAPTURE,))
    writer.start()
    found = read_pcap(path)
    writer.join()
    assert len(found) == COUNT


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_standard_input(compress):
    code = """if True:
        from pcapframe.packets import capture_info, read_pcap
        packets = read_pcap("-")
        print(len(packets), capture_info(packets).name)
    """
    done = subprocess.run([sys.executable, "-c", code], input=compress(CAPTURE), capture_output=True, check=True)
    assert done.stdout.decode().strip() == f"{COUNT} standard input"


def test_names():
    assert source_name("-") == "standard input"
    assert source_name(Path("x") / "y") == str(Path("x") / "y")
    assert source_name(b"abc") == "3 bytes"
    assert source_name(io.BytesIO()) == "stream"


# What is not there, or is no binary file.


def test_no_such_file(tmp_path):
    with pytest.raises(CaptureNotFoundError, match=r"missing\.pcap: there is no such file") as caught:
        read_pcap(tmp_path / "missing.pcap")
    assert caught.value.name == str(tmp_path / "missing.pcap")


def test_directory(tmp_path):
    with pytest.raises(CaptureNotFoundError, match="the folder has no capture"):
        read_pcap(tmp_path)


@pytest.mark.parametrize("name", ["", "nul\0byte", "x" * 5000])
def test_impossible_names(name):
    with pytest.raises(CaptureNotFoundError):
        read_pcap(name)


def test_files_that_cannot_be_read(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    path = tmp_path / "secret.pcap"
    path.write_bytes(CAPTURE)
    path.chmod(0)
    with pytest.raises(CaptureNotFoundError, match="cannot be opened"):
        read_pcap(path)


def test_file_that_breaks_while_it_is_read():
    class Breaks(OnlyRead):
        def read(self, size):
            data = super().read(size)
            if not data:
                raise OSError(5, "Input/output error")
            return data

    with pytest.raises(CaptureNotFoundError, match="Input/output error"):
        read_pcap(Breaks(CAPTURE[:-1], 1000))


def test_closed_file():
    stream = io.BytesIO(CAPTURE)
    stream.close()
    with pytest.raises(CaptureNotFoundError, match="closed file"):
        read_pcap(stream)


@pytest.mark.parametrize("source", [io.StringIO("text"), 5, None, {"a": 1}])
def test_what_is_no_source(source):
    with pytest.raises(CaptureFormatError, match="expected a path, bytes or a binary file"):
        read_pcap(source)


def test_text_file_behind_a_wrapper():
    class Text:
        def read(self, size):
            return "text"[:size]

    with pytest.raises(CaptureFormatError, match="expected a binary file, got str from it"):
        read_pcap(Text())


# Compression.


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_compression_is_recognised_by_content(name, make, tmp_path):
    capture = make(TALK)
    path = tmp_path / "misleading.pcap.png"
    path.write_bytes(COMPRESS[name](capture))
    found = read_pcap(path)
    assert len(found) == COUNT
    info = capture_info(found)
    assert (info.compression, info.bytes, info.truncated) == (name, len(capture), False)


@pytest.mark.parametrize("name", COMPRESS)
def test_several_members_are_one_capture(name):
    compress = COMPRESS[name]
    members = [CAPTURE[:30], b"", CAPTURE[30:31], CAPTURE[31:]]
    found = read_pcap(b"".join(compress(member) for member in members))
    assert len(found) == COUNT
    assert not capture_info(found).truncated


def test_zeros_may_pad_a_compressed_file():
    assert len(read_pcap(gzip.compress(CAPTURE) + bytes(1000))) == COUNT


@pytest.mark.parametrize("name", COMPRESS)
def test_compressed_data_cut_in_the_middle(name):
    data = COMPRESS[name](LARGE)
    with pytest.warns(CaptureWarning, match=f"the {name} data ends early"):
        found = read_pcap(data[: len(data) * 2 // 3])
    least = 40 if name != "bz2" else 80  # zstd's blocks hold 128 KiB
    assert least < len(found) < 210
    assert found["seq"].tolist() == list(range(len(found)))
    assert capture_info(found).truncated


@pytest.mark.parametrize("name", COMPRESS)
def test_compressed_data_cut_anywhere(name):
    data = COMPRESS[name](CAPTURE)
    for length in range(6, len(data), 3):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                told = capture_info(read_pcap(data[:length])).notes
            except CaptureFormatError as error:
                told = [str(error)]
        assert any(f"the {name} data ends early" in text for text in told)
        assert all(warning.category is CaptureWarning for warning in warned)


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_damaged_compressed_data(name):
    """What came before the damage is kept; zstd and lz4 have no checksums here and may not notice it."""
    data = bytearray(COMPRESS[name](LARGE))
    data[len(data) * 2 // 3] ^= 0xFF
    with pytest.warns(CaptureWarning, match=f"the {name} data is damaged"):
        found = read_pcap(bytes(data))
    assert 150 < len(found) <= 300
    assert capture_info(found).truncated


def test_damaged_bzip2_data():
    """Its blocks are checked before any of their bytes come out; here the first of two is damaged."""
    data = bytearray(bz2.compress(LARGE, 1))
    data[50_000] ^= 0xFF
    with pytest.raises(CaptureFormatError, match="the bz2 data is damaged"):
        read_pcap(bytes(data))


@pytest.mark.parametrize("name", COMPRESS)
def test_something_else_behind_compressed_data(name):
    with pytest.warns(CaptureWarning, match="damaged or followed by something else"):
        found = read_pcap(COMPRESS[name](CAPTURE) + b"something else, long enough")
    assert len(found) == COUNT
    assert capture_info(found).truncated


@pytest.mark.parametrize("name", COMPRESS)
def test_compressed_nothing_and_compressed_text(name):
    compress = COMPRESS[name]
    with pytest.raises(CaptureFormatError, match="is empty"):
        read_pcap(compress(b""))
    with pytest.raises(CaptureFormatError, match="is text"):
        read_pcap(compress(b"only some text"))
    with pytest.raises(CaptureFormatError, match="is compressed twice"):
        read_pcap(compress(compress(CAPTURE)))


@pytest.mark.parametrize("start", ["1f8b", "425a68", "fd377a585a00", "28b52ffd", "04224d18"])
def test_only_the_magic_number_is_right(start):
    with pytest.raises(CaptureFormatError, match=r"data (is damaged|ends early)"):
        read_pcap(bytes.fromhex(start) + b"\x01" * 200)


def test_what_a_few_bytes_decompress_to_is_read_piece_by_piece():
    size = 1 << 28
    bomb = zstandard.compress(bytes(size))  # 8 KiB
    with open_capture(bomb) as stream:
        view, most, total = memoryview(bytearray(1 << 20)), 0, 0
        while count := stream.read_into(view):
            total += count
            most = max(most, len(stream._ready))
    assert total == size
    assert most < size // 1.5
