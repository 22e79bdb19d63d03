"""Measure a cluster on this machine: ``make bench-cluster``.

Makes rotated captures of packets cut to 192 bytes, and analyses them with one worker of one thread and with two, each
limited to 3 GB, scheduler and client beside them. Prints time, processor time of the workers, peak memory (``VmHWM``)
of each worker and of the client, and what went through the shuffle, beside the bars: 1.5 times as fast with two, and
never more than 3 GB a worker. ``--convert`` writes a store with all packets. ``--fan-out`` instead plans the shuffle of
many workers, without sending a byte.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_large import many_connections
from pcapframe.cluster._connecting import SHARE_OF_MEMORY, TIMES_AS_LARGE

MEMORY = 3_000_000_000
FASTER = 1.5
ROWS_A_CAPTURE = 300_000
RECORD = 192  # [bytes]
SHUFFLE = ("p2p-shard-partition-cpu seconds", "p2p-get-output-cpu seconds", "p2p-shards bytes", "disk-write bytes")


def rotated(folder: Path, packets: int, files: int) -> list[str]:
    """Cut the capture of many connections into files, one after another."""
    whole = folder / "whole.pcap"
    many_connections(whole, packets)
    data, at, starts = whole.read_bytes(), 24, []
    while at < len(data):
        starts.append(at)
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "big")
    ends = [*(starts[len(starts) * number // files] for number in range(files)), len(data)]
    made = [folder / f"ring_{number:03}.pcap" for number in range(files)]
    for file, begin, end in zip(made, ends[:-1], ends[1:], strict=True):
        file.write_bytes(data[:24] + data[begin:end])
    whole.unlink()
    return list(map(str, made))


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def used() -> tuple[float, int]:
    """Return processor time and peak memory of a worker."""
    times = os.times()
    return times.user + times.system, peak()


def shuffled(dask_worker: Any) -> dict[str, float]:
    """Return what a worker counted of its shuffles."""
    found: dict[str, float] = {}
    for key, value in dask_worker.digests_total.items():
        if isinstance(key, tuple) and any("p2p" in str(part) for part in key):
            name = " ".join(map(str, key[-2:]))
            if name in SHUFFLE:
                found[name] = round(found.get(name, 0) + value, 2)
    return found


def measured(files: list[str], workers: int, store: Path | None) -> float:
    """Analyse, or write a store, with so many workers and print what it took; return the time."""
    from distributed import Client, LocalCluster

    import pcapframe
    from pcapframe import cluster

    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=MEMORY, dashboard_address=None,
            silence_logs=50, env={"PCAPFRAME_THREADS": "1"},
        ) as made,
        Client(made) as client,
    ):  # fmt: skip
        cluster.analyze(files[:1], client, progress=False)  # loads kernels
        before = client.run(used)
        own, start = time.process_time(), time.perf_counter()
        if store:
            analysis = pcapframe.analyze(cluster.convert(files, store, client, progress=False))
        else:
            analysis = cluster.analyze(files, client, progress=False)
        took, own = time.perf_counter() - start, time.process_time() - own
        after, moved = client.run(used), client.run(shuffled)
    spent = [after[worker][0] - before[worker][0] for worker in after]
    shown = ", ".join(f"{seconds:.1f}" for seconds in spent)
    found = f"{analysis.packet_count:,} packets, {len(analysis.connections):,} connections"
    written = f", a store of {sum(file.stat().st_size for file in store.iterdir()) / 1e6:,.0f} MB" if store else ""
    print(f"{workers} worker(s): {took:.1f} s for {found}{written}", flush=True)
    print(f"  processor time of workers {shown} s, of client and scheduler {own:.1f} s")
    for worker, (_, most) in after.items():
        print(f"  {worker}: peak memory {most / 1e9:.2f} GB (bar {MEMORY / 1e9:.0f}); shuffle {moved[worker]}")
    print(f"  client and scheduler: peak memory {peak() / 1e9:.2f} GB so far")
    return took


def fan_out(workers: int, packets: int, folder: Path) -> None:
    """Plan a shuffle: how many pieces of which size, what writing and reading them costs, how even the parts are."""
    from pcapframe.cluster._decoding import partition_of
    from pcapframe.cluster._wire import pack, unpack
    from pcapframe.packets import read_pcap

    captures, connections = packets // ROWS_A_CAPTURE, packets * 2_600 // 1_000_000
    parts = max(2 * workers, TIMES_AS_LARGE * packets * RECORD // int(SHARE_OF_MEMORY * MEMORY))
    rng = np.random.default_rng(1)
    sizes = rng.zipf(1.6, connections).clip(max=1_000_000).astype(float)  # a few connections have most packets
    sizes *= packets / sizes.sum()
    loads = np.bincount(rng.integers(0, parts, sizes.size), sizes, parts)
    own = np.bincount(np.arange(parts) * workers // parts, loads)
    (file,) = rotated(folder, ROWS_A_CAPTURE, 1)
    frame = read_pcap(file, names=False, progress=False)
    to = partition_of(frame, parts)
    places = np.split(np.argsort(to, kind="stable"), np.cumsum(np.bincount(to, minlength=parts))[:-1])
    start = time.process_time()
    pieces = pack(frame, places, more={"row": np.arange(len(frame), dtype=np.uint32)})
    written = time.process_time() - start
    some = [piece for piece, rows in zip(pieces, places, strict=True) if rows.size]
    again = [some[number % len(some)] for number in range(min(captures, 2_000))]
    start = time.process_time()
    unpack(again)
    read = (time.process_time() - start) * captures / len(again)
    sent = sum(map(len, pieces))
    print(f"{workers:,} workers, {packets:,} packets in {captures:,} captures, {parts:,} parts:")
    print(
        f"  {captures * parts:,} pieces, {sent / len(frame):.0f} bytes a packet, {sent * captures / 1e12:.3f} TB in all"
    )
    print(
        f"  writing those of a capture {written:.2f} s of {len(frame):,} packets; reading those of a part {read:.1f} s"
    )
    print(f"  {3 * captures + 2 * parts:,} tasks, each about a millisecond for the scheduler (by Dask's documentation)")
    print(f"  largest part {loads.max() / loads.mean():.2f} x the mean, largest worker {own.max() / own.mean():.2f} x")


def main() -> None:
    """Measure, or plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=12_000_000)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--fan-out", action="store_true")
    parser.add_argument("--convert", action="store_true", help="write a store with all packets")
    parser.add_argument("--captures", type=Path, help="a folder where these are kept for the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.captures or Path(temporary)
        if asked.fan_out:
            for workers, packets in ((10, 100_000_000), (100, 1_000_000_000), (1_000, 10_000_000_000)):
                fan_out(workers, packets, folder)
            return
        files = sorted(map(str, folder.glob("ring_*.pcap")))
        if len(files) != asked.files:
            folder.mkdir(parents=True, exist_ok=True)
            with ProcessPoolExecutor(1, get_context("spawn")) as aside:  # so that its memory is not the client's
                files = aside.submit(rotated, folder, asked.packets, asked.files).result()
        store = Path(temporary, "store") if asked.convert else None
        one, two = measured(files, 1, store), measured(files, 2, store)
    print(f"two workers: {one / two:.2f} x as fast as one (bar {FASTER})")


if __name__ == "__main__":
    main()
