"""How soon Ctrl-C ends a command, at every stage, and what it leaves behind: ``python -m benchmarks.interrupts``.

A command on a capture of a million packets is interrupted after one delay and another, until a delay is longer than the
command. It should end within a second, with status 130, and leave neither a temporary file nor half a result.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import made
from pcapframe.kernel_cache import cache_folder

BAR_S = 1.0
PROGRAM = [sys.executable, "-m", "pcapframe"]
INTERRUPTED = 130  # status of a command; Python itself has another one, before a command begins and when it has ended
COMMANDS: dict[str, tuple[list[str], dict[str, str]]] = {
    "analyze": (["analyze", "CAPTURE"], {}),
    "analyze on the disk": (["analyze", "CAPTURE"], {"PCAPFRAME_MEMORY_BYTES": "100M"}),
    "analyze --cache": (["analyze", "--cache", "CAPTURE"], {}),
    "convert": (["convert", "CAPTURE", "OUT/store"], {}),
    "packets to a file": (["packets", "CAPTURE", "--parquet", "OUT/packets.parquet"], {}),
}


def interrupt(arguments: list[str], environment: dict[str, str], delay: float) -> tuple[int, float | None]:
    """Interrupt a command; return its status and how many seconds it went on, None where it had ended before."""
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            return process.wait(delay), None
        except subprocess.TimeoutExpired:
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            return process.wait(60), time.monotonic() - begun


def try_once(name: str, capture: Path, delay: float) -> tuple[float | None, set[str]]:
    """Interrupt a command after a while; return how many seconds it went on, and the files that it left."""
    command, environment = COMMANDS[name]
    with tempfile.TemporaryDirectory(dir=capture.parent) as made_folder:
        folder = Path(made_folder)
        for each in ("temporary", "OUT", "cache"):
            (folder / each).mkdir()
        (folder / "cache" / "kernels").symlink_to(cache_folder())  # compiled already
        places = {"TMPDIR": str(folder / "temporary"), "PCAPFRAME_CACHE_DIR": str(folder / "cache")}
        arguments = [part.replace("OUT", str(folder / "OUT")).replace("CAPTURE", str(capture)) for part in command]
        status, took = interrupt(arguments, {**environment, **places}, delay)
        if took is None and status:
            raise SystemExit(f"{name}: status {status}")
        files = {each.name for each in folder.rglob("*") if each.is_file() and "kernels" not in each.parts}
        return took, files if status == INTERRUPTED else set()


def main() -> int:
    """Print how long each command went on at most, and what it left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_200_000)
    parser.add_argument("--step", type=float, default=0.4, help="from one delay to the next [s]")
    given = parser.parse_args()
    capture, is_right = made(given.packets), True
    for name in COMMANDS:
        longest, left, tries = 0.0, set[str](), 0
        while True:
            took, files = try_once(name, capture, (tries + 1) * given.step)
            if took is None:
                break
            longest, left, tries = max(longest, took), left | files, tries + 1
        is_right &= longest <= BAR_S and not left
        print(f"{name:20}{tries:3} times, at most {longest:.2f} s (bar {BAR_S} s), left: {sorted(left) or 'nothing'}")
    return 0 if is_right else 1


if __name__ == "__main__":
    raise SystemExit(main())
