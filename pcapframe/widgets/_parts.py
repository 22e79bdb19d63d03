"""Custom widgets: a chart to pick times or bars in, text to copy, a call that waits until changes stop."""

import asyncio
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import anywidget
import numpy as np
import traitlets
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from pcapframe.plots._canvas import Canvas
from pcapframe.plots._text import columns

__all__ = ["STYLE", "Chart", "Copied", "Debounced", "Picked"]

STATIC = Path(__file__).parent / "static"
STYLE = (STATIC / "explorer.css").read_text("utf-8")
BACKGROUNDS = {False: "#ffffff", True: "#111111"}
NEAR = 0.006  # of a chart's width: a shorter way is a click
WAIT_S = 0.08

Picks: TypeAlias = Literal["", "time", "row"]
Picked: TypeAlias = Callable[[Any, Any], None]


class Debounced:
    """Call a function once after calls stop coming; immediately if no event loop runs.

    Parameters
    ----------
    function : callable
        Takes nothing.
    wait_s : float
        Since the last call. [s]
    """

    def __init__(self, function: Callable[[], None], wait_s: float = WAIT_S) -> None:
        self._function = function
        self._wait_s = wait_s
        self._waiting: asyncio.TimerHandle | None = None

    def __call__(self, *_: object) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._function()
            return
        self.cancel()
        self._waiting = loop.call_later(self._wait_s, self._function)

    def cancel(self) -> None:
        """Cancel a pending call."""
        if self._waiting is not None:
            self._waiting.cancel()


class Chart(anywidget.AnyWidget):
    """A chart as a picture that fits its space and the colours around it.

    Parameters
    ----------
    height : int
        Of the picture. [CSS pixels]
    picks : {"", "time", "row"}
        What the user can pick in it.
    picked : callable, optional
        Called with first and last time (numpy.datetime64, UTC), or with the row and None.
    alt : str
        Alternative text.
    redraw : callable
        Called when the size or the colours have changed.
    """

    _esm = STATIC / "chart.js"
    png = traitlets.Bytes(b"").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    picks = traitlets.Unicode("").tag(sync=True)
    # Bars that keys reach: label or times, and the box in shares of the picture from the left and the bottom.
    stops: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict()).tag(sync=True)
    place = traitlets.Dict().tag(sync=True)  # as the browser reports it, again until it arrives here

    def __init__(
        self, height: int, *, picks: Picks = "", picked: Picked | None = None, alt: str = "",
        redraw: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(picks=picks, alt=alt)
        self._height = height
        self._picked = picked
        self._canvas = Canvas(_alike)
        self._ends: list[tuple[float, float]] = []  # of the stops, in the units of the axis
        self.on_msg(self._hear)
        if redraw is not None:
            self.observe(lambda _change: redraw(), "place")

    @property
    def figure(self) -> Figure | None:
        """The figure drawn last."""
        return self._canvas.figure

    def draw(self, chart: Callable[[Axes], object]) -> None:
        """Draw a chart.

        Parameters
        ----------
        chart : callable
            Draws on the given axes.
        """
        width = min(max(int(self.place.get("width", 900)), 200), 4000)
        ratio = min(max(float(self.place.get("ratio", 1)), 1), 3)
        dark = bool(self.place.get("dark", False))
        colour = self.place.get("background")
        background = colour if is_color_like(colour) else BACKGROUNDS[dark]
        ground = dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), background)
        with style.context(["dark_background" if dark else "default", ground]):
            png = self._canvas.draw(chart, width=width, height=self._height, ratio=ratio, look=(dark, background))
            assert self.figure is not None
            found = _stops(self.figure.axes, self.picks) if self._canvas.is_full else []
        self._ends = [(first, last) for *_, first, last in found]
        with self.hold_sync():
            self.stops = [{"text": text, "to": to, "box": box} for text, to, box, _, _ in found]
            self.png = png

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if "place" in content:
            self.place = content["place"]
        elif "stops" in content:
            self.pick_stops(*content["stops"])
        else:
            self.pick(content["from"], content["to"])

    def pick_stops(self, first: int, last: int) -> None:
        """Handle bars picked by keys."""
        if self._picked is None or not 0 <= first <= last < len(self._ends):
            return
        low, high = self._ends[first][0], self._ends[last][1]
        if self.picks == "row":
            self._picked(round(low), None)
        else:
            self._picked(_moment(low), _moment(high))

    def pick(self, begin: list[float], end: list[float]) -> None:
        """Handle a click or a drag: its ends, as shares of the picture from the left and the bottom."""
        if self.figure is None or self._picked is None:
            return
        axes = _axes_at(self.figure, *begin)
        if axes is None:
            return
        (left, y), (right, _) = (
            axes.transData.inverted().transform(self.figure.transFigure.transform(point)) for point in (begin, end)
        )
        if self.picks == "row":
            self._picked(round(y), None)
            return
        first, last = sorted((float(left), float(right)))
        if abs(end[0] - begin[0]) < NEAR:
            first, last = _bin_at(axes, first)
        low, high = axes.get_xlim()
        self._picked(*(_moment(min(max(moment, low), high)) for moment in (first, last)))


