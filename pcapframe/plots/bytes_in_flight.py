"""Bytes in flight of one connection, against the window that its receiver offered."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.arrays import Array
from pcapframe.measures import values
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, ink
from pcapframe.plots._captions import tally
from pcapframe.plots._connection import OneConnection, one_connection
from pcapframe.plots._frames import Source, category, segments_of
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Shape
from pcapframe.plots._marks import Marks
from pcapframe.plots._palette import WINDOW_LOOKS
from pcapframe.plots._scales import seconds_axis, unit_axis
from pcapframe.plots._text import legend, state, title
from pcapframe.wording import counted

__all__ = ["bytes_in_flight", "bytes_in_flight_data"]

KINDS = tuple(WINDOW_LOOKS)
FAR = 4  # times the most bytes in flight: a window above that would leave them no room


def bytes_in_flight_data(
    segments: pd.DataFrame, conn_id: int | None = None, *, from_client: bool | None = None
) -> pd.DataFrame:
    """Return the bytes that one side of a connection had in flight, and the window of the other side.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection; by default that with the most payload.
    from_client : bool, optional
        Whose data; by default that of the side with more payload.

    Returns
    -------
    DataFrame
        ``kind`` (category), ``time_s`` since the connection's first packet (float64 [s]), ``low`` and ``high`` (float64
        [bytes], equal unless joined), ``frame``, the first that it stands for, and ``marks``, how many (int64). Kinds:
        ``in_flight``, the column ``bytes_in_flight``; ``window``, ``window_bytes`` of the other side; ``window_full``
        at what is in flight and ``zero_window`` at 0, the labels. Of a kind with more than 4,000, those in the same
        2000th of the time are joined. ``attrs`` holds ``conn_id``, ``from_client``, ``connection`` (text),
        ``start_ns``, ``segments`` (sent by the side followed) and ``windows_known`` of ``windows``; it is empty
        without segments.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    marks, attrs = _every(segments, conn_id, from_client=from_client)
    made = marks.between()
    made.attrs = attrs
    return made


def _every(
    segments: pd.DataFrame, conn_id: int | None = None, *, from_client: bool | None = None
) -> tuple[Marks, dict[Any, Any]]:
    """Return all marks, none of them joined, and the attrs of the data."""
    one = one_connection(segments, conn_id, from_client)
    if one is None:
        return Marks([_marks("window", np.empty(0), np.empty(0), np.empty(0, np.int64))]), {}
    windows = _window(one)
    return Marks([*_flight(one), *windows]), {
        "conn_id": one.conn_id,
        "from_client": one.from_client,
        "connection": one.text,
        "start_ns": one.start_ns,
        "segments": int(one.sent.sum()),
        "windows_known": len(windows[0]),
        "windows": int((~one.sent).sum()),
    }


def _marks(kind: str, time_s: Array, number: Array, frame: Array) -> pd.DataFrame:
    column = category(np.full(time_s.size, KINDS.index(kind)), KINDS)
    return pd.DataFrame({"kind": column, "time_s": time_s, "low": number, "high": number, "frame": frame})


def _flight(one: OneConnection) -> list[pd.DataFrame]:
    sent, time_s = one.segments[one.sent], one.time_s[one.sent]
    flight = values(sent["bytes_in_flight"], np.float64, null=np.nan)
    known = ~np.isnan(flight)
    full = known & sent["window_full"].to_numpy()
    frames = sent.index.to_numpy()
    return [
        _marks(kind, time_s[of], flight[of], frames[of]) for kind, of in (("in_flight", known), ("window_full", full))
    ]


def _window(one: OneConnection) -> list[pd.DataFrame]:
    answers, time_s = one.segments[~one.sent], one.time_s[~one.sent]
    window = values(answers["window_bytes"], np.float64, null=np.nan)
    known, zero = ~np.isnan(window), answers["zero_window"].to_numpy()
    frames = answers.index.to_numpy()
    return [
        _marks("window", time_s[known], window[known], frames[known]),
        _marks("zero_window", time_s[zero], np.zeros(zero.sum()), frames[zero]),
    ]


