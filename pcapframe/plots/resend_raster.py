"""Which connections retransmitted, and when: marks in a vertical line are simultaneous."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pcapframe.arrays import NO_TIME, Array
from pcapframe.patterns import Traffic
from pcapframe.plots._api import Chart, of_either_side
from pcapframe.plots._axes import axes_or_new, ink, split
from pcapframe.plots._bins import bin_of, known_times, nanoseconds, time_edges, to_time, width_text
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, both, category
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import GREY, REASON_LOOKS, Look
from pcapframe.plots._scales import count_axis, dates, time_axis
from pcapframe.plots._shapes import steps
from pcapframe.plots._text import legend, state, title, without_time
from pcapframe.schema import RESEND_REASONS
from pcapframe.wording import counted

__all__ = ["resend_raster", "resend_raster_data"]

ROWS = 150  # more connections share rows
COLUMNS = 400  # bins of time


def resend_raster_data(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Count retransmitted segments by connection, time and reason.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified. Segments of connections that
        are not in `connections` are ignored.

    Returns
    -------
    DataFrame
        One row for each cell with a retransmitted segment: ``row`` from 0 (int64), ``start`` of its bin (UTC),
        ``reason`` (category), ``segments`` (int64), ``among``, how many connections they are of (int64), and
        ``conn_id``, the first of these (int64).
        Connections with a retransmitted segment are in order of their start: one per row up to 150, and as few per row
        as fit beyond that. At most 400 bins. ``attrs`` holds ``edges`` [ns since 1970], ``per_row``, ``conn_ids`` (the
        first of each row), ``at_once`` (connections that retransmit in each bin), ``resent`` segments, ``resending``
        connections of ``connections``, and ``without_time`` (retransmitted segments left out).
    """
    traffic = Traffic(segments, connections, reads=("resend_reason",))
    rows = traffic.resent
    time = traffic.time_ns(rows)
    without_time = int((time == NO_TIME).sum())
    rows, time = rows[time != NO_TIME], time[time != NO_TIME]
    edges = time_edges(known_times(traffic.start_ns, traffic.end_ns, time), at_most=COLUMNS)
    place = traffic.place(rows)
    resending = np.unique(place)
    by_start = resending[np.argsort(traffic.start_ns[resending], kind="stable")]
    rank = np.empty(traffic.size, np.int64)
    rank[by_start] = np.arange(by_start.size)
    per_row = max(-(-by_start.size // ROWS), 1)
    bins = max(edges.size - 1, 1)
    column = bin_of(time, edges) if rows.size else np.empty(0, np.int64)
    reason = traffic.series("resend_reason").cat.codes.to_numpy()[rows].astype(np.int64)
    cell = (rank[place] // per_row * bins + column) * len(RESEND_REASONS) + reason
    cells, counts = np.unique(cell, return_counts=True)
    each = np.unique(cell * max(by_start.size, 1) + rank[place])  # cell and connection
    _, first, among = np.unique(each // max(by_start.size, 1), return_index=True, return_counts=True)
    pairs = np.unique(place * bins + column)
    conn_ids = connections.index.to_numpy()[by_start].astype(np.int64)
    made = pd.DataFrame(
        {
            "row": cells // len(RESEND_REASONS) // bins,
            "conn_id": conn_ids[each[first] % max(by_start.size, 1)],
            "start": to_time(edges)[cells // len(RESEND_REASONS) % bins],
            "reason": category(cells % len(RESEND_REASONS), RESEND_REASONS),
            "segments": counts,
            "among": among,
        }
    )
    made.attrs = {
        "edges": edges.tolist(),
        "per_row": per_row,
        "conn_ids": conn_ids[::per_row].tolist(),
        "at_once": np.bincount(pairs % bins, minlength=bins).tolist(),
        "resent": int(rows.size),
        "resending": int(by_start.size),
        "connections": len(connections),
        "without_time": without_time,
    }
    return made


def resend_raster(segments: Source, connections: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw a mark wherever a connection retransmitted, and above them how many connections did so at once.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    connections : DataFrame, optional
        Columns of ``schema.CONNECTIONS``; by default built from the segments.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `resend_raster_data`: one mark per cell and reason, larger for more segments. Beyond 150 connections, several
        that began consecutively share a row. In the panel above, each connection counts once per bin.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.resend_raster(pf.analyze(pf.example("losses.pcap"))).get_xlabel()
    'time (UTC)'
    """
    data = resend_raster_data(*both(segments, connections))
    ax = axes_or_new(ax, size=(8, 5.5))
    what, facts = CHART.title, data.attrs
    if data.empty:
        count = facts["without_time"]
        none = f"No segment was retransmitted in {counted(facts['connections'], 'connection')}."
        return state(ax, what, without_time(count, "segment", " retransmitted") if count else none)
    edges = np.array(facts["edges"])
    days = dates(to_time(edges))
    above, _ = split(ax, (0.22, 0.78), ours=1)
    steps(above, facts["at_once"], days, color=ink(ax), alpha=0.6)
    half = (days[1] - days[0]) / 2
    for name, look in REASON_LOOKS.items():
        cells = data[data["reason"] == name]
        if len(cells):
            ax.scatter(dates(cells["start"]) + half, cells["row"], s=_areas(cells["segments"], len(facts["conn_ids"])),
                       c=look.color, marker=look.marker, linewidths=0, label=look.label)  # fmt: skip
    first = facts["conn_ids"]
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda row, _: f"{first[round(row)]:,}" if 0 <= round(row) < len(first) else "")
    )
    ax.set_ylim(len(first) - 0.5, -0.5)
    ax.set_ylabel(f"conn_id, by start{_shared(facts)}")
    ax.grid(axis="x", alpha=0.25)
    time_axis(ax, days[0], days[-1])
    count_axis(above, f"at once,\n{width_text(edges)}")
    above.set_ylim(bottom=0)
    of = f"{counted(facts['resent'], 'segment')} of {facts['resending']:,} of "
    of += counted(facts["connections"], "connection")
    of += f"; {facts['without_time']:,} without a time left out" if facts["without_time"] else ""
    most = f"at most {max(facts['at_once']):,} retransmit within {width_text(edges)}"
    reasons = data.groupby("reason", observed=True)["segments"].sum().to_dict()
    title(above, what, of, numbers=(tally(REASON_LOOKS, reasons), most))
    legend(ax)
    return ax


def _areas(segments: pd.Series, rows: int) -> Array:
    """Return the size of each mark: smaller for many rows, larger for more segments; in points²."""
    return np.asarray(np.clip(900 / rows, 7, 60) * np.sqrt(segments.clip(upper=16)))


def _shared(facts: dict[Any, Any]) -> str:
    """Say how many connections share a row, where any do."""
    return f", {facts['per_row']} to a row" if facts["per_row"] > 1 else ""


def _drawn(data: pd.DataFrame) -> pd.DataFrame:
    """Return a mark for each cell, in the middle of its bin, in seconds since the first."""
    edges = data.attrs["edges"]
    middle = (nanoseconds(data["start"]) - edges[0] + (edges[1] - edges[0]) // 2) / 1e9
    made = data.assign(start_s=middle, end_s=middle)
    of = f"{counted(data.attrs['resent'], 'segment')} of {counted(data.attrs['resending'], 'connection')}"
    of += _shared(data.attrs)
    names = {str(row): f"{one:,}" for row, one in enumerate(data.attrs["conn_ids"])}
    made.attrs = {"start_ns": edges[0], "of": of, "names": names}
    return made


def _at_once(data: pd.DataFrame) -> pd.DataFrame:
    """Return how many connections retransmit in each bin."""
    edges = np.array(data.attrs["edges"])
    made = pd.DataFrame({"at_once": data.attrs["at_once"]}, index=pd.Index(to_time(edges[:-1]), name="start"))
    made.attrs = {"edges": edges.tolist()}
    return made


GRAPH = Graph(
    across=Axis("time", "UTC"),
    panels=(
        Panel(
            Axis("at once"),
            (Mark("at_once", Look("connections", GREY), "bars", high="at_once"),),
            share=0.22,
            data=_at_once,
            at_once=True,
        ),
        Panel(
            Axis("conn_id"),
            tuple(Mark(name, look, "points", high="end_s") for name, look in REASON_LOOKS.items()),
            share=0.78,
        ),
    ),
    at="row",
    by="reason",
    evidence="span",
    drawn=_drawn,
    key="conn_id",
)
CHART = Chart(
    draw=resend_raster,
    data=resend_raster_data,
    title="Retransmitting connections over time",
    numbers="retransmitted segments by connection and time, and how many connections retransmit at once",
    limited_by=("retransmissions", "resend_reasons"),
    section="retransmissions",
    graph=GRAPH,
    shows=of_either_side("resent_segments"),
)
