"""Packets of one connection between the points of a join, with both time lines and what was lost."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from pcapframe.arrays import NO_TIME, Array
from pcapframe.errors import ParameterError
from pcapframe.joining import Joined
from pcapframe.plots._axes import axes_or_new, ink
from pcapframe.plots._palette import FATE_LOOKS, SIDES
from pcapframe.plots._scales import unit_axis
from pcapframe.plots._text import legend, state, title
from pcapframe.wording import counted

__all__ = ["ladder", "ladder_data"]

ROWS = 120  # more lines than these cannot be told apart
BEFORE = 10  # rows before the first that did not pass
TITLE = "Packets between the points"
SHORT = 0.55  # how far the line of a packet goes that did not arrive [of the way]


def ladder_data(
    joined: Joined, *, path_id: int | None = None, first: int | None = None, limit: int = ROWS
) -> pd.DataFrame:
    """Return when packets of one connection passed the points, by the first point's clock.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    path_id : int, optional
        Which connection; by default the one with the most packets that did not pass, else with the most packets.
    first : int, optional
        The row of its transmissions to begin at; by default ten before the first that did not pass.
    limit : int, default 120
        How many rows.

    Returns
    -------
    DataFrame
        Rows of ``joined.segments`` (same index): ``path_id``, ``from_client``, ``fate``, and ``time_<name>_s`` for each
        point, nearest to the clients first [s since the first of them; NaN where it was not captured].

    Raises
    ------
    ParameterError
        There is no such connection in more than one capture.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> list(pf.plots.ladder_data(same).columns)
    ['path_id', 'from_client', 'fate', 'time_here_s', 'time_there_s']
    """
    rows = joined.segments
    odd = (rows["fate"] != "passed").to_numpy()
    if path_id is None and len(rows):
        path = rows["path_id"].to_numpy()
        counts = np.bincount(path, weights=odd) if odd.any() else np.bincount(path)
        path_id = int(np.argmax(counts))
    elif path_id is not None and not (rows["path_id"] == path_id).any():
        raise ParameterError(f"there is no connection {path_id!r} in more than one capture: expected a path_id")
    mine = rows[rows["path_id"] == path_id]
    if first is None:
        place = np.flatnonzero((mine["fate"] != "passed").to_numpy())
        first = max(int(place[0]) - BEFORE, 0) if place.size else 0
    mine = mine.iloc[first : first + limit]
    order = joined.points["order"]
    names = order.sort_values().index.tolist() if order.notna().all() else joined.names
    times = {name: _times(joined, mine, name) for name in names}
    known = np.concatenate([time[time != NO_TIME] for time in times.values()]) if len(mine) else np.empty(0, np.int64)
    start = int(known.min()) if known.size else 0
    made = mine[["path_id", "from_client", "fate"]].copy()
    for name, time in times.items():
        made[f"time_{name}_s"] = np.where(time == NO_TIME, np.nan, (time - start) / 1e9)
    return made


def _times(joined: Joined, rows: pd.DataFrame, name: str) -> Array:
    """Return when rows were captured at a point, by the first point's clock. [ns]."""
    frame = rows[f"frame_{name}"]
    there = frame.notna().to_numpy(copy=True)
    time = np.full(len(rows), NO_TIME, np.int64)
    column = joined.analyses[name].segments["time"]
    time[there] = column.loc[frame[there].to_numpy(np.int64)].to_numpy("datetime64[ns]").view(np.int64)
    there &= time != NO_TIME
    point = joined.points.loc[name]
    if name == joined.names[0] or np.isnan(point["offset_s"]):
        return time
    reference = joined.names[0]
    both = joined.segments[joined.segments[f"frame_{name}"].notna() & joined.segments[f"frame_{reference}"].notna()]
    base = round(point["offset_s"] * 1e9)
    begin = int(column.loc[int(both[f"frame_{name}"].iloc[0])].value)
    own = time[there] - base
    own -= np.rint((time[there] - begin) * point["drift_ppm"] * 1e-6).astype(np.int64)
    for at, size in reversed(point["steps"]):
        own = np.where(own - round(size * 1e9) >= at.value, own - round(size * 1e9), own)
    time[there] = own
    return time


def ladder(joined: Joined, path_id: int | None = None, *, first: int | None = None, limit: int = ROWS,
           ax: Axes | None = None) -> Axes:  # fmt: skip
    """Draw packets of one connection between the points: a time line for each point, and a line for each packet.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    path_id, first, limit : optional
        As for `ladder_data`.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        Points from left to right, from the clients on; time goes down. A packet that one point lacks has a mark where
        its line ends.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> [text.get_text() for text in pf.plots.ladder(same).get_xticklabels()]
    ['here', 'there']
    """
    data = ladder_data(joined, path_id=path_id, first=first, limit=limit)
    ax = axes_or_new(ax, size=(8, 7))
    columns = [name for name in data if str(name).startswith("time_")]
    if data.empty or data[columns].isna().all(axis=None):
        return state(ax, TITLE, "No connection is in more than one capture.")
    times = data[columns].to_numpy()
    for side, from_client in (("client", True), ("server", False)):
        mine = data["from_client"].to_numpy() == from_client
        lines = [line for row in times[mine] for line in _whole(row)]
        look = SIDES[side]
        ax.add_collection(
            LineCollection(lines, colors=look.color, linestyles=look.line, linewidths=1, label=look.label)
        )
    for fate, look in FATE_LOOKS.items():
        rows = np.flatnonzero((data["fate"] == fate).to_numpy())
        ends = [end for row in rows if (end := _short(times[row])) is not None]
        if ends:
            ax.add_collection(LineCollection(ends, colors=look.color, linewidths=1))
            x, y = (np.asarray([end[1][axis] for end in ends]) for axis in (0, 1))
            ax.plot(x, y, linestyle="", marker=look.marker, color=look.color, markersize=6, label=look.label)
    for place in range(len(columns)):
        ax.axvline(place, color=ink(ax), linewidth=1.2)
    ax.set_xticks(range(len(columns)), [str(name).removeprefix("time_").removesuffix("_s") for name in columns])
    ax.set_xlim(-0.08, len(columns) - 0.92)
    low, high = float(np.nanmin(times)), float(np.nanmax(times))
    room = max(0.02 * (high - low), 1e-6)
    ax.set_ylim(high + room, low - room)
    unit_axis(ax, "time by the first point's clock", "s", which="y")
    path = int(data["path_id"].iloc[0])
    total = int((joined.segments["path_id"] == path).sum())
    title(ax, TITLE, f"connection {path} of the join: {len(data):,} of {counted(total, 'packet')}")
    legend(ax)
    return ax


def _whole(row: Array) -> list[list[tuple[float, float]]]:
    """Return the lines between points that both have a packet."""
    there = np.flatnonzero(~np.isnan(row))
    return [[(float(a), float(row[a])), (float(b), float(row[b]))] for a, b in pairwise(there)]


def _short(row: Array) -> list[tuple[float, float]] | None:
    """Return the line of a packet towards, or from, the point that lacks it; level, since its time there is unknown."""
    there = np.flatnonzero(~np.isnan(row))
    if not there.size or there.size == row.size:
        return None
    lacks = np.flatnonzero(np.isnan(row))
    near = int(there[np.argmin(np.abs(there[:, None] - lacks[None]).min(axis=1))])
    far = int(lacks[np.argmin(np.abs(lacks - near))])
    return [(float(near), float(row[near])), (near + SHORT * (far - near), float(row[near]))]
