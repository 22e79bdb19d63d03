"""Measure captures of any size beside their bars and other tools: ``make bench ARGS="--scale"``.

Makes each capture in a temporary folder, reads it once so that the disk is not measured, and analyses it in a process
of its own, which first analyses a small one. ``--packets`` takes another size than 30 million (5.8 GB, twice: pcap and
pcapng); the other captures shrink with it. Bars are for the full size.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import make_capture
from benchmarks.bench import available, heading, line, run_process
from benchmarks.bench_large import A_CONNECTION, MEMORY, PART, as_many_connections, many_connections, one_connection

SMALL = 1_200_000
A_RECORD = 192  # [bytes]
FULL_SIZE = 12_000_000  # packets of 11 GB
EXAMPLES = [str(Path(__file__).parent.parent / "data" / name) for name in ("clean.pcap", "ipv6.pcapng")]
WORKER = """
import json, os, resource, sys, time
what, path, cores, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
import pcapframe as pf
for example in EXAMPLES:  # loads the kernels of both formats
    pf.analyze(example, progress=False)
start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
analysis = pf.analyze(path, progress=False, **({} if what == "open" else {"keep": "connections"}))
shown = {"s": time.perf_counter() - start}
if what == "open":
    str(analysis)
    shown["s"] = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF)
shown["cpu_s"] = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
with open("/proc/self/status") as status:  # ru_maxrss begins with that of the process that started this one
    shown["peak"] = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
shown |= {"packets": analysis.packet_count, "connections": len(analysis.connections)}
if what == "store":
    pf.write_store(analysis, folder)
print(json.dumps(shown))
""".replace("EXAMPLES", repr(EXAMPLES))


def analyzed(path: Path, cores: int = 2, what: str = "analyze", folder: Path | None = None) -> dict[str, Any]:
    """Analyse a capture, or open a store, in a process that may use so many cores."""
    environment = {**os.environ, "PCAPFRAME_TEMPORARY": str(path.parent)}
    command = [sys.executable, "-c", WORKER, what, path, str(cores), folder or path.parent]
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ran.stdout))


def as_pcapng(source: Path, target: Path) -> None:
    """Write a big-endian pcap file whose parts have records of the same sizes as pcapng, part by part."""
    with source.open("rb") as file, target.open("wb") as out:
        header = file.read(24)
        resolution = b"\x00\x09\x00\x01\x09\x00\x00\x00" if header[:4] == b"\xa1\xb2\x3c\x4d" else b""
        options = resolution + bytes(4) if resolution else b""
        size = (20 + len(options)).to_bytes(4, "big")
        out.write(bytes.fromhex("0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"))
        out.write(b"\x00\x00\x00\x01" + size + header[22:24] + bytes(2) + header[16:20] + options + size)
        starts, length = _starts(source)
        made = _Blocks(starts, length, 1_000_000_000 if resolution else 1_000_000)
        while (records := np.fromfile(file, np.uint8, length)).size == length:
            out.write(made.of(records))
        if records.size:  # a part that is shorter
            last = starts[starts < records.size]
            out.write(_Blocks(last, records.size, made.second).of(records))


def _starts(source: Path) -> tuple[np.ndarray, int]:
    """Return where the records of the first part begin, and its length."""
    view, starts, at = np.memmap(source, np.uint8, "r", 24), [], 0
    sizes = memoryview(view)
    while at < view.size and len(starts) < PART:
        starts.append(at)
        at += 16 + int.from_bytes(sizes[at + 8 : at + 12], "big")
    return np.array(starts), at


class _Blocks:
    """Enhanced packet blocks of records."""

    def __init__(self, starts: np.ndarray, length: int, second: int) -> None:
        self.starts, self.second = starts, second
        self.kept = np.diff(np.append(starts, length)) - 16
        self.sizes = 32 + (self.kept + 3) // 4 * 4
        self.begins = np.cumsum(self.sizes) - self.sizes
        shift = np.repeat(self.begins + 28 - starts - 16, self.kept)
        within = np.repeat(starts + 16 - (np.cumsum(self.kept) - self.kept), self.kept)
        self.places = np.arange(shift.size) + within
        self.targets = self.places + shift

    def of(self, records: np.ndarray) -> bytes:
        """Return the blocks of records."""
        made = np.zeros(int(self.sizes.sum()), np.uint8)
        made[self.targets] = records[self.places]
        fields = records[self.starts[:, None] + np.arange(16)].view(">u4").astype(np.uint64)
        times = fields[:, 0] * np.uint64(self.second) + fields[:, 1]
        head = np.empty((self.starts.size, 7), ">u4")
        for column, values in enumerate(
            (6, self.sizes, 0, times >> np.uint64(32), times & np.uint64(0xFFFFFFFF), fields[:, 2], fields[:, 3])
        ):
            head[:, column] = values
        made[self.begins[:, None] + np.arange(28)] = head.view(np.uint8)
        tail = (self.begins + self.sizes - 4)[:, None] + np.arange(4)
        made[tail] = self.sizes.astype(">u4")[:, None].view(np.uint8)
        return made.tobytes()


@contextmanager
def room(folder: Path | None, needed: int) -> Iterator[Path]:
    """Make a folder where so many bytes are free."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        free = shutil.disk_usage(made).free
        if free < needed:
            sys.exit(f"{needed / 1e9:.1f} GB are needed in {made}, {free / 1e9:.1f} are free: give another --folder")
        yield Path(made)


