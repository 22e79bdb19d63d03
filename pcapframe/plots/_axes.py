"""What charts share in drawing: axes, panels beside them, titles, legends, time in UTC.

Nothing here sets a text colour: all text takes the axes' own, which a style such as ``dark_background`` sets.
"""

import textwrap
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from pcapframe.plots._palette import Look

__all__ = [
    "axes_or_new",
    "beside",
    "count_axis",
    "dates",
    "hide_time",
    "inches",
    "ink",
    "legend",
    "outline",
    "share_axis",
    "shorten",
    "stack",
    "state",
    "time_axis",
    "title",
    "unit_axis",
    "up_and_down",
]

SIZE = (8.0, 4.5)


def axes_or_new(ax: Axes | None, *, size: tuple[float, float] = SIZE) -> Axes:
    """Return the axes given, or those of a new figure.

    The new one is pyplot's: only such figures show themselves below a cell of a notebook. Whoever wants none of
    pyplot's state (a server, a long loop) passes axes of a ``matplotlib.figure.Figure``; then pyplot is not loaded.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw.
    size : pair of float
        Of a new figure. [inches]

    Returns
    -------
    Axes
        Where to draw.
    """
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt  # noqa: PLC0415  # see above

    _, made = plt.subplots(figsize=size, layout="constrained")
    return made


def inches(ax: Axes) -> float:
    """Return the width of the axes, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_position().width * figure.get_figwidth())


def beside(ax: Axes, where: Literal["below", "above", "right"], *, share: float = 0.25) -> Axes:
    """Give some room of the axes to a panel that has its scale of time (or, to the right, its vertical scale).

    Parameters
    ----------
    ax : Axes
        Made smaller.
    where : {"below", "above", "right"}
        Side of the panel.
    share : float, default 0.25
        Of the room. [0 to 1]

    Returns
    -------
    Axes
        The panel.
    """
    figure = ax.get_figure(root=False)
    assert figure is not None
    spec = ax.get_subplotspec()
    shared: dict[str, Any] = {"sharey": ax} if where == "right" else {"sharex": ax}
    if spec is None:  # placed by hand: cut it in two where it stands
        x, y, width, height = ax.get_position().bounds
        gap = 0.06
        if where == "right":
            ax.set_position((x, y, width * (1 - share - gap), height))
            return figure.add_axes((x + width * (1 - share), y, width * share, height), **shared)
        low, high = (y, y + height * (share + gap)) if where == "below" else (y + height * (1 - share), y)
        ax.set_position((x, high, width, height * (1 - share - gap)))
        return figure.add_axes((x, low, width, height * share), **shared)
    shares = [share, 1 - share] if where == "above" else [1 - share, share]
    if where == "right":
        grid = spec.subgridspec(1, 2, width_ratios=shares, wspace=0.05)
    else:
        grid = spec.subgridspec(2, 1, height_ratios=shares, hspace=0.08)
    ours, panels = (1, 0) if where == "above" else (0, 1)
    ax.set_subplotspec(grid[ours])
    panel: Axes = figure.add_subplot(grid[panels], **shared)
    if where == "below":
        hide_time(ax)
    elif where == "above":
        hide_time(panel)
    else:
        panel.tick_params(axis="y", labelleft=False)
    return panel


def hide_time(ax: Axes) -> None:
    """Leave the scale of time to the panel below."""
    ax.tick_params(axis="x", labelbottom=False)
    ax.xaxis.get_offset_text().set_visible(False)
    ax.set_xlabel("")


def up_and_down(ax: Axes) -> None:
    """Say who sends upward and who downward, and draw the line between."""
    ax.axhline(0, color=ax.spines["left"].get_edgecolor(), linewidth=0.8)
    low, high = ax.get_ylim()
    reach = max(high - low, 1e-9) * 0.12  # room for the words
    ax.set_ylim(min(low, 0) - reach, max(high, 0) + reach)
    for place, text, vertical in ((0.98, "▲ from clients", "top"), (0.02, "▼ from servers", "bottom")):
        ax.text(0.008, place, text, transform=ax.transAxes, va=vertical, fontsize="x-small", color=ink(ax))


def ink(ax: Axes) -> Any:
    """Return the colour of the axes' text."""
    return ax.xaxis.label.get_color()


def outline(ax: Axes) -> dict[str, Any]:
    """Return edge and hatch of areas: the colour of the background, so that they read on light and dark."""
    return {"edgecolor": ax.get_facecolor(), "linewidth": 0.4}


def title(ax: Axes, what: str, of: str) -> None:
    """Write what a chart shows, and below it the numbers it is of, broken to the width of the axes.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    what : str
        One line.
    of : str
        Counts with their denominators.
    """
    columns = max(int(inches(ax) * 72 / 5.6), 24)
    lines = [line for text in (what, of) for line in textwrap.wrap(text, columns)]
    ax.set_title("\n".join(lines), loc="left", fontsize="medium", linespacing=1.3)


