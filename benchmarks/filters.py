"""Hold the filters that we print against tshark: each selects the packets that it is said to select.

    python -m benchmarks.filters --captures 150 ../shared/corpus

Of each capture: the filters of what stands out, of the patterns and of the capture's health. What is said of a filter,
such as "84 packets", "all 120 packets of its connection" or "the first 12 of 40 packets", is compared with the number
of packets that tshark selects by it, and the numbers of the frames with those that are listed.
"""

import argparse
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pcapframe as pf

SAID = re.compile(r"(all |the first )?([\d,]+)")
ENDINGS = (".pcap", ".pcapng", ".cap", ".dmp")


class Said(NamedTuple):
    """A filter, how many packets it is said to select, and the first of their frames."""

    of: str
    display_filter: str
    count: int
    frames: tuple[int, ...]


def filters_of(analysis: pf.Analysis) -> Iterator[Said]:
    """Yield the filters that are printed of a capture."""
    for seen in analysis.standouts:
        match = SAID.match(seen.selects)
        if seen.display_filter is not None and match:
            count = int(match[2].replace(",", ""))
            frames = () if match[1] == "all " else seen.evidence.frames[:count]
            yield Said(f"standout {seen.kind}", seen.display_filter, count, frames)
    for one in (*analysis.patterns, *analysis.health.findings):
        name = getattr(one, "pattern", None) or f"health {one.name}"
        if one.evidence is not None and one.evidence.display_filter is not None:
            frames = one.evidence.frames
            yield Said(name, one.evidence.display_filter, len(frames), frames)


def selected(path: Path, display_filter: str) -> list[int] | str:
    """Return the frames that tshark selects, or what it says against the filter."""
    command = ["tshark", "-n", "-r", str(path), "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    frames = [int(line) for line in result.stdout.split()]
    if result.returncode and not frames:
        return result.stderr.strip().splitlines()[-1] if result.stderr.strip() else f"status {result.returncode}"
    return frames


def compare(path: Path, said: Said) -> str | None:
    """Say how a filter differs; None where it does not."""
    found = selected(path, said.display_filter)
    if isinstance(found, str):
        return found
    if len(found) != said.count:
        return f"{len(found)} packets instead of {said.count}"
    if tuple(found[: len(said.frames)]) != said.frames:
        return "other packets"
    return None


def captures_in(folder: Path, seed: int) -> list[Path]:
    """Return the captures below a folder in a random order."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in ENDINGS)
    random.Random(seed).shuffle(found)
    return found


def main() -> int:
    """Compare, print each filter that differs and the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/corpus"))
    parser.add_argument("--captures", type=int, default=150, help="most captures with a filter")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    captures = tried = short = differ = 0
    with ThreadPoolExecutor(2) as pool:
        for path in captures_in(args.folder, args.seed):
            if captures == args.captures:
                break
            try:
                said = list(filters_of(pf.analyze(path)))
            except pf.PcapframeError:
                continue
            if not said:
                continue
            captures, tried = captures + 1, tried + len(said)
            short += sum("frame.number" not in one.display_filter for one in said)
            for one, problem in zip(said, pool.map(partial(compare, path), said), strict=True):
                if problem:
                    differ += 1
                    print(f"{path.relative_to(args.folder)}: {one.of}: {problem}: {one.display_filter}", flush=True)
    equal = f"{tried - differ} equal to what is said of them, {differ} differ"
    print(f"{captures} captures, {tried} filters ({short} without frame numbers), {equal}")
    return int(differ > 0 or not captures)


if __name__ == "__main__":
    sys.exit(main())
