"""Small parts of widgets: text to copy, a call that waits until changes stop."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

__all__ = ["STYLE", "Copied", "Debounced", "Named"]

STATIC = Path(__file__).parent / "static"
STYLE = (STATIC / "explorer.css").read_text("utf-8")
WAIT_S = 0.08


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
