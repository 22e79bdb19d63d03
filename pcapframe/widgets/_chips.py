"""The filters that are set, each to be taken away, and the way back to those before."""

import ipywidgets as widgets

from pcapframe.widgets._parts import let_go
from pcapframe.widgets._state import FILTERS, ExplorerState
from pcapframe.wording import printable

__all__ = ["Chips"]

LONGEST = 40  # letters of a value
WORDS = {"rst_phase": "RST phase", "port": "server port", "start": "from", "end": "to", "text": "search"}


class Chips(widgets.HBox):
    """A button for each filter that is set, which takes it away, and one that goes back.

    Parameters
    ----------
    state : ExplorerState
        Shown and set.
    """

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        layout = widgets.Layout(width="auto")
        self.undo = widgets.Button(
            description="Undo", icon="undo", tooltip="Go back to the filters before", layout=layout
        )
        self.undo.on_click(lambda _button: state.undo())
        self.chips: dict[str, widgets.Button] = {}
        super().__init__(layout=widgets.Layout(flex="1 1 0", flex_flow="row wrap", min_width="0"))
        self.add_class("pcapframe-chips")
        self.show()

    def show(self) -> None:
        """Show the filters that are set."""
        old, self.chips = self.chips, {}
        for name in FILTERS:
            if value := getattr(self._state, name):
                text = _text(name, value)
                same = name in old and old[name].description == text
                self.chips[name] = old.pop(name) if same else self._chip(name, text)  # one that stays keeps its focus
        self.undo.disabled = not self._state.can_undo
        self.children = [*self.chips.values(), self.undo]
        let_go(*old.values())

    def _chip(self, name: str, text: str) -> widgets.Button:
        chip = widgets.Button(
            description=text, tooltip=f"Remove the filter {WORDS.get(name, name)}", layout=widgets.Layout(width="auto")
        )
        chip.on_click(lambda _button: self._remove(name))
        return chip

    def _remove(self, name: str) -> None:
        self._state.set(**{name: ""})
        self.undo.focus()  # keys go on beside the chip that is gone


def _text(name: str, value: str) -> str:
    shown = printable(value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…").replace("_", " ")
    return f"{WORDS.get(name, name)}: {shown} ✕"
