"""RSTs over time, by direction and phase of their connection."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.analysis import Analysis
from pcapframe.arrays import Mask
from pcapframe.plots._api import Chart, of_either_side
from pcapframe.plots._axes import axes_or_new
from pcapframe.plots._bins import bin_of, known_times, nanoseconds, time_edges, to_time, width_text
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, both
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import PHASE_LOOKS
from pcapframe.plots._scales import count_axis, dates, time_axis
from pcapframe.plots._shapes import stack
from pcapframe.plots._text import legend, state, title, up_and_down, without_time
from pcapframe.plots.rst_events import IDLE_S, PHASES, RST_DIRECTIONS, rst_events
from pcapframe.wording import counted

__all__ = ["rst_timeline", "rst_timeline_data"]


def rst_timeline_data(
    segments: pd.DataFrame, connections: pd.DataFrame, *, idle_s: float = IDLE_S, server_given: bool | Mask = False
) -> pd.DataFrame:
    """Count RSTs by time, direction and phase.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified.
    idle_s, server_given
        As for `rst_events`.

    Returns
    -------
    DataFrame
        One row for each bin and direction, index ``(start, direction)``, times in UTC; one column of counts (int64) per
        phase. At most 120 bins, of a round width, cover all connections. ``attrs`` holds ``edges`` of the bins [ns
        since 1970], ``rsts``, ``reset_connections``, ``connections`` and ``without_time`` (RSTs left out).
    """
    events = rst_events(segments, connections, idle_s=idle_s, server_given=server_given)
    times = (nanoseconds(connections["start"]), nanoseconds(connections["end"]), nanoseconds(events["time"]))
    edges = time_edges(known_times(*times))
    timed = events[events["time"].notna()]
    bins = max(edges.size - 1, 0)
    cell = bin_of(nanoseconds(timed["time"]), edges) if len(timed) else np.empty(0, np.int64)
    for column in ("direction", "phase"):
        cell = cell * len(timed[column].cat.categories) + timed[column].cat.codes.to_numpy()
    size = bins * len(RST_DIRECTIONS)
    counts = np.bincount(cell, minlength=size * len(PHASES)).reshape(size, len(PHASES))
    index = pd.MultiIndex.from_product([to_time(edges[:-1]), RST_DIRECTIONS], names=["start", "direction"])
    made = pd.DataFrame(counts, index=index, columns=list(PHASES))
    made.attrs = {
        "edges": edges.tolist(),
        "rsts": len(events),
        "reset_connections": int(events["conn_id"].nunique()),
        "connections": len(connections),
        "without_time": len(events) - len(timed),
    }
    return made


def rst_timeline(
    segments: Source, connections: pd.DataFrame | None = None, *, idle_s: float = IDLE_S, ax: Axes | None = None
) -> Axes:
    """Draw RSTs over time: those of clients upward, those of servers (or of unknown roles) downward, by phase.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    connections : DataFrame, optional
        Columns of ``schema.CONNECTIONS``; by default built from the segments.
    idle_s : float, default 1.0
        Shortest idle gap. [s]
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `rst_timeline_data`, in at most 120 bins of a round width.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.rst_timeline(pf.analyze(pf.example("resets.pcap"))).get_xlabel()
    'time (UTC)'
    """
    frames = both(segments, connections)
    given = isinstance(segments, Analysis) and segments.selection.tells_server(frames[1])
    data = rst_timeline_data(*frames, idle_s=idle_s, server_given=given)
    ax = axes_or_new(ax)
    what, facts = CHART.title, data.attrs
    if not data.to_numpy().any():
        none = f"No RST in {counted(facts['connections'], 'connection')}."
        return state(ax, what, without_time(facts["rsts"], "RST") if facts["rsts"] else none)
    edges = np.array(facts["edges"])
    days = dates(to_time(edges))
    ways = {way: data.xs(way, level="direction") for way in RST_DIRECTIONS}
    stack(ax, days, {name: ways["to_server"][name].to_numpy() for name in PHASES}, PHASE_LOOKS)
    down = ways["from_server"] + ways["unknown"]
    stack(ax, days, {name: down[name].to_numpy() for name in PHASES}, PHASE_LOOKS, down=True)
    sums = data.groupby(level="direction").sum().sum(axis=1)
    below = {"from_server": "from servers", "unknown": "roles unknown"}
    up_and_down(ax, " or ".join(text for way, text in below.items() if sums[way]) or "from servers")
    time_axis(ax, days[0], days[-1])
    count_axis(ax, f"RSTs in {width_text(edges)}")
    unknown = int(sums["unknown"])
    of = f"{counted(facts['rsts'], 'RST')} in {facts['reset_connections']:,} of "
    of += counted(facts["connections"], "connection")
    of += f"; {unknown:,} with unknown roles go down" if unknown else ""
    of += f"; {facts['without_time']:,} without a time left out" if facts["without_time"] else ""
    title(ax, what, of, numbers=[tally(PHASE_LOOKS, data.sum().to_dict())])
    legend(ax)
    return ax


WHO = {"to_server": "clients", "from_server": "servers", "unknown": "roles unknown"}
GRAPH = Graph(
    across=Axis("time", "UTC"),
    panels=(
        Panel(
            Axis("RSTs"),
            tuple(
                Mark(f"{name} {way}", look, "stack", high=name, of=(way,), down=way != "to_server", who=WHO[way])
                for way in RST_DIRECTIONS
                for name, look in PHASE_LOOKS.items()
            ),
        ),
    ),
    at="start",
    by="direction",
)
CHART = Chart(
    draw=rst_timeline,
    data=rst_timeline_data,
    title="RSTs over time",
    numbers="RSTs over time by direction and phase of their connection",
    limited_by=("flags",),
    section="endings",
    graph=GRAPH,
    shows=of_either_side("rsts"),
)
