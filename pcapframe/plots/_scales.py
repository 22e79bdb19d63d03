"""Scales of axes: times in the chosen zone, seconds, counts, shares, units."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import MINUTELY, SECONDLY, AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator, NullLocator

from pcapframe.plots._axes import inches, tall
from pcapframe.zones import local_text, options, zone_name

__all__ = ["count_axis", "dates", "log_axis", "seconds_axis", "share_axis", "time_axis", "unit_axis"]

ROUND = [1, 2, 3, 5, 10, 15, 30]  # seconds and minutes between ticks


def dates(times: pd.DatetimeIndex | pd.Series) -> np.ndarray[Any, Any]:
    """Return times as matplotlib's numbers of days."""
    naive = times.dt.tz_localize(None) if isinstance(times, pd.Series) else times.tz_localize(None)
    return np.asarray(date2num(naive.to_numpy("datetime64[ns]")), np.float64)  # type: ignore[no-untyped-call]


def time_axis(ax: Axes, low: float, high: float) -> None:
    """Let the horizontal axis show times in the chosen zone, which its label names.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    low, high : float
        Ends. [days since 1970]
    """
    if high <= low:  # a single moment: a second around it
        low, high = low - 0.5 / 86400, high + 0.5 / 86400
    zone = options.timezone
    locator = AutoDateLocator(tz=zone, minticks=4, maxticks=int(1.5 * inches(ax)) + 4)  # type: ignore[no-untyped-call]
    locator.intervald |= {SECONDLY: ROUND, MINUTELY: ROUND}
    formats = ["%Y", "%b", "%d", "%H:%M", "%H:%M", ":%S.%f"]
    ax.xaxis.set_major_locator(locator)
    zero_formats = ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"]
    write = ConciseDateFormatter(locator, tz=zone, formats=formats, zero_formats=zero_formats)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(write)
    ax.set_xlim(low, high)
    ax.set_xlabel(f"time ({zone_name()})", loc="left")  # the day stands at the right


def seconds_axis(ax: Axes, start_ns: int, low: float, high: float) -> None:
    """Let the horizontal axis show seconds since a moment, which its label states in the chosen zone.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    start_ns : int
        The moment. [ns since 1970]
    low, high : float
        Ends. [s]
    """
    room = 0.02 * max(high - low, 1e-6)
    ax.set_xlim(low - room, high + room)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=max(int(inches(ax) * 1.3), 4), min_n_ticks=4))
    moment = local_text(pd.Timestamp(start_ns, unit="ns", tz="UTC").isoformat(timespec="microseconds"))
    ax.set_xlabel(f"seconds since {moment} {zone_name()}", fontsize="small" if inches(ax) < 4 else None)


def count_axis(ax: Axes, label: str, *, which: Literal["x", "y"] = "y") -> None:
    """Let an axis show whole numbers without signs, since what is drawn downward is a count too.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    label : str
        What is counted.
    which : {"x", "y"}
        Which axis.
    """
    axis = ax.xaxis if which == "x" else ax.yaxis
    room = 1.2 * inches(ax) if which == "x" else 2.5 * tall(ax)
    axis.set_major_locator(MaxNLocator(nbins=int(np.clip(room, 2, 6)), integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda number, _: f"{abs(number):,.0f}"))
    axis.set_label_text(label)


def log_axis(ax: Axes, low: float, high: float, *, which: Literal["x", "y"] = "y") -> None:
    """Make an axis logarithmic; even a short one gets labels.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    low, high : float
        Ends; above 0.
    which : {"x", "y"}
        Which axis.
    """
    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = low / 1.15, high * 1.15
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    few = max(int(1.6 * inches(ax)), 2) if which == "x" else 7
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    found: np.ndarray[Any, Any] = np.empty(0)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):  # as many labels as fit
        ticks = np.sort(np.outer(powers, digits).ravel())
        ticks = ticks[(low <= ticks) & (ticks <= high)]
        if found.size < 2 or ticks.size <= few:
            found = ticks
    found = found[:: -(-found.size // few)] if found.size >= 2 else np.array(MaxNLocator(few).tick_values(low, high))
    axis.set_ticks(found)
    (ax.set_xlim if which == "x" else ax.set_ylim)(low, high)
    axis.set_minor_locator(NullLocator())  # dozens of ticks take longer than everything else


def share_axis(ax: Axes, label: str) -> None:
    """Let the vertical axis show percent; the data are shares.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    label : str
        Of what.
    """
    ax.yaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{100 * abs(number):.3g}"))
    ax.set_ylabel(f"{label} [%]")


def unit_axis(ax: Axes, label: str, unit: str, *, which: Literal["x", "y"] = "y") -> None:
    """Let an axis show a unit: each number with its prefix (k, M, G; m, µ) and without its sign.

    The label has no unit, since a unit without the prefix would contradict the numbers. Bytes are whole numbers.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    label : str
        What is measured.
    unit : str
        Such as ``bit/s``.
    which : {"x", "y"}
        Which axis.
    """
    axis = ax.xaxis if which == "x" else ax.yaxis
    write = EngFormatter(unit=unit)
    if unit == "B":  # there are no parts of a byte
        axis.set_major_locator(MaxNLocator(nbins="auto", integer=True, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda number, _: write(abs(number))))
    axis.set_label_text(label)
