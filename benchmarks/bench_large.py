"""Measure captures larger than the memory that an analysis may take: ``python -m benchmarks.bench_large``.

Makes captures of packets of 192 bytes in a temporary folder, one at a time: of many connections, of one, and of as many
connections as packets. Analyses each in a process of its own, once with connections kept and columns on the disk, and
prints time and peak memory (``VmHWM``, mapped pages included) beside the limit: 1 GB, and 1 KB a connection.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import make_capture
from benchmarks.costly_input import repeated, tcp

PART = 1_000_000  # packets that are made at once
CONNECTIONS_A_MILLION = 2_600
CAPTURED = 176  # of a packet; its record has 16 more [bytes]
MEMORY, A_CONNECTION = 1_000_000_000, 1_000  # [bytes]
ETHERTYPE, IPV6 = 12, 0x86DD
ADDRESSES = {False: (27, 31), True: (26, 42)}  # a byte of each address, in a frame of IPv4 and of IPv6
SHOWN = """
import json, resource, sys, time
import pcapframe as pf
start = time.perf_counter()
analysis = pf.analyze(sys.argv[1], keep="connections", progress=False)
used = resource.getrusage(resource.RUSAGE_SELF)
shown = {"s": time.perf_counter() - start, "cpu_s": used.ru_utime + used.ru_stime, }
with open("/proc/self/status") as status:  # ru_maxrss begins with that of the process that started this one
    shown["peak"] = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps(shown | {"packets": analysis.packet_count, "connections": len(analysis.connections)}))
"""


def many_connections(path: Path, packets: int) -> None:
    """Write the benchmark's capture, sliced, again and again, each time later and between other addresses."""
    first = path.with_suffix(".first")
    make_capture.PACKETS_PER_CONNECTION = PART // CONNECTIONS_A_MILLION
    make_capture.make_capture(first, packets=min(PART, packets))
    header, records, starts = _sliced(np.fromfile(first, np.uint8))
    first.unlink()
    seconds = _field(records, starts, 0, ">u4").astype(np.int64)
    is_ipv6 = _field(records, starts, 16 + ETHERTYPE, ">u2") == IPV6
    places = [np.where(is_ipv6, ADDRESSES[True][side], ADDRESSES[False][side]) + starts + 16 for side in range(2)]
    own = [records[place].copy() for place in places]
    with path.open("wb") as file:
        file.write(header.tobytes())
        for copy in range(-(-packets // PART)):
            times = (seconds + copy * (np.ptp(seconds) + 1)).astype(">u4")
            records[starts[:, None] + np.arange(4)] = times[:, None].view(np.uint8)
            for place, byte in zip(places, own, strict=True):
                records[place] = byte ^ np.uint8(copy)
            file.write(records.tobytes())


def _sliced(capture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return header, records and where each record begins, of a capture that was made with this snaplen."""
    at, place, view = [], 24, memoryview(capture)
    while place < capture.size:
        at.append(place)
        place += 16 + int.from_bytes(view[place + 8 : place + 12], "big")
    begins = np.array(at)
    kept = np.minimum(np.diff(np.append(begins, capture.size)), 16 + CAPTURED)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    records = np.empty(starts[-1], np.uint8)
    for number in range(0, begins.size, PART // 10):
        some = slice(number, number + PART // 10)
        shift = np.repeat(begins[some] - starts[:-1][some], kept[some])
        low, high = starts[number], starts[min(number + PART // 10, begins.size)]
        records[low:high] = capture[np.arange(low, high) + shift]
    starts = starts[:-1]
    records[starts[:, None] + np.arange(8, 12)] = (kept - 16).astype(">u4")[:, None].view(np.uint8)
    return capture[:24], records, starts


def _field(records: np.ndarray, starts: np.ndarray, at: int, dtype: str) -> np.ndarray:
    return records[starts[:, None] + at + np.arange(np.dtype(dtype).itemsize)].view(dtype).ravel()


def one_connection(path: Path, packets: int) -> None:
    """Write a transfer in one connection."""
    payload = bytes(CAPTURED - 54)
    _write(path, packets, tcp(payload=payload), lambda numbers: {38: (numbers * len(payload)).astype(np.uint32)})


def as_many_connections(path: Path, packets: int) -> None:
    """Write SYNs, each of a connection."""

    def columns(numbers: np.ndarray) -> dict[int, np.ndarray]:
        return {26: (0x0A000000 + (numbers >> 14)).astype(np.uint32), 34: (1024 + (numbers & 0x3FFF)).astype(np.uint16)}

    _write(path, packets, tcp(0x02, payload=bytes(CAPTURED - 54)), columns)


def _write(path: Path, packets: int, frame: bytes, columns: Callable[[np.ndarray], dict[int, np.ndarray]]) -> None:
    with path.open("wb") as file:
        for begin in range(0, packets, PART):
            numbers = np.arange(begin, min(begin + PART, packets))
            file.write(repeated(frame, numbers.size, columns(numbers))[24 if begin else 0 :])


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=30_000_000, help="of the first capture (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where captures and temporary files go")
    parser.add_argument("--first", action="store_true", help="only the first capture (15 GB of 100 million packets)")
    arguments = parser.parse_args()
    cases = {
        "many connections": (many_connections, arguments.packets),
        "one connection": (one_connection, arguments.packets // 3),
        "one packet a connection": (as_many_connections, arguments.packets // 6),
    }
    missed = False
    for name, (make, packets) in list(cases.items())[: 1 if arguments.first else None]:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            path = Path(folder, "capture.pcap")
            make(path, packets)
            known = {**os.environ, "PCAPFRAME_MEMORY_BYTES": str(MEMORY), "PCAPFRAME_TEMPORARY": folder}
            ran = subprocess.run(
                [sys.executable, "-c", SHOWN, path], env=known, capture_output=True, text=True, check=True
            )
        shown = json.loads(ran.stdout)
        limit = MEMORY + A_CONNECTION * shown["connections"]
        missed |= shown["peak"] > limit
        print(
            f"{name}: {shown['packets']:,} packets, {shown['connections']:,} connections: {shown['s']:.1f} s "
            f"({shown['packets'] / shown['s'] / 1e6:.2f} million packets/s), {shown['cpu_s']:.1f} s of processor time, "
            f"peak {shown['peak'] / 1e6:,.0f} MB (limit {limit / 1e6:,.0f})",
            flush=True,
        )
    sys.exit(missed)


if __name__ == "__main__":
    main()
