"""Measure pcapframe beside other tools on a made capture; see README.md in this folder.

Only the standard library is imported here: a child's peak memory counts the parent it was forked from.
"""

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
CACHE = HERE / ".cache"
PCAPFRAME = Path(sys.executable).with_name("pcapframe")
PEERS = ("tcptrace", "tshark", "mcpcap", "scapy")
MCPCAP = "mcpcap==0.10.0"
TSHARK_FIELDS = ("frame.number", "frame.time_epoch", "tcp.stream", "tcp.len", "tcp.analysis.flags")
ANSWER = "analyze_tcp_anomalies"
# glibc then gives nothing back to the system, which a virtual machine may have to get from its host anew.
KEEPING_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
LIGHT = "keep=connections"
STARTS = ("analyze, 100 packets", "info, 100 packets", "import pcapframe")
STAGES = ("read_pcap", "label_segments", "build_connections", "find_patterns")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, help="packets of the capture (1,200,000; with --scale 30,000,000)")
    parser.add_argument("--runs", type=int, default=5, help="paired runs to take medians of (%(default)s)")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated (%(default)s), or none")
    parser.add_argument("--scale", action="store_true", help="only captures of any size, see bench_scale.py (25 GB)")
    parser.add_argument("--folder", help="with --scale: where captures and temporary files go")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        name, capture, runs = arguments.worker
        print(json.dumps(WORKERS[name](capture, int(runs))))
        return
    peers = set(arguments.peers.split(",")) - {"none"}
    if unknown := peers - set(PEERS):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    if not PCAPFRAME.exists():
        parser.error(f"pcapframe is not installed beside {sys.executable}; use `make bench`")
    if arguments.scale:
        given = {"--packets": arguments.packets, "--folder": arguments.folder}
        options = [f"{name}={value}" for name, value in given.items() if value is not None]
        command = [sys.executable, "-m", "benchmarks.bench_scale", *options]
        sys.exit(subprocess.run(command, cwd=HERE.parent, check=False).returncode)
    measure(arguments.packets or 1_200_000, arguments.runs, peers)


def measure(packets: int, runs: int, peers: set[str]) -> None:
    """Print every figure, and beside each that has a bar whether it is reached."""
    capture = made(packets)
    print(f"capture: {packets:,} packets, {capture.stat().st_size / 1e6:,.0f} MB; medians of {runs} runs")
    with capture.open("rb", buffering=0) as file:  # into the page cache: disks are not what is measured
        while file.read(1 << 20):
            pass

    measure_first_runs()
    warm = measure_warm(packets, runs)
    process = measure_processes(packets, runs, with_tcptrace="tcptrace" in peers and available("tcptrace"))
    measure_slow_peers(peers, packets, min(runs, 3), process=process / packets, warm=warm / packets)


def measure_first_runs() -> None:
    """Print how soon a first analysis answers: with the kernels that a wheel carries, and where all are compiled."""
    heading("first run ever, analyze 1,000 packets")
    with tempfile.TemporaryDirectory() as installed:
        package = Path(installed, "pcapframe")
        shutil.copytree(HERE.parent / "pcapframe", package)
        shutil.copytree(HERE.parent / "data", package / "data")
        elsewhere = {"PYTHONPATH": installed, "PCAPFRAME_CACHE_DIR": str(Path(installed, "cache"))}
        python = [sys.executable, "-P", "-m"]
        run_process([*python, "pcapframe.shipping", package / "kernels"], environment=elsewhere)
        first = run_process([*python, "pcapframe", "analyze", made(1_000)], environment=elsewhere)["seconds"]
    line("as installed from a wheel", f"{first:.2f} s", "≤ 8 s", first <= 8)
    with tempfile.TemporaryDirectory() as empty:
        first = run_process(analyze_command(made(1_000)), environment={"PCAPFRAME_CACHE_DIR": empty})["seconds"]
    line("in a checkout, which compiles", f"{first:.2f} s", "≤ 20 s", first <= 20)


