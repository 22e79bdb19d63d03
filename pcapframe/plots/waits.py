"""How long handshakes, servers and transfers took, by server."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.arrays import Array
from pcapframe.conversation import READ, make_turns
from pcapframe.measures import endpoint_text, without_attrs
from pcapframe.naming import beside, names_by_end
from pcapframe.patterns import Endpoints
from pcapframe.plots._api import Chart, Tab
from pcapframe.plots._axes import axes_or_new, inches, ink, tall
from pcapframe.plots._frames import Source, both, category, server_filters
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Rows
from pcapframe.plots._palette import WAIT_LOOKS
from pcapframe.plots._scales import log_axis, unit_axis
from pcapframe.plots._text import end_label, legend, state, title
from pcapframe.wording import counted, seconds

__all__ = ["waits", "waits_data"]

SERVERS = 8  # rows of their own; the other servers share one
PARTS = tuple(WAIT_LOOKS)
SHARES = {"min_s": 0.0, "p25_s": 0.25, "median_s": 0.5, "p75_s": 0.75, "max_s": 1.0}
SHORTEST_S = 1e-6  # shorter times, such as those of one segment, are drawn here


def waits_data(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Summarise by server how long handshakes, service and transfers took.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified. Segments of connections that are not in
        `connections` are ignored.

    Returns
    -------
    DataFrame
        Three rows per server: ``server`` (``address:port``: the 8 whose handshakes, service and transfers took the most
        time in all, most first, and "N others"), ``part`` (category): ``handshake``, one time per connection;
        ``service`` and ``transfer`` (request and response), one per turn that does not overlap. ``n`` (int64), and of
        these times ``min_s``, ``p25_s``, ``median_s``, ``p75_s`` and ``max_s`` [s, NaN without any]. Servers without
        any such time are left out. ``called`` is the
        name of the server, or empty. ``attrs`` holds ``turns`` and ``overlapping``, the numbers of all turns.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("clean.pcap"))
    >>> data = pf.plots.waits_data(analysis.segments, analysis.connections)
    >>> data.loc[data["part"] == "service", ["server", "n"]].values.tolist()[0]
    ['198.51.100.20:80', 14]
    """
    connections = without_attrs(connections)
    turns = make_turns(without_attrs(segments)[["conn_id", *READ]], connections)
    once = turns[~turns["overlapping"]]
    place = connections.index.get_indexer(pd.Index(once["conn_id"]))
    times = [
        connections["handshake_s"].to_numpy(),
        once["service_s"].to_numpy(),
        once["request_s"].to_numpy() + once["response_s"].fillna(0).to_numpy(),
    ]
    _, first, server = np.unique(Endpoints(connections).server, return_index=True, return_inverse=True)
    servers = [server, server[place], server[place]]
    total = np.zeros(first.size)
    counts = np.zeros(first.size, np.int64)
    for of, lasted in zip(servers, times, strict=True):
        known = ~np.isnan(lasted)
        total += np.bincount(of[known], weights=lasted[known], minlength=first.size)
        counts += np.bincount(of[known], minlength=first.size)
    most = np.lexsort((first, -total))
    most = most[counts[most] > 0]
    row_of = np.full(first.size, SERVERS)
    row_of[most[:SERVERS]] = np.arange(min(most.size, SERVERS))
    named = connections.iloc[first[most[:SERVERS]]]
    names = endpoint_text(named["server"], named["server_port"]).tolist()
    if most.size > SERVERS:
        names.append(counted(most.size - SERVERS, "other"))
    found = [_summed(row_of[of], lasted, len(names)) for of, lasted in zip(servers, times, strict=True)]
    summed = np.stack(found, axis=1).reshape(-1, 1 + len(SHARES))
    called = names_by_end(connections)
    made = pd.DataFrame(
        {
            "server": pd.array(np.repeat(names, len(PARTS)).tolist(), dtype="str"),
            "called": pd.array([called.get(end, "") for end in names for _ in PARTS], dtype="str"),
            "part": category(np.tile(np.arange(len(PARTS)), len(names)), PARTS),
            "n": summed[:, 0].astype(np.int64),
            **{name: summed[:, 1 + column] for column, name in enumerate(SHARES)},
        }
    )
    made.attrs = {"turns": len(turns), "overlapping": int(turns["overlapping"].sum())}
    return made


def _summed(rows: Array, times: Array, count: int) -> Array:
    """Return how many times each row has, and their quantiles; shape (count, 1 + 5)."""
    known = ~np.isnan(times)
    rows, times = rows[known], times[known]
    order = np.lexsort((times, rows))
    times, ends = times[order], np.searchsorted(rows[order], np.arange(count + 1))
    made = np.full((count, 1 + len(SHARES)), np.nan)
    for row in range(count):
        own = times[ends[row] : ends[row + 1]]
        made[row, 0] = own.size
        if own.size:
            made[row, 1:] = np.quantile(own, list(SHARES.values()))
    return made


