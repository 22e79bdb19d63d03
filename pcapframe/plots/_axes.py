"""What charts share in drawing: axes, panels beside them, titles, legends, time in UTC.

Nothing here sets a text colour: all text takes the axes' own, which a style such as ``dark_background`` sets.
"""

import textwrap
import weakref
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.patches import StepPatch
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from pcapframe.plots._palette import Look

__all__ = [
    "axes_or_new",
    "columns",
    "count_axis",
    "dates",
    "inches",
    "ink",
    "legend",
    "log_axis",
    "outline",
    "seconds_axis",
    "share_axis",
    "shorten",
    "split",
    "stack",
    "state",
    "steps",
    "tall",
    "time_axis",
    "title",
    "unit_axis",
    "up_and_down",
    "without_time",
]

SIZE = (8.0, 4.5)
# How axes were cut, and into what: to make panels anew takes longer than to draw in them.
_CUT: weakref.WeakKeyDictionary[Axes, tuple[Any, list[weakref.ref[Axes]]]] = weakref.WeakKeyDictionary()


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


def inches(ax: Axes, last: Axes | None = None) -> float:
    """Return the width of the axes, or from their left to the right of the last ones beside them, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(((last or ax).get_position().x1 - ax.get_position().x0) * figure.get_figwidth())


def tall(ax: Axes) -> float:
    """Return the height of the axes, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_position().height * figure.get_figheight())


def split(ax: Axes, shares: Sequence[float], *, ours: int = 0, across: bool = False, shared: bool = True) -> list[Axes]:
    """Cut axes into panels, one below the other or side by side; axes that are cut so already keep their panels.

    Parameters
    ----------
    ax : Axes
        Becomes one of the panels.
    shares : sequence of float
        Of the room, from the top or from the left.
    ours : int, default 0
        Which of them the axes become.
    across : bool, default False
        Side by side.
    shared : bool, default True
        All have one scale of time or, side by side, one vertical scale; only the outermost has its labels.

    Returns
    -------
    list of Axes
        As many as shares.
    """
    figure, spec = ax.get_figure(root=False), ax.get_subplotspec()
    assert figure is not None
    how = (tuple(shares), ours, across, shared)
    if ax in _CUT and _CUT[ax][0] == how:
        kept = [panel for panel in (one() for one in _CUT[ax][1]) if panel in figure.axes]
        if len(kept) == len(shares):
            return kept
    scale: dict[str, Any] = {("sharey" if across else "sharex"): ax} if shared else {}
    made: list[Axes] = []
    if spec is not None:
        if across:
            grid = spec.subgridspec(1, len(shares), width_ratios=shares, wspace=0.05)
        else:
            grid = spec.subgridspec(len(shares), 1, height_ratios=shares, hspace=0.08)
        ax.set_subplotspec(grid[ours])
        made = [ax if i == ours else figure.add_subplot(grid[i], **scale) for i in range(len(shares))]
    else:  # placed by hand: cut where it stands
        x, y, width, height = ax.get_position().bounds
        gap = 0.06
        sizes = np.array(shares) / sum(shares) * (1 - gap * (len(shares) - 1))
        starts = np.cumsum(sizes + gap) - sizes - gap
        for i, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
            box = (x + width * start, y, width * size, height)
            if not across:
                box = (x, y + height * (1 - start - size), width, height * size)
            if i == ours:
                ax.set_position(box)
            made.append(ax if i == ours else figure.add_axes(box, **scale))
    if shared:
        for panel in made[1:] if across else made[:-1]:
            if across:
                panel.tick_params(axis="y", labelleft=False)
            else:
                panel.tick_params(axis="x", labelbottom=False)
                panel.xaxis.get_offset_text().set_visible(False)
    _CUT[ax] = how, [weakref.ref(panel) for panel in made]
    return made