def measure_warm(packets: int, runs: int) -> float:
    """Print what the stages and the whole take in one process, and that a longer capture costs no more.

    Gives the seconds of ``analyze_tcp_anomalies``.
    """
    heading("in one process, warm, on one core")
    warm = worker("stages", made(packets), runs)
    for name in STAGES:
        seconds = median(warm[name])
        line(name, f"{seconds:.3f} s   {packets / seconds / 1e6:.2f} million packets/s")
    analyze = median(warm["analyze"])
    speed = packets / analyze / 1e6
    line("analyze", f"{analyze:.3f} s   {speed:.2f} million packets/s", "≥ 2.5 million/s", speed >= 2.5)
    light = median(warm[LIGHT])
    speed = packets / light / 1e6
    line(f"analyze, {LIGHT}", f"{light:.3f} s   {speed:.2f} million packets/s", "≥ 3.5 million/s", speed >= 3.5)
    plain = median(worker("plain", made(packets), runs)["analyze"])
    share = analyze / plain - 1
    line("cost of evidence and health", f"{share:.0%} of {plain:.3f} s without", "≤ 40 %", share <= 0.4)
    answer = median(warm[ANSWER])
    line(ANSWER, f"{answer:.3f} s   {packets / answer / 1e6:.2f} million packets/s")
    if len(os.sched_getaffinity(0)) > 1:
        on_two = median(worker("on two cores", made(packets), runs)["analyze"])
        line(
            "analyze, on two cores",
            f"{on_two:.3f} s   {packets / on_two / 1e6:.2f} million packets/s   {analyze / on_two:.2f} × one core",
        )

    heading("time per packet of analyze, warm, in memory that the process kept (and fresh from the system)")
    shorter = 0.0
    for count in [packets // 10, packets]:
        kept, fresh = (
            median(worker("analyze", made(count), runs, environment=memory)["analyze"]) / count
            for memory in (KEEPING_MEMORY, {})
        )
        # 10 % is left for noise.
        bar = ("≤ 1.1 × shorter", kept <= 1.1 * shorter) if shorter else ()
        line(f"{count:,} packets", f"{kept * 1e9:.0f} ns   ({fresh * 1e9:.0f} ns)", *bar)
        shorter = kept
    return answer


def measure_processes(packets: int, runs: int, *, with_tcptrace: bool) -> float:
    """Print time and memory of whole processes, run in turn; give the seconds of ``pcapframe analyze``."""
    capture, small, tiny = made(packets), made(1_000), made(100)
    commands: dict[str, list[str | Path]] = {
        "analyze": analyze_command(capture),
        "analyze, 1,000 packets": analyze_command(small),
        "analyze, 100 packets": analyze_command(tiny),
        "info, 100 packets": [PCAPFRAME, "info", tiny],
        "import pcapframe": [sys.executable, "-c", "import pcapframe"],
    }
    if with_tcptrace:
        commands |= {
            "tcptrace -n": ["tcptrace", "-n", capture],
            "tcptrace -n -l": ["tcptrace", "-n", "-l", capture],
            "tcptrace -n, 100 packets": ["tcptrace", "-n", tiny],
        }
    heading("whole processes")
    rounds = [{name: run_process(command) for name, command in commands.items()} for _ in range(runs)]
    for name in commands:
        seconds, peak = (median(each[name][figure] for each in rounds) for figure in ("seconds", "bytes"))
        bar = ("≤ 0.45 s", seconds <= 0.45) if name in STARTS else ()
        line(name, f"{seconds:.2f} s   {peak / 1e6:.0f} MB", *bar)
    peak = median(each["analyze"]["bytes"] for each in rounds)
    allowed = 400 * packets + 300e6
    line("peak memory of analyze", f"{peak / 1e6:.0f} MB", f"≤ {allowed / 1e6:.0f} MB", peak <= allowed)

    if with_tcptrace:
        seconds = [{name: process["seconds"] for name, process in each.items()} for each in rounds]
        ratio = median(each["analyze"] / each["tcptrace -n"] for each in seconds)
        line("analyze / tcptrace -n", f"{ratio:.2f}", "≤ 0.9", ratio <= 0.9)
        ratio = median(
            (each["analyze"] - each["analyze, 100 packets"]) / (each["tcptrace -n"] - each["tcptrace -n, 100 packets"])
            for each in seconds
        )
        line("the same, less start-up", f"{ratio:.2f}", "< 1", ratio < 1)
        ratio = median(each["analyze"] / each["tcptrace -n -l"] for each in seconds)
        line("analyze / tcptrace -n -l", f"{ratio:.2f}")
    return median(each["analyze"]["seconds"] for each in rounds)


def measure_slow_peers(peers: set[str], packets: int, runs: int, *, process: float, warm: float) -> None:
    """Print how fast the others read a shorter capture, beside ours, as a process and in one [s/packet]."""
    heading("slower peers, each on a shorter capture, per packet")
    count = packets // 10
    if "tshark" in peers and available("tshark"):
        fields = [word for field in TSHARK_FIELDS for word in ("-e", field)]
        command = ["tshark", "-n", "-r", made(count), "-T", "fields", *fields]
        seconds = [run_process(command)["seconds"] for _ in range(runs)]
        compare(f"tshark -T fields, {count:,} packets", median(seconds) / count, process, bar=12)
    count = 10_000
    if "mcpcap" in peers and (python := mcpcap_python()):
        peer = median(worker("mcpcap", made(count), runs, python=python)["seconds"]) / count
        compare(f"mcpcap {ANSWER}, both in process", peer, warm, bar=300)
        compare("the same, but our whole process with start-up", peer, process)
    if "scapy" in peers:
        seconds = worker("scapy", made(count), runs)["seconds"]
        compare(f"scapy PcapReader, {count:,} packets", median(seconds) / count, process)


def heading(text: str) -> None:
    """Print the title of a group of figures."""
    print(f"\n{text}", flush=True)


def line(name: str, figure: str, bar: str = "", reached: bool | None = None) -> None:
    """Print one figure."""
    verdict = "" if reached is None else "PASS" if reached else "MISS"
    print(f"  {name:<46} {figure:<38} {bar:<16} {verdict}".rstrip(), flush=True)


def compare(name: str, peer: float, ours: float, bar: float | None = None) -> None:
    """Print a peer's speed and how many times as many packets a second we read; both in seconds a packet."""
    ratio = peer / ours
    text = f"{1 / peer:,.0f} packets/s   we: {ratio:.1f} ×"
    line(name, text, f"≥ {bar} ×" if bar else "", ratio >= bar if bar else None)


def made(packets: int, maker: str = "make_capture.py") -> Path:
    """Give the path of a capture of that many packets, made on first use."""
    what = maker.removeprefix("make_").removesuffix(".py").replace("capture", "packets")
    path = CACHE / f"{what}-{packets}.pcap"
    # An edited generator makes other captures.
    if not path.exists() or path.stat().st_mtime < (HERE / maker).stat().st_mtime:
        CACHE.mkdir(exist_ok=True)
        print(f"making {path.name}", flush=True)
        subprocess.run([sys.executable, HERE / maker, path, f"--packets={packets}"], check=True)
    return path


def analyze_command(capture: Path) -> list[str | Path]:
    """Give the command line whose whole process is measured."""
    return [PCAPFRAME, "analyze", capture, "--json", "--output", CACHE / "answer.json"]


def available(program: str) -> bool:
    """Tell whether a peer is installed, and say so where it is not."""
    found = shutil.which(program) is not None
    if not found:
        line(program, "not installed")
    return found


def inherited() -> dict[str, str]:
    """Return the environment of programs that are measured.

    pip compiles what it installs; where this variable is set, a checkout would be compiled again at each start.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_process(command: list[Any], environment: dict[str, str] | None = None) -> dict[str, float]:
    """Run a program and give its wall time [s] and peak resident memory [bytes]."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=inherited() | (environment or {}),
    )
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nfailed with {process.returncode}:\n{errors.decode()}")
    return {"seconds": seconds, "bytes": usage.ru_maxrss * 1024}


