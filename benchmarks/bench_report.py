"""Measure what a report costs, once kernels are compiled: ``python benchmarks/bench_report.py [CAPTURE ...]``.

Prints processor time of a whole process, from start to exit, and the size of its page, beside the limits.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import HERE, heading, inherited, line

SECONDS_BAR, BYTES_BAR = 6.0, 700_000
CAPTURES = [str(HERE.parent / "data" / name) for name in ("resets.pcap", "losses.pcap", "clean.pcap")]


def processor_time() -> float:
    """Return the processor time of all finished children [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(captures: list[str]) -> bool:
    """Write a report of each capture; return whether all stay below the limits."""
    reached = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pcapframe", "report", "-o", folder]
        subprocess.run(
            [*command, captures[0]], check=True, capture_output=True, env=inherited()
        )  # compiles what is not compiled yet
        for capture in captures:
            before = processor_time()
            subprocess.run([*command, capture], check=True, capture_output=True, env=inherited())
            seconds = processor_time() - before
            size = max(page.stat().st_size for page in Path(folder).glob("*.html"))
            reached += [seconds <= SECONDS_BAR, size <= BYTES_BAR]
            heading(Path(capture).name)
            line("processor time", f"{seconds:.2f} s", f"≤ {SECONDS_BAR:g} s", seconds <= SECONDS_BAR)
            line("page", f"{size / 1000:,.0f} kB", f"≤ {BYTES_BAR / 1000:g} kB", size <= BYTES_BAR)
            for page in Path(folder).glob("*.html"):
                page.unlink()
    return all(reached)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:] or CAPTURES))