def up_and_down(ax: Axes) -> None:
    """Say who sends upward and who downward, and draw the line between."""
    ax.axhline(0, color=ax.spines["left"].get_edgecolor(), linewidth=0.8)
    low, high = ax.get_ylim()
    low, high = min(low, 0), max(high, 0)
    share = min(0.22 / tall(ax), 0.25)  # of the height, for the words
    reach = max(high - low, 1e-9) * share / (1 - 2 * share)
    ax.set_ylim(low - reach, high + reach)
    for place, text, vertical in ((0.98, "▲ from clients", "top"), (0.02, "▼ from servers", "bottom")):
        ax.text(0.008, place, text, transform=ax.transAxes, va=vertical, fontsize="x-small", color=ink(ax))


def ink(ax: Axes) -> Any:
    """Return the colour of the axes' text."""
    return ax.xaxis.label.get_color()


def outline(ax: Axes) -> dict[str, Any]:
    """Return edge and hatch of areas: the colour of the background, so that they read on light and dark."""
    return {"edgecolor": ax.get_facecolor(), "linewidth": 0.4}


def title(ax: Axes, what: str, of: str, *, width: float | None = None, labels: int = 0) -> None:
    """Write what a chart shows, and below it the numbers it is of, broken to the width of the axes.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    what : str
        One line.
    of : str
        Counts with their denominators.
    width : float, optional
        Room there is, where it is not that of the axes. [inches]
    labels : int, default 0
        Length of the longest text at the left of the axes, where that takes from the room. [characters]
    """
    room = width or inches(ax)
    if labels:
        room = min(room, room / 0.775 - 0.085 * labels - 0.3)
    broad = max(int(room * 72 / 5.6), 20)
    lines = [line for text in (what, of) for line in _lines(text, broad)]
    # Where it would be anyway; without y matplotlib measures all labels to find out.
    ax.set_title("\n".join(lines), loc="left", y=1.0, fontsize="medium", linespacing=1.3)


