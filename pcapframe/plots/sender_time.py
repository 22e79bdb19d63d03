"""What the busy time of senders was spent on, by server or by connection."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.errors import ParameterError
from pcapframe.measures import endpoint_text, without_attrs
from pcapframe.naming import beside, names_by_end
from pcapframe.plots._api import Chart, Tab
from pcapframe.plots._axes import axes_or_new, inches, ink
from pcapframe.plots._frames import Source, connections_of, server_filters
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Rows
from pcapframe.plots._palette import SENDER_LOOKS
from pcapframe.plots._shapes import outline
from pcapframe.plots._text import end_label, legend, state, title
from pcapframe.wording import counted, percent, seconds

__all__ = ["sender_time", "sender_time_data"]

NAMED = 8  # servers or connections
SENDERS = {"client": "▲", "server": "▼"}
PARTS = ("sending", "repairing", "window_limited", "unsplit")  # of the busy time


def sender_time_data(connections: pd.DataFrame, *, by: Literal["server", "connection"] = "server") -> pd.DataFrame:
    """Sum up what senders were doing while they were busy.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.
    by : {"server", "connection"}
        What is summed up.

    Returns
    -------
    DataFrame
        Up to two rows each, one per sender that was busy: ``name`` (``address:port`` of the server, after the
        ``conn_id`` where these are connections), ``sender`` (``client`` or ``server``), ``directions`` (int64, of how
        many connections), and in seconds ``sending_s``, ``repairing_s``, ``window_limited_s`` and ``unsplit_s``, which
        sum to ``busy_s``, and ``idle_s``. ``unsplit_s`` is the rest of the busy time where ``window_limited_s`` is not
        known. The 8 servers or connections with the most busy time, most first. ``called`` is the
        server's name, or empty. ``attrs`` holds ``names`` (how many
        there are), ``directions``, and ``unknown``, directions without ``busy_s``.

    Raises
    ------
    ParameterError
        `by` is something else.

    Examples
    --------
    >>> import pcapframe as pf
    >>> data = pf.plots.sender_time_data(pf.analyze(pf.example("losses.pcap")).connections)
    >>> bool((data["repairing_s"] > 0).any())
    True
    """
    if by not in ("server", "connection"):
        raise ParameterError(f"by is {by!r}: expected 'server' or 'connection'")
    connections = without_attrs(connections)
    servers = endpoint_text(connections["server"], connections["server_port"])
    parts = [_of_sender(connections, side) for side in SENDERS]
    made = pd.concat(parts, ignore_index=True)
    if by == "server":
        made["name"] = pd.array([*servers, *servers], dtype="str")
    else:
        texts = [f"{conn_id}  {text}" for conn_id, text in zip(connections.index, servers, strict=True)]
        made["name"] = pd.array([*texts, *texts], dtype="str")
    names = names_by_end(connections)
    called = [names.get(server, "") for server in servers]
    made["called"] = pd.array([*called, *called], dtype="str")
    unknown = int(made["busy_s"].isna().sum())
    made = made[made["busy_s"] > 0]
    total = made.groupby("name")["busy_s"].sum().sort_values(ascending=False, kind="stable")
    made = made[made["name"].isin(total.index[:NAMED])]
    summed = made.groupby(["name", "called", "sender"], sort=False).sum().reset_index()
    rank = pd.Index(total.index).get_indexer(pd.Index(summed["name"]))
    order = np.lexsort(((summed["sender"] == "server").to_numpy(), rank))
    summed = summed.iloc[order].reset_index(drop=True)
    summed.attrs = {"names": len(total), "directions": 2 * len(connections), "unknown": unknown}
    return summed


def _of_sender(connections: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return the busy time of one sender in its parts, a row per connection."""
    busy, limited, repairing, idle = (
        connections[f"{side}_{name}_s"].to_numpy() for name in ("busy", "window_limited", "repairing", "idle")
    )
    rest = np.maximum(busy - repairing - np.nan_to_num(limited), 0)
    split = ~np.isnan(limited)
    return pd.DataFrame(
        {
            "sender": pd.array([side] * len(connections), dtype="str"),
            "directions": np.ones(len(connections), np.int64),
            "busy_s": busy,
            "sending_s": np.where(split, rest, 0),
            "repairing_s": repairing,
            "window_limited_s": np.nan_to_num(limited),
            "unsplit_s": np.where(split, 0, rest),
            "idle_s": idle,
        }
    )


