"""The pickers: each has a label, and shows and sets one filter."""

import math
import re
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
import traitlets

from pcapframe.plots._palette import PHASE_LOOKS
from pcapframe.plots.rst_events import PHASES
from pcapframe.schema import ENDINGS, HANDSHAKES
from pcapframe.widgets._filters import INSIDE
from pcapframe.widgets._parts import WIDE, let_go
from pcapframe.widgets._state import ExplorerState
from pcapframe.zones import time_to_type, typed_time, zone_name

__all__ = ["Controls"]

COUNT = re.compile(r"\s\([\d,]+\)$")
LOOKS = {"rst_phase": {name: look.label for name, look in PHASE_LOOKS.items()}}
STEPS = 1000  # of the time slider
LABEL = {"description_width": "76px"}


class Controls(widgets.VBox):
    """Pickers of every filter, and a button that clears them.

    Parameters
    ----------
    state : ExplorerState
        Shown and set.
    """

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        connections = state.analysis.connections
        self.server = _typed("Server", "any address")
        self.port = _typed("Server port", "any port")
        self.client = _typed("Client", "any address")
        self.handshake = _picked("Handshake", HANDSHAKES, connections["handshake"].value_counts())
        self.ending = _picked("Ending", ENDINGS, connections["ending"].value_counts())
        seen = {one.pattern: one.evidence.connection_count for one in state.analysis.patterns}
        self.pattern = _picked("Pattern", tuple(seen), seen)
        self.rst_phase = _picked("RST phase", PHASES, None, LOOKS["rst_phase"])
        self.start, self.end = (_time(f"{end} ({zone_name()})") for end in ("From", "To"))
        self.packets = widgets.Dropdown(
            description="Packets", options=[("all of them", ""), ("inside the time", INSIDE)], value="",
            style=LABEL, layout=WIDE,
        )  # fmt: skip
        self.range = widgets.HTML()
        self.clear = widgets.Button(description="Clear filters", icon="times", tooltip="Select all connections")
        self.clear.on_click(lambda _button: self._clear())
        self._links = [
            traitlets.link((state, name), (getattr(self, name), "value"))
            for name in ("server", "port", "client", "handshake", "ending", "pattern", "rst_phase", "start", "end",
                         "packets")
        ]  # fmt: skip
        self._moving = False
        state.observe(self._move_slider, ["start", "end"])
        super().__init__()
        self._renew()

    def _renew(self) -> None:
        """Create the search field and the slider, which send every key stroke, again."""
        self.text = widgets.Text(
            description="Search", placeholder="address:port", continuous_update=True, style=LABEL, layout=WIDE
        )
        self._search = traitlets.link((self._state, "text"), (self.text, "value"))
        self.slider, self._first_ns = _slider(self._state.analysis.connections)
        self.slider.observe(self._slid, "value")
        self.slider.observe(self._tell_range, "value")
        self._tell_range()
        self.children = [
            self.server, self.port, self.client, self.handshake, self.ending, self.pattern, self.rst_phase, self.text,
            self.slider, self.range, self.start, self.end, self.packets, self.clear,
        ]  # fmt: skip

    def count(self, counts: dict[str, dict[str, int]]) -> None:
        """Say beside each value how many connections it would select.

        Parameters
        ----------
        counts : dict of dict of int
            By picker and value.
        """
        self.start.description, self.end.description = (f"{end} ({zone_name()})" for end in ("From", "To"))
        for link in self._links:
            name = link.source[1]
            if name not in counts:
                continue
            picker = getattr(self, name)
            if isinstance(picker, Typed):
                picker.options = tuple(f"{value} ({count:,})" for value, count in counts[name].items())
                continue
            values = tuple(value for _, value in picker.options if value)
            options = _options(values, counts[name], LOOKS.get(name))
            if options == list(picker.options):
                continue
            link.unlink()  # new options have no value at first
            with picker.hold_sync():
                picker.options = options
                link.link()

    def _clear(self) -> None:
        """Clear the filters, and ignore key strokes that the browser queued while the kernel was busy."""
        old = self.text, self.slider
        self._search.unlink()
        self.slider.unobserve_all()
        self._state.clear()
        self._renew()
        let_go(*old)

    def unlink(self) -> None:
        """Disconnect from the state."""
        for link in (*self._links, self._search):
            link.unlink()
        self._state.unobserve(self._move_slider, ["start", "end"])

    def _slid(self, change: Any) -> None:
        """Set the times that the slider shows; its ends are the capture's."""
        if self._moving:
            return
        low, high = change["new"]
        self._moving = True
        try:
            self._state.set(
                start="" if low <= self.slider.min else self._text(low, math.floor),
                end="" if high >= self.slider.max else self._text(high, math.ceil),
            )
        finally:
            self._moving = False

    def _tell_range(self, _change: Any = None) -> None:
        low, high = self.slider.value
        digits = max(0, min(6, 3 - math.floor(math.log10(self.slider.max))))
        self.range.value = f"<div class='pcapframe-range'>{low:,.{digits}f} to {high:,.{digits}f} s</div>"

    def _text(self, seconds: float, rounded: Any) -> str:
        return time_to_type(self._first_ns + rounded(seconds * 1e6) * 1000)

    def _move_slider(self, _change: Any) -> None:
        if self._moving:
            return
        self._moving = True
        try:
            low = self._seconds(self._state.start, self.slider.min)
            high = self._seconds(self._state.end, self.slider.max)
            self.slider.value = (min(low, high), max(low, high))
        finally:
            self._moving = False

    def _seconds(self, text: str, default: float) -> float:
        try:
            moment = pd.Timestamp(typed_time(text))
        except ValueError:
            return default
        if pd.isna(moment):
            return default
        moment = moment.tz_localize("UTC") if moment.tz is None else moment
        seconds = (moment.value - self._first_ns) / 1e9
        return float(min(max(seconds, self.slider.min), self.slider.max))


