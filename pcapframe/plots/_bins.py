"""Bins of time, chosen from the span so that a chart has enough of them and not too many; nothing is drawn here."""

import itertools

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array

__all__ = ["AT_MOST", "bin_of", "known_times", "nanoseconds", "time_edges", "to_time", "width_text"]

AT_MOST = 120  # bins of a chart
SECOND, DAY = 10**9, 86_400 * 10**9
WIDTHS = [
    *(digit * 10**power for power, digit in itertools.product(range(9), (1, 2, 5))),
    *(seconds * SECOND for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)),
    *(hours * 3600 * SECOND for hours in (1, 2, 3, 6, 12)),
    *(digit * 10**power * DAY for power, digit in itertools.product(range(4), (1, 2, 5))),
]


def nanoseconds(column: pd.Series) -> Array:
    """Return times as nanoseconds since 1970, ``NO_TIME`` for null."""
    return column.to_numpy("datetime64[ns]").view(np.int64)


def known_times(*columns: Array) -> tuple[int, int] | None:
    """Return the first and last of some times, None without any; nanoseconds."""
    # Avoid a copy where all are known: there can be millions.
    known = [column if (is_known := column != NO_TIME).all() else column[is_known] for column in columns]
    found = [column for column in known if column.size]
    if not found:
        return None
    return min(int(column.min()) for column in found), max(int(column.max()) for column in found)


def time_edges(span: tuple[int, int] | None, *, at_most: int = AT_MOST) -> Array:
    """Choose bins of time.

    Parameters
    ----------
    span : pair of int or None
        First and last time; None for no bins. [ns]
    at_most : int, default 120
        Most bins.

    Returns
    -------
    ndarray of int64
        Edges of bins of one width: the narrowest of 1, 2, 5, 10 … of a unit (15 and 30 seconds and minutes; 1, 2, 3,
        6, 12 hours) that covers the span. They lie on multiples of the width since 1970, UTC. [ns]

    Examples
    --------
    >>> (time_edges((0, 299 * 10**9)) // 10**9)[:3].tolist()
    [0, 5, 10]
    """
    if span is None:
        return np.empty(0, np.int64)
    first, last = span
    width = next((w for w in WIDTHS if last // w - first // w < at_most), WIDTHS[-1])
    low = max(first // width, -(2**63) // width + 1)
    return np.asarray((low + np.arange(last // width - low + 2)) * width, np.int64)


def bin_of(time: Array, edges: Array) -> Array:
    """Return the bin of each time; the times lie within the edges."""
    return np.asarray((time - edges[0]) // (edges[1] - edges[0]), np.int64)


def to_time(edges: Array) -> pd.DatetimeIndex:
    """Return nanoseconds as times in UTC."""
    return pd.DatetimeIndex(edges.view("datetime64[ns]"), tz="UTC")


def width_text(edges: Array) -> str:
    """Write the width of the bins.

    Examples
    --------
    >>> width_text(np.array([0, 5_000_000])), width_text(np.array([0, 1800 * 10**9]))
    ('5 ms', '30 min')
    """
    width = int(edges[1] - edges[0])
    units = ((DAY, "d"), (3600 * SECOND, "h"), (60 * SECOND, "min"), (SECOND, "s"), (10**6, "ms"), (1000, "µs"))
    size, unit = next(((size, unit) for size, unit in units if width >= size), (1, "ns"))
    return f"{width // size:,} {unit}"
