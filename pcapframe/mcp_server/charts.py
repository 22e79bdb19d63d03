"""Charts as PNG."""

import threading
from typing import TYPE_CHECKING, Literal, TypeAlias

from pcapframe.analysis import Analysis
from pcapframe.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pcapframe.plots._canvas import Canvas

__all__ = ["Chart", "chart_png"]

Chart: TypeAlias = Literal["rst_distribution", "retransmission_timeline", "time_sequence"]
WIDTH, HEIGHT = 900, 480  # pixels
DRAWING = threading.Lock()  # matplotlib draws one figure at a time
CANVASES: dict[Chart, "Canvas"] = {}


def chart_png(analysis: Analysis, chart: Chart, *, conn_id: int | None = None) -> bytes:
    """Draw a chart.

    Parameters
    ----------
    analysis : Analysis
        What is drawn.
    chart : {"rst_distribution", "retransmission_timeline", "time_sequence"}
        RSTs by the phase of their connection, segments sent again by time, or bytes of a connection by time.
    conn_id : int, optional
        The connection of ``time_sequence``; that with the most payload without it.

    Returns
    -------
    bytes
        PNG, 900 pixels wide.

    Raises
    ------
    ParameterError
        There is no such connection, or the chart is not of one.

    Examples
    --------
    >>> import pcapframe as pf
    >>> chart_png(pf.analyze(pf.example("resets.pcap")), "rst_distribution")[1:4]
    b'PNG'
    """
    if conn_id is not None and chart != "time_sequence":
        raise ParameterError(f"{chart} is of all connections: conn_id is for time_sequence")
    if conn_id is not None and conn_id not in analysis.connections.index:
        total = len(analysis.connections)
        raise ParameterError(f"there is no connection {conn_id}: expected the conn_id of one of {total:,}")
    # Here, since most who talk to the server ask for no chart, and it should be there soon.
    from pcapframe import plots  # noqa: PLC0415
    from pcapframe.plots._canvas import Canvas  # noqa: PLC0415

    def draw(axes: "Axes") -> None:
        if chart == "rst_distribution":
            plots.rst_distribution(analysis, ax=axes)
        elif chart == "retransmission_timeline":
            plots.retransmission_timeline(analysis, ax=axes)
        else:
            plots.time_sequence(analysis, conn_id=conn_id, ax=axes)

    with DRAWING:
        canvas = CANVASES.setdefault(chart, Canvas())
        return canvas.draw(draw, width=WIDTH, height=HEIGHT)
