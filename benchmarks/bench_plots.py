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
    charts = [name for name in pf.plots.__all__ if f"{name}_data" in pf.plots.__all__]
    ways: dict[str, list[dict[str, Any]]] = {
        "rst_distribution": [{"by": by} for by in ("phase", "source", "direction")],
    }
    heading(f"{capture.name}: {len(analysis.segments):,} segments, {len(analysis.connections):,} connections")
    line("chart", "median (first run)")
    missed = 0
    for name in charts:
        for options in ways.get(name, [{}]):
            drawn = [draw(getattr(pf.plots, name), analysis, options) for _ in range(runs)]
            seconds = [each for each, _ in drawn]
            text = " by ".join([name, *options.values()])
            reached = max(median(seconds), seconds[0]) <= BAR_S
            missed += not reached
            line(text, f"{median(seconds):.2f} s ({seconds[0]:.2f} s)", f"≤ {BAR_S:g} s", reached)
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                drawn[0][1].savefig(folder / f"{text.replace(' ', '_')}.png", dpi=100)
    return int(missed > 0)


def draw(chart: Any, analysis: Any, options: dict[str, Any]) -> tuple[float, Any]:
    """Draw a chart to the last pixel; give the seconds it took and its figure."""
    from matplotlib.figure import Figure

    gc.collect()
    start = time.perf_counter()
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    chart(analysis, ax=figure.subplots(), **options)
    figure.canvas.draw()
    return time.perf_counter() - start, figure


if __name__ == "__main__":
    main()
