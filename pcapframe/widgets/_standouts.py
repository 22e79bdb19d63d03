"""What stands out, above the explorer: a click selects the connections that show it."""

from typing import Any

import ipywidgets as widgets

from pcapframe.analysis.standouts import Standout, looked_at
from pcapframe.widgets._export import Guard
from pcapframe.widgets._state import ExplorerState
from pcapframe.wording import counted

__all__ = ["StandoutList"]

SHOWN = 5


class StandoutList(widgets.VBox):
    """The first events, each a button.

    Parameters
    ----------
    state : ExplorerState
        Set by a click.
    guarded : callable
        Makes a function show its errors.
    """

    def __init__(self, state: ExplorerState, guarded: Guard) -> None:
        self._state = state
        analysis = state.analysis
        shown = analysis.standouts[:SHOWN]
        self.buttons = [self._button(seen, guarded) for seen in shown]
        more = len(analysis.standouts) - len(shown)
        title = "What stands out" if shown else f"Nothing stands out. {looked_at(analysis.statistics)}."
        rest = (
            [widgets.HTML(f"<span>{counted(more, 'further event')}: the tab Patterns has them</span>")] if more else []
        )
        super().__init__([widgets.HTML(f"<b>{title}</b>"), *self.buttons, *rest])
        self.add_class("pcapframe-standouts")

    def _button(self, seen: Standout, guarded: Guard) -> widgets.Button:
        tip = "Select these connections" if seen.connections > 1 else "Open this connection"
        button = widgets.Button(description=seen.sentence, tooltip=tip, layout=widgets.Layout(width="auto"))
        button.on_click(guarded(lambda _button: self._select(seen)))
        return button

    def _select(self, seen: Standout) -> None:
        """Select the connections of an event as far as filters can; open it where it is one connection."""
        chosen: dict[str, Any] = dict.fromkeys(self._state.filters.__dataclass_fields__, "")
        if seen.pattern is not None:
            chosen["pattern"] = seen.pattern
        if len(seen.servers) == 1:
            chosen["server"], _, chosen["port"] = seen.servers[0].rpartition(":")
            chosen["server"] = chosen["server"].strip("[]")
        self._state.set(**chosen)
        if seen.connections == 1 and seen.evidence.connections:
            self._state.set(conn_id=seen.evidence.connections[0])
