"""How the clocks of two captures differ, from packets that both have.

A packet takes time from point to point. So the differences of one direction (its time there minus its time here) are
never below the offset of the clocks, those of the other never above it. Every line between the lower hull of the one
and the upper hull of the other is a possible offset and drift; the line with the largest margin to both is stated
(Moon, Skelly, Towsley 1999), and beside it the range of all lines whose slope is almost sure by `floors`: what is the
same for all packets of a direction, an asymmetric path, cannot be seen. Of the lines whose slope is not likely, those
count by which each way takes some of the round trip: no path is as asymmetric as that too. Where no line fits, the
clock was set or its drift changed: the time is then split so that the pieces have the largest margins (Zhang, Liu, Xia
2002).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from pcapframe.arrays import NO_TIME, Array, Mask, fixed
from pcapframe.jit import jit
from pcapframe.joining.floors import Floor, likely_slopes
from pcapframe.joining.hulls import MOST_DRIFT, Points, best_slope, edge_slope
from pcapframe.memory import stretches

__all__ = ["Clock", "Piece", "compare_clocks", "is_beyond"]

KNOTS = 33  # times at which the range is stated
COARSEST, MICROSECOND = 10**9, 10**3  # [ns]
ROUNDS = 2  # in which the places of steps are corrected
MOST_PIECES = 64
FEWEST = 4  # packets in a piece
SMALLEST_STEP = 1e-6  # below, the drift changed and the clock was not set [s]
LEAST_SHARE = 0.02  # of the smallest round trip that each way takes at least, where the slope is not likely
MOST_JUDGED = 4096  # packets of each
LEAST_APART = 1e-9  # of the times of two points [s]
WINDOWS = 8  # in which the order of the points is judged: in short times clocks hardly step


@dataclass(frozen=True, eq=False)
class Piece:
    """A time in which one line fits.

    Parameters
    ----------
    row : int
        Its first common packet: row in the other capture.
    begin, end : float
        Of its first and last common packet, by the other capture's clock. [s since the origin]
    offset, drift : float
        The line with the largest margin: its value at `begin`, and its slope. [s, s/s]
    drift_low, drift_high : float
        Range of the slope. [s/s]
    knots, low, high : ndarray of float64
        Times, and the range of the offset there. [s]
    room : float
        Smallest time from one point to the other and back. [s]
    """

    row: int
    begin: float
    end: float
    offset: float
    drift: float
    drift_low: float
    drift_high: float
    knots: Array
    low: Array
    high: Array
    room: float


@dataclass(frozen=True, eq=False)
class Clock:
    """The clock of a capture against that of the first.

    Parameters
    ----------
    origin : int
        First common packet, by its own clock. [ns]
    base : int
        Subtracted from differences, so that they are exact as floats. [ns]
    pieces : list of Piece
        In order; empty where the offset is unknown.
    steps : list of (float, float)
        When it was set, by the first capture's clock, and by how much. [s since its first common packet, s]
    is_beyond : bool or None
        The capture is on the server's side of the first; None where it cannot be told.
    """

    origin: int
    base: int
    pieces: list[Piece]
    steps: list[tuple[float, float]]
    is_beyond: bool | None

    @property
    def margin(self) -> float:
        """Half the smallest time from one point to the other and back. [s]."""
        return min((piece.room for piece in self.pieces), default=np.nan) / 2

    def offset_at(self, time: Array, row: Array) -> tuple[Array, Array, Array]:
        """Return the offset, its lowest and its highest value.

        Parameters
        ----------
        time : ndarray of int64
            By this clock. [ns]
        row : ndarray of int64
            Places in this capture: which of the times before and after a step is meant.

        Returns
        -------
        tuple of ndarray of float64
            Less `base`; NaN where unknown. [ns]
        """
        made = tuple(np.full(time.size, np.nan) for _ in range(3))
        time, row = fixed(time, np.int64), fixed(row, np.int64)
        if self.pieces:
            lines = np.asarray(
                [[one.begin, one.end, one.offset, one.drift, one.drift_low, one.drift_high] for one in self.pieces]
            )
            edges = [np.stack([getattr(one, name) for one in self.pieces]) for name in ("low", "high")]
            starts = np.asarray([one.row for one in self.pieces])
            _note_offsets(time, row, self.origin, starts, lines, *edges, *made)
        return made[0], made[1], made[2]

    def corrected(self, time: Array, row: Array) -> tuple[Array, Array, Array]:
        """Return times by the first capture's clock, and by how much they may be earlier and later.

        Parameters
        ----------
        time, row : ndarray of int64
            As for `offset_at`.

        Returns
        -------
        tuple of ndarray
            Times as int64, `NO_TIME` where they are unknown, without the pieces' lines where there are none; float64,
            NaN there. [ns]
        """
        offset, low, high = self.offset_at(time, row)
        made = np.empty(time.size, np.int64)
        _correct(fixed(time, np.int64), self.base, offset, low, high, made)
        return made, high, low


@jit
def _correct(time: Any, base: Any, offset: Any, low: Any, high: Any, made: Any) -> None:
    """Write times less the offset; `high` becomes by how much they may be earlier, `low` by how much later."""
    for i in range(time.size):
        known = time[i] != NO_TIME
        made[i] = time[i] - base if known else NO_TIME
        if known and not np.isnan(offset[i]):
            made[i] -= np.int64(np.rint(offset[i]))
        high[i], low[i] = high[i] - offset[i], offset[i] - low[i]


@jit
def _note_offsets(time: Any, row: Any, origin: Any, starts: Any, lines: Any, low: Any, high: Any, made: Any,
                  made_low: Any, made_high: Any) -> None:  # fmt: skip
    """Note the offset at some times, by the piece that each row is in, and its range. [ns]."""
    number, last = 0, low.shape[1] - 1
    for i in range(time.size):
        while number + 1 < starts.size and row[i] >= starts[number + 1]:
            number += 1
        while number and row[i] < starts[number]:
            number -= 1
        begin, end, drift_low, drift_high = lines[number, 0], lines[number, 1], lines[number, 4], lines[number, 5]
        at = (time[i] - origin) / 1e9
        made[i] = (lines[number, 2] + lines[number, 3] * (at - begin)) * 1e9
        inside = min(max(at, begin), end)
        place = (inside - begin) / (end - begin) * last if end > begin else 0.0
        knot = min(int(place), last - 1)
        part = place - knot
        after, before = at - inside if at > end else 0.0, inside - at if at < begin else 0.0
        value = low[number, knot] + (low[number, knot + 1] - low[number, knot]) * part
        made_low[i] = (value + after * drift_low - before * drift_high) * 1e9
        value = high[number, knot] + (high[number, knot + 1] - high[number, knot]) * part
        made_high[i] = (value + after * drift_high - before * drift_low) * 1e9


def _piece(points: Points) -> Piece | None:
    """Fit a line; None where none fits, or where one direction is missing."""
    hulls = points.hulls()
    if hulls is None:
        return None
    slope, room = best_slope(hulls)
    if room < 0:
        return None
    begin, end = float(points.x.min()), float(points.x.max())
    lowest, highest = edge_slope(hulls, slope, -MOST_DRIFT), edge_slope(hulls, slope, MOST_DRIFT)
    floors = [
        Floor.of(points.x, points.y, points.is_upper == is_upper, sign, slope, points.slack)
        for is_upper, sign in ((True, 1), (False, -1))
    ]
    edges = lowest - slope, highest - slope
    found = likely_slopes(floors, *edges)
    drifts, likely = ([slope + edge for edge in each] for each in (found.almost_sure, found.likely))
    mean = [] if found.mean is None else [slope + found.mean]
    slopes = np.unique(np.concatenate([[*drifts, *likely, *mean, slope], hulls.turns(*drifts)]))
    top, bottom = hulls.edges(slopes)
    inset = np.where((slopes < likely[0]) | (slopes > likely[1]), LEAST_SHARE * (top - bottom), 0)
    top, bottom = top - inset, bottom + inset
    middle = int(np.flatnonzero(slopes == mean[0])[0] if mean else np.argmax(top - bottom))
    drift = float(slopes[middle])
    knots = np.linspace(begin, end, KNOTS)
    return Piece(
        row=int(points.row[0]),
        begin=begin,
        end=end,
        offset=float((top[middle] + bottom[middle]) / 2 + drift * begin),
        drift=drift,
        drift_low=float(drifts[0]),
        drift_high=float(drifts[1]),
        knots=knots,
        low=(bottom[:, None] + slopes[:, None] * knots[None]).min(axis=0),
        high=(top[:, None] + slopes[:, None] * knots[None]).max(axis=0),
        room=float((top - bottom).max()) - 2 * points.slack,
    )


def _pieces(points: Points) -> list[Piece]:
    """Fit as few lines as possible, one after the other."""
    whole = _piece(points)
    if whole is not None:
        return [whole]
    count = points.x.size
    starts = [0]
    while len(starts) < MOST_PIECES:
        reached = _reach(points, starts[-1])
        if reached >= count:
            break
        starts.append(reached)
    edges = [*starts, count]
    for _ in range(ROUNDS):
        for number in range(1, len(starts)):
            edges[number] = _moved(points, *edges[number - 1 : number + 2])
    parts = [points.part(first, last) for first, last in pairwise(edges)]
    return [piece for part in parts if part.x.size >= FEWEST and (piece := _piece(part)) is not None]


def _reach(points: Points, first: int) -> int:
    """Return the end of the longest part from here on through which one line fits."""
    fits, fails, count = first + 1, points.x.size + 1, points.x.size
    width = FEWEST
    while fits < count and fits + 1 < fails:
        at = min(first + width, count) if fails > count else (fits + fails) // 2
        if points.part(first, at).room() >= 0:
            fits = at
        else:
            fails = at
        width *= 2
    return fits


def _moved(points: Points, first: int, step: int, last: int) -> int:
    """Return where between two pieces the step is: where packets take the least time in all.

    A packet that took long before the step looks like one after it, and a line bends a little to take in the first
    packets after a step.
    """
    one, other = _piece(points.part(first, step)), _piece(points.part(step, last))
    if one is None or other is None:
        return step
    part = points.part(first, last)
    took = [np.abs(part.y - (line.offset + line.drift * (part.x - line.begin))) for line in (one, other)]
    whole = np.append(0, np.cumsum(took[0] - took[1]))  # how much longer with all before on the first line
    moved = first + int(np.argmin(whole))
    parts = points.part(first, moved), points.part(moved, last)
    return moved if all(each.x.size and each.room() >= 0 for each in parts) else step


def compare_clocks(here: Array, there: Array, is_forward: Mask, row: Array) -> Clock | None:
    """Compare the clock of a capture with that of the first.

    Parameters
    ----------
    here, there : ndarray of int64
        When common packets were captured, by the first capture's clock and by the other's. [ns]
    is_forward : ndarray of bool
        Sent by the client.
    row : ndarray of int64
        Their places in the other capture.

    Returns
    -------
    Clock or None
        None without common packets that have times.
    """
    points = _points(here, there, is_forward, row)
    if points is None:
        return None
    origin, base, differences = points
    if differences.is_upper.all() or not differences.is_upper.any():
        return Clock(origin, base, [], [], None)
    side = _is_beyond(differences)
    pieces = _pieces(differences.turned() if side is False else differences)
    return Clock(origin, base, pieces, _steps(pieces), side)


def is_beyond(here: Array, there: Array, is_forward: Mask, row: Array) -> bool | None:
    """Tell whether a capture is on the server's side of another; None where that cannot be told.

    Parameters
    ----------
    here, there, is_forward, row : ndarray
        As for `compare_clocks`.
    """
    points = _points(here, there, is_forward, row)
    return None if points is None else _is_beyond(points[2])


def _points(here: Array, there: Array, is_forward: Mask, row: Array) -> tuple[int, int, Points] | None:
    """Return the first common packet by the other clock, the difference there, and all less that; None without any."""
    known = (here != NO_TIME) & (there != NO_TIME)
    if not known.all():
        here, there, is_forward, row = here[known], there[known], is_forward[known], row[known]
    if not row.size:
        return None
    if (row[1:] < row[:-1]).any():
        order = np.argsort(row, kind="stable")
        here, there, is_forward, row = here[order], there[order], is_forward[order], row[order]
    origin, base = int(there[0]), int(there[0] - here[0])
    slack = (_resolution(here) + _resolution(there)) / 1e9
    return origin, base, Points(row, _seconds(there, origin), _seconds(there, base, here), is_forward, slack)


def _seconds(time: Array, origin: int, other: Array | None = None) -> Array:
    """Return times since some time, or since other times and it: some at a time. [s]."""
    made = np.empty(time.size)
    for some in stretches(time.size):
        made[some] = (time[some] - (0 if other is None else other[some]) - origin) / 1e9
    return made


def _resolution(time: Array) -> int:
    """Return by how much times may be cut off: the largest power of ten that they are all multiples of. [ns]."""
    return int(_common_unit(time, COARSEST))


@jit
def _common_unit(time: Any, unit: Any) -> Any:
    """Return the largest power of ten that all times are multiples of, up to `unit`."""
    for at in time:
        if unit == MICROSECOND and at % MICROSECOND == 0:  # most captures: a constant divides fast
            continue
        while at % unit:
            unit //= 10
        if unit == 1:
            break
    return unit


def _is_beyond(points: Points) -> bool | None:
    """Tell whether the other capture is on the server's side."""
    votes = [float(np.sign(_beyond_by(part))) for part in _windows(points)]
    side = sum(votes) or _beyond_by(points)
    return None if side == 0 else side > 0


def _beyond_by(points: Points) -> float:
    """Return how much more room there is if the other capture is on the server's side; 0 if that says nothing. [s]."""
    rooms = [each.room() for each in (points, points.turned())]
    apart = rooms[0] - rooms[1] if np.isfinite(rooms).all() else 0.0
    return apart if abs(apart) > LEAST_APART else 0.0


def _windows(points: Points) -> list[Points]:
    """Cut the points into parts of as many packets, and take some of each."""
    edges = np.linspace(0, points.x.size, WINDOWS + 1).astype(np.int64)
    parts = [(first, min(last, first + MOST_JUDGED)) for first, last in pairwise(edges.tolist())]
    return [points.part(first, last) for first, last in parts if last - first >= FEWEST]


def _steps(pieces: list[Piece]) -> list[tuple[float, float]]:
    """Return when and by how much the clock was set between pieces."""
    found = []
    for one, other in pairwise(pieces):
        size = other.offset - (one.offset + one.drift * (other.begin - one.begin))
        if abs(size) > SMALLEST_STEP:
            found.append((other.begin - other.offset, size))
    return found