def _lines(text: str, columns: int) -> list[str]:
    """Break a text into as few lines as there have to be, and these into lines of about one length."""
    lines = textwrap.wrap(text, columns)
    if len(lines) < 2:
        return lines
    evened = (textwrap.wrap(text, narrower) for narrower in range(len(text) // len(lines), columns, 2))
    return next((one for one in evened if len(one) == len(lines)), lines)


def without_time(count: int, noun: str, which: str = "") -> str:
    """Say that nothing has a time.

    Parameters
    ----------
    count : int
        How many there are, at least one.
    noun : str
        One of them; its plural ends in s.
    which : str, optional
        Which of these, after a space.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> without_time(1, "packet"), without_time(2, "segment", " sent again")
    ('The only packet has no time.', 'None of 2 segments sent again has a time.')
    """
    return f"The only {noun}{which} has no time." if count == 1 else f"None of {count:,} {noun}s{which} has a time."


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


def columns(ax: Axes, labels: Sequence[str]) -> int:
    """Return in how many columns a legend with these labels has room below the axes."""
    width = max(map(len, labels), default=0) * 4.6 + 38  # [points]
    return max(min(int(inches(ax) * 75 / width), len(labels)), 1)


def legend(ax: Axes, *others: Axes, lines: float = 2, marks: float = 1) -> None:
    """Put a legend below the axes and their labels, in as many columns as there is room for.

    Parameters
    ----------
    ax : Axes
        The lowest ones; without labelled artists here or in `others` there is no legend.
    *others : Axes
        Whose labelled artists come first.
    lines : float, default 2
        Lines of text between the axes and the legend: tick labels, and the label of the axis.
    marks : float, default 1
        So many times as large as drawn are its marks.
    """
    found = [axes.get_legend_handles_labels() for axes in (*others, ax)]
    by_label = {label: handle for handles, labels in found for handle, label in zip(handles, labels, strict=True)}
    figure = ax.get_figure(root=True)
    if not by_label or figure is None:
        return
    drop = ScaledTranslation(0, -(8 + 14 * lines) / 72, figure.dpi_scale_trans)
    ax.legend(
        by_label.values(), by_label.keys(), ncols=columns(ax, list(by_label)),
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0,
        bbox_transform=ax.transAxes + drop, columnspacing=1.2, markerscale=marks, handletextpad=0.5,
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
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=int(1.5 * inches(ax)) + 3)  # type: ignore[no-untyped-call]
    formats = ["%Y", "%b", "%d", "%H:%M", "%H:%M", ":%S.%f"]
    ax.xaxis.set_major_locator(locator)
    zero_formats = ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"]
    write = ConciseDateFormatter(locator, tz=UTC, formats=formats, zero_formats=zero_formats)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(write)
    ax.set_xlim(low, high)
    ax.set_xlabel("time (UTC)", loc="left")  # the day stands at the right


def seconds_axis(ax: Axes, start_ns: int, low: float, high: float) -> None:
    """Make the horizontal axis one of seconds since a moment, which its label tells in UTC.

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
    ax.xaxis.set_major_locator(MaxNLocator(nbins=max(int(inches(ax) * 1.3), 3)))
    moment = pd.Timestamp(start_ns, unit="ns").strftime("%Y-%m-%d %H:%M:%S.%f")
    ax.set_xlabel(f"seconds since {moment} UTC", fontsize="small" if inches(ax) < 4 else None)


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
    room = 1.2 * inches(ax) if which == "x" else 2.5 * tall(ax)
    axis.set_major_locator(MaxNLocator(nbins=int(np.clip(room, 2, 6)), integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda number, _: f"{abs(number):,.0f}"))
    axis.set_label_text(label)


def log_axis(ax: Axes, low: float, high: float, *, which: Literal["x", "y"] = "y") -> None:
    """Make an axis logarithmic, with some labels however short it is.

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
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):  # as many labels as there is room for
        ticks = np.sort(np.outer(powers, digits).ravel())
        ticks = ticks[(low <= ticks) & (ticks <= high)]
        if found.size < 2 or ticks.size <= few:
            found = ticks
    found = found[:: -(-found.size // few)] if found.size >= 2 else np.array(MaxNLocator(few).tick_values(low, high))
    axis.set_ticks(found)
    (ax.set_xlim if which == "x" else ax.set_ylim)(low, high)
    axis.set_minor_locator(NullLocator())  # dozens of ticks take longer than all the rest


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
    """Make an axis one of a unit, which each number has with its prefix (k, M, G; m, µ); signs are left out.

    The label is without a unit: one without the prefix would contradict the numbers. Bytes are whole ones.

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


def steps(ax: Axes, top: Any, edges: np.ndarray[Any, Any], *, baseline: Any = 0.0, fill: bool = True,
          across: bool = False, **look: Any) -> None:  # fmt: skip
    """Draw values by bin as one area or line; ``Axes.stairs`` does, but goes through all its corners in Python.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    top : array-like
        A value a bin.
    edges : ndarray
        Of the bins, in the units of the axis.
    baseline : float or array-like, default 0.0
        Where the area begins.
    fill : bool, default True
        An area; else a line along the values.
    across : bool, default False
        The bins lie along the vertical axis.
    **look
        As for a patch.
    """
    level, look = np.asarray(top, np.float64), {"linewidth": 0, **look} if fill else look
    along: Literal["horizontal", "vertical"] = "horizontal" if across else "vertical"
    made = StepPatch(level, edges, baseline=baseline, fill=fill, orientation=along, **look)
    ends = np.append(level, baseline)
    ends = ends[~np.isnan(ends)]
    if ends.size:
        corners = np.array([[edges[0], ends.min()], [edges[-1], ends.max()]])
        ax.update_datalim(corners[:, ::-1] if across else corners)
    (made.sticky_edges.x if across else made.sticky_edges.y).append(np.min(baseline))
    ax.add_artist(made)
    ax.autoscale(None)  # type: ignore[arg-type]  # where it is on


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
        steps(ax, top, edges, baseline=base, facecolor=look.color, hatch=look.hatch, label=look.label, **outline(ax))
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
