"""Differences of the times of common packets, and the lines that fit between those of both directions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit

__all__ = ["MOST_DRIFT", "SEARCHED", "Hulls", "Points", "best_slope", "edge_slope"]

MOST_DRIFT = 500e-6  # seconds a second: clocks of computers differ by less, also while they are slewed
SEARCHED = 60  # steps of the search for a slope


@jit
def _hull(x: Any, y: Any, sign: Any, begin: Any, end: Any, kept: Any) -> int:
    """Write the places of the lower hull of points in order of `x` (of the upper one with sign -1); return how many."""
    n = 0
    for i in range(begin, end):
        if n and x[i] == x[kept[n - 1]]:
            if sign * y[i] >= sign * y[kept[n - 1]]:
                continue
            n -= 1
        while n > 1:
            a, b = kept[n - 2], kept[n - 1]
            if (y[b] - y[a]) * (x[i] - x[a]) * sign < (y[i] - y[a]) * (x[b] - x[a]) * sign:
                break
            n -= 1
        kept[n] = i
        n += 1
    return n


@dataclass(frozen=True, eq=False)
class Hulls:
    """Points that lines between the differences of both directions can touch."""

    upper_x: Array
    upper: Array
    lower_x: Array
    lower: Array

    def gap(self, slope: Array) -> Array:
        """Return how much room is between both hulls for lines of some slopes."""
        top, bottom = self.edges(slope)
        return np.asarray(top - bottom)

    def edges(self, slope: Array) -> tuple[Array, Array]:
        """Return the highest and the lowest line of some slopes, by their values at 0."""
        upper = (self.upper[None] - slope[:, None] * self.upper_x[None]).min(axis=1)
        lower = (self.lower[None] - slope[:, None] * self.lower_x[None]).max(axis=1)
        return upper, lower

    def turns(self, lowest: float, highest: float) -> Array:
        """Return the slopes of the edges of both hulls: where a line touches another point."""
        slopes = np.concatenate(
            [np.diff(self.upper) / np.diff(self.upper_x), np.diff(self.lower) / np.diff(self.lower_x)]
        )
        return slopes[(slopes > lowest) & (slopes < highest)]


@dataclass(frozen=True, eq=False)
class Points:
    """Differences of common packets, in the order of the other capture.

    Parameters
    ----------
    row : ndarray of int64
        Places in the other capture.
    x, y : ndarray of float64
        Time by its clock, and difference. [s]
    is_upper : ndarray of bool
        The offset is below the difference; else above it.
    slack : float
        By how much differences may be cut off. [s]
    """

    row: Array
    x: Array
    y: Array
    is_upper: Mask
    slack: float

    def part(self, first: int, last: int) -> "Points":
        """Return some of them."""
        cut = slice(first, last)
        return Points(self.row[cut], self.x[cut], self.y[cut], self.is_upper[cut], self.slack)

    def turned(self) -> "Points":
        """Take the other capture as the one nearer to the clients."""
        return Points(self.row, self.x, self.y, ~self.is_upper, self.slack)

    def hulls(self) -> Hulls | None:
        """Return what lines can touch; None unless both directions have any."""
        made = []
        for mask, sign in ((self.is_upper, 1), (~self.is_upper, -1)):
            x, y = self.x[mask], self.y[mask]
            if not x.size:
                return None
            if (x[1:] < x[:-1]).any():
                order = np.argsort(x, kind="stable")
                x, y = x[order], y[order]
            kept = np.empty(x.size, np.int64)
            kept = kept[: _hull(x, y, sign, 0, x.size, kept)]
            made += [x[kept], y[kept] + sign * self.slack]
        return Hulls(*made)

    def room(self) -> float:
        """Return how much room there is for a line; below 0 where none fits, without limit where nothing hinders."""
        hulls = self.hulls()
        return np.inf if hulls is None else best_slope(hulls)[1]


def best_slope(hulls: Hulls) -> tuple[float, float]:
    """Return the slope with the most room between the hulls, and that room; it is concave in the slope."""
    low, high = -MOST_DRIFT, MOST_DRIFT
    for _ in range(SEARCHED):
        grid = np.linspace(low, high, 5)
        best = int(np.argmax(hulls.gap(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 4)]
    slope = (low + high) / 2
    return float(slope), float(hulls.gap(np.asarray([slope]))[0])


def edge_slope(hulls: Hulls, inside: float, outside: float) -> float:
    """Return the slope farthest towards `outside` for which there is room."""
    if hulls.gap(np.asarray([outside]))[0] >= 0:
        return outside
    for _ in range(SEARCHED):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if hulls.gap(np.asarray([middle]))[0] >= 0 else (inside, middle)
    return outside
