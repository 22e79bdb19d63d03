"""The script and the style of charts in a browser, as texts to put into a page or a widget."""

from pathlib import Path

__all__ = ["SCRIPT", "STYLE"]

STATIC = Path(__file__).parent / "static"


def _read(*names: str) -> str:
    return "\n".join((STATIC / name).read_text("utf-8") for name in names)


SCRIPT = _read("uplot/uPlot.iife.min.js", "chart.js", "rows.js")
"""Declares ``pcapframe``, whose function ``mount`` draws a `Picture` into an element."""
STYLE = _read("uplot/uPlot.min.css", "chart.css")
