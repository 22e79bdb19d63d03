"""Charts as PNG."""

import threading

from matplotlib.axes import Axes

from pcapframe.analysis import Analysis
from pcapframe.errors import ParameterError
from pcapframe.plots import CHARTS
from pcapframe.plots._canvas import Canvas

__all__ = ["chart_png", "of_one_connection"]

WIDTH, HEIGHT = 900, 480  # pixels
DRAWING = threading.Lock()  # matplotlib draws one figure at a time
CANVASES: dict[str, Canvas] = {}


def of_one_connection() -> list[str]:
    """List the charts that show one connection.

    Returns
    -------
    list of str
        Their names.

    Examples
    --------
    >>> "time_sequence" in of_one_connection()
    True
    """
    return [name for name, chart in CHARTS.items() if chart.of == "connection"]


def chart_png(analysis: Analysis, name: str, *, conn_id: int | None = None) -> bytes:
    """Draw a chart.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    name : str
        Name of the chart, a key of ``plots.CHARTS``.
    conn_id : int, optional
        The connection, for charts that show one; by default the one with the most payload.

    Returns
    -------
    bytes
        PNG, 900 pixels wide.

    Raises
    ------
    ParameterError
        There is no such chart or connection, or the chart does not show a single connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> chart_png(pf.analyze(pf.example("resets.pcap")), "rst_distribution")[1:4]
    b'PNG'
    """
    chart = CHARTS.get(name)
    if chart is None:
        raise ParameterError(f"there is no chart {name!r}: expected one of {', '.join(CHARTS)}")
    options = {} if conn_id is None else {"conn_id": conn_id}
    if options and chart.of != "connection":
        one = ", ".join(of_one_connection())
        raise ParameterError(f"{name} shows all connections: conn_id is for charts that show one ({one})")
    if options and conn_id not in analysis.connections.index:
        total = len(analysis.connections)
        raise ParameterError(f"there is no connection {conn_id}: expected the conn_id of one of {total:,}")

    def draw(axes: Axes) -> None:
        chart.draw(analysis, ax=axes, **options)

    with DRAWING:
        return CANVASES.setdefault(name, Canvas()).draw(draw, width=WIDTH, height=HEIGHT)