def _alike(figure: Figure) -> Hashable:
    """Return what the layout roughly depends on, so that charts of most filters share one layout."""
    panels = ((axes.get_title(loc="left").count("\n"), _rows(axes)) for axes in figure.axes)
    return (max(map(_digits, figure.axes)), *panels)


def _digits(axes: Axes) -> int:
    """Return roughly how wide the numbers of the vertical axis are."""
    return len(f"{max(abs(end) for end in axes.get_ylim()):.0f}")


def _rows(axes: Axes) -> int:
    """Return how many rows the legend has."""
    legend = axes.get_legend()
    labels = [] if legend is None else [text.get_text() for text in legend.get_texts()]
    return -(-len(labels) // columns(axes, labels))


def _axes_at(figure: Figure, x: float, y: float) -> Axes | None:
    """Return the axes at a place of the figure, else the nearest above or below."""
    found = [axes for axes in figure.axes if axes.get_position().x0 <= x <= axes.get_position().x1]
    return min(found, key=lambda axes: abs((axes.get_position().y0 + axes.get_position().y1) / 2 - y), default=None)


def _bins(axes: Axes) -> np.ndarray[Any, Any] | None:
    """Return the edges of the bars; None where there are none."""
    found = next((patch for patch in axes.patches if isinstance(patch, StepPatch)), None)
    return None if found is None else np.asarray(found.get_data()[1], np.float64)


def _bin_at(axes: Axes, x: float) -> tuple[float, float]:
    """Return the ends of the bar at a place."""
    if (edges := _bins(axes)) is not None:
        place = int(np.clip(np.searchsorted(edges, x, "right") - 1, 0, edges.size - 2))
        return float(edges[place]), float(edges[place + 1])
    low, high = axes.get_xlim()
    return x - (high - low) / 200, x + (high - low) / 200


def _moment(days: float) -> Any:
    return np.datetime64(num2date(days).replace(tzinfo=None), "ns")


def _stops(panels: list[Axes], picks: str) -> list[tuple[str, str, list[float], float, float]]:
    """Return the bars that keys can pick: label or start, end, box, and both ends in units of the axis."""
    axes = panels[0]
    box = axes.get_position()
    if picks == "row":
        low, high = axes.get_ylim()
        height = box.height / (high - low)
        found = []
        for label, row in zip(axes.get_yticklabels(), axes.get_yticks().tolist(), strict=True):
            bottom, top = (box.y0 + (row + half - low) * height for half in (0.45, -0.45))
            found.append((label.get_text(), "", [box.x0, bottom, box.x1, top], row, row))
        return found
    edges = _bins(axes) if picks == "time" else None
    if edges is None:
        return []
    low, high = axes.get_xlim()
    places = (box.x0 + (edges - low) / (high - low) * box.width).tolist()
    bottom = min(panel.get_position().y0 for panel in panels)
    days = edges.tolist()
    digits = 0 if days[1] - days[0] > 0.99 / 86400 else 6
    texts = [f"{num2date(day):%H:%M:%S.%f}"[: 8 + digits + (digits > 0)] for day in days]
    return [
        (texts[i], texts[i + 1], [places[i], bottom, places[i + 1], box.y1], days[i], days[i + 1])
        for i in range(len(days) - 1)
    ]


class Copied(anywidget.AnyWidget):
    """Text with a button that copies it.

    Parameters
    ----------
    label : str
        What it is.
    """

    _esm = STATIC / "copied.js"
    label = traitlets.Unicode("").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, label: str) -> None:
        super().__init__(label=label)
