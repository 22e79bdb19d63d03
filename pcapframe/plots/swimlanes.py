"""Connections from start to end, with their ending and the times of RSTs, FINs and retransmissions."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pcapframe.arrays import NO_TIME, Array
from pcapframe.measures import endpoint_text, without_attrs
from pcapframe.naming import names_by_end
from pcapframe.patterns import Traffic
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, inches, ink, split
from pcapframe.plots._bins import known_times, nanoseconds, time_edges, to_time, width_text
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, both, category
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import ENDING_LOOKS, MARK_LOOKS
from pcapframe.plots._scales import count_axis, dates, time_axis
from pcapframe.plots._shapes import outline, stack
from pcapframe.plots._text import end_label, legend, state, title, without_time
from pcapframe.schema import ENDINGS
from pcapframe.wording import counted

__all__ = ["open_connections_data", "swimlanes", "swimlanes_data"]

LANES = 80  # of more connections, those around the moment when most are open
COLUMNS = 600  # columns of time that marks are joined in
NAMED = 16  # lanes that are labelled with their server
KINDS = ("connection", *MARK_LOOKS)


def swimlanes_data(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Lay out connections as lanes, with the times of their RSTs, FINs and retransmissions.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified. Segments of connections that are
        not in `connections` are ignored: pass the ones you want to see, such as
        ``connections[connections["ending"] == "reset"]``.

    Returns
    -------
    DataFrame
        ``lane`` from 0 (int64), ``conn_id`` (int64), ``kind`` (category: ``connection``, ``fin``, ``rst``,
        ``resent``), ``start`` and ``end`` (UTC; equal for the last three), ``ending`` of the connection (category) and
        ``segments``, those that the mark stands for (int64; 0 for a connection).
        Connections are in order of their start. Of more than 80, only 80 that began consecutively are returned,
        around the moment when most are open at once. Marks of a kind in the same 600th of the time of a lane are
        joined. ``attrs`` holds ``connections``, the number of all, and ``without_time`` (connections left out).

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("resets.pcap"))
    >>> lanes = pf.plots.swimlanes_data(analysis.segments, analysis.connections)
    >>> int((lanes["kind"] == "connection").sum())
    42
    """
    connections = without_attrs(connections)
    traffic = Traffic(segments, connections)
    start = traffic.start_ns
    timed = np.flatnonzero(start != NO_TIME)
    ordered = timed[np.argsort(start[timed], kind="stable")]
    first = _busiest(start[ordered], np.sort(traffic.end_ns[timed])) if ordered.size > LANES else 0
    chosen = ordered[first : first + LANES]
    lane = np.full(traffic.size, -1)
    lane[chosen] = np.arange(chosen.size)
    begin, end = (int(start[chosen].min()), int(traffic.end_ns[chosen].max())) if chosen.size else (0, 0)
    none = np.zeros(chosen.size, np.int64)
    parts = [(none, lane[chosen], start[chosen], traffic.end_ns[chosen], none)]
    found = {"fin": traffic.flagged("FIN").rows, "rst": traffic.rsts.rows, "resent": traffic.resent}
    for name, every in found.items():
        rows = every[(lane[traffic.place(every)] >= 0) & (traffic.time_ns(every) != NO_TIME)]
        of, time = lane[traffic.place(rows)], traffic.time_ns(rows)
        column = (time - begin) // max((end - begin) // COLUMNS, 1)
        _, once, joined = np.unique(of * 2 * COLUMNS + column, return_index=True, return_counts=True)
        parts.append((np.full(once.size, KINDS.index(name)), of[once], time[once], time[once], joined))
    kind, lanes, starts, ends, many = (np.concatenate(column) for column in zip(*parts, strict=True))
    made = pd.DataFrame(
        {
            "lane": lanes,
            "conn_id": connections.index.to_numpy()[chosen[lanes]].astype(np.int64),
            "kind": category(kind, KINDS),
            "start": to_time(starts),
            "end": to_time(ends),
            "ending": category(traffic.codes("ending")[chosen[lanes]], ENDINGS),
            "segments": many,
        }
    )
    made.attrs = {"connections": traffic.size, "without_time": int(traffic.size - timed.size)}
    return made


