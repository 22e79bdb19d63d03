"""Captures in memory as the frames that charts take, and what is drawn of them."""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

import pcapframe as pf
from tests.builders import Frame, merge, pcap


class Made(NamedTuple):
    """Segments and their connections."""

    segments: pd.DataFrame
    connections: pd.DataFrame


def made(*conversations: Iterable[Frame]) -> Made:
    """Frames of some conversations."""
    segments = pf.label_segments(pf.read_pcap(pcap(merge(*conversations), nanoseconds=True)))
    return Made(segments, pf.build_connections(segments))


@cache
def example(name: str) -> Made:
    """Frames of a capture that ships with the package; do not modify them."""
    analysis = pf.analyze(pf.example(name))
    return Made(analysis.segments, analysis.connections)


def axes(width: float = 8) -> Axes:
    """Axes of a new figure, `width` inches wide."""
    return Figure(figsize=(width, 4), layout="constrained").subplots()


def seconds_of(days: Any) -> Any:
    """Seconds since 1970 of matplotlib's days."""
    return np.round(np.asarray(days, float) * 86400, 6).tolist()


def areas(ax: Axes) -> list[tuple[str, dict[float, float]]]:
    """Label and heights of each area by bin [s since 1970], those of no height left out; below zero is negative."""
    found = []
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            steps = patch.get_data()
            heights = zip(seconds_of(steps.edges[:-1]), steps.values - steps.baseline, strict=True)
            shown = {start: round(float(height), 6) for start, height in heights if height and not np.isnan(height)}
            found.append((str(patch.get_label()), shown))
    return found


def bars(ax: Axes) -> dict[str, list[tuple[float, float, float]]]:
    """Middle, left and width of each bar with a width, by what the legend calls it."""
    return {
        str(container.get_label()): [
            (bar.get_y() + bar.get_height() / 2, bar.get_x(), bar.get_width())
            for bar in container.patches
            if bar.get_width()
        ]
        for container in ax.containers
        if isinstance(container, BarContainer)
    }


def title_of(ax: Axes) -> str:
    """The title, in one line, with plain spaces."""
    return " ".join(ax.get_title(loc="left").split())


def draw_at_whole_pixels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let matplotlib put texts at whole pixels, as charts do that are drawn one after another; note which it draws."""
    drawn: list[str] = []
    draw_text = RendererAgg.draw_text

    def noting(self: Any, gc: Any, x: float, y: float, s: str, *others: Any, **named: Any) -> None:
        drawn.append(s)
        draw_text(self, gc, round(x), round(y), s, *others, **named)

    monkeypatch.setattr(RendererAgg, "draw_text", noting)
    return drawn
