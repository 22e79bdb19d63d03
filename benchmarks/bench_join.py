"""Measure what a join costs: ``python -m benchmarks.bench_join`` from the root of the project.

Prints the processor time of `join_captures` beside that of analysing both captures, for the benchmark's capture and for
one long connection (limit 1.3 times), run in pairs in one process that keeps its memory; then the peak memory (VmHWM,
with what is mapped of files), each in a process of its own: of one that analyses both captures and holds both analyses,
and of one that joins them (limit 1.0 times). `--packets 10000000 --only "one connection" --memory` measures a
connection of so many.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pcapframe as pf
from benchmarks.bench import KEEPING_MEMORY
from benchmarks.make_capture import make_capture
from benchmarks.make_transfer import make_transfer
from benchmarks.second_point import points

TIME_BAR, MEMORY_BAR = 1.3, 1.0
MAKERS: dict[str, Callable[..., None]] = {"many connections": make_capture, "one connection": make_transfer}
WORK: dict[str, Callable[[dict[str, Path]], object]] = {
    "analyses": lambda paths: {name: pf.analyze(path, progress=False) for name, path in paths.items()},
    "join": pf.join_captures,
}


def processor_s(work: str, paths: dict[str, Path]) -> float:
    """Return the processor time of some work [s]."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    made = WORK[work](paths)
    after = resource.getrusage(resource.RUSAGE_SELF)
    del made
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def worker(work: str, *paths: str) -> None:
    """Do some work once, and print its peak memory and what it found."""
    given = dict(zip(("client", "server"), map(Path, paths), strict=True))
    made = WORK[work](given)
    found = made.segments["fate"].value_counts().to_dict() if isinstance(made, pf.Joined) else {}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())  # ru_maxrss counts the parent too
    print(
        json.dumps({"bytes": int(peak[1]) * 1024 if peak else 0, "s": usage.ru_utime + usage.ru_stime, "fates": found})
    )


def apart(work: str, paths: dict[str, Path]) -> dict[str, object]:
    """Do some work in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_join", "--worker", work, *map(str, paths.values())]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measure(name: str, paths: dict[str, Path], runs: int) -> bool:
    """Print time and memory of a join of two captures; return whether both limits are met."""
    ratios, times = [], []
    for run in range(runs + 1):
        alone, whole = (processor_s(work, paths) for work in WORK)
        if run:  # the first one compiles, or loads what is compiled
            ratios.append(whole / alone)
            times.append((alone, whole))
    ratio = median(ratios)
    alone, whole = (median(column) for column in zip(*times, strict=True))
    print(f"{name}: both analyses {alone:.2f} s of processor time, joined {whole:.2f} s")
    print(f"  {ratio:.2f} times, from {min(ratios):.2f} to {max(ratios):.2f}  ({met(ratio <= TIME_BAR, TIME_BAR)})")
    return memory(paths) and ratio <= TIME_BAR


def memory(paths: dict[str, Path]) -> bool:
    """Print the peak memory of both; return whether the limit is met."""
    alone, whole = (apart(work, paths) for work in WORK)
    peaks = [float(str(one["bytes"])) for one in (alone, whole)]
    ratio = peaks[1] / peaks[0]
    print(f"  peak memory {peaks[0] / 1e6:,.0f} MB, joined {peaks[1] / 1e6:,.0f} MB; "
          f"processor time of whole processes {alone['s']:.2f} and {whole['s']:.2f} s")  # fmt: skip
    print(f"  {ratio:.2f} times  ({met(ratio <= MEMORY_BAR, MEMORY_BAR)}); fates {whole['fates']}")
    return ratio <= MEMORY_BAR


def met(is_met: bool, bar: float) -> str:
    """Return a limit and whether it is met."""
    return f"limit {bar}: {'met' if is_met else 'MISSED'}"


def main() -> None:
    """Read the command line and measure; exit with 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=1_200_000, help="of each first capture (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="pairs of which the median counts (%(default)s)")
    parser.add_argument("--only", choices=list(MAKERS), help="one of the captures")
    parser.add_argument("--memory", action="store_true", help="each once, in processes of their own")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        worker(*arguments.worker)
        return
    if any(os.environ.get(name) != value for name, value in KEEPING_MEMORY.items()):
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.bench_join", *sys.argv[1:]],
                  os.environ | KEEPING_MEMORY)  # fmt: skip
    good = []
    with tempfile.TemporaryDirectory() as folder:
        for name in [arguments.only] if arguments.only else MAKERS:
            first = Path(folder) / f"{name.replace(' ', '_')}.pcap"
            MAKERS[name](first, packets=arguments.packets)
            paths = points(Path(folder), first)
            print(f"{name}: {arguments.packets:,} packets")
            good.append(memory(paths) if arguments.memory else measure(name, paths, arguments.runs))
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
