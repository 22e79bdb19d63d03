"""The time–sequence graph of one connection, as tcptrace and Wireshark draw it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.conversation import sender_spans
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, ink, split
from pcapframe.plots._captions import tally
from pcapframe.plots._connection import of_connection
from pcapframe.plots._frames import Source, segments_of
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Shape
from pcapframe.plots._palette import SENDER_LOOKS, SEQUENCE_LOOKS, TURN_LOOKS
from pcapframe.plots._scales import seconds_axis, unit_axis
from pcapframe.plots._sequence import time_sequence_marks
from pcapframe.plots._shapes import outline
from pcapframe.plots._text import legend, state, title
from pcapframe.plots._turn_spans import turn_spans
from pcapframe.wording import counted, percent

__all__ = ["sender_ribbon_data", "time_sequence", "time_sequence_data"]

SHAPES: dict[str, Shape] = {
    "ack": "steps", "window": "steps", "sack": "span", "segment": "span", "resent": "span", "zero_window": "points",
    "fin": "points", "rst": "points",
}  # fmt: skip
PLAIN = ("fin", "rst")  # drawn in the colour of text
SPANS = 2_000  # of the ribbon


def time_sequence_data(
    segments: pd.DataFrame, conn_id: int | None = None, *, from_client: bool | None = None
) -> pd.DataFrame:
    """Return what one side of a connection sent and what the other acknowledged.

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
        ``kind`` (category), ``time_s`` since the connection's first packet (float64 [s]), ``low`` and ``high``,
        relative sequence numbers of the side followed (float64 [bytes]), ``frame`` (int64), ``first_copy``, the frame
        that a resent segment's bytes were first in (UInt32, null elsewhere and where there is none), with its
        ``first_copy_s`` (float64 [s]), and ``marks``, the number of marks in a row (int64). Kinds: ``segment`` and
        ``resent`` reach from ``rel_seq`` over payload, SYN and FIN; ``ack``, ``window`` (its right edge), ``sack`` (its
        blocks) and ``zero_window`` are of the other side; ``fin`` and ``rst`` of either. Of a kind with more than
        4,000, those in the same 2000th of the time are joined; frame and copy are those of the first. ``attrs`` holds
        ``conn_id``, ``from_client``, ``connection`` (text), ``start_ns`` and ``segments``; it is empty without
        segments.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    marks, attrs = time_sequence_marks(segments, conn_id, from_client=from_client)
    made = marks.between()
    made.attrs = attrs
    return made