class Typed(widgets.Combobox):
    """A text to type, or to choose from a list whose lines end in a number of connections, which is left out."""

    @traitlets.validate("value")
    def _without_count(self, proposal: Any) -> str:
        return COUNT.sub("", proposal["value"])


def _typed(label: str, placeholder: str) -> Typed:
    return Typed(
        description=label,
        placeholder=placeholder,
        ensure_option=False,
        continuous_update=False,
        style=LABEL,
        layout=WIDE,
    )


def _picked(label: str, values: tuple[str, ...], counts: Any, texts: dict[str, str] | None = None) -> widgets.Dropdown:
    """Choose one of a few values; each with its number of connections."""
    options = _options(values, counts, texts)
    return widgets.Dropdown(description=label, options=options, value="", style=LABEL, layout=WIDE)


def _options(values: tuple[str, ...], counts: Any, texts: dict[str, str] | None = None) -> list[tuple[str, str]]:
    options = [("any", "")]
    for value in values:
        count = "" if counts is None else f" ({int(counts.get(value, 0)):,})"
        text = (texts or {}).get(value, value.replace("_", " "))
        options.append((f"{text}{count}", value))
    return options


def _time(label: str) -> widgets.Text:
    return widgets.Text(
        description=label, placeholder="2026-01-31T12:00", continuous_update=False, style=LABEL, layout=WIDE
    )


def _slider(connections: pd.DataFrame) -> tuple[widgets.FloatRangeSlider, int]:
    """Choose a time range in seconds since the first packet."""
    times = connections[["start", "end"]]
    first, last = times["start"].min(), times["end"].max()
    first_ns, last_ns = (0, 0) if pd.isna(first) else (first.value, last.value)
    span = float(np.ceil(max((last_ns - first_ns) / 1e9, 1e-6) * 1e6) / 1e6)
    return (
        widgets.FloatRangeSlider(
            description="Time [s]", value=(0.0, span), min=0.0, max=span, step=span / STEPS, continuous_update=False,
            readout=False, disabled=bool(pd.isna(first)), style=LABEL, layout=WIDE,
        ),
        first_ns,
    )  # fmt: skip
