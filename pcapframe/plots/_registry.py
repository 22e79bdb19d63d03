"""Every chart, in the order of the docs. A new chart is one new file, which declares ``CHART``, and a line in `SHOWS`.

A file is loaded when its chart is asked for: all need matplotlib, which takes a while to load. A server that may never
draw knows its charts without it.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from pcapframe.plots._api import Chart

Shows: TypeAlias = Literal["analysis", "connection"]
SHOWS: dict[str, Shows] = {
    "overview": "analysis",
    "rst_distribution": "analysis",
    "rst_timeline": "analysis",
    "retransmission_timeline": "analysis",
    "resend_raster": "analysis",
    "handshakes": "analysis",
    "swimlanes": "analysis",
    "state_transitions": "analysis",
    "rtt": "analysis",
    "waits": "analysis",
    "sender_time": "analysis",
    "throughput": "analysis",
    "time_sequence": "connection",
    "bytes_in_flight": "connection",
    "turns": "connection",
}
"""What each chart shows: all selected connections of an `Analysis`, or one."""

OTHERS = (
    "ladder",  # of a join, not of an Analysis
    "one_way_delay",  # of a join
    "losses_by_leg",  # of a join
    "rst_events",  # the rows that two charts count
)
"""Files without ``CHART``."""


class _Charts(Mapping[str, "Chart"]):
    """The declarations of the charts, loaded one by one."""

    def __getitem__(self, name: str) -> "Chart":
        if name not in SHOWS:
            raise KeyError(name)
        declared: Chart = import_module(f"pcapframe.plots.{name}").CHART
        return declared

    def __iter__(self) -> Iterator[str]:
        return iter(SHOWS)

    def __len__(self) -> int:
        return len(SHOWS)


CHARTS: Mapping[str, "Chart"] = _Charts()
"""Every chart, by name."""


@cache
def functions() -> dict[str, Callable[..., Any]]:
    """Load all files.

    Returns
    -------
    dict
        The functions that they offer, by name.
    """
    found: dict[str, Callable[..., Any]] = {}
    for file in (import_module(f"pcapframe.plots.{name}") for name in (*SHOWS, *OTHERS)):
        offered = {name: getattr(file, name) for name in file.__all__}
        found |= {name: value for name, value in offered.items() if inspect.isfunction(value)}
    return found
