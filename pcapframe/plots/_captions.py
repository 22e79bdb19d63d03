"""Captions of charts: what a chart's title says, and the numbers that matter, in words."""

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pcapframe.plots._palette import Look

__all__ = ["caption", "remember", "tally"]

_SAID: weakref.WeakKeyDictionary[Axes, str] = weakref.WeakKeyDictionary()


def remember(ax: Axes, what: str, of: str, numbers: Iterable[str] = ()) -> None:
    """Keep the caption of the chart on these axes.

    Parameters
    ----------
    ax : Axes
        Those that have the title.
    what : str
        The title.
    of : str
        Counts with their denominators, or a sentence on what is missing; may be empty.
    numbers : iterable of str
        What the title has no room for; empty texts are left out.
    """
    more = "; ".join(text for text in numbers if text)
    sentences = (f"{what}: {of}" if of else what, more[:1].upper() + more[1:])
    _SAID[ax] = " ".join(f"{text.strip().rstrip('.')}." for text in sentences if text)


def caption(figure: Figure) -> str:
    """Return the caption of a chart that was drawn.

    Parameters
    ----------
    figure : Figure
        On which functions of ``plots.CHARTS`` drew; not modified.

    Returns
    -------
    str
        Title, counts with their denominators and the main numbers, in one line; several charts one after another. Of a
        chart that leaves no caption, its title.

    Examples
    --------
    >>> import pcapframe as pf
    >>> caption(pf.plots.rst_timeline(pf.analyze(pf.example("clean.pcap"))).figure)
    'RSTs over time: No RST in 13 connections.'
    """
    said = (_SAID.get(axes) or _title(axes) for axes in figure.axes)
    return " ".join(" ".join(text.split()) for text in said if text)


def _title(axes: Axes) -> str:
    """Return the title of axes whose chart left no caption."""
    titles = (axes.get_title(loc=place) for place in ("left", "center"))
    return next((title for title in titles if title), "")


def tally(looks: Mapping[str, Look], counts: Mapping[Any, int]) -> str:
    """Write counts in words, without those that are 0.

    Parameters
    ----------
    looks : mapping
        The words, by name.
    counts : mapping
        By the same names.

    Returns
    -------
    str
        Such as ``3 in the handshake, 1 after data``.

    Examples
    --------
    >>> from pcapframe.plots._palette import PHASE_LOOKS
    >>> tally(PHASE_LOOKS, {"handshake": 3, "data": 1, "idle": 0})
    '3 in the handshake, 1 after data'
    """
    return ", ".join(f"{counts[name]:,} {look.label}" for name, look in looks.items() if counts.get(name))
