"""Differences of the times of common packets, and the lines that fit between those of both directions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit

__all__ = ["MOST_DRIFT", "SEARCHED", "Hulls", "Points", "best_slope", "edge_slope"]

MOST_DRIFT = 500e-6  # seconds a second: clocks of computers differ by less, also while they are slewed
SEARCHED, GRID = 11, 33  # rounds of the search for a slope, each among so many


@jit
def _hull(x: Any, y: Any, is_upper: Any, wanted: Any, sign: Any, kept: Any) -> int:
    """Write the places of the lower hull of one direction (of the upper one with sign -1); return how many.

    Points that no line of a possible slope can touch are left out. Returns -1 where points are not in order of `x`.
    """
    n = 0
    for i in range(x.size):
        if is_upper[i] != wanted:
            continue
        if n:
            b = kept[n - 1]
            if x[i] < x[b]:
                return -1
            if sign * (y[i] - y[b]) > MOST_DRIFT * (x[i] - x[b]):  # nearly all packets: slower than one just before
                continue
            if x[i] == x[b]:
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
        x, y, is_upper = self.x, self.y, self.is_upper
        made, kept = [], np.empty(x.size, np.int64)
        for wanted, sign in ((True, 1), (False, -1)):
            size = _hull(x, y, is_upper, wanted, sign, kept)
            if size < 0:
                order = np.argsort(x, kind="stable")
                x, y, is_upper = x[order], y[order], is_upper[order]
                size = _hull(x, y, is_upper, wanted, sign, kept)
            if not size:
                return None
            made += [x[kept[:size]], y[kept[:size]] + sign * self.slack]
        return Hulls(*made)

    def room(self) -> float:
        """Return how much room there is for a line; below 0 where none fits, without limit where nothing hinders."""
        hulls = self.hulls()
        return np.inf if hulls is None else best_slope(hulls)[1]


def best_slope(hulls: Hulls) -> tuple[float, float]:
    """Return the slope with the most room between the hulls, and that room; it is concave in the slope."""
    low, high = -MOST_DRIFT, MOST_DRIFT
    for _ in range(SEARCHED):
        grid = np.linspace(low, high, GRID)
        best = int(np.argmax(hulls.gap(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    slope = (low + high) / 2
    return float(slope), float(hulls.gap(np.asarray([slope]))[0])


def edge_slope(hulls: Hulls, inside: float, outside: float) -> float:
    """Return the slope farthest towards `outside` for which there is room."""
    for _ in range(SEARCHED):
        grid = np.linspace(inside, outside, GRID)
        fails = np.flatnonzero(hulls.gap(grid) < 0)
        if not fails.size:
            break
        inside, outside = grid[max(fails[0] - 1, 0)], grid[fails[0]]
    return float(outside)
