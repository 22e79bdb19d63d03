"""Outcomes and durations of handshakes, by server."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.measures import endpoint_text, without_attrs
from pcapframe.naming import beside, names_by_end
from pcapframe.patterns import Endpoints
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, inches, ink, split
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, connections_of, server_filters
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Rows
from pcapframe.plots._palette import GREY, HANDSHAKE_LOOKS, Look
from pcapframe.plots._scales import count_axis, log_axis, unit_axis
from pcapframe.plots._shapes import cut_others, outline
from pcapframe.plots._text import end_label, legend, state, title
from pcapframe.schema import HANDSHAKES
from pcapframe.wording import counted, seconds

__all__ = ["handshakes", "handshakes_data"]

SERVERS = 12  # rows of their own; the other servers share one
QUANTILES = {"rtt_min_s": 0.0, "rtt_p25_s": 0.25, "rtt_median_s": 0.5, "rtt_p75_s": 0.75, "rtt_max_s": 1.0}


def handshakes_data(connections: pd.DataFrame) -> pd.DataFrame:
    """Count handshakes by server and outcome, and summarise their times.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.

    Returns
    -------
    DataFrame
        Index ``server`` (``address:port``): the 12 with the most connections, most first, and "N others". One column of
        counts (int64) per outcome, summing to ``connections``; ``timed``, how many have a ``handshake_rtt_s``; and of
        these ``rtt_min_s``, ``rtt_p25_s``, ``rtt_median_s``, ``rtt_p75_s`` and ``rtt_max_s`` [s, NaN without any];
        ``called``, the name of the server, or empty.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("resets.pcap"))
    >>> int(pf.plots.handshakes_data(analysis.connections)["refused"].sum())
    6
    """
    connections = without_attrs(connections)
    _, first, place, counts = np.unique(
        Endpoints(connections).server, return_index=True, return_inverse=True, return_counts=True
    )
    most = np.lexsort((first, -counts))
    row_of = np.full(counts.size, SERVERS)
    row_of[most[:SERVERS]] = np.arange(min(most.size, SERVERS))
    row = row_of[place]
    of = connections.iloc[first[most[:SERVERS]]]
    index = endpoint_text(of["server"], of["server_port"]).tolist()
    if most.size > SERVERS:
        index.append(counted(most.size - SERVERS, "other"))
    outcome = connections["handshake"].cat.codes.to_numpy().astype(np.int64)
    table = np.bincount(row * len(HANDSHAKES) + outcome, minlength=len(index) * len(HANDSHAKES))
    made = pd.DataFrame(
        table.reshape(-1, len(HANDSHAKES)), index=pd.Index(index, name="server", dtype="str"), columns=list(HANDSHAKES)
    )
    rtt = connections["handshake_rtt_s"].to_numpy()
    timed = ~np.isnan(rtt)
    of_row = [rtt[timed & (row == number)] for number in range(len(index))]
    made["connections"] = made.sum(axis="columns")
    made["timed"] = np.array([times.size for times in of_row], np.int64)
    for name, share in QUANTILES.items():
        made[name] = [float(np.quantile(times, share)) if times.size else np.nan for times in of_row]
    names = names_by_end(connections)
    made["called"] = pd.array([names.get(end, "") for end in index], dtype="str")
    return made


def handshakes(connections: Source, *, ax: Axes | None = None) -> Axes:
    """Draw the outcomes of handshakes by server, and beside them the time from SYN to SYN-ACK.

    Parameters
    ----------
    connections : DataFrame or Analysis
        Columns of ``schema.CONNECTIONS``; not modified.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `handshakes_data`: one bar per server. In the panel at the right, on a logarithmic scale, a thin line from the
        shortest to the longest time, a thick one between the quartiles and a mark at the median.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.handshakes(pf.analyze(pf.example("resets.pcap"))).get_xlabel()
    'connections'
    """
    data = handshakes_data(connections_of(connections))
    ax = axes_or_new(ax, size=(8, 4.8))
    what = CHART.title
    if data.empty:
        return state(ax, what, "There is no connection.")
    _, panel = split(ax, (0.7, 0.3), across=True)
    width = inches(ax, panel)
    narrow = width < 4
    places, left = np.arange(len(data)), np.zeros(len(data))
    for name, look in HANDSHAKE_LOOKS.items():
        if data[name].any():
            ax.barh(places, data[name], left=left, color=look.color, hatch=look.hatch, label=look.label, **outline(ax))
            left += data[name].to_numpy()
    room = 17 if narrow else 34
    names = [end_label(end, called, room) for end, called in zip(data.index, data["called"], strict=True)]
    ax.set_yticks(places, names)
    if narrow:
        ax.tick_params(axis="y", labelsize="x-small")
    ax.set_ylim(len(data) - 0.4, -0.6)
    cut = len(data) > SERVERS and cut_others(ax, left)
    count_axis(ax, "connections", which="x")
    panel.hlines(places, data["rtt_min_s"], data["rtt_max_s"], color=ink(ax), linewidth=0.8)
    panel.hlines(places, data["rtt_p25_s"], data["rtt_p75_s"], color=ink(ax), linewidth=4, alpha=0.45)
    panel.plot(data["rtt_median_s"], places, linestyle="", marker="D", markersize=4, color=ink(ax))
    if (data["rtt_min_s"] > 0).any():
        log_axis(panel, float(data["rtt_min_s"].min()), float(data["rtt_max_s"].max()), which="x")
        panel.tick_params(axis="x", labelsize="small")
    else:
        panel.text(0.5, 0.5, "none timed", ha="center", transform=panel.transAxes, fontsize="small", color=ink(ax))
        panel.set_xticks([])
    unit_axis(panel, "time", "s", which="x")
    total, timed = int(data["connections"].sum()), int(data["timed"].sum())
    of = f"{data['complete'].sum():,} of {counted(total, 'connection')} complete; {timed:,} timed from SYN to SYN-ACK: "
    of += "median, quartiles, extremes"
    of += "; the bar of the others is cut off" if cut else ""
    middles = data["rtt_median_s"].dropna()
    spread = f"median of a server {seconds(middles.min())} to {seconds(middles.max())}" if len(middles) else ""
    counts = {name: int(data[name].sum()) for name in HANDSHAKE_LOOKS}
    title(ax, what, of, width=width, labels=max(map(len, names)), numbers=(tally(HANDSHAKE_LOOKS, counts), spread))
    legend(ax)
    return ax


TIMED = Look("SYN to SYN-ACK", GREY, marker="D")
GRAPH = Graph(
    across=Axis("connections"),
    panels=(
        Panel(
            Axis("connections"),
            tuple(Mark(name, look, "stack", high=name) for name, look in HANDSHAKE_LOOKS.items()),
            share=0.7,
        ),
        Panel(
            Axis("time", "s", log=True),
            (Mark("rtt", TIMED, "box", "rtt_max_s", "rtt_min_s", inner=("rtt_p25_s", "rtt_median_s", "rtt_p75_s")),),
            share=0.3,
        ),
    ),
    rows=Rows(
        names=lambda data: [beside(end, called) for end, called in zip(data.index, data["called"], strict=True)],
        filters=lambda data: [server_filters(end) for end in data.index],
        own=SERVERS,
    ),
    evidence="row",
)
CHART = Chart(
    draw=handshakes,
    data=handshakes_data,
    title="Handshakes by server",
    numbers="outcomes of handshakes by server, and the time from SYN to SYN-ACK",
    limited_by=("handshakes", "unanswered", "round_trips"),
    section="handshakes",
    graph=GRAPH,
    shows=lambda connections: len(connections) > 1 or bool((connections["handshake"] != "complete").any()),
)
