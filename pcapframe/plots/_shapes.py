"""Values by bin, drawn as one artist for any number of bins."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import StepPatch

from pcapframe.arrays import Array
from pcapframe.plots._axes import ink
from pcapframe.plots._palette import Look

__all__ = ["cut_others", "outline", "stack", "steps"]

DWARFS = 2.0  # a bar of all others is cut off if it is longer than this many times the longest named one


def outline(ax: Axes) -> dict[str, Any]:
    """Return the edge and hatch of areas, in the background's colour: readable on light and dark."""
    return {"edgecolor": ax.get_facecolor(), "linewidth": 0.4}


def steps(ax: Axes, top: Any, edges: np.ndarray[Any, Any], *, baseline: Any = 0.0, fill: bool = True,
          across: bool = False, **look: Any) -> None:  # fmt: skip
    """Draw values by bin as one area or line, as ``Axes.stairs`` does but without its loop over corners.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    top : array-like
        A value per bin.
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
    """Draw stacked counts by bin, one artist for each part.

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


def cut_others(ax: Axes, totals: Array) -> bool:
    """Cut off the lowest bar, that of all others, where the named ones would be too short beside it to compare.

    Parameters
    ----------
    ax : Axes
        Drawn on, with horizontal bars at 0, 1, 2 …
    totals : ndarray of float
        Length of each bar; the last one is that of all others.

    Returns
    -------
    bool
        Whether it was: the axis then ends beyond the longest other bar, and the number stands at the end of the bar.
    """
    longest = float(totals[:-1].max()) if totals.size > 1 else 0.0
    if not 0 < DWARFS * longest < totals[-1]:
        return False
    ax.set_xlim(0, longest * 1.3)
    text = f"{totals[-1]:,.0f} \N{RIGHTWARDS ARROW}"
    ax.annotate(text, (1, totals.size - 1), (-4, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                ha="right", va="center", fontsize="small", color=ink(ax),
                bbox={"facecolor": ax.get_facecolor(), "edgecolor": "none", "pad": 1.5})  # fmt: skip
    return True
