"""Text in and around charts: titles, legends, and a sentence where there is nothing to draw."""

import textwrap
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from pcapframe.naming import beside
from pcapframe.plots._axes import inches, ink, tall
from pcapframe.plots._captions import remember

__all__ = ["columns", "end_label", "legend", "shorten", "state", "title", "up_and_down", "without_time"]


def title(
    ax: Axes, what: str, of: str, *, width: float | None = None, labels: int = 0, numbers: Iterable[str] = ()
) -> None:
    """Write the title, and below it the totals, wrapped to the width of the axes.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    what : str
        One line.
    of : str
        Counts with their denominators.
    width : float, optional
        Available width, if it is not that of the axes. [inches]
    labels : int, default 0
        Length of the longest tick label at the left, if that reduces the width. [characters]
    numbers : iterable of str
        What only the caption says.
    """
    remember(ax, what, of, numbers)
    room = width or inches(ax)
    if labels:
        room = min(room, room / 0.775 - 0.085 * labels - 0.3)
    broad = max(int(room * 72 / 5.6), 20)
    lines = [line for text in (what, of) for line in _lines(text, broad)]
    # Its default place; without y matplotlib measures all labels to find it.
    ax.set_title("\n".join(lines), loc="left", y=1.0, fontsize="medium", linespacing=1.3)


def _lines(text: str, columns: int) -> list[str]:
    """Wrap a text into as few lines as possible, of about equal length."""
    lines = textwrap.wrap(text, columns)
    if len(lines) < 2:
        return lines
    evened = (textwrap.wrap(text, narrower) for narrower in range(len(text) // len(lines), columns, 2))
    return next((one for one in evened if len(one) == len(lines)), lines)


def state(ax: Axes, what: str, sentence: str) -> Axes:
    """Write in a sentence why there is nothing to draw.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    what : str
        The chart's title.
    sentence : str
        What is missing.

    Returns
    -------
    Axes
        The same.
    """
    title(ax, what, "")
    remember(ax, what, sentence)
    columns = max(int(inches(ax) * 72 / 6.5), 24)
    ax.text(0.5, 0.5, textwrap.fill(sentence, columns), ha="center", va="center", transform=ax.transAxes,
            color=ink(ax))  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def without_time(count: int, noun: str, which: str = "") -> str:
    """Return a sentence: nothing has a time.

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
    >>> without_time(1, "packet"), without_time(2, "segment", " retransmitted")
    ('The only packet has no time.', 'None of 2 segments retransmitted has a time.')
    """
    return f"The only {noun}{which} has no time." if count == 1 else f"None of {count:,} {noun}s{which} has a time."


def shorten(text: str, length: int) -> str:
    """Shorten a long text by leaving out its middle.

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


def end_label(end: str, called: str, length: int) -> str:
    """Write an endpoint as a label, with what it is called beside it.

    Parameters
    ----------
    end : str
        Address and port.
    called : str
        From `names_by_end`; empty for none.
    length : int
        Most characters of the endpoint; the name takes two thirds of that.

    Returns
    -------
    str
        Both are shortened, and neither is left out.

    Examples
    --------
    >>> end_label("192.0.2.9:443", "www.example", 18), end_label("192.0.2.9:443", "", 18)
    ('192.0.2.9:443 (www.example)', '192.0.2.9:443')
    """
    return beside(shorten(end, length), shorten(called, 2 * length // 3))


def up_and_down(ax: Axes, below: str = "from servers") -> None:
    """Label the half above zero and the half `below` with who sends, and draw the zero line."""
    ax.axhline(0, color=ax.spines["left"].get_edgecolor(), linewidth=0.8)
    low, high = ax.get_ylim()
    low, high = min(low, 0), max(high, 0)
    share = min(0.22 / tall(ax), 0.25)  # of the height, for the words
    reach = max(high - low, 1e-9) * share / (1 - 2 * share)
    ax.set_ylim(low - reach, high + reach)
    for place, text, vertical in ((0.98, "▲ from clients", "top"), (0.02, f"▼ {below}", "bottom")):
        ax.text(0.008, place, text, transform=ax.transAxes, va=vertical, fontsize="x-small", color=ink(ax))


def legend(ax: Axes, *others: Axes, lines: float = 2, marks: float = 1) -> None:
    """Put a legend below the axes and their labels, in as many columns as fit.

    Parameters
    ----------
    ax : Axes
        The lowest ones; without labelled artists here or in `others` there is no legend.
    *others : Axes
        Whose labelled artists come first.
    lines : float, default 2
        Lines of text between the axes and the legend: tick labels, and the label of the axis.
    marks : float, default 1
        Size of the marks in the legend, relative to those drawn.
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


def columns(ax: Axes, labels: Sequence[str]) -> int:
    """Return how many columns of a legend with these labels fit below the axes."""
    width = max(map(len, labels), default=0) * 4.6 + 38  # [points]
    return max(min(int(inches(ax) * 75 / width), len(labels)), 1)