def state(ax: Axes, what: str, sentence: str) -> Axes:
    """Say in a sentence why there is nothing to draw.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    what : str
        The chart's title.
    sentence : str
        What is not there.

    Returns
    -------
    Axes
        The same.
    """
    title(ax, what, "")
    columns = max(int(inches(ax) * 72 / 6.5), 24)
    ax.text(0.5, 0.5, textwrap.fill(sentence, columns), ha="center", va="center", transform=ax.transAxes,
            color=ink(ax))  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def legend(ax: Axes, *others: Axes, lines: float = 2, columns: int | None = None) -> None:
    """Put a legend below the axes and their labels, in as many columns as there is room for.

    Parameters
    ----------
    ax : Axes
        The lowest ones; without labelled artists here or in `others` there is no legend.
    *others : Axes
        Whose labelled artists come first.
    lines : float, default 2
        Lines of text between the axes and the legend: tick labels, and the label of the axis.
    columns : int, optional
        How many; by the width without it.
    """
    found = [axes.get_legend_handles_labels() for axes in (*others, ax)]
    by_label = {label: handle for handles, labels in found for handle, label in zip(handles, labels, strict=True)}
    figure = ax.get_figure(root=True)
    if not by_label or figure is None:
        return
    width = max(len(label) for label in by_label) * 4.9 + 40  # [points]
    drop = ScaledTranslation(0, -(8 + 14 * lines) / 72, figure.dpi_scale_trans)
    ax.legend(
        by_label.values(), by_label.keys(), ncols=columns or max(min(int(inches(ax) * 80 / width), len(by_label)), 1),
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0,
        bbox_transform=ax.transAxes + drop, columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip


def dates(times: pd.DatetimeIndex | pd.Series) -> np.ndarray[Any, Any]:
    """Return times as matplotlib's numbers of days."""
    naive = times.dt.tz_localize(None) if isinstance(times, pd.Series) else times.tz_localize(None)
    return np.asarray(date2num(naive.to_numpy("datetime64[ns]")), np.float64)  # type: ignore[no-untyped-call]


def time_axis(ax: Axes, low: float, high: float) -> None:
    """Make the horizontal axis one of UTC.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    low, high : float
        Ends. [days since 1970]
    """
    if high <= low:  # a single moment: a second around it
        low, high = low - 0.5 / 86400, high + 0.5 / 86400
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=int(inches(ax)) + 3)  # type: ignore[no-untyped-call]
    formats = ["%Y", "%b", "%d", "%H:%M", "%H:%M", ":%S.%f"]
    ax.xaxis.set_major_locator(locator)
    zero_formats = ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"]
    write = ConciseDateFormatter(locator, tz=UTC, formats=formats, zero_formats=zero_formats)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(write)
    ax.set_xlim(low, high)
    ax.set_xlabel("time (UTC)", loc="left")  # the day stands at the right


def count_axis(ax: Axes, label: str, *, which: Literal["x", "y"] = "y") -> None:
    """Make an axis one of whole numbers, without signs: what goes down is counted too.

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
    axis.set_major_locator(MaxNLocator(nbins=4 if inches(ax) < 4 else 6, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda number, _: f"{abs(number):,.0f}"))
    axis.set_label_text(label)


def share_axis(ax: Axes, label: str) -> None:
    """Make the vertical axis one of percent; the numbers are shares.

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
    """Make an axis one of a unit with prefixes (k, M, G; m, µ); signs are left out.

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
    axis.set_major_formatter(FuncFormatter(lambda number, _: write(abs(number))))
    axis.set_label_text(f"{label} [{unit}]")


def stack(ax: Axes, edges: np.ndarray[Any, Any], parts: Mapping[str, Any], looks: Mapping[str, Look],
          *, down: bool = False) -> None:  # fmt: skip
    """Draw counts by bin, one upon another: one artist for each part, however many bins there are.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    edges : ndarray
        Of the bins, in the units of the axis.
    parts : mapping of str to ndarray
        Counts by name; a part without any is left out.
    looks : mapping of str to Look
        By the same names.
    down : bool, default False
        Below zero.
    """
    base = np.zeros(edges.size - 1)
    for name, counts in parts.items():
        if not np.any(counts):
            continue
        top = base - counts if down else base + counts
        look = looks[name]
        ax.stairs(top, edges, baseline=base, fill=True, facecolor=look.color, hatch=look.hatch,
                  label=look.label, **outline(ax))  # fmt: skip
        base = top


def shorten(text: str, length: int) -> str:
    """Leave out the middle of a long text.

    Parameters
    ----------
    text : str
        Such as an IPv6 endpoint.
    length : int
        Most characters to keep.

    Returns
    -------
    str
        With an ellipsis where something is left out.

    Examples
    --------
    >>> shorten("[2001:db8::1]:443", 11)
    '[2001…]:443'
    """
    if len(text) <= length:
        return text
    tail = length // 2
    return f"{text[: length - tail - 1]}…{text[-tail:]}"
