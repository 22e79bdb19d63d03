"""``DataFrame.tcp``: the stages and the charts as methods of the frames they take.

Each method calls the function of the same name: ``packets.tcp.analyze()`` is ``analyze(packets)``, and
``segments.tcp.plots.rtt()`` is ``plots.rtt(segments)``. Importing this module registers it::

    import pcapframe.accessor
"""

from functools import partial
from typing import Any

import pandas as pd

from pcapframe.analysis import Analysis, analyze
from pcapframe.connections import build_connections
from pcapframe.packets import CaptureInfo, capture_info
from pcapframe.patterns import Patterns, find_patterns
from pcapframe.segments import label_segments

__all__ = ["Charts", "TcpAccessor"]


class Charts:
    """The charts of ``pcapframe.plots``, drawn from one frame.

    Parameters
    ----------
    frame : DataFrame
        Segments or connections, whichever the chart takes as its first argument.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __getattr__(self, name: str) -> Any:
        from pcapframe import plots

        if name not in plots.__all__:
            raise AttributeError(f"pcapframe.plots has no {name!r}")
        return partial(getattr(plots, name), self._frame)

    def __dir__(self) -> list[str]:
        from pcapframe import plots

        return sorted(plots.__all__)


@pd.api.extensions.register_dataframe_accessor("tcp")
class TcpAccessor:
    """Stages and charts as methods of a packets, segments or connections frame.

    Parameters
    ----------
    frame : DataFrame
        Packets, segments or connections.

    Examples
    --------
    >>> import pcapframe as pf
    >>> import pcapframe.accessor
    >>> segments = pf.read_pcap(pf.example("clean.pcap")).tcp.label_segments()
    >>> len(segments.tcp.build_connections())
    13
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @property
    def plots(self) -> Charts:
        """Charts of segments or connections: ``segments.tcp.plots.rtt()``."""
        return Charts(self._frame)

    def label_segments(self) -> pd.DataFrame:
        """Label packets; see `label_segments`."""
        return label_segments(self._frame)

    def build_connections(self) -> pd.DataFrame:
        """Sum up segments; see `build_connections`."""
        return build_connections(self._frame)

    def find_patterns(self, connections: pd.DataFrame, **options: Any) -> Patterns:
        """Find patterns in segments; see `find_patterns`."""
        return find_patterns(self._frame, connections, **options)

    def analyze(self, **options: Any) -> Analysis:
        """Analyse packets; see `analyze`."""
        return analyze(self._frame, **options)

    def capture_info(self) -> CaptureInfo:
        """Return the facts about the capture that a frame was read from; see `capture_info`."""
        return capture_info(self._frame)
