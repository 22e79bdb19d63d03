"""The tab of patterns: a table to pick one in, and the evidence of the picked one."""

from typing import Any

import ipywidgets as widgets
import pandas as pd

from pcapframe.widgets._export import Guard
from pcapframe.widgets._rows import Heading, Rows
from pcapframe.widgets._state import ExplorerState
from pcapframe.widgets._views import escaped

__all__ = ["PatternView"]

PATTERN_HEADINGS = (
    Heading("pattern", "pattern", head=True), Heading("connections", "connections", number=True), Heading("observed"),
)  # fmt: skip


class PatternView(widgets.VBox):
    """The observed patterns, and the evidence of the picked one.

    Parameters
    ----------
    state : ExplorerState
        Its ``pattern`` is shown; a picked frame becomes its ``frame``.
    guarded : callable
        Wraps callbacks of widgets, so that an error is shown.
    """

    def __init__(self, state: ExplorerState, guarded: Guard) -> None:
        self._state = state
        self._patterns = {one.pattern: one for one in state.analysis.patterns}
        self.text = widgets.HTML(layout=widgets.Layout(width="auto"))
        self.table = Rows("Patterns", self._order)
        self.table.observe(guarded(self._chosen), "selected_rows")
        self._sort, self._descending = "", False
        self.frames = widgets.Dropdown(
            description="Open frame", options=[("choose", 0)], value=0, layout=widgets.Layout(width="260px"),
            style={"description_width": "82px"},
        )  # fmt: skip
        self.frames.observe(guarded(self._picked), "value")
        super().__init__([self.frames, self.text, self.table])

    def show(self) -> None:
        """Show the evidence of the picked pattern, or the list of patterns."""
        pattern = self._patterns.get(self._state.pattern)
        frames = [] if pattern is None else list(pattern.evidence.frames)
        self.frames.options = [("choose", 0), *((f"{frame:,}", frame) for frame in frames)]
        self.frames.value = 0
        self.frames.layout.display = None if frames else "none"
        self.table.layout.display = "none" if pattern is not None or not self._patterns else None
        if pattern is not None:
            self.text.value = f"<div class='pcapframe-evidence'>{pattern._repr_html_()}</div>"
            return
        if not self._patterns:
            self.text.value = "<p>No pattern was observed at these thresholds.</p>"
            return
        self.text.value = "<p class='pcapframe-note'>Pick a pattern to select its connections and see its evidence.</p>"
        self._list()

    def _list(self) -> None:
        counts = self._state.counts()["pattern"]  # beside the other filters: what a pick selects
        keys = {"pattern": lambda one: one.pattern, "connections": lambda one: counts[one.pattern]}
        found = list(self._patterns.values())
        if self._sort:
            found.sort(key=keys[self._sort], reverse=self._descending)
        rows = [
            (escaped(one.pattern.replace("_", " ")), f"{counts[one.pattern]:,}", escaped(one.description))
            for one in found
        ]
        self._listed = [one.pattern for one in found]
        frame = pd.DataFrame(rows, columns=[heading.label for heading in PATTERN_HEADINGS])
        self.table.show(frame, PATTERN_HEADINGS, sort=self._sort, descending=self._descending)

    def _order(self, sort: str, descending: bool) -> None:
        self._sort, self._descending = sort, descending
        self._list()

    def _chosen(self, change: Any) -> None:
        if change["new"]:
            self._state.pattern = self._listed[change["new"][0]]

    def _picked(self, change: Any) -> None:
        frame = change["new"]
        if frame:
            conn_id = int(self._state.analysis.segments.loc[[frame], "conn_id"].iloc[0])
            self._state.set(conn_id=conn_id, frame=frame)