def waits(segments: Source, connections: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw how long handshakes, service and transfers took by server, on one scale.

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
        `waits_data`: for each part a thin line from the shortest to the longest time, a box between the quartiles and a
        mark at the median, on a logarithmic scale; beside them how many times these are. A time below 1 µs, such as the
        transfer of one segment each way, is drawn at the left edge.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.waits(pf.analyze(pf.example("clean.pcap"))).get_xlabel()
    'time'
    """
    data = waits_data(*both(segments, connections))
    ax = axes_or_new(ax, size=(8, 4.8))
    what, facts = CHART.title, data.attrs
    if data.empty:
        return state(ax, what, "There is no connection with a handshake or a request in the capture.")
    least = data["max_s"][data["max_s"] > 0].min()
    shortest = data["min_s"][data["min_s"] >= SHORTEST_S].min()
    low = max(float(np.nan_to_num(np.fmin(shortest, least), nan=1.0)), SHORTEST_S)
    high = max(float(data["max_s"].max()), low)
    times = data[[*SHARES]].clip(lower=low)
    first = data.iloc[:: len(PARTS)]
    names = first["server"].tolist()
    thick = float(np.clip(tall(ax) * 72 / (4.5 * len(data)), 1.5, 8))
    small = float(np.clip(thick + 1.5, 4, 7))
    for number, look in enumerate(WAIT_LOOKS.values()):
        rows = times[number :: len(PARTS)]
        places = np.arange(len(names)) + 0.27 * (number - 1)
        counts = data["n"].iloc[number :: len(PARTS)].to_numpy()
        ax.hlines(places, rows["min_s"], rows["max_s"], color=ink(ax), linewidth=0.8, zorder=1)
        ax.hlines(places, rows["p25_s"], rows["p75_s"], color=look.color, linewidth=thick, zorder=2)
        ax.plot(rows["median_s"], places, linestyle="", marker=look.marker, markersize=small, color=look.color,
                markeredgecolor=ink(ax), markeredgewidth=0.8, label=look.label, zorder=3)  # fmt: skip
        for place, count in zip(places, counts, strict=True):
            ax.annotate(f"{count:,}", (1, place), (3, 0), xycoords=ax.get_yaxis_transform(), va="center",
                        textcoords="offset points", fontsize=min(small + 1, 7.5), color=ink(ax))  # fmt: skip
    ax.annotate("n", (1, 1), (3, 2), xycoords="axes fraction", textcoords="offset points", fontsize="small",
                color=ink(ax))  # fmt: skip
    narrow = inches(ax) < 4
    room = 17 if narrow else 30
    texts = [end_label(end, called, room) for end, called in zip(names, first["called"], strict=True)]
    ax.set_yticks(range(len(names)), texts, fontsize="x-small" if narrow else "small")
    ax.set_ylim(len(names) - 0.5, -0.5)
    log_axis(ax, low, high, which="x")
    unit_axis(ax, PANEL.axis.label, PANEL.axis.unit, which="x")
    for place in np.arange(1, len(names)) - 0.5:
        ax.axhline(place, color=ink(ax), linewidth=0.3, alpha=0.5)
    of = f"{counted(facts['turns'], 'turn')}; median, quartiles and extremes of n times"
    of += f"; {facts['overlapping']:,} overlapping turns left out" if facts["overlapping"] else ""
    service = data[(data["part"] == "service") & data["median_s"].notna()]
    longest = service.nlargest(3, "median_s")
    slow = [f"{name} {seconds(took)}" for name, took in zip(longest["server"], longest["median_s"], strict=True)]
    slowest = f"longest service (median): {', '.join(slow)}" if slow else ""
    title(ax, what, of, labels=max(map(len, texts)), numbers=[slowest])
    legend(ax)
    return ax


def _servers(data: pd.DataFrame) -> list[str]:
    return [beside(end, called) for end, called in zip(data["server"], data["called"], strict=True)]


PANEL = Panel(
    Axis("time", "s", log=True),
    tuple(
        Mark(name, look, "box", high="max_s", low="min_s", inner=("p25_s", "median_s", "p75_s"))
        for name, look in WAIT_LOOKS.items()
    ),
)
CHART = Chart(
    draw=waits,
    data=waits_data,
    title="Waits by server",
    numbers="how long handshakes, service and transfers took by server: median, quartiles and extremes",
    limited_by=("durations", "directions", "handshakes"),
    section="timing",
    tab=Tab(label="Waits", height=440),
    graph=Graph(
        across=PANEL.axis,
        panels=(PANEL,),
        by="part",
        rows=Rows(names=_servers, filters=lambda data: [server_filters(end) for end in data["server"]], own=SERVERS),
        evidence="row",
    ),
    shows=lambda connections: bool((connections["turns"] > 0).any()),
)
