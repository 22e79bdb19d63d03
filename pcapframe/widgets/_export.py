"""Export of the selection: display filter, Python code, report parameters, capture file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import ipywidgets as widgets

from pcapframe.analysis import Analysis
from pcapframe.widgets._parts import Copied
from pcapframe.widgets._state import ExplorerState
from pcapframe.wording import counted

__all__ = ["Export", "Guard"]

Guard: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
MOST_RANGES = 2_000  # ranges of frame numbers in a display filter that is shown


class Export(widgets.VBox):
    """Texts to copy that select the same elsewhere, and a button that writes the packets.

    Parameters
    ----------
    state : ExplorerState
        Its selection is exported.
    guarded : callable
        Wraps callbacks of widgets, so that an error is shown.
    restate : callable
        Called before writing, so that the error of an earlier try is no longer shown.
    """

    def __init__(self, state: ExplorerState, guarded: Guard, restate: Callable[[], None]) -> None:
        self._state = state
        self._restate = restate
        self.filter = Copied("Wireshark display filter")
        self.code = Copied("Python")
        self.parameters = Copied("Report parameters (papermill)")
        self.link = Copied("Filters as a link, for explorer.open_link or pf.explore(…, filters=…)")
        self.target = widgets.Text(
            description="Write to", value=_target(state.analysis), continuous_update=False,
            layout=widgets.Layout(width="auto", flex="1 1 260px"), style={"description_width": "60px"},
        )  # fmt: skip
        self.write = widgets.Button(
            description="Write packets", icon="download", tooltip="Write the selected packets to a capture file",
            layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        self.written = widgets.HTML()
        self.write.on_click(guarded(self._write))
        self.target.observe(lambda _change: self.forget(), "value")
        texts = [self.filter, self.code, self.parameters, self.link]
        for text in texts:
            text.layout.flex, text.layout.min_width, text.layout.width = "1 1 320px", "0", "auto"
        super().__init__(
            [
                widgets.HBox(texts, layout=widgets.Layout(flex_flow="row wrap")),
                widgets.HBox(
                    [self.target, self.write, self.written],
                    layout=widgets.Layout(flex_flow="row wrap", align_items="center", margin="4px 0 0 0"),
                ),
            ]
        )

    def show(self) -> None:
        """Show the texts that make the same selection."""
        selection = self._state.selection
        is_short = selection.short_filter is not None or selection.ranges <= MOST_RANGES
        self.filter.text = (selection.display_filter or "") if is_short else ""
        self.filter.note = (
            f"too long to show ({selection.ranges:,} ranges of frame numbers); it is in "
            "explorer.selection.display_filter"
            if selection.packet_count
            else "no packet is selected"
        )
        self.code.text, self.parameters.text = selection.code, selection.parameters
        self.link.text, self.link.note = selection.filters.link, "no filter is set"

    def forget(self) -> None:
        """Clear the message about the file that was written: another selection or name is shown now."""
        self.written.value = ""

    def _write(self, _button: Any) -> None:
        self.forget()
        self._restate()
        count = self._state.selection.write(self.target.value.strip())
        self.written.value = f"<span role='status'>{counted(count, 'packet')} written</span>"


def _target(analysis: Analysis) -> str:
    """Name a capture to write to: beside the notebook, after the capture."""
    stem = Path(analysis.capture.name).name.split(".")[0] or "capture"
    return f"{stem}-selection.pcapng"
