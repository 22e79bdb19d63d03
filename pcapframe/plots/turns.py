"""The turns of one connection as a waterfall: who waited for whom, and when."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pcapframe.arrays import Array
from pcapframe.conversation import NEEDED, READ, make_turns
from pcapframe.measures import without_attrs
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, ink
from pcapframe.plots._bins import nanoseconds
from pcapframe.plots._connection import one_connection
from pcapframe.plots._frames import Source, segments_of
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import GREY, TURN_LOOKS, Look
from pcapframe.plots._scales import seconds_axis
from pcapframe.plots._shapes import outline
from pcapframe.plots._text import legend, state, title
from pcapframe.plots._turn_spans import PARTS, laid_out
from pcapframe.wording import counted, seconds

__all__ = ["turns", "turns_data"]

ROWS = 60  # of more turns, consecutive ones that took the most time
PALE = 0.45  # of overlapping turns


def turns_data(segments: pd.DataFrame, conn_id: int | None = None) -> pd.DataFrame:
    """Lay out the turns of a connection: when each part began and ended.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection; by default that with the most payload.

    Returns
    -------
    DataFrame
        One row for each part of a turn that has a time: ``turn`` (int64, from 1), ``part`` (category: ``wait``,
        ``request``, ``service``, ``response``), ``start_s`` and ``end_s`` since the connection's first packet (float64
        [s]), ``overlapping`` and ``answered`` (bool), and ``frame``, that of its request (int64). Of more than 60
        turns, the 60 consecutive ones that took the most time. ``attrs`` holds ``conn_id``, ``connection`` (text),
        ``start_ns``, ``turns`` and ``overlapping``, the numbers of all; it is empty without segments.

    Raises
    ------
    ParameterError
        There is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> data = pf.plots.turns_data(pf.analyze(pf.example("waits_server.pcap")).segments)
    >>> data.loc[data["part"] == "service", "turn"].tolist()
    [1, 2, 3]
    """
    one = one_connection(segments, conn_id, True)
    if one is None:
        nothing = np.empty(0, np.int64)
        return laid_out(nothing, np.empty((0, 4)), np.empty(0, bool), np.empty(0, bool), np.empty(0)).assign(
            frame=nothing
        )
    segments = without_attrs(segments)
    rows = segments[["conn_id", *READ]][segments["conn_id"].to_numpy() == one.conn_id]
    found = make_turns(rows, pd.DataFrame({name: [np.nan] for name in NEEDED}, index=[one.conn_id]))
    lasted = found[[f"{part}_s" for part in PARTS]].to_numpy()
    first = 0
    if len(found) > ROWS:
        sums = np.cumsum(np.append(0.0, np.nansum(lasted, axis=1)))
        first = int(np.argmax(sums[ROWS:] - sums[:-ROWS]))
    kept = slice(first, first + ROWS)
    time = nanoseconds(rows["time"])[np.searchsorted(rows.index.to_numpy(), found["request_frame"].to_numpy()[kept])]
    made = laid_out(
        found["turn"].to_numpy(np.int64)[kept], lasted[kept], found["overlapping"].to_numpy()[kept],
        found["response_frame"].notna().to_numpy()[kept], (time - one.start_ns) / 1e9,
    )  # fmt: skip
    requests = pd.Series(found["request_frame"].to_numpy(np.int64)[kept], found["turn"].to_numpy(np.int64)[kept])
    made["frame"] = requests.reindex(made["turn"]).to_numpy()
    made.attrs = {
        "conn_id": one.conn_id,
        "connection": one.text,
        "start_ns": one.start_ns,
        "turns": len(found),
        "overlapping": int(found["overlapping"].sum()),
    }
    return made


def turns(segments: Source, conn_id: int | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the turns of a connection as a waterfall: a row for each request and its response.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection; by default that with the most payload.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `turns_data`: bars for the client's wait, the request, the time until the response began and the response, each
        at least a 500th of the axis wide to be visible. Overlapping turns are pale. A cross marks requests without a
        response in the capture.

    Raises
    ------
    ParameterError
        There is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.turns(pf.analyze(pf.example("waits_server.pcap"))).get_ylabel()
    'turn'
    """
    data = turns_data(segments_of(segments), conn_id=conn_id)
    ax = axes_or_new(ax, size=(8, 4.8))
    what, facts = CHART.title, data.attrs
    if data.empty:
        none = "There is no segment with a time."
        return state(ax, what, f"Connection {facts['conn_id']:,} has no turn with a time." if facts else none)
    low, high = min(float(data["start_s"].min()), 0.0), float(data["end_s"].max())
    least = max(high - low, 1e-6) / 500
    for part, look in TURN_LOOKS.items():
        of = data[data["part"] == part]
        label = f"{look.label} ({seconds(float((of['end_s'] - of['start_s']).sum()))})"
        for pale, rows in of.groupby("overlapping"):
            starts = rows["start_s"].to_numpy()
            ends = np.maximum(rows["end_s"].to_numpy(), starts + (least if part != "wait" else 0))
            ax.add_collection(
                PolyCollection(list(_bars(starts, ends, rows["turn"].to_numpy())),
                               facecolors=look.color, hatch=look.hatch, alpha=PALE if pale else None, label=label,
                               **outline(ax))
            )  # fmt: skip
            label = ""
    lost = data[~data["answered"] & (data["part"] == "request")]
    if len(lost):
        ax.scatter(lost["end_s"], lost["turn"], marker="x", c=[ink(ax)], s=30, linewidths=1.2, zorder=3,
                   label="no response in the capture")  # fmt: skip
    first, last = int(data["turn"].min()), int(data["turn"].max())
    ax.set_ylim(max(last, first + 2) + 0.6, first - 0.6)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda turn, _: f"{turn:,.0f}" if first <= turn <= last else ""))
    ax.set_ylabel(GRAPH.panels[0].axis.label)
    seconds_axis(ax, facts["start_ns"], low, high)
    of_all = counted(facts["turns"], "turn")
    if last - first + 1 < facts["turns"]:
        of_all = f"turns {first:,} to {last:,} of {facts['turns']:,}, which took the most time"
    of_all += f", {facts['overlapping']:,} overlapping (pale)" if facts["overlapping"] else ""
    lasted = (data["end_s"] - data["start_s"]).groupby(data["part"], observed=True).sum()
    spent = ", ".join(
        f"{look.label} {seconds(float(lasted[part]))}" for part, look in TURN_LOOKS.items() if part in lasted
    )
    title(ax, what, f"connection {facts['conn_id']:,}: {facts['connection']}, {of_all}", numbers=[spent])
    legend(ax)
    return ax