def cat(path: Path) -> float:
    """Return how long ``cat`` takes, from the memory of the system."""
    for _ in range(2):
        start = time.perf_counter()
        with path.open("rb") as file:
            subprocess.run(["cat"], stdin=file, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
    return seconds


def rated(name: str, found: dict[str, Any], bar: str = "", reached: bool | None = None) -> None:
    """Print how fast a capture was analysed."""
    speed = f"{found['packets'] / found['s'] / 1e6:.2f} million packets/s"
    line(name, f"{found['s']:.1f} s, {found['cpu_s']:.1f} of processors, {speed}", bar, reached)


def peak(name: str, found: dict[str, Any], most: float) -> None:
    """Print the peak memory beside its bar."""
    text = f"{found['peak'] / 1e6:,.0f} MB, {found['connections']:,} connections"
    line(name, text, f"≤ {most / 1e6:,.0f} MB", found["peak"] <= most)


def measure_many(packets: int, folder: Path | None) -> None:
    """Print what a long capture of many connections takes, and other tools."""
    with room(folder, 4 * packets * A_RECORD) as place:
        path, other, small = place / "capture.pcap", place / "capture.pcapng", place / "small.pcap"
        many_connections(path, packets)
        many_connections(small, SMALL)
        heading(f"{packets:,} packets, {path.stat().st_size / 1e9:.2f} GB, keep=connections")
        copied, two, one, short = cat(path), analyzed(path), analyzed(path, 1), analyzed(small)
        line("cat", f"{copied:.1f} s")
        reached = two["packets"] / two["s"] >= 4.5e6 or two["s"] <= 1.15 * copied
        rated("pcap, two cores", two, "≥ 4.5 million/s or 1.15 × cat", reached)
        bound = two["s"] <= 1.15 * copied
        rated("pcap, one core", one)
        line("two cores / one", f"{one['s'] / two['s']:.2f} ×", "≥ 1.7 ×", bound or one["s"] / two["s"] >= 1.7)
        each = (two["s"] / two["packets"]) / (short["s"] / short["packets"])
        line("a packet / one of 1.2 million", f"{each:.2f} ×", "≤ 1.1 ×", each <= 1.1)
        peak("peak memory", two, MEMORY + A_CONNECTION * two["connections"])
        as_pcapng(path, other)
        cat(other)
        found = analyzed(other)
        rated("pcapng, two cores", found)
        line("pcapng / pcap", f"{found['s'] / two['s']:.2f} ×", "≤ 1.15 ×", found["s"] <= 1.15 * two["s"])
        other.unlink()
        if available("tcptrace"):
            theirs = run_process(["tcptrace", "-n", path])
            share = two["s"] / theirs["seconds"]
            line("tcptrace -n", f"{theirs['seconds']:.1f} s")
            line("we / tcptrace -n", f"{share:.2f} ×", "≤ 0.9 ×", share <= 0.9)
        analyzed(path, 2, "store", place / "store")
        size = sum(file.stat().st_size for file in (place / "store").iterdir()) / path.stat().st_size
        line("store of connections", f"{size:.1%} of the capture", "≤ 2 %", size <= 0.02)
        opened = min(analyzed(place / "store", 2, "open")["s"] for _ in range(3))
        line("opening it", f"{opened:.2f} s", "≤ 0.5 s", opened <= 0.5)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=30_000_000, help="of the first captures (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where captures and temporary files go")
    arguments = parser.parse_args()
    measure_many(arguments.packets, arguments.folder)
    share = arguments.packets / 30_000_000
    heading("peak memory of others, keep=connections, two cores")
    for name, make, most in (
        ("one connection", one_connection, 10_000_000),
        ("one packet a connection", as_many_connections, 5_000_000),
    ):
        with room(arguments.folder, int(3 * most * share * A_RECORD)) as place:
            make(place / "capture.pcap", int(most * share))
            found = analyzed(place / "capture.pcap")
            peak(f"{name}, {found['packets']:,} packets", found, MEMORY + A_CONNECTION * found["connections"])
    with room(arguments.folder, int(2 * FULL_SIZE * share * 950)) as place:
        make_capture.PACKETS_PER_CONNECTION = 60
        make_capture.make_capture(place / "capture.pcap", packets=int(FULL_SIZE * share))
        found = analyzed(place / "capture.pcap")
        peak(f"full-size packets, {found['packets']:,}", found, 1.2e9)


if __name__ == "__main__":
    main()