def bytes_in_flight(
    segments: Source, conn_id: int | None = None, *, from_client: bool | None = None, ax: Axes | None = None
) -> Axes:
    """Draw bytes in flight over time against the window offered.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection; by default that with the most payload.
    from_client : bool, optional
        Whose data; by default that of the side with more payload.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `bytes_in_flight_data`: one mark per segment for the bytes in flight (joined ones: a vertical line from the
        lowest to the highest), steps for the window, and marks where a segment fills it and where it is zero. Both are
        on one linear scale; a window of more than 4 times the most bytes in flight is cut off, and what is above is
        said below the title.

    Raises
    ------
    ParameterError
        There is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.bytes_in_flight(pf.analyze(pf.example("losses.pcap"))).get_ylabel()
    'bytes'
    """
    data = bytes_in_flight_data(segments_of(segments), conn_id=conn_id, from_client=from_client)
    ax = axes_or_new(ax)
    what, facts = CHART.title, data.attrs
    if data.empty:
        return state(ax, what, "No segment with a time shows bytes in flight or a window.")
    top = _top(data)
    above = data[(data["kind"] == "window") & (data["low"] > top)]
    for mark in PANEL.marks:
        rows, look = data[data["kind"] == mark.name], mark.look
        if rows["low"].gt(top).all():  # nothing of it can be seen
            continue
        color, label = ink(ax) if mark.plain else look.color, f"{look.label} ({rows['marks'].sum():,})"
        if mark.shape == "steps":
            ax.plot(rows["time_s"], rows["low"], color=color, linestyle=look.line, drawstyle="steps-post",
                    linewidth=1.2, label=label)  # fmt: skip
            continue
        ax.vlines(rows["time_s"], rows["low"], rows["high"], color=color, linewidth=0.8)
        ax.scatter(rows["time_s"], rows["high"], s=10 if mark.shape == "span" else 36, color=color, marker=look.marker,
                   label=label, zorder=3, linewidths=0.9,
                   facecolors="none" if mark.name == "window_full" else None)  # fmt: skip
    ax.set_ylim(-0.03 * top, top)
    seconds_axis(ax, facts["start_ns"], 0.0, float(data["time_s"].max()))
    unit_axis(ax, PANEL.axis.label, PANEL.axis.unit)
    unknown = facts["windows"] - facts["windows_known"]
    of = f"connection {facts['conn_id']:,}: {facts['connection']}, {counted(facts['segments'], 'segment')} sent"
    of += f"; the window is unknown in {unknown:,} of {facts['windows']:,} answers" if unknown else ""
    of += f"; windows up to {above['high'].max():,.0f} bytes are above what is shown" if len(above) else ""
    title(ax, what, of, numbers=[tally(WINDOW_LOOKS, data.groupby("kind", observed=True)["marks"].sum().to_dict())])
    legend(ax)
    return ax


def _top(data: pd.DataFrame) -> float:
    """Return where the scale ends: above the window, unless it is far above what is in flight. [bytes]."""
    window = data["kind"] == "window"
    flight, most = float(data["high"][~window].max()), float(data["high"].max())
    return 1.05 * max(most if not flight > 0 or most <= FAR * flight else 1.2 * flight, 1.0)


SHAPES: dict[str, Shape] = {"window": "steps", "window_full": "points", "zero_window": "points"}
PANEL = Panel(
    Axis("bytes", "B"),
    tuple(
        Mark(name, look, SHAPES.get(name, "span"), high="high", low="low", plain=name == "zero_window")
        for name, look in WINDOW_LOOKS.items()
    ),
)
CHART = Chart(
    draw=bytes_in_flight,
    data=bytes_in_flight_data,
    title="Bytes in flight against the window",
    numbers="bytes in flight of one connection, and the window that its receiver offers",
    graph=Graph(across=Axis("time", "s"), panels=(PANEL,), at="time_s", by="kind", evidence="packet", marks=_every),
)
