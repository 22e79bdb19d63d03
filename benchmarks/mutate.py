"""Read damaged captures by the million: no crash, no hang, no memory without bound, nothing but an error or a frame.

Each file is made of a number and the seed (see ``mutations``), so a failing one can be made again: ``--only NUMBER``.
It is also kept. What must hold for each: at most 2 s of processor time, at most 200 MB + 20 times the file of memory
above what the process had, a PcapframeError or a frame for which ``invariants`` hold; where bytes that follow a packet
are changed, its row stays the same; several threads that decode a few records at a time give what one gives. The exit
status is 1 if any file fails. With ``NUMBA_BOUNDSCHECK=1`` and a cache of
its own (``PCAPFRAME_CACHE_DIR``), each index in the compiled kernels is checked too.
"""

import argparse
import hashlib
import io
import json
import multiprocessing
import os
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
from numba.core import event

import pcapframe as pf
from benchmarks import mutations
from benchmarks.checked_kernels import check_below_zero
from benchmarks.costly_input import resident_kb
from benchmarks.invariants import analysis_faults, packet_faults
from benchmarks.mutations import ORDERS, Base, mutated, read_bases
from pcapframe.capture import buffer, crew
from pcapframe.jit import CHECKED
from pcapframe.threads import VARIABLE

check_below_zero()
ROOT = Path(__file__).parent.parent
FOLDERS = ("data", "tests/cases", "../shared/corpus", "../shared/cases")
MOST_S, MOST_MB, MOST_TIMES_FILE = 2.0, 200, 20
KILLED_AFTER_S = 60.0  # of processor time with one file
KILLED_AFTER_WAITING_S = 1800.0  # with one file, busy or not: the machine may be at work on something else
MOST_FAILURES = 50
BUFFER_BYTES = buffer.BUFFER_BYTES
BETWEEN = 0.02  # share of the files in which the bytes between packets are changed
SHARED = 0.1  # share of the files that several threads decode too

# Slots of what a worker shares with the parent: the number of the file at hand, since when [s], the processor time
# used until then [s], and so far: files, frames, rows, errors, analyses, and of reading and analysing: time [s], the
# longest [s] and its number, the most memory [MB] and its number.
NOW, SINCE, USED, FILES, FRAMES, ROWS, ERRORS, ANALYSES = range(8)
TOTAL_S, WORST_S, WORST_S_OF, WORST_MB, WORST_MB_OF = range(5)
READING, ANALYSING = 8, 13
SLOTS = 18


class Compilations(event.Listener):
    """Counts the kernels that are compiled, or loaded, in this process."""

    count = 0

    def on_start(self, event: Any) -> None:
        """Count one."""
        self.count += 1

    def on_end(self, event: Any) -> None:
        """Nothing is to do."""


COMPILATIONS = Compilations()
event.register("numba:compile", COMPILATIONS)


class Meter:
    """Processor time and memory of this process since the meter was made; 0 if kernels were compiled meanwhile."""

    def __init__(self) -> None:
        self._compilations = COMPILATIONS.count
        self._is_exact = os.access("/proc/self/clear_refs", os.W_OK)
        self.before_kb = resident_kb("VmRSS")
        if self._is_exact:
            with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
                file.write("5")  # the peak so far is forgotten
        self.begin = time.process_time()

    def stop(self) -> tuple[float, float]:
        """Return the seconds, and how far memory rose at most [MB]."""
        seconds = time.process_time() - self.begin
        if COMPILATIONS.count != self._compilations:
            return 0.0, 0.0
        return seconds, max(resident_kb("VmHWM") - self.before_kb, 0) / 1000


