"""The axes that charts draw on: their size and colour, and how they are split into panels.

Nothing here sets a text colour: all text takes the axes' own, which a style such as ``dark_background`` sets.
"""

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

__all__ = ["axes_or_new", "inches", "ink", "split", "tall"]

SIZE = (8.0, 4.5)
# How axes were split, and into which panels: making new panels takes longer than drawing in them.
_SPLIT: weakref.WeakKeyDictionary[Axes, tuple[Any, list[weakref.ref[Axes]]]] = weakref.WeakKeyDictionary()


def axes_or_new(ax: Axes | None, *, size: tuple[float, float] = SIZE) -> Axes:
    """Return the axes given, or those of a new figure.

    A new figure is pyplot's, since only those show themselves below a cell of a notebook. To avoid pyplot's state (in
    a server or a long loop), pass axes of a ``matplotlib.figure.Figure``; pyplot is not loaded then.

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
    """Return the width of the axes, or that from their left edge to the right edge of `last`, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(((last or ax).get_position().x1 - ax.get_position().x0) * figure.get_figwidth())


def tall(ax: Axes) -> float:
    """Return the height of the axes, in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_position().height * figure.get_figheight())


def ink(ax: Axes) -> Any:
    """Return the colour of the axes' text."""
    return ax.xaxis.label.get_color()


def split(ax: Axes, shares: Sequence[float], *, ours: int = 0, across: bool = False, shared: bool = True) -> list[Axes]:
    """Split axes into panels, one below the other or side by side; axes that are split this way keep their panels.

    Parameters
    ----------
    ax : Axes
        The axes to split; they become one of the panels.
    shares : sequence of float
        Of the space, from the top or from the left.
    ours : int, default 0
        Which of the panels `ax` becomes.
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
    if ax in _SPLIT and _SPLIT[ax][0] == how:
        kept = [panel for panel in (one() for one in _SPLIT[ax][1]) if panel in figure.axes]
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
    else:  # placed by hand: split in place
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
    _SPLIT[ax] = how, [weakref.ref(panel) for panel in made]
    return made
