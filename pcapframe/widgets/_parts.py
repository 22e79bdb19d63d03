"""Small parts of widgets: text to copy, a call that waits until changes stop."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

__all__ = ["STYLE", "Copied", "Debounced", "Named", "let_go"]

STATIC = Path(__file__).parent / "static"
STYLE = (STATIC / "explorer.css").read_text("utf-8")
WAIT_S = 0.08
WIDE = widgets.Layout(width="auto", min_width="0")
SHARED = (WIDE,)


def let_go(*closed: widgets.Widget) -> None:
    """Close widgets with everything in them: one that is closed alone leaves its children, layout and style behind.

    Parameters
    ----------
    *closed : Widget
        Not shown any more. Layout and style go with them unless they are shared, as constants of a module are.
    """
    for one in closed:
        let_go(*getattr(one, "children", ()))
        for part in (getattr(one, "style", None), getattr(one, "layout", None)):
            if isinstance(part, widgets.Widget) and part not in SHARED:
                part.close()
        one.close()


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


class Named(anywidget.AnyWidget):
    """Shows nothing: it names the handles of the slider beside it, for those who do not see them."""

    _esm = STATIC / "named.js"