def outcome(data: bytes, number: int) -> tuple[pd.DataFrame | None, list[str]]:
    """Read a capture: its frame (None if it is an error of ours), and what is wrong."""
    # A buffer that the bytes fill: with bounds checks, a read beyond them is an IndexError.
    buffer.BUFFER_BYTES = max((len(data), BUFFER_BYTES, 64, len(data) // 3 + 1)[number % 4], 1)
    source: Any = io.BytesIO(data) if number % 8 == 0 else data
    try:
        packets = pf.read_pcap(source, progress=False)
    except pf.PcapframeError:
        return None, []
    except Exception:  # whatever it is, it is what this run looks for
        return None, [traceback.format_exc()]
    finally:
        buffer.BUFFER_BYTES = BUFFER_BYTES
    is_plain = not packets.attrs["capture"]["compression"]
    try:
        return packets, list(packet_faults(packets, len(data) if is_plain else None))
    except Exception:  # a frame so wrong that the checks stumble over it
        return packets, [f"the frame cannot be checked\n{traceback.format_exc()}"]


def analysed(packets: pd.DataFrame, data: bytes, number: int) -> list[str]:
    """Analyse a capture, and ask one question: what is wrong."""
    try:
        analysis = pf.analyze(data, progress=False)
        faults = list(analysis_faults(analysis))
        question = number % 5
        if question == 0:
            str(analysis)
            analysis._repr_html_()
            return faults
        if question == 1:
            answer: Any = pf.analyze_tcp_anomalies(analysis)
        elif question == 2:
            answer = pf.analyze_tcp_connections(analysis, detailed=True)
        elif question == 3:
            answer = pf.analyze_tcp_retransmissions(analysis)
        else:
            servers = analysis.connections["server"]
            answer = pf.analyze_traffic_flow(analysis, str(servers.iloc[0]) if len(servers) else "192.0.2.1")
        json.dumps(answer, allow_nan=False)
    except pf.PcapframeError:
        return []
    except Exception:  # as above: only our own errors are allowed
        return [traceback.format_exc()]
    return faults


def changed_between(data: bytes, packets: pd.DataFrame, fill: int) -> bytes | None:
    """Return a pcap capture with a record of `fill` after each packet, None where it cannot be made."""
    if data[:4] not in ORDERS or not len(packets):
        return None
    order = ORDERS[data[:4]]
    made = [data[:24]]
    for at, captured in zip(packets["offset"].tolist(), packets["captured_bytes"].tolist(), strict=True):
        made += [data[at - 16 : at + captured], struct.pack(order + "IIII", 0, 0, 200, 200), bytes([fill]) * 200]
    return b"".join(made)


def depends_on_others(data: bytes, packets: pd.DataFrame) -> list[str]:
    """Whether a packet's row depends on the bytes that follow it."""
    info = pf.capture_info(packets)
    if info.format not in ("pcap (microseconds)", "pcap (nanoseconds)") or info.packets != len(packets):
        return []
    zeros, ones = changed_between(data, packets, 0), changed_between(data, packets, 0xFF)
    if zeros is None or ones is None:
        return []
    rows = [pf.read_pcap(one, progress=False) for one in (zeros, ones)]
    first, second = (
        frame[frame.index % 2 == 1].astype(dict.fromkeys(frame.select_dtypes("category"), "str")) for frame in rows
    )
    if len(rows[0]) != 2 * len(packets) or len(rows[1]) != 2 * len(packets):
        return []
    if first.equals(second):
        return []
    names = [name for name in first.columns if not first[name].equals(second[name])]
    return [f"{', '.join(names)} of a packet change with the bytes that follow it"]


def depends_on_threads(data: bytes, packets: pd.DataFrame, number: int) -> list[str]:
    """Whether three threads that take a few records at a time read something else."""
    before = crew.STRIP_RECORDS, crew.ALONE, os.environ.get(VARIABLE)
    crew.STRIP_RECORDS, crew.ALONE, os.environ[VARIABLE] = (1, 3, 17)[number % 3], 0, "3"
    try:
        shared = pf.read_pcap(data, progress=False)
    except Exception:  # even one of ours: one thread read it
        return [traceback.format_exc()]
    finally:
        crew.STRIP_RECORDS, crew.ALONE = before[:2]
        os.environ.pop(VARIABLE)
        os.environ.update({} if before[2] is None else {VARIABLE: before[2]})
    if shared.attrs["capture"] != packets.attrs["capture"]:
        return ["several threads say something else of the capture"]
    names = [name for name in packets if not shared[name].equals(packets[name])]
    return [f"several threads read another {', '.join(names)}"] if names else []


def examine(data: bytes, number: int, every: int, slots: Any = None) -> list[str]:
    """Read a file, and analyse it if its number is a multiple of `every`; return what is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", pf.PcapframeWarning)
        return _examine(data, number, every, slots)


def _examine(data: bytes, number: int, every: int, slots: Any) -> list[str]:
    meter = Meter()
    packets, faults = outcome(data, number)
    faults += _measured(meter, data, number, READING, slots)
    if slots is not None:
        slots[ERRORS] += packets is None
        slots[FRAMES] += packets is not None
        slots[ROWS] += 0 if packets is None else len(packets)
    if packets is None or faults:
        return faults
    if every and number % every == 0:
        meter = Meter()
        faults = analysed(packets, data, number // every)
        faults += _measured(meter, data, number, ANALYSING, slots)
        if slots is not None:
            slots[ANALYSES] += 1
    if number % round(1 / BETWEEN) == 1:
        faults += depends_on_others(data, packets)
    if number % round(1 / SHARED) == 1:
        faults += depends_on_threads(data, packets, number // round(1 / SHARED))
    return faults


def _measured(meter: Meter, data: bytes, number: int, part: int, slots: Any) -> list[str]:
    """Note time and memory of a part; return what is too much."""
    seconds, mb = meter.stop()
    if slots is not None:
        slots[part + TOTAL_S] += seconds
        if seconds > slots[part + WORST_S]:
            slots[part + WORST_S], slots[part + WORST_S_OF] = seconds, number
        if mb > slots[part + WORST_MB]:
            slots[part + WORST_MB], slots[part + WORST_MB_OF] = mb, number
    faults = [f"took {seconds:.1f} s of at most {MOST_S:g} s"] if seconds > MOST_S else []
    most = MOST_MB + MOST_TIMES_FILE * len(data) / 1e6
    return faults + ([f"took {mb:.0f} MB of at most {most:.0f} MB"] if mb > most else [])


def warm_up(bases: list[Base]) -> None:
    """Compile, or load, every kernel and module that a damaged file may need."""
    warnings.simplefilter("ignore")
    dialects = [mutations.container_of(base, Random(seed)) for seed, base in enumerate(bases[:1] * 40)]
    for data in (*dialects, *(base.data for base in bases)):
        try:
            pf.read_pcap(data, progress=False)
        except pf.PcapframeError:
            continue
    for name in ("clean.pcap", "ipv6.pcapng", "resets.pcap", "losses.pcap"):
        data = Path(pf.example(name)).read_bytes()
        for number in range(5):
            analysed(pd.DataFrame(), data, number)


def work(folders: list[str], seed: int, numbers: range, every: int, slots: Any, failures: Any) -> None:
    """Examine the files of these numbers; sends (number, story, faults, data) of those that fail."""
    bases = read_bases(Path(folder) for folder in folders)
    warm_up(bases)
    for number in numbers:
        slots[SINCE], slots[USED], slots[NOW] = time.monotonic(), time.process_time(), number
        data, story = mutated(bases, random_of(seed, number))
        faults = examine(data, number, every, slots)
        slots[FILES] += 1
        if faults:
            failures.put((number, story, faults, data))
    slots[NOW] = -1


def random_of(seed: int, number: int) -> Random:
    """Random numbers of one file."""
    return Random(f"{seed}:{number}")


class Run:
    """Workers, what they found, and what is kept of it."""

    work = staticmethod(work)

    def __init__(
        self, folders: list[str], seed: int, files: int, every: int, workers: int, keep: Path, first: int = 0
    ) -> None:
        self.folders, self.seed, self.files, self.every, self.keep = folders, seed, files, every, keep
        self.bases = read_bases(Path(folder) for folder in folders)
        context = multiprocessing.get_context("spawn")
        self._context = context
        self._failures: Any = context.SimpleQueue()
        self._slots = [context.RawArray("d", SLOTS) for _ in range(workers)]
        self._workers = [self._start(number, range(first + number, files, workers)) for number in range(workers)]
        self.failed: list[tuple[int, str]] = []

    def _start(self, worker: int, numbers: range) -> BaseProcess:
        self._slots[worker][NOW] = -2  # warming up
        process = self._context.Process(
            target=self.work,
            args=(self.folders, self.seed, numbers, self.every, self._slots[worker], self._failures),
            daemon=True,
        )
        process.start()
        return process

    def total(self, slot: int) -> float:
        """A sum over all workers."""
        return float(sum(slots[slot] for slots in self._slots))

    def worst(self, slot: int) -> tuple[float, int]:
        """The largest figure of all workers, and the number of its file."""
        slots = max(self._slots, key=lambda one: one[slot])
        return slots[slot], int(slots[slot + 1])

    def watch(self, tell_every_s: float) -> None:
        """Wait for the workers; replace those that died or hang."""
        begin = told = time.monotonic()
        while any(worker.is_alive() for worker in self._workers) and len(self.failed) < MOST_FAILURES:
            time.sleep(0.2)
            self._take()
            for number, worker in enumerate(self._workers):
                self._look_after(number, worker)
            if time.monotonic() - told >= tell_every_s:
                told = time.monotonic()
                say(f"{self.total(FILES):,.0f} files, {told - begin:.0f} s, {len(self.failed)} failed")
        for worker in self._workers:
            worker.kill() if len(self.failed) >= MOST_FAILURES else worker.join()
        self._take()

    def _look_after(self, number: int, worker: BaseProcess) -> None:
        slots = self._slots[number]
        at = int(slots[NOW])
        used, waited = processor_time(worker) - slots[USED], time.monotonic() - slots[SINCE]
        hangs = at >= 0 and (used > KILLED_AFTER_S or waited > KILLED_AFTER_WAITING_S)
        if hangs:
            worker.kill()
            worker.join()
        elif worker.is_alive() or worker.exitcode == 0:
            return
        what = f"hung for {waited:.0f} s" if hangs else f"ended the process ({worker.exitcode})"
        if at < 0:
            raise SystemExit(f"a worker {what} before its first file or after its last")
        data, story = mutated(self.bases, random_of(self.seed, at))
        self._keep(at, story, [what], data)
        self._workers[number] = self._start(number, range(at + len(self._workers), self.files, len(self._workers)))

    def _take(self) -> None:
        while not self._failures.empty():
            self._keep(*self._failures.get())

    def _keep(self, number: int, story: str, faults: list[str], data: bytes) -> None:
        self.keep.mkdir(parents=True, exist_ok=True)
        path = self.keep / f"{self.seed}-{number}.bin"
        path.write_bytes(data)
        self.failed.append((number, faults[0]))
        say(f"FAILED seed {self.seed} number {number} ({story}), kept as {path}")
        for fault in faults:
            say("    " + fault.strip().replace("\n", "\n    "))


def processor_time(worker: BaseProcess) -> float:
    """Seconds that a process has used so far; 0 if it has ended, or where the system does not say."""
    try:
        fields = Path(f"/proc/{worker.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def summary(run: Run, seconds: float) -> Iterator[str]:
    """Yield the lines of the table."""
    row = "{:10} {:>12} {:>12} {:>12} {:>9} {:>9} {:>20} {:>20}"
    yield row.format("part", "files", "frames", "errors", "rows", "ms/file", "longest s (number)", "most MB (number)")
    parts = {
        "read_pcap": (READING, run.total(FILES), run.total(FRAMES), run.total(ERRORS), run.total(ROWS)),
        "analyze": (ANALYSING, run.total(ANALYSES), run.total(ANALYSES), 0, 0),
    }
    for name, (part, files, frames, errors, rows) in parts.items():
        (longest, of), (most, of_most) = run.worst(part + WORST_S), run.worst(part + WORST_MB)
        yield row.format(
            name, f"{files:,.0f}", f"{frames:,.0f}", f"{errors:,.0f}", f"{rows:,.0f}",
            f"{1000 * run.total(part + TOTAL_S) / max(files, 1):.2f}",
            f"{longest:.2f} ({of})", f"{most:.0f} ({of_most})",
        )  # fmt: skip
    yield f"{run.total(FILES) / seconds:,.0f} files/s in {seconds:,.0f} s; {len(run.failed)} failed"


def main() -> None:
    """Examine many damaged files, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", help="captures to damage (default: those of the project, and ../shared)")
    parser.add_argument("--files", type=int, default=1_000_000, help="how many are read (default: %(default)s)")
    parser.add_argument("--analyze", type=int, default=50_000, help="of them also analysed (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all random numbers (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="go on with a run from this file")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="examine this file alone, in this process")
    parser.add_argument("--keep", type=Path, default=ROOT / "benchmarks/.cache/failed", help="folder of failing files")
    options = parser.parse_args()
    folders = [str(Path(f).resolve()) for f in options.folders or [ROOT / f for f in FOLDERS] if Path(f).exists()]
    every = options.files // options.analyze if options.analyze else 0
    if options.only is not None:
        data, story = mutated(read_bases(Path(folder) for folder in folders), random_of(options.seed, options.only))
        options.keep.mkdir(parents=True, exist_ok=True)
        path = options.keep / f"{options.seed}-{options.only}.bin"
        path.write_bytes(data)
        say(f"{story}: {len(data):,} bytes, kept as {path}")
        faults = examine(data, options.only, every)
        say("\n".join(faults) or "all holds")
        sys.exit(bool(faults))
    run = Run(folders, options.seed, options.files, every, options.workers, options.keep, options.first)
    digest = hashlib.sha256(b"".join(base.data for base in run.bases)).hexdigest()[:12]
    say(f"seed {options.seed}, {len(run.bases):,} captures ({digest}), bounds checks {'on' if CHECKED else 'off'}")
    begin = time.monotonic()
    run.watch(60)
    for line in summary(run, time.monotonic() - begin):
        say(line)
    sys.exit(bool(run.failed))


if __name__ == "__main__":
    main()
