"""Charts: frames in, matplotlib axes out.

Each chart is a file with two functions: ``NAME_data`` returns the numbers, as a frame, and ``NAME`` draws exactly
these. The file declares the chart once, for all that show it; `CHARTS` has these declarations by name. A chart takes
an `Analysis` or the frames it needs, and ``ax=None``; it returns the axes, shows nothing, saves nothing and leaves
``rcParams`` and its input unchanged. Without ``ax`` it makes a new figure with pyplot, since notebooks show only pyplot
figures automatically. Times are UTC. A chart has a bounded number of marks for captures of any length; its
docstring says how its numbers are binned.

matplotlib is an extra: ``pip install "pcapframe[plots]"``. It is loaded when a chart is first asked for.
"""
# ruff: noqa: F403

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pcapframe.errors import MissingExtraError
from pcapframe.plots._registry import CHARTS as CHARTS
from pcapframe.plots._registry import functions

if TYPE_CHECKING:  # for editors and type checkers, a line a file
    # isort: off
    from pcapframe.plots.overview import *
    from pcapframe.plots.rst_distribution import *
    from pcapframe.plots.rst_timeline import *
    from pcapframe.plots.retransmission_timeline import *
    from pcapframe.plots.resend_raster import *
    from pcapframe.plots.handshakes import *
    from pcapframe.plots.swimlanes import *
    from pcapframe.plots.state_transitions import *
    from pcapframe.plots.rtt import *
    from pcapframe.plots.waits import *
    from pcapframe.plots.sender_time import *
    from pcapframe.plots.throughput import *
    from pcapframe.plots.time_sequence import *
    from pcapframe.plots.bytes_in_flight import *
    from pcapframe.plots.turns import *
    from pcapframe.plots.ladder import *
    from pcapframe.plots.one_way_delay import *
    from pcapframe.plots.losses_by_leg import *
    from pcapframe.plots.rst_events import *
    # isort: on

if find_spec("matplotlib") is None:
    raise MissingExtraError("charts need", "matplotlib", "plots")


class _Plots(ModuleType):
    """The package, where the name of a chart is its function also if its file of that name was loaded by itself."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, getattr(value, name, value) if isinstance(value, ModuleType) else value)


sys.modules[__name__].__class__ = _Plots


def __getattr__(name: str) -> Any:
    """Load the charts."""
    if name == "__all__":
        return list(functions())
    if name.startswith("_") or name not in functions():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return functions()[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *functions()])
