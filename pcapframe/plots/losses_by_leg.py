"""Packets lost and added between the points of a join, by direction and leg of the path."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.joining import Joined
from pcapframe.plots._axes import axes_or_new, ink
from pcapframe.plots._palette import FATE_LOOKS
from pcapframe.plots._scales import count_axis
from pcapframe.plots._shapes import outline
from pcapframe.plots._text import legend, shorten, state, title
from pcapframe.wording import counted, percent

__all__ = ["losses_by_leg", "losses_by_leg_data"]

TITLE = "Losses by leg"
FATES = ("lost_between", "added")
LONGEST = 24  # name of a leg [characters]


def losses_by_leg_data(joined: Joined) -> pd.DataFrame:
    """Count what was lost and added on each leg.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    DataFrame
        One row per direction and leg, from the clients on and back: ``from_client``, ``sent_at`` and ``missing_at``
        (names of the points at its ends), ``packets`` (captured where it begins), ``lost_between``, ``added``. Empty
        where the order of the points is unknown.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> pf.plots.losses_by_leg_data(same)["lost_between"].tolist()
    []
    """
    columns = ["from_client", "sent_at", "missing_at", "packets", *FATES]
    order = joined.points["order"]
    rows = joined.segments
    if order.isna().any() or rows.empty:
        return pd.DataFrame(columns=columns)
    names = [str(name) for name in order.sort_values().index]
    fate = rows["fate"].to_numpy()
    forward = rows["from_client"].to_numpy(bool)
    made = []
    for from_client in (True, False):
        along = names if from_client else names[::-1]
        there = np.stack([rows[f"frame_{name}"].notna().to_numpy() for name in along])[:, forward == from_client]
        own = fate[forward == from_client]
        first, last = np.argmax(there, axis=0), len(along) - 1 - np.argmax(there[::-1], axis=0)
        for place, (here, beyond) in enumerate(pairwise(along)):
            lost = int(((own == "lost_between") & (last == place)).sum())
            added = int(((own == "added") & (first == place + 1)).sum())
            made.append((from_client, here, beyond, int(there[place].sum()), lost, added))
    return pd.DataFrame(made, columns=columns)


def losses_by_leg(joined: Joined, *, ax: Axes | None = None) -> Axes:
    """Draw how many packets were lost and added on each leg, by direction.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `losses_by_leg_data`: a bar for each leg and direction, with what share of its packets was lost beside it.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> pf.plots.losses_by_leg(same).texts[0].get_text()
    'Which point is nearer to the clients is unknown.'
    """
    data = losses_by_leg_data(joined)
    ax = axes_or_new(ax)
    if joined.segments.empty:
        return state(ax, TITLE, "No connection is in more than one capture.")
    if data.empty:
        return state(ax, TITLE, "Which point is nearer to the clients is unknown.")
    total, lost, added = (int(data[name].sum()) for name in ("packets", *FATES))
    if not lost + added:
        return state(ax, TITLE, f"None of {counted(total, 'packet')} was lost or added.")
    places, left = np.arange(len(data)), np.zeros(len(data))
    for name in FATES:
        look = FATE_LOOKS[name]
        if data[name].any():
            ax.barh(places, data[name], left=left, color=look.color, height=0.6, label=look.label, **outline(ax))
            left += data[name].to_numpy(float)
    for place, end, row in zip(places.tolist(), left.tolist(), data.to_dict("records"), strict=True):
        share = f" ({percent(row['lost_between'] / row['packets'])})" if row["lost_between"] else ""
        text = f" {row['lost_between']:,} of {row['packets']:,} lost{share}"
        ax.text(end, place, text, va="center", fontsize="small", color=ink(ax))
    ends = zip(data["sent_at"], data["missing_at"], strict=True)
    ax.set_yticks(places, [shorten(f"{here} → {beyond}", LONGEST) for here, beyond in ends])
    ax.set_ylim(len(data) - 0.4, -0.6)
    count_axis(ax, "packets", which="x")
    ax.set_xlim(0, float(left.max()) * 1.5)
    title(ax, TITLE, f"{lost:,} of {counted(total, 'packet')} lost; {added:,} added on the way")
    legend(ax)
    return ax
