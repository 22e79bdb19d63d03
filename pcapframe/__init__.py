"""pcapframe: packet captures as pandas frames, and what is observed in them.

Three frames, each computed from the one before by a pure function::

    capture ── read_pcap ──► packets ── label_segments ──► segments ── build_connections ──► connections
    segments + connections ── find_patterns ──► patterns

`analyze` runs them all and returns the frames in one frozen `Analysis`, with the capture's health. `turns`, `resends`,
`rst_evidence` and `vantage_evidence` give details, `plots` draws charts, `live_chart` one that can be touched,
`explore` shows everything in a notebook, `show` a frame by names, `write_report` makes a report, `write_store` keeps an
analysis for the next time.
The functions ``analyze_tcp_…`` and `analyze_traffic_flow` return answers as plain dicts; the command ``pcapframe``
prints them as text or JSON. ``schema`` declares every column, ``errors`` every exception.

Each module imports only from layers below its own; ``pyproject.toml`` lists the layers (``[tool.importlinter]``).

pcapframe states what is seen, with the packets that show it, and never why.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pcapframe.errors import (
    CaptureError,
    CaptureFormatError,
    CaptureNotFoundError,
    CaptureWarning,
    ClusterError,
    MissingExtraError,
    ParameterError,
    PcapframeError,
    PcapframeWarning,
    RemoteCaptureError,
    TemporarySpaceError,
)

if TYPE_CHECKING:
    from pcapframe import plots as plots
    from pcapframe.analysis import (
        Analysis,
        CaptureHealth,
        Finding,
        Standout,
        analyze,
        resends,
        rst_evidence,
        sum_waits,
        turns,
        write_store,
    )
    from pcapframe.answers import (
        analyze_tcp_anomalies,
        analyze_tcp_connections,
        analyze_tcp_retransmissions,
        analyze_traffic_flow,
    )
    from pcapframe.capture.remote import RemoteCapture
    from pcapframe.connections import build_connections, vantage_evidence
    from pcapframe.dissection import dissect
    from pcapframe.examples import example
    from pcapframe.extraction import write_pcap
    from pcapframe.joining import Joined, join_captures
    from pcapframe.packets import CaptureInfo, capture_info, read_pcap
    from pcapframe.patterns import Evidence, Pattern, Patterns, Thresholds, find_patterns
    from pcapframe.report import write_report as write_report
    from pcapframe.segments import label_segments
    from pcapframe.showing import flag_names, show
    from pcapframe.widgets import explore as explore
    from pcapframe.widgets import live_chart as live_chart
    from pcapframe.zones import options

    __version__: str

__all__ = [
    "Analysis",
    "CaptureError",
    "CaptureFormatError",
    "CaptureHealth",
    "CaptureInfo",
    "CaptureNotFoundError",
    "CaptureWarning",
    "ClusterError",
    "Evidence",
    "Finding",
    "Joined",
    "MissingExtraError",
    "ParameterError",
    "Pattern",
    "Patterns",
    "PcapframeError",
    "PcapframeWarning",
    "RemoteCapture",
    "RemoteCaptureError",
    "Standout",
    "TemporarySpaceError",
    "Thresholds",
    "__version__",
    "analyze",
    "analyze_tcp_anomalies",
    "analyze_tcp_connections",
    "analyze_tcp_retransmissions",
    "analyze_traffic_flow",
    "build_connections",
    "capture_info",
    "dissect",
    "example",
    "find_patterns",
    "flag_names",
    "join_captures",
    "label_segments",
    "options",
    "read_pcap",
    "resends",
    "rst_evidence",
    "show",
    "sum_waits",
    "turns",
    "vantage_evidence",
    "write_pcap",
    "write_store",
]

# Loaded on first use: importing pandas and Numba takes most of a second.
_HOMES = {
    "analysis": (
        "Analysis",
        "CaptureHealth",
        "Finding",
        "Standout",
        "analyze",
        "resends",
        "rst_evidence",
        "sum_waits",
        "turns",
        "write_store",
    ),
    "answers": (
        "analyze_tcp_anomalies",
        "analyze_tcp_connections",
        "analyze_tcp_retransmissions",
        "analyze_traffic_flow",
    ),
    "capture.remote": ("RemoteCapture",),
    "connections": ("build_connections", "vantage_evidence"),
    "dissection": ("dissect",),
    "examples": ("example",),
    "extraction": ("write_pcap",),
    "joining": ("Joined", "join_captures"),
    "packets": ("CaptureInfo", "capture_info", "read_pcap"),
    "patterns": ("Evidence", "Pattern", "Patterns", "Thresholds", "find_patterns"),
    "report": ("write_report",),
    "segments": ("label_segments",),
    "showing": ("flag_names", "show"),
    "widgets": ("explore", "live_chart"),
    "zones": ("options",),
}
# Not in __all__: a star import must work without extras.
_NEEDING = {"explore": "anywidget", "live_chart": "anywidget", "plots": "matplotlib", "write_report": "papermill"}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value: Any = version("pcapframe")
        except PackageNotFoundError:  # run from a checkout that is not installed
            value = "unknown"
    elif name == "plots":
        value = import_module("pcapframe.plots")
    elif name in _HOME:
        value = getattr(import_module(f"pcapframe.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module 'pcapframe' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from importlib.util import find_spec

    loadable = [name for name, package in _NEEDING.items() if find_spec(package)]
    return sorted([*__all__, *loadable])