def sender_ribbon_data(segments: pd.DataFrame, conn_id: int, *, from_client: bool) -> pd.DataFrame:
    """Return what the side of a connection that `time_sequence` follows was doing, as its ribbon shows it.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int
        The connection.
    from_client : bool
        Which side.

    Returns
    -------
    DataFrame
        ``state`` (category: ``idle``, ``sending``, ``repairing``, ``window_limited``), ``start_s`` and ``end_s`` since
        the connection's first packet (float64 [s]), without gaps. Of more than 2,000 spans, those that begin in the
        same 2000th of the time are one, with the state that lasts longest. Empty where it is not known.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    own = of_connection(segments, conn_id, segments.columns)
    spans = sender_spans(own, conn_id)
    spans = spans[spans["sender"] == ("client" if from_client else "server")]
    first = own["time"].min()
    made = pd.DataFrame({"state": spans["state"].reset_index(drop=True)})
    for name in ("start", "end"):
        made[f"{name}_s"] = (spans[name] - first).dt.total_seconds().to_numpy()
    if len(made) <= SPANS:
        return made
    whole = max(float(made["end_s"].iloc[-1] - made["start_s"].iloc[0]), 1e-9)
    column = ((made["start_s"] - made["start_s"].iloc[0]) / whole * SPANS).astype(np.int64)
    longest = (made["end_s"] - made["start_s"]).groupby(column).idxmax()
    grouped = made.groupby(column)
    return pd.DataFrame(
        {
            "state": made["state"].loc[longest].reset_index(drop=True),
            "start_s": grouped["start_s"].first().to_numpy(),
            "end_s": grouped["end_s"].last().to_numpy(),
        }
    )


def time_sequence(
    segments: Source, conn_id: int | None = None, *, from_client: bool | None = None, ax: Axes | None = None
) -> Axes:
    """Draw sequence numbers over time: what one side of a connection sent, and what the other acknowledged.

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
        `time_sequence_data`: a vertical line per segment, from its first byte to its last; steps for acknowledgements
        and for the right edge of the window, which is cut off where it is far above the data. Below it, a ribbon shows
        what the sender was doing (`sender_ribbon_data`), where that is known.

    Raises
    ------
    ParameterError
        There is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.time_sequence(pf.analyze(pf.example("losses.pcap"))).get_ylabel()
    'relative sequence number'
    """
    segments = segments_of(segments)
    data = time_sequence_data(segments, conn_id=conn_id, from_client=from_client)
    ax = axes_or_new(ax, size=(8, 5.5))
    what, facts = CHART.title, data.attrs
    if data.empty:
        return state(ax, what, "There is no segment with a time.")
    for mark in SEQUENCE.marks:
        rows = data[data["kind"] == mark.name]
        if not rows.empty:
            _draw(ax, mark, rows)
    _limit(ax, data)
    ribbon = sender_ribbon_data(segments, facts["conn_id"], from_client=facts["from_client"])
    _, below = split(ax, (0.94, 0.06)) if len(ribbon) else (ax, ax)
    if len(ribbon):
        _draw_ribbon(below, ribbon)
    seconds_axis(below, facts["start_ns"], 0.0, float(data["time_s"].max()))
    unit_axis(ax, SEQUENCE.axis.label, SEQUENCE.axis.unit)
    of = f"connection {facts['conn_id']:,}: {facts['connection']}, {counted(facts['segments'], 'segment')} both ways"
    title(ax, what, of, numbers=[tally(SEQUENCE_LOOKS, data.groupby("kind", observed=True)["marks"].sum().to_dict())])
    legend(below, *([ax] if len(ribbon) else []))
    return ax


def _draw(ax: Axes, mark: Mark, rows: pd.DataFrame) -> None:
    """Draw the marks of one kind; how many there are is in the legend."""
    look, color = mark.look, ink(ax) if mark.plain else mark.look.color
    label = f"{look.label} ({rows['marks'].sum():,})"
    if mark.shape == "steps":
        ax.plot(rows["time_s"], rows["high"], color=color, linestyle=look.line, drawstyle="steps-post", linewidth=1,
                label=label)  # fmt: skip
    elif mark.shape == "points":
        ax.scatter(rows["time_s"], rows["high"], color=color, marker=look.marker, s=36, linewidths=1, label=label,
                   zorder=4)  # fmt: skip
    else:
        is_again = mark.name == "resent"
        above = 3 if is_again else 2
        places = rows.assign(gap=np.nan)  # one line with gaps is far faster than a line per segment
        ax.plot(places[["time_s", "time_s", "gap"]].to_numpy().ravel(),
                places[["low", "high", "gap"]].to_numpy().ravel(),
                color=color, linewidth=1.8, solid_capstyle="butt", snap=True, zorder=above)  # fmt: skip
        # The mark at the foot distinguishes the kinds without colour.
        ax.plot(rows["time_s"], rows["low"], color=color, marker=look.marker, linestyle="",
                markersize=5 if is_again else 3, label=label, zorder=above)  # fmt: skip


def _draw_ribbon(ax: Axes, ribbon: pd.DataFrame) -> None:
    """Draw what the sender was doing as one row of bars; each kind has its share of the time in the legend."""
    lasted = ribbon["end_s"] - ribbon["start_s"]
    for mark in RIBBON.marks:
        look = mark.look
        of = (ribbon["state"] == mark.name).to_numpy()
        if of.any():
            share = percent(float(lasted[of].sum()) / max(float(lasted.sum()), 1e-9))
            spans = list(zip(ribbon["start_s"][of].tolist(), lasted[of].tolist(), strict=True))
            ax.broken_barh(spans, (0, 1), facecolors=look.color, hatch=look.hatch, label=f"{look.label} ({share})",
                           **outline(ax) | {"linewidth": 0})  # fmt: skip
    ax.set_ylim(0, 1)
    ax.set_yticks([])


def _limit(ax: Axes, data: pd.DataFrame) -> None:
    """Limit the vertical axis to the data, and to the window unless it is far above."""
    is_data = data["kind"] != "window"
    low, high = float(data["low"][is_data].min()), float(data["high"][is_data].max())
    window = float(data["high"].max())
    top = min(window, high + max(high - low, 1.0))
    room = 0.04 * max(top - low, 1.0)
    ax.set_ylim(low - room, top + room)


SEQUENCE = Panel(
    Axis("relative sequence number", "B"),
    tuple(
        Mark(name, look, SHAPES[name], high="high", low="low", plain=name in PLAIN)
        for name, look in SEQUENCE_LOOKS.items()
    ),
)
RIBBON = Panel(
    Axis("sender"),
    tuple(Mark(name, look, "lane", high="end_s", low="start_s") for name, look in SENDER_LOOKS.items()),
    share=0.06,
    data=sender_ribbon_data,
)
TURNS = Panel(
    Axis("turns"),
    tuple(Mark(name, look, "lane", high="end_s", low="start_s") for name, look in TURN_LOOKS.items()),
    share=0.05,
    data=turn_spans,
)
CHART = Chart(
    draw=time_sequence,
    data=time_sequence_data,
    title="Time–sequence graph",
    numbers="sequence numbers, acknowledgements, SACK blocks and window of one connection over time, as in tcptrace",
    graph=Graph(
        across=Axis("time", "s"),
        panels=(SEQUENCE, RIBBON, TURNS),
        at="time_s",
        by="kind",
        evidence="packet",
        marks=time_sequence_marks,
    ),
)