def _bars(starts: Array, ends: Array, rows: Array) -> Array:
    """Corners of bars, shape (n, 4, 2)."""
    top, bottom = rows - 0.4, rows + 0.4
    corners = ((starts, top), (ends, top), (ends, bottom), (starts, bottom))
    return np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)


def _drawn(data: pd.DataFrame) -> pd.DataFrame:
    """Return what lasted, and a mark at the end of each request without a response."""
    lost = data[~data["answered"] & (data["part"] == "request")]
    made = pd.concat([data.astype({"part": object}), lost.assign(part=UNANSWERED, start_s=lost["end_s"])])
    made.attrs = {**data.attrs, "of": f"connection {data.attrs['conn_id']:,}, {counted(data.attrs['turns'], 'turn')}"}
    return made


UNANSWERED = "unanswered"
LOST = Look("no response in the capture", GREY, marker="x")
GRAPH = Graph(
    across=Axis("time", "s"),
    panels=(
        Panel(
            Axis("turn"),
            (
                *(Mark(part, look, "row", high="end_s", low="start_s") for part, look in TURN_LOOKS.items()),
                Mark(UNANSWERED, LOST, "points", high="end_s", plain=True),
            ),
        ),
    ),
    at="turn",
    by="part",
    evidence="span",
    drawn=_drawn,
    key="frame",
)
CHART = Chart(
    draw=turns,
    data=turns_data,
    title="Turns",
    numbers="requests and responses of one connection, and who waited for whom between them",
    limited_by=("durations", "directions"),
    graph=GRAPH,
)
