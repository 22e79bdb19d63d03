"""One-way delay over time between the points of a join, with what is not known of the clocks."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.joining import Joined
from pcapframe.plots._axes import axes_or_new
from pcapframe.plots._bins import nanoseconds
from pcapframe.plots._palette import SIDES
from pcapframe.plots._scales import seconds_axis, unit_axis
from pcapframe.plots._text import legend, state, title
from pcapframe.wording import counted

__all__ = ["one_way_delay", "one_way_delay_data"]

BINS = 200
TITLE = "One-way delay"


def one_way_delay_data(joined: Joined) -> pd.DataFrame:
    """Summarise the delay of packets that passed, by direction and time.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    DataFrame
        One row per direction and 200th of the time: ``from_client``, ``time`` (of its first packet, where it was sent),
        ``packets``, and ``delay_min_s``, ``delay_median_s``, ``delay_max_s``, ``low_s`` and ``high_s`` (the median may
        be as low and as high) [s].

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> float(pf.plots.one_way_delay_data(same)["delay_max_s"].max())
    1e-09
    """
    rows = joined.segments[(joined.segments["fate"] == "passed") & joined.segments["delay_s"].notna()]
    name = joined.names[0]
    rows = rows[rows[f"frame_{name}"].notna()]
    names = ["delay_min_s", "delay_median_s", "delay_max_s", "low_s", "high_s"]
    if rows.empty:
        return pd.DataFrame(columns=["from_client", "time", "packets", *names])
    time = joined.analyses[name].segments["time"].loc[rows[f"frame_{name}"].to_numpy(np.int64)]
    at = nanoseconds(time)
    span = max(int(at.max() - at.min()), 1)
    column = np.minimum((at - at.min()) // (span // BINS + 1), BINS - 1)
    grouped = rows.assign(time=time.to_numpy(), column=column).groupby(["from_client", "column"], sort=True)
    made = grouped.agg(
        time=("time", "first"),
        packets=("delay_s", "size"),
        delay_min_s=("delay_s", "min"),
        delay_median_s=("delay_s", "median"),
        delay_max_s=("delay_s", "max"),
        low_s=("delay_low_s", "median"),
        high_s=("delay_high_s", "median"),
    )
    return made.reset_index().drop(columns="column")


def one_way_delay(joined: Joined, *, ax: Axes | None = None) -> Axes:
    """Draw the median delay of packets over time by direction, with the range in which the clocks leave it.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `one_way_delay_data`: a line for each direction. In its band the line may lie anywhere, as far as packets show:
        if the one direction is lower, the other is as much higher.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> pf.plots.one_way_delay(same).get_ylabel()
    'delay'
    """
    data = one_way_delay_data(joined)
    ax = axes_or_new(ax)
    if data.empty:
        return state(ax, TITLE, "No packet was captured at two points whose clocks can be compared.")
    at = nanoseconds(data["time"])
    start = int(at.min())
    x = (at - start) / 1e9
    for side, from_client in (("client", True), ("server", False)):
        mine = (data["from_client"] == from_client).to_numpy()
        look = SIDES[side]
        ax.fill_between(x[mine], data["low_s"][mine], data["high_s"][mine], color=look.color, alpha=0.2, linewidth=0)
        ax.plot(x[mine], data["delay_median_s"][mine], color=look.color, linestyle=look.line, label=look.label)
    seconds_axis(ax, start, 0.0, float(x.max()))
    ax.set_ylim(bottom=min(0.0, float(data["low_s"].min())))
    unit_axis(ax, "delay", "s", which="y")
    title(ax, TITLE, f"{counted(int(data['packets'].sum()), 'packet')}; median, and the range that the clocks leave it")
    legend(ax)
    return ax
