"""Captures in memory as the frames that charts take, and what is drawn of them."""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure

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


def draw_at_whole_pixels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let matplotlib put texts at whole pixels, as charts do that are drawn one after another; note which it draws."""
    drawn: list[str] = []
    draw_text = RendererAgg.draw_text

    def noting(self: Any, gc: Any, x: float, y: float, s: str, *others: Any, **named: Any) -> None:
        drawn.append(s)
        draw_text(self, gc, round(x), round(y), s, *others, **named)

    monkeypatch.setattr(RendererAgg, "draw_text", noting)
    return drawn
