"""Measure how long each chart takes to draw; see README.md in this folder."""

import argparse
import gc
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench import heading, line, made

BAR_S = 1.0


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=1_200_000, help="packets of the made capture (%(default)s)")
    parser.add_argument("--capture", type=Path, help="another capture instead")
    parser.add_argument("--runs", type=int, default=3, help="runs to take medians of (%(default)s)")
    parser.add_argument("--png", type=Path, help="folder for a picture of each chart")
    arguments = parser.parse_args()
    sys.exit(measure(arguments.capture or made(arguments.packets), arguments.runs, arguments.png))


def measure(capture: Path, runs: int, folder: Path | None) -> int:
    """Print for each chart how long it takes, from the analysis to the picture; give 1 where one takes too long."""
    import pcapframe as pf

    analysis = pf.analyze(capture, progress=False)
    analysis.filtered_segments  # noqa: B018  # made on first use, and not by the charts
    heading(f"{capture.name}: {len(analysis.segments):,} segments, {len(analysis.connections):,} connections")
    line("chart", "median (first run; processor)")
    missed = 0
    for name, chart in pf.plots.CHARTS.items():
        for options in chart.ways:
            drawn = [draw(chart.draw, analysis, options) for _ in range(runs)]
            seconds = [each for each, _, _ in drawn]
            processor = median(each for _, each, _ in drawn)  # less than the wall time where others use the machine
            text = " by ".join([name, *options.values()])
            reached = max(median(seconds), seconds[0]) <= BAR_S
            missed += not reached
            line(text, f"{median(seconds):.2f} s ({seconds[0]:.2f} s; {processor:.2f} s)", f"≤ {BAR_S:g} s", reached)
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                drawn[0][2].savefig(folder / f"{text.replace(' ', '_')}.png", dpi=100)
    return int(missed > 0)


def draw(chart: Any, analysis: Any, options: dict[str, Any]) -> tuple[float, float, Any]:
    """Draw a chart to the last pixel; give its wall and processor time [s] and its figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    gc.collect()
    start, worked = time.perf_counter(), time.process_time()
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    chart(analysis, ax=figure.subplots(), **options)
    FigureCanvasAgg(figure).draw()
    return time.perf_counter() - start, time.process_time() - worked, figure


if __name__ == "__main__":
    main()