def worker(
    name: str, capture: Path, runs: int, python: Path | None = None, environment: dict[str, str] | None = None
) -> dict[str, list[float]]:
    """Run one of the functions below in a process of its own."""
    command = [python or sys.executable, Path(__file__), "--worker", name, capture, str(runs)]
    errors = subprocess.DEVNULL if python else None
    result = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=errors, text=True, env=inherited() | (environment or {})
    )
    figures: dict[str, list[float]] = json.loads(result.stdout.splitlines()[-1])
    return figures


def timed(figures: dict[str, list[float]], name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call, add the seconds it took to the figures, and give its result."""
    gc.collect()
    start = time.perf_counter()
    result = function(*arguments)
    figures.setdefault(name, []).append(time.perf_counter() - start)
    return result


def time_stages(capture: str, runs: int) -> dict[str, list[float]]:
    """Time each stage and the whole, in turn."""
    pcapframe = warm_pcapframe(capture)
    figures: dict[str, list[float]] = {}
    for _ in range(runs):
        packets = timed(figures, "read_pcap", pcapframe.read_pcap, capture)
        segments = timed(figures, "label_segments", pcapframe.label_segments, packets)
        connections = timed(figures, "build_connections", pcapframe.build_connections, segments)
        timed(figures, "find_patterns", pcapframe.find_patterns, segments, connections)
        del packets, segments, connections
        timed(figures, "analyze", pcapframe.analyze, capture)
        timed(figures, LIGHT, partial(pcapframe.analyze, keep="connections"), capture)
        timed(figures, ANSWER, pcapframe.analyze_tcp_anomalies, capture)
    return figures


def time_analyze(capture: str, runs: int, cores: int = 1) -> dict[str, list[float]]:
    """Time only the whole."""
    analyze = partial(warm_pcapframe(capture, cores).analyze, progress=False)  # a long one would show a bar
    figures: dict[str, list[float]] = {}
    for _ in range(runs):
        timed(figures, "analyze", analyze, capture)
    return figures


def time_on_two_cores(capture: str, runs: int) -> dict[str, list[float]]:
    """Time only the whole, in a process that may use two cores."""
    return time_analyze(capture, runs, cores=2)


def time_plain(capture: str, runs: int) -> dict[str, list[float]]:
    """Time the whole without judging the evidence and examining the capture's health."""
    from pcapframe.analysis import CaptureHealth, pipeline
    from pcapframe.segments import passes

    class NothingJudged:
        def __init__(self, _most: int) -> None:
            self.fed = 0

        def feed(self, segments: Any, _tracked: Any, _is_odd: Any, _known: Any, out: Any, *_more: Any) -> None:
            stop = self.fed + segments.seq.size
            for column in out:
                column[self.fed : stop] = 0
            self.fed = stop

        def forget(self, _over: Any) -> None:
            pass

    passes.EvidencePass = NothingJudged
    pipeline.examine_capture = lambda *_frames, **_options: CaptureHealth((), "")
    return time_analyze(capture, runs)


def warm_pcapframe(capture: str, cores: int = 1) -> Any:
    """Load what is measured, on some cores, and run it once."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
    import pcapframe

    pcapframe.analyze(capture, progress=False)
    return pcapframe


def time_scapy(capture: str, runs: int) -> dict[str, list[float]]:
    """Time scapy's reading and dissecting, nothing more."""
    from scapy.all import PcapReader

    def read() -> None:
        with PcapReader(capture) as packets:
            for _ in packets:
                pass

    figures: dict[str, list[float]] = {}
    for _ in range(runs):
        timed(figures, "seconds", read)
    return figures


def time_mcpcap(capture: str, runs: int) -> dict[str, list[float]]:
    """Time mcpcap's own function, its imports not counted."""
    from mcpcap.core.config import Config
    from mcpcap.modules.tcp import TCPModule

    module = TCPModule(Config())
    figures: dict[str, list[float]] = {}
    for _ in range(runs):
        answer = timed(figures, "seconds", module.analyze_tcp_anomalies, capture)
        if "error" in answer:
            raise RuntimeError(answer["error"])
    return figures


def mcpcap_python() -> Path | None:
    """Give the Python of an environment that holds mcpcap, made on first use; None where it cannot be had."""
    folder = CACHE / MCPCAP
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        print(f"  installing {MCPCAP} into an environment of its own", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MCPCAP]
        result = subprocess.run(pip, check=False, capture_output=True, text=True)
        if result.returncode:
            line("mcpcap", "not installed: pip could not")
            return None
        done.touch()
    return python


WORKERS = {
    "stages": time_stages,
    "analyze": time_analyze,
    "on two cores": time_on_two_cores,
    "plain": time_plain,
    "scapy": time_scapy,
    "mcpcap": time_mcpcap,
}

if __name__ == "__main__":
    main()
