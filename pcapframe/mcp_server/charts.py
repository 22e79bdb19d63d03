"""Charts as PNG, with their captions and numbers."""

import inspect
import threading
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypedDict

import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.answers import Brief, brief_standouts
from pcapframe.errors import ParameterError
from pcapframe.mcp_server.paging import BUDGET, compact
from pcapframe.patterns import native
from pcapframe.plots import CHARTS
from pcapframe.plots._registry import SHOWS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pcapframe.plots._canvas import Canvas

__all__ = ["ChartNumbers", "captioned_chart", "chart_png", "of_one_connection"]

WIDTH, HEIGHT = 900, 480  # pixels
BRIEFLY = 5  # of what stands out
ROOM = 500  # reserved for capture_text and the name of the capture [bytes]
DIGITS = 9  # of a number
DRAWING = threading.Lock()  # matplotlib draws one figure at a time
CANVASES: dict[str, "Canvas"] = {}


class ChartNumbers(TypedDict):
    """What a chart shows: the rows that are drawn, the first ones where not all fit; null where nothing is drawn."""

    standouts: list[Brief]
    standouts_total: int
    file: str
    chart: str
    caption: str
    conn_id: int | None
    columns: list[str]
    rows: list[list[Any]]
    rows_total: int


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
    return [name for name, shows in SHOWS.items() if shows == "connection"]


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
    return _drawn(analysis, name, conn_id)[0]


def _drawn(analysis: Analysis, name: str, conn_id: int | None) -> tuple[bytes, str]:
    """Draw a chart; return the PNG and its caption."""
    # matplotlib takes a while to load, for which no client should wait that draws nothing.
    from pcapframe.plots._canvas import Canvas  # noqa: PLC0415
    from pcapframe.plots._captions import caption  # noqa: PLC0415

    chart, options = _chosen(analysis, name, conn_id)

    def draw(axes: "Axes") -> None:
        chart.draw(analysis, ax=axes, **options)

    with DRAWING:
        canvas = CANVASES.setdefault(name, Canvas())
        png = canvas.draw(draw, width=WIDTH, height=HEIGHT)
        return png, "" if canvas.figure is None else caption(canvas.figure)


def captioned_chart(analysis: Analysis, name: str, *, conn_id: int | None = None) -> tuple[ChartNumbers, bytes]:
    """Draw a chart, and return what it shows in words and numbers, within the bound of an answer.

    Parameters
    ----------
    analysis, name, conn_id
        As for `chart_png`.

    Returns
    -------
    tuple
        The caption and the rows of the chart's ``..._data`` (the index is a column, times are ISO 8601), and the PNG.

    Raises
    ------
    ParameterError
        As for `chart_png`.

    Examples
    --------
    >>> import pcapframe as pf
    >>> shown, png = captioned_chart(pf.analyze(pf.example("resets.pcap")), "rst_distribution")
    >>> shown["columns"], shown["rows"][0]
    (['phase', 'to_server', 'from_server', 'unknown'], ['handshake', 0, 6, 0])
    """
    png, said = _drawn(analysis, name, conn_id)
    chart, options = _chosen(analysis, name, conn_id)
    frames = {"segments": analysis.filtered_segments, "connections": analysis.counted.connections}
    taken = inspect.signature(chart.data).parameters
    data = chart.data(**{key: value for key, value in (frames | options).items() if key in taken})
    numbers = data.reset_index() if data.index.name or isinstance(data.index, pd.MultiIndex) else data
    shown = ChartNumbers(
        standouts=brief_standouts(analysis, BRIEFLY),
        standouts_total=len(analysis.standouts),
        file=analysis.capture.name,
        chart=name,
        caption=said,
        conn_id=conn_id if conn_id is not None else data.attrs.get("conn_id"),
        columns=[str(column) for column in numbers.columns],
        rows=[],
        rows_total=len(numbers),
    )
    room = BUDGET - ROOM - len(compact(shown))
    first = numbers.iloc[: room // 2].astype(object)  # a row takes two bytes and more
    rows = [[_plain(value) for value in row] for row in first.itertuples(index=False, name=None)]
    fit = sum(size <= room for size in accumulate(len(compact(row)) + 1 for row in rows))
    return {**shown, "rows": rows[:fit]}, png


def _plain(value: Any) -> Any:
    """Write one number, text or time."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        return value.isoformat() if isinstance(value, pd.Timestamp) else value.total_seconds()
    plain = native(value)
    return round(plain, DIGITS) if isinstance(plain, float) else plain if isinstance(plain, int) else str(plain)


def _chosen(analysis: Analysis, name: str, conn_id: int | None) -> tuple[Any, dict[str, Any]]:
    """Return the chart, and its connection as an option."""
    chart = CHARTS.get(name)
    if chart is None:
        raise ParameterError(f"there is no chart {name!r}: expected one of {', '.join(CHARTS)}")
    if conn_id is None:
        return chart, {}
    if chart.of != "connection":
        one = ", ".join(of_one_connection())
        raise ParameterError(f"{name} shows all connections: conn_id is for charts that show one ({one})")
    if conn_id not in analysis.connections.index:
        total = len(analysis.connections)
        raise ParameterError(f"there is no connection {conn_id}: expected the conn_id of one of {total:,}")
    return chart, {"conn_id": conn_id}
