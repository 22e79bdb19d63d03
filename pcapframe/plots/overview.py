"""A capture at a glance: counts over time, one panel each."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pcapframe.arrays import NO_TIME, Array
from pcapframe.measures import without_attrs
from pcapframe.patterns import Traffic
from pcapframe.plots._api import Chart, Tab, over_time
from pcapframe.plots._axes import axes_or_new, ink, split, tall
from pcapframe.plots._bins import bin_of, known_times, nanoseconds, time_edges, to_time, width_text
from pcapframe.plots._frames import Source, both
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import OVERVIEW_LOOKS
from pcapframe.plots._scales import count_axis, dates, time_axis
from pcapframe.plots._shapes import outline, steps
from pcapframe.plots._text import state, title, without_time
from pcapframe.wording import counted

__all__ = ["overview", "overview_data"]

OF = {"failed": "connections", "rsts": "packets", "resent": "packets", "zero_windows": "packets"}  # denominators


def overview_data(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Count packets, connections and events by time.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified. Segments of connections that
        are not in `connections` are ignored.

    Returns
    -------
    DataFrame
        Index ``start`` of at most 120 bins of a round width (UTC), and counts (int64): ``packets`` (TCP);
        ``connections`` that begin; ``failed``, those of them that were refused or unanswered; ``rsts``; ``resent``
        segments; ``zero_windows``. Duplicates made by the capture count in ``packets`` only. ``attrs`` holds ``edges``
        [ns since 1970], ``totals`` of each, including what has no time, ``wire_bytes``, and ``without_time`` (packets
        that are in no bin).

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("resets.pcap"))
    >>> pf.plots.overview_data(analysis.segments, analysis.connections)["rsts"].sum().item()
    26
    """
    segments, connections = without_attrs(segments), without_attrs(connections)
    traffic = Traffic(segments, connections, reads=("zero_window",))
    time = nanoseconds(segments["time"])[np.isin(segments["conn_id"].to_numpy(), connections.index.to_numpy())]
    edges = time_edges(known_times(time, traffic.start_ns, traffic.end_ns))
    failed = traffic.is_in("handshake", "refused", "unanswered")
    times: dict[str, Array] = {
        "packets": time,
        "connections": traffic.start_ns,
        "failed": traffic.start_ns[failed],
        "rsts": traffic.time_ns(traffic.rsts.rows),
        "resent": traffic.time_ns(traffic.resent),
        "zero_windows": traffic.time_ns(traffic.labelled("zero_window")),
    }
    bins = max(edges.size - 1, 0)
    counts = {}
    for name, of in times.items():
        known = of[of != NO_TIME]
        counts[name] = np.bincount(bin_of(known, edges), minlength=bins) if known.size else np.zeros(bins, np.int64)
    made = pd.DataFrame(counts, index=pd.Index(to_time(edges[:-1]), name="start"))
    made.attrs = {
        "edges": edges.tolist(),
        "totals": {name: int(of.size) for name, of in times.items()},
        "wire_bytes": int(sum(connections[f"{side}_wire_bytes"].sum() for side in ("client", "server"))),
        "without_time": int((time == NO_TIME).sum()),
    }
    return made


def overview(segments: Source, connections: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw counts over time, one panel each.

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
        That of the first panel. Each has a column of `overview_data`, in at most 120 bins of a round width.

    Examples
    --------
    >>> import pcapframe as pf
    >>> len(pf.plots.overview(pf.analyze(pf.example("resets.pcap"))).figure.axes)
    6
    """
    data = overview_data(*both(segments, connections))
    ax = axes_or_new(ax, size=(8, 7))
    what, facts = CHART.title, data.attrs
    totals = facts["totals"]
    if data.empty:
        none = "There is no TCP packet to draw."
        timeless = without_time(totals["packets"], "packet")
        return state(ax, what, timeless if totals["packets"] else none)
    edges = np.array(facts["edges"])
    days = dates(to_time(edges))
    panels = split(ax, [panel.share for panel in GRAPH.panels])
    for panel, declared in zip(panels, GRAPH.panels, strict=True):
        ((name, look, *_),) = declared.marks
        steps(panel, data[name], days, facecolor=look.color, hatch=look.hatch, **outline(ax))
        count_axis(panel, "")
        panel.yaxis.set_major_locator(MaxNLocator(2, integer=True, min_n_ticks=1))
        room = 1 - min(0.26 / tall(panel), 0.6)  # less the text
        panel.set_ylim(0, max(float(data[name].max()) / room, 1))
        denominator = f" of {totals[OF[name]]:,}" if name in OF else ""
        text = f"{look.label}: {totals[name]:,}{denominator}"
        panel.text(0.008, 0.94, text, transform=panel.transAxes, va="top", fontsize="small", color=ink(ax))
    time_axis(panels[-1], days[0], days[-1])
    panels[len(panels) // 2].set_ylabel(f"count in {width_text(edges)}", y=1)  # the middle of all panels
    text = f"{counted(totals['packets'], 'TCP packet')}, {counted(facts['wire_bytes'], 'byte')} in "
    text += f"{counted(totals['connections'], 'connection')}"
    text += f"; {facts['without_time']:,} without a time left out" if facts["without_time"] else ""
    title(ax, what, text, numbers=[f"{look.label}: {totals[name]:,}" for name, look in OVERVIEW_LOOKS.items()][1:])
    return ax


GRAPH = Graph(
    across=Axis("time", "UTC"),
    panels=tuple(
        Panel(Axis(look.label), (Mark(name, look, "bars", high=name),)) for name, look in OVERVIEW_LOOKS.items()
    ),
    at="start",
)
CHART = Chart(
    draw=overview,
    data=overview_data,
    title="Capture overview",
    numbers="packets, connections, refusals, RSTs, retransmitted segments and zero windows over time",
    limited_by=("connections", "packets", "flags", "retransmissions"),
    section="overview",
    tab=Tab(label="Overview", height=560),
    graph=GRAPH,
    shows=over_time,
)
