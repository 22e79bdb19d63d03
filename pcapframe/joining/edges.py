"""Which packets pass a point before its capture begins, or after it ends, by when they were seen at another point.

Packets take as long as others of their direction. One that is outside with the usual time is outside; of one that is
outside only if it was as quick, or as slow, as any other it is open whether the capture could have it.
"""

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.joining.facts import NONE

__all__ = ["are_outside", "passing_times"]

SAMPLED = 1 << 16  # rows by which it is measured how long packets take


def passing_times(place: Array, stream: Array, times: list[Array], seen: int, point: int) -> Array:
    """Measure how long packets take from one point to another.

    Parameters
    ----------
    place : ndarray of int32, shape (rows, points)
        Of each row among the items of each point, -1 where it was not captured.
    stream : ndarray of int32
        Connection and side of each row.
    times : list of ndarray of int64
        By point, when each item was captured, by one clock. [ns]
    seen, point : int
        From which point, and to which.

    Returns
    -------
    ndarray of int64, shape (2, 3)
        By side the least, the usual and the longest time; 0 where no packet is at both. [ns]
    """
    some = slice(None, None, max(stream.size // SAMPLED, 1))
    place, side = place[some], stream[some] & 1
    took = np.zeros((2, 3), np.int64)
    for way in (0, 1):
        both = (place[:, seen] != NONE) & (place[:, point] != NONE) & (side == way)
        if both.any():
            ends = [times[each][place[both, each]] for each in (seen, point)]
            apart = ends[1] - ends[0]
            took[way] = apart.min(), int(np.median(apart)), apart.max()
    return took


def are_outside(time: Array, took: Array, span: tuple[int, int]) -> tuple[Mask, Mask]:
    """Tell which packets pass while nothing is captured.

    Parameters
    ----------
    time : ndarray of int64
        When each was seen at the other point. [ns]
    took : ndarray of int64, shape (packets, 3)
        From `passing_times`, of the side of each. [ns]
    span : (int, int)
        First and last packet of the capture. [ns]

    Returns
    -------
    tuple of ndarray of bool
        Those that are outside, and those that are or may be.

    Examples
    --------
    >>> took = np.array([[10, 20, 50]] * 4)
    >>> outside, perhaps = are_outside(np.array([0, 85, 145, 300]), took, (100, 180))
    >>> outside.tolist(), perhaps.tolist()
    ([True, False, False, True], [True, True, True, True])
    """
    first, last = span
    due = time + took[:, 1]
    outside = (due < first) | (due > last)
    return outside, outside | (time + took[:, 0] < first) | (time + took[:, 2] > last)
