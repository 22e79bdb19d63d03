"""Measure how soon the explorer shows a changed filter; see README.md in this folder."""

import argparse
import gc
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench import heading, line, made

OPEN_BAR_S = 1.0
CHANGE_BAR_S = 0.15
PICTURE_BAR_S = 0.5
ZOOM_BAR_S = 0.15


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=1_200_000, help="packets of the made capture (%(default)s)")
    parser.add_argument("--capture", type=Path, help="another capture instead")
    parser.add_argument("--runs", type=int, default=3, help="rounds to take medians of (%(default)s)")
    arguments = parser.parse_args()
    missed = measure_graph(made(arguments.packets, "make_transfer.py"), arguments.runs)
    sys.exit(measure(arguments.capture or made(arguments.packets), arguments.runs) or missed)


def measure_graph(capture: Path, runs: int) -> int:
    """Print how soon the time–sequence graph of one long transfer is shown, and parts of it; give 1 if too late."""
    import pcapframe as pf
    from pcapframe.browser import Scene
    from pcapframe.plots import CHARTS

    chart = CHARTS["time_sequence"]
    Scene(chart, pf.analyze(pf.example("losses.pcap"))).picture()  # imports, and loads kernels
    analysis = pf.analyze(capture, progress=False)
    heading(f"{capture.name}: one connection of {len(analysis.segments):,} segments")
    first: list[float] = []
    zooms: list[float] = []
    for run in range(runs):
        gc.collect()
        start = time.perf_counter()
        scene = Scene(chart, analysis)
        low, high = scene.picture().header["span"]
        first.append(time.perf_counter() - start)
        for part in range(1, 7):  # from a tenth of the time to a millionth
            middle, half = low + (high - low) * (run + 1) / (runs + 1), (high - low) / 10**part / 2
            start = time.perf_counter()
            scene.picture(middle - half, middle + half)
            zooms.append(time.perf_counter() - start)
    missed = 0
    for name, seconds, bar in (("first picture", first, PICTURE_BAR_S), ("zoom", zooms, ZOOM_BAR_S)):
        reached = median(seconds) <= bar
        missed |= not reached
        line(name, f"{median(seconds):.3f} s (slowest {max(seconds):.3f} s)", f"≤ {bar:g} s", reached)
    return int(missed)


def measure(capture: Path, runs: int) -> int:
    """Print for each view how long a change of filter takes, to the last byte for the browser; give 1 if too long."""
    import pcapframe as pf
    from pcapframe.widgets._explorer import tab_titles

    analysis = pf.analyze(capture, progress=False)
    heading(f"{capture.name}: {len(analysis.segments):,} segments, {len(analysis.connections):,} connections")
    start = time.perf_counter()
    explorer = pf.explore(analysis)
    opening = time.perf_counter() - start
    missed = int(opening > OPEN_BAR_S)
    line("opening, after the analysis", f"{opening:.2f} s", f"≤ {OPEN_BAR_S:g} s", opening <= OPEN_BAR_S)
    for name, title in tab_titles().items():
        explorer.open_tab(name)
        seconds: dict[str, list[float]] = {}
        processor: list[float] = []
        for run in range(runs + 1):  # the first draws what later ones draw in again
            changes = connections_to_look_at(analysis, run) if name == "connection" else filters(analysis, run)
            for what, values in changes.items():
                gc.collect()
                start, used = time.perf_counter(), time.process_time()
                explorer.state.set(**values)  # no event loop runs here: what follows is drawn at once
                took, used = time.perf_counter() - start, time.process_time() - used
                if run:
                    seconds.setdefault(what, []).append(took)
                    processor.append(used)
                if name != "connection":
                    explorer.state.clear()
        every = [each for times in seconds.values() for each in times]
        worst = max(seconds, key=lambda what: median(seconds[what]))
        bar = f"≤ {CHANGE_BAR_S:g} s"
        line(f"{title}, processor", f"{median(processor):.2f} s", bar, median(processor) <= CHANGE_BAR_S)
        reached = median(every) <= CHANGE_BAR_S
        missed += not reached
        slowest = f"(slowest {worst}, {median(seconds[worst]):.2f} s)"
        line(f"{title}, wall", f"{median(every):.2f} s {slowest}", bar, reached)
        assert explorer.problem == "", explorer.problem
    return int(missed > 0)


def filters(analysis: Any, run: int) -> dict[str, dict[str, str]]:
    """Return one change of each kind, another in each run as far as the capture has others."""
    connections = analysis.connections

    def value(column: str) -> str:
        known = connections[column].value_counts().index
        return str(known[run % len(known)])

    span = connections["end"].max() - connections["start"].min()
    begin = connections["start"].min() + span * (run + 1) / (run + 3)
    patterns = sorted(analysis.patterns, key=lambda one: -one.evidence.connection_count)
    return {
        "server": {"server": value("server")},
        "port": {"port": value("server_port")},
        "client": {"client": value("client")},
        "handshake": {"handshake": value("handshake")},
        "ending": {"ending": value("ending")},
        "pattern": {"pattern": patterns[run % len(patterns)].pattern},
        "time": {"start": begin.isoformat(), "end": (begin + span / (run + 5)).isoformat()},
        "search": {"text": str(connections["client"].iloc[-1 - run])},
    }


def connections_to_look_at(analysis: Any, run: int) -> dict[str, dict[str, int]]:
    """Return three of the connections with the most packets, others in each run."""
    packets = analysis.connections["client_packets"] + analysis.connections["server_packets"]
    busiest = packets.nlargest(3 * run + 3).index[-3:]
    return {f"connection {conn_id}": {"conn_id": int(conn_id)} for conn_id in busiest}


if __name__ == "__main__":
    main()
