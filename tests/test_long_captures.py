"""Of a long capture, an analysis holds little at a time, however long it is: its columns are on the disk."""

import json
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

import pcapframe as pf
from pcapframe import disk, memory
from pcapframe.disk import FOLDER, MEMORY
from tests.builders import ICMP, Conversation, ethernet, ipv4, packet, pcap, pcap_record, udp

CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
WHOLE = 1 << 18  # packets, of which 3 in 4 are segments: after so many more passes end alike
# Of short and long captures, where it is looked at what is made, and at what is mapped.
SIZES = ((200_000, 200_000 + WHOLE), (400_000, 400_000 + 2 * WHOLE))
MOST = (0.5, 3)  # that either grows for each packet more, at any place in the code [bytes]
SOURCE = os.path.dirname(pf.__file__)
HELPERS = (f"{os.sep}disk.py", f"{os.sep}memory.py")  # which give pages back
RESERVED = os.path.join(SOURCE, "segments", "state.py")  # makes room that is not touched
SHARED = Path("/dev/shm")  # in which pages are small, unlike those of a disk
NOW = 2_000_000_000  # of the transfer; what is before it is years away [s]
PAYLOAD = 60
TIME, SEQ, ACK = 0, 16 + 14 + 20 + 4, 16 + 14 + 20 + 8  # places in a record


def rare() -> list[tuple[float, bytes]]:
    """Packets of all kinds that take a look at every other packet."""
    talk = Conversation(CLIENT, 40_001, SERVER, 443).handshake().data("client", 100).data("server", 3000)
    for _ in range(4):
        talk.retransmit("client", 1)
    talk.ack("client", ack=1, sack=[(1461, 2921)])
    talk.send("server", "FA").data("server", 100).ack("client").rst("server")
    other = [packet(SERVER, CLIENT, 443, 40_001, "SA", seq=number, ack=1001) for number in (77, 99)]
    quoted = talk.frames[3][1][14:42]
    error = ethernet(ipv4("203.0.113.1", CLIENT, ICMP, struct.pack(">BBHI", 3, 1, 0, 0) + quoted))
    tunnelled = ethernet(ipv4(CLIENT, SERVER, 17, udp(CLIENT, SERVER, 1194, 1194, bytes(20))))
    frames = [*talk, *((talk.now, frame) for frame in (*other, error, tunnelled, b"\0" * 14))]
    return [*frames, *Conversation(CLIENT, 40_000, SERVER, 80, start=NOW - 1, timestamps=False).handshake()]


def capture(packets: int) -> bytes:
    """Return a capture of a transfer, each two segments with their acknowledgement and a datagram."""
    data = packet(SERVER, CLIENT, 80, 40_000, "A", seq=5001, ack=1001, payload=PAYLOAD)
    acknowledged = packet(CLIENT, SERVER, 40_000, 80, "A", seq=1001, ack=5001)
    datagram = ethernet(ipv4(CLIENT, SERVER, 17, udp(CLIENT, SERVER, 5000, 5001, bytes(20))))
    records = [pcap_record(NOW, frame, wire_bytes=len(frame) + 1) for frame in (data, data, acknowledged, datagram)]
    starts = np.cumsum([0, *map(len, records[:-1])])
    rows = np.tile(np.frombuffer(b"".join(records), np.uint8), (packets // 4, 1))
    number = np.arange(packets // 4)

    def put(at: int, values: np.ndarray, dtype: str) -> None:
        rows[:, at : at + 4] = values.astype(dtype).view(np.uint8).reshape(-1, 4)

    for start in starts:
        put(start + TIME, NOW + number // 1000, "<u4")
        put(start + TIME + 4, number % 1000 * 1000, "<u4")
    for i in range(2):
        put(starts[i] + SEQ, 5001 + (2 * number + i) * PAYLOAD, ">u4")
    put(starts[2] + ACK, 5001 + (2 * number + 2) * PAYLOAD, ">u4")
    return pcap(rare()) + rows.tobytes()


def place_in(frame: FrameType | None, but: tuple[str, ...] = ()) -> str:
    """Return which line of the package is run, but for some of its modules."""
    while frame is not None and (
        not frame.f_code.co_filename.startswith(SOURCE) or frame.f_code.co_filename.endswith(but)
    ):
        frame = frame.f_back
    return "" if frame is None else f"{os.path.relpath(frame.f_code.co_filename, SOURCE)}:{frame.f_lineno}"


class Made:
    """Notes how much is made at most in each place: a profiler (``sys.setprofile``)."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}
        self._place, self._before = "", 0

    def __call__(self, frame: FrameType, event: str, _given: object) -> None:
        if not frame.f_code.co_filename.startswith(SOURCE):
            return
        now, peak = tracemalloc.get_traced_memory()
        self.most[self._place] = max(self.most.get(self._place, 0), peak - self._before)
        tracemalloc.reset_peak()
        reserves = frame.f_code.co_filename == RESERVED
        self._place, self._before = "" if reserves else place_in(frame.f_back if event == "return" else frame), now


class Mapped(weakref.WeakSet[mmap.mmap]):
    """The maps; before pages are given back, it is noted how much of them is in memory, and where that is."""

    def __init__(self) -> None:
        super().__init__()
        self.most: dict[str, int] = {}

    def __iter__(self) -> Iterator[mmap.mmap]:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        held = next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssShmem"))
        place = place_in(sys._getframe(1), HELPERS)
        self.most[place] = max(self.most.get(place, 0), held)
        return super().__iter__()


def measure(path: Path) -> None:
    """Print what is made and what is mapped at most, place by place, of a short and a long capture."""
    disk.ROWS_HELD, memory.PIECE_ROWS, memory.STRETCH_ROWS = 1 << 15, 1 << 15, 1 << 14
    found = []
    path.write_bytes(capture(4))
    pf.analyze(path, keep="connections", progress=False)  # loads the kernels
    tracemalloc.start()
    for packets in SIZES[0]:
        path.write_bytes(capture(packets))
        made = Made()
        sys.setprofile(made)
        pf.analyze(path, keep="connections", progress=False)
        sys.setprofile(None)
        found.append(made.most)
    tracemalloc.stop()
    for packets in SIZES[1]:
        path.write_bytes(capture(packets))
        disk._MAPS = mapped = Mapped()
        pf.analyze(path, keep="connections", progress=False)
        found.append(mapped.most)
    sys.stdout.write(json.dumps(found))


def has_room() -> bool:
    """Whether columns of all packets can be files whose pages are small and counted."""
    return hasattr(mmap, "MADV_DONTNEED") and SHARED.exists() and shutil.disk_usage(SHARED).free > 1 << 30


@pytest.mark.skipif(not has_room(), reason="no memory for files")
def test_no_stage_holds_a_column_of_all_packets(tmp_path: Path) -> None:
    code = "import sys, pathlib, tests.test_long_captures as t; t.measure(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "long.pcap")]
    known = {**os.environ, MEMORY: "0", FOLDER: str(SHARED), "PCAPFRAME_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=known)
    of_short, of_long = json.loads(ran.stdout)[::2], json.loads(ran.stdout)[1::2]
    for short, long, sizes, most in zip(of_short, of_long, SIZES, MOST, strict=True):
        grown = {where: (held - short.get(where, 0)) / (sizes[1] - sizes[0]) for where, held in long.items()}
        # The capture is read piece by piece, and pieces are longer than this one.
        grown = {where: each for where, each in grown.items() if where and not where.startswith("capture")}
        assert not {where: round(each, 2) for where, each in grown.items() if each > most}