def _busiest(starts: Array, ends: Array) -> int:
    """Return the first lane, so that the middle lane starts when most connections are open; both are sorted."""
    is_open = np.arange(1, starts.size + 1) - np.searchsorted(ends, starts)
    return int(np.clip(int(np.argmax(is_open)) - LANES // 2, 0, starts.size - LANES))


def open_connections_data(connections: pd.DataFrame) -> pd.DataFrame:
    """Count connections that are open at once, by how they end.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.

    Returns
    -------
    DataFrame
        Index ``start`` of at most 120 bins of a round width (UTC); one column per ending: connections whose first
        packet precedes the end of the bin and whose last does not precede its start (int64). ``attrs["edges"]`` holds
        the edges [ns since 1970].
    """
    starts, ends = nanoseconds(connections["start"]), nanoseconds(connections["end"])
    edges = time_edges(known_times(starts, ends))
    counts = {}
    for name in ENDINGS:
        of = (connections["ending"] == name).to_numpy() & (starts != NO_TIME)
        begun = np.searchsorted(np.sort(starts[of]), edges[1:])
        over = np.searchsorted(np.sort(ends[of]), edges[:-1])
        counts[name] = begun - over
    made = pd.DataFrame(counts, index=pd.Index(to_time(edges[:-1]), name="start"))
    made.attrs = {"edges": edges.tolist()}
    return made


def swimlanes(segments: Source, connections: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw one bar per connection from its first packet to its last, and above them how many are open at once.

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
        `swimlanes_data`: bars coloured by how the connection ended, each at least a 250th of the axis wide to be
        visible. Of more than 80 connections, the 80 around the moment when most are open are drawn, and bars may
        extend beyond the right edge. The panel above has `open_connections_data`, over the whole time.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.swimlanes(pf.analyze(pf.example("resets.pcap"))).get_xlabel()
    'time (UTC)'
    """
    segments, connections = both(segments, connections)
    data, at_once = swimlanes_data(segments, connections), open_connections_data(connections)
    ax = axes_or_new(ax, size=(8, 6))
    what, facts = CHART.title, data.attrs
    if data.empty:
        timeless = without_time(facts["connections"], "connection")
        return state(ax, what, timeless if facts["connections"] else "There is no connection.")
    edges = np.array(at_once.attrs["edges"])
    days = dates(to_time(edges))
    bars = data[data["kind"] == "connection"]
    lows, highs = dates(bars["start"]), dates(bars["end"])
    is_part = len(bars) < facts["connections"] - facts["without_time"]
    above, _ = split(ax, (0.2, 0.8), ours=1, shared=not is_part)
    stack(above, days, {name: at_once[name].to_numpy() for name in ENDINGS}, ENDING_LOOKS)
    right = max(float(np.quantile(highs, 0.9)), float(lows.max())) if is_part else float(highs.max())
    least = max(right - float(lows.min()), 1e-9) / 250
    for name, look in ENDING_LOOKS.items():
        of = (bars["ending"] == name).to_numpy()
        if of.any():
            shapes = _bars(lows[of], np.maximum(highs[of], lows[of] + least), bars["lane"].to_numpy()[of])
            ax.add_collection(
                PolyCollection(list(shapes), facecolors=look.color, hatch=look.hatch, label=look.label, **outline(ax))
            )
    size = float(np.clip(1600 / len(bars), 9, 40))
    for name, look in MARK_LOOKS.items():
        marks = data[data["kind"] == name]
        if len(marks):
            ax.scatter(dates(marks["start"]), marks["lane"], s=size, marker=look.marker, c=[ink(ax)],
                       linewidths=0.9, label=look.label, zorder=3)  # fmt: skip
    ax.set_ylim(max(len(bars), 5) - 0.4, -0.6)
    _name_lanes(ax, bars, connections)
    if is_part:
        time_axis(above, days[0], days[-1])
        above.set_xlabel("")
    above.set_ylim(bottom=0)
    count_axis(above, f"open,\n{width_text(edges)}")
    time_axis(ax, float(lows.min()), right + least)
    of_all = f"{counted(facts['connections'], 'connection')}, by start"
    if is_part:
        above.axvspan(lows.min(), right + least, color=ink(ax), alpha=0.3, linewidth=0)
        of_all = f"{len(bars):,} of {of_all}, where most are open at once (shaded above)"
    of_all += f"; {facts['without_time']:,} without a time left out" if facts["without_time"] else ""
    most = int(at_once[list(ENDINGS)].sum(axis="columns").max())
    endings = tally(ENDING_LOOKS, connections["ending"].value_counts().to_dict())
    title(above, what, of_all, numbers=(endings, f"at most {most:,} open within {width_text(edges)}"))
    legend(ax, above, marks=max(5 / size**0.5, 1))
    return ax


def _bars(lows: Array, highs: Array, lanes: Array) -> Array:
    """Corners of bars, shape (n, 4, 2)."""
    bottom, top = lanes - 0.4, lanes + 0.4
    corners = ((lows, bottom), (highs, bottom), (highs, top), (lows, top))
    return np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)


def _name_lanes(ax: Axes, bars: pd.DataFrame, connections: pd.DataFrame) -> None:
    """Label each of a few lanes with its connection, and some of many lanes with their conn_id."""
    conn_ids = bars["conn_id"].to_numpy()
    if len(bars) <= NAMED:
        of = without_attrs(connections).loc[conn_ids]
        servers = endpoint_text(of["server"], of["server_port"])
        room = 14 if inches(ax) < 4 else 40
        names = names_by_end(of)
        texts = [
            f"{conn_id}  {end_label(server, names.get(server, ''), room)}"
            for conn_id, server in zip(conn_ids, servers, strict=True)
        ]
        ax.set_yticks(np.arange(len(bars)), texts, fontsize="small")
        ax.set_ylabel("conn_id, server")
        return
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda lane, _: f"{conn_ids[round(lane)]:,}" if 0 <= round(lane) < len(conn_ids) else "")
    )
    ax.set_ylabel("conn_id, by start")


def _drawn(data: pd.DataFrame) -> pd.DataFrame:
    """Return connections by how they end, and their marks, in seconds since the first of them began."""
    first = data["start"].min()
    is_whole = (data["kind"] == "connection").to_numpy()
    made = data.assign(
        mark=np.where(is_whole, ENDED + data["ending"].astype(object), data["kind"].astype(object)),
        start_s=(data["start"] - first).dt.total_seconds(),
        end_s=(data["end"] - first).dt.total_seconds(),
        segments=data["segments"].where(~is_whole, 1),  # a connection counts once
    )
    shown, names = int(is_whole.sum()), data[is_whole].set_index("lane")["conn_id"]
    of = counted(data.attrs["connections"], "connection")
    of = of if shown == data.attrs["connections"] else f"{shown:,} of {of}, where most are open at once"
    made.attrs = {"start_ns": first.value, "of": of, "names": {str(lane): f"{one:,}" for lane, one in names.items()}}
    return made


ENDED = "ended "
GRAPH = Graph(
    across=Axis("time", "UTC"),
    panels=(
        Panel(
            Axis("open"),
            tuple(Mark(name, look, "stack", high=name) for name, look in ENDING_LOOKS.items()),
            share=0.2,
            data=open_connections_data,
            at_once=True,
        ),
        Panel(
            Axis("conn_id"),
            (
                *(
                    Mark(f"{ENDED}{name}", look, "row", high="end_s", low="start_s")
                    for name, look in ENDING_LOOKS.items()
                ),
                *(Mark(name, look, "points", high="end_s", plain=True) for name, look in MARK_LOOKS.items()),
            ),
            share=0.8,
        ),
    ),
    at="lane",
    by="mark",
    evidence="span",
    drawn=_drawn,
    key="conn_id",
)
CHART = Chart(
    draw=swimlanes,
    data=swimlanes_data,
    title="Connections over time",
    numbers="connections from first to last packet, with FINs, RSTs and retransmissions; how many are open at once",
    limited_by=("connections", "durations", "endings"),
    section="connections",
    graph=GRAPH,
    shows=lambda connections: len(connections) > 1,
)