def sender_time(connections: Source, *, by: Literal["server", "connection"] = "server", ax: Axes | None = None) -> Axes:
    """Draw what share of their busy time senders spent on what.

    Parameters
    ----------
    connections : DataFrame or Analysis
        Columns of ``schema.CONNECTIONS``; not modified.
    by : {"server", "connection"}
        What a bar stands for: the connections of one server, or one connection.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `sender_time_data`: a bar for each sender, ▲ for clients and ▼ for the server, in percent of its busy time;
        beside it, how long it was busy.

    Raises
    ------
    ParameterError
        `by` is something else.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.sender_time(pf.analyze(pf.example("losses.pcap"))).get_xlabel()
    'share of the busy time [%]'
    """
    data = sender_time_data(connections_of(connections), by=by)
    ax = axes_or_new(ax, size=(8, 4.8))
    what, facts = f"{CHART.title}, by {by}", data.attrs
    if data.empty:
        none = f"No sender is known to have been busy in {counted(facts['directions'] // 2, 'connection')}."
        return state(ax, what, none if facts["directions"] else "There is no connection.")
    places, left = np.arange(len(data)), np.zeros(len(data))
    for part in PARTS:
        share = 100 * data[f"{part}_s"].to_numpy() / data["busy_s"].to_numpy()
        if share.any():
            look = SENDER_LOOKS[part]
            ax.barh(places, share, left=left, color=look.color, hatch=look.hatch, label=look.label, **outline(ax))
            left += share
    for place, busy in zip(places, data["busy_s"], strict=True):
        ax.annotate(seconds(float(busy)), (100, place), (4, 0), textcoords="offset points", va="center",
                    fontsize="small", color=ink(ax), annotation_clip=False)  # fmt: skip
    narrow = inches(ax) < 4
    room = 17 if narrow else 30
    texts = [f"{end_label(name, called, room)} {SENDERS[sender]}" for name, called, sender in
             zip(data["name"], data["called"], data["sender"], strict=True)]  # fmt: skip
    ax.set_yticks(places, texts, fontsize="x-small" if narrow else "small")
    ax.set_ylim(max(len(data), 3) - 0.4, -0.6)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of the busy time [%]")
    known = facts["directions"] - facts["unknown"]
    of = f"{known:,} of {counted(facts['directions'], 'direction')} known; ▲ clients send, ▼ the server sends"
    if facts["names"] > NAMED:
        of += f"; the {NAMED} {by}s with the most busy time of {facts['names']:,}"
    busy = float(data["busy_s"].sum())
    parts = ", ".join(
        f"{percent(float(data[f'{part}_s'].sum()) / busy)} {SENDER_LOOKS[part].label}"
        for part in PARTS
        if data[f"{part}_s"].any()
    )
    title(ax, what, of, labels=max(map(len, texts)), numbers=[f"of {seconds(busy)} busy: {parts}"])
    legend(ax)
    return ax


def _senders(data: pd.DataFrame) -> list[str]:
    rows = zip(data["name"], data["called"], data["sender"], strict=True)
    return [f"{beside(name, called)} {SENDERS[sender]}" for name, called, sender in rows]


GRAPH = Graph(
    across=Axis("share of the busy time", "%"),
    panels=(
        Panel(
            Axis("share of the busy time", "%"),
            tuple(Mark(part, SENDER_LOOKS[part], "stack", high=f"{part}_s") for part in PARTS),
            share_of="busy_s",
        ),
    ),
    rows=Rows(
        names=_senders,
        filters=lambda data: [server_filters(end) for end in data["name"]],
        notes=lambda data: [f"{seconds(float(busy))} busy" for busy in data["busy_s"]],
    ),
    evidence="row",
)
CHART = Chart(
    draw=sender_time,
    data=sender_time_data,
    title="Busy time of senders",
    numbers="what share of their busy time senders spent on sending, repairing or limited by the window",
    limited_by=("durations", "directions"),
    section="timing",
    tab=Tab(label="Senders", height=440),
    graph=GRAPH,
    shows=lambda connections: any(bool((connections[f"{side}_busy_s"] > 0).any()) for side in SENDERS),
    ways=({}, {"by": "connection"}),
)
