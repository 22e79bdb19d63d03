"""Which drifts of a clock are likely: by how near the quickest packets come to one line, all the time.

Any line between the differences of both directions is possible, but some would need that packets were slow for long:
the line is far below all of them there. Where the smallest delay of the path stays the same, packets come near to the
floor of their differences at all times, and each direction shows the drift by itself. An empty area below the lower
hull is the less likely the more packets it should hold: its packets are counted by how dense they are next to the line
that fits best. A line is kept unless it leaves room for so many more than the best one does.

Where delays were not alike all the time (the path changed, or a queue stood for long), or packets are too few, nothing
is said, and all lines stay: too much room is empty even below the best line, for how many packets are as quick
elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit

__all__ = ["ALMOST_SURE", "LIKELY", "Floor", "Likely", "likely_slopes"]

BLOCKS = 512  # of time; the quickest packet of each counts, since packets in a row are slow together
FEWEST_BLOCKS = 32
LIKELY = 1.5  # packets missing; for offsets, which the path leaves open by much more
ALMOST_SURE = 10.0  # not one of 1,000 made paths, also with queues that are hardly ever empty
MOST_UNLIKE = 40.0  # packets that should be below the hull: in 250 paths of nine kinds of queues no more than 34
ROUNDING = 1e-12  # of differences, which are exact to about a nanosecond [s]
AVERAGED = 257  # slopes of which the mean is taken
SEARCHED, GRID = 14, 17  # rounds of the search for a slope, each among so many
NEIGHBOURS = (4, 8, 16, 32, 64, 128)  # packets by which the density next to the floor is measured


@jit
def _note_quickest(x: Any, y: Any, is_own: Any, sign: Any, slope: Any, span: Any, least: Any) -> None:
    """Note the least difference of each block of time from a line of some slope, and from when to when packets are."""
    for i in range(x.size):
        if is_own[i]:
            span[0], span[1] = min(span[0], x[i]), max(span[1], x[i])
    scale = least.size / (span[1] - span[0]) if span[1] > span[0] else 0.0
    for i in range(x.size):
        if is_own[i]:
            block = min(int((x[i] - span[0]) * scale), least.size - 1)
            least[block] = min(least[block], sign * (y[i] - slope * x[i]))


@dataclass(frozen=True, eq=False)
class Floor:
    """The quickest packets of one direction: what they are above a line.

    Parameters
    ----------
    x : ndarray of float64
        Times. [s]
    y : ndarray of float64
        Differences, less the line that fits best; those of the other direction with their sign turned. [s]
    slack : float
        By how much differences may be cut off. [s]
    """

    x: Array
    y: Array
    slack: float

    @classmethod
    def of(cls, x: Array, y: Array, is_own: Mask, sign: int, slope: float, slack: float) -> "Floor":
        """Keep the quickest packet of each block of time, by how far it is above a line of some slope.

        `is_own` are the packets of the direction; where the line is above them, `sign` is -1.
        """
        least, span = np.full(BLOCKS, np.inf), np.asarray([np.inf, -np.inf])
        _note_quickest(x, y, is_own, sign, slope, span, least)
        held = np.flatnonzero(np.isfinite(least))
        return cls(span[0] + (held + 0.5) * ((span[1] - span[0]) / BLOCKS), least[held], slack)

    def lowest(self, slope: Array) -> Array:
        """Return the highest lines of some slopes that are below all packets, by their values at 0."""
        return np.asarray((self.y[None] - slope[:, None] * self.x[None]).min(axis=1))

    @cached_property
    def spacing(self) -> float:
        """How far apart packets are next to the floor, if all blocks were one. [s]."""
        above = np.sort(self.y - self.y.min())
        numbers = [number for number in NEIGHBOURS if number <= above.size // 4]
        return max(float(above[number]) / number for number in numbers) + self.slack

    def missing(self, slope: Array) -> Array:
        """Return how many packets are missing between lines of some slopes and the lower hull."""
        room = self._hull.mean() - (self.lowest(slope) + slope * self.x.mean())
        return np.asarray(room / self.spacing)

    def unlike(self, slope: float) -> float:
        """Return how many packets should be between a line and the lower hull if delays were alike all the time.

        Each block is given the share of all packets that are nearer to the line than the hull is there. That counts
        packets and measures nothing, so it is the same for queues of all kinds.
        """
        line = float(self.lowest(np.asarray([slope]))[0]) + slope * self.x
        return float(np.searchsorted(np.sort(self.y - line), self._hull - line - self.slack - ROUNDING).mean())

    @cached_property
    def _hull(self) -> Array:
        """Heights of the lower hull. [s]."""
        kept: list[int] = []
        for at in range(self.x.size):  # blocks, not packets
            while len(kept) > 1:
                one, other = kept[-2:]
                run = (self.x[other] - self.x[one], self.x[at] - self.x[one])
                if (self.y[other] - self.y[one]) * run[1] < (self.y[at] - self.y[one]) * run[0]:
                    break
                kept.pop()
            kept.append(at)
        return np.interp(self.x, self.x[kept], self.y[kept])


class Likely(NamedTuple):
    """Slopes, as they count from the line that fits best. [s/s].

    Parameters
    ----------
    mean : float or None
        Mean of all, by how likely each is; None where the packets do not tell.
    likely, almost_sure : tuple of float
        The lowest and the highest slope with `LIKELY` and with `ALMOST_SURE` more packets missing.
    """

    mean: float | None
    likely: tuple[float, float]
    almost_sure: tuple[float, float]


def likely_slopes(floors: list[Floor], lowest: float, highest: float) -> Likely:
    """Return the slopes that do not leave too much room below the packets.

    Parameters
    ----------
    floors : list of Floor
        Of both directions, less the line that fits best; slopes count from there.
    lowest, highest : float
        Range of slopes that are possible, around 0. [s/s]

    Returns
    -------
    Likely
        Within the range that was given; all of it where the packets do not tell.
    """
    nothing = Likely(None, (lowest, highest), (lowest, highest))
    if any(floor.x.size < FEWEST_BLOCKS for floor in floors):
        return nothing
    below, above = floors

    def missing(slopes: Array) -> Array:
        return np.asarray(below.missing(slopes) + above.missing(-slopes))

    low, high = lowest, highest
    for _ in range(SEARCHED):  # it is convex
        grid = np.linspace(low, high, GRID)
        at = int(np.argmin(missing(grid)))
        low, high = grid[max(at - 1, 0)], grid[min(at + 1, GRID - 1)]
    best = float(low + high) / 2
    if not below.unlike(best) + above.unlike(-best) <= MOST_UNLIKE:
        return nothing
    least = float(missing(np.asarray([best]))[0])

    def until(edge: float, more: float) -> float:
        inside, outside = best, edge
        for _ in range(SEARCHED):
            grid = np.linspace(inside, outside, GRID)
            fails = np.flatnonzero(missing(grid) > least + more)
            if not fails.size:
                break
            inside, outside = grid[max(fails[0] - 1, 0)], grid[fails[0]]
        return float(outside)

    ranges = [(min(until(lowest, more), 0.0), max(until(highest, more), 0.0)) for more in (LIKELY, ALMOST_SURE)]
    slopes = np.linspace(*ranges[1], AVERAGED)
    weights = np.exp(least - missing(slopes))
    return Likely(float(slopes @ weights / weights.sum()), *ranges)
