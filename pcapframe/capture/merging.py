"""Merge captures by time, as mergecap does: the packets of one capture are never reordered."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME
from pcapframe.memory import stretches

__all__ = ["is_merged", "merge_order"]


def merge_order(time: npt.NDArray[np.int64], counts: Sequence[int]) -> npt.NDArray[np.intp]:
    """Return the order that merges captures by time and keeps each one's own order.

    Parameters
    ----------
    time : ndarray of int64
        Of the packets of all captures, one capture after another; ``NO_TIME`` where unknown. [ns]
    counts : sequence of int
        How many packets each capture has.

    Returns
    -------
    ndarray of int
        Places in `time`.

    Notes
    -----
    A merge always takes the capture whose next packet is the earliest (one without a time at once), which is a
    stable sort by the latest time so far in each capture. On a tie mergecap takes the last capture, but the first
    one among packets without a time.
    """
    parts = np.split(np.arange(time.size), np.cumsum(counts)[:-1])
    backward = np.concatenate(parts[::-1])
    latest = np.concatenate([np.maximum.accumulate(time[part]) for part in parts[::-1]])
    order = backward[np.argsort(latest, kind="stable")]
    timeless = np.count_nonzero(latest == NO_TIME)
    order[:timeless].sort()
    return order


def is_merged(time: npt.NDArray[np.int64], counts: Sequence[int]) -> bool:
    """Whether each capture begins after all of the one before, as the files of a ring do: then the order is as it is.

    Parameters
    ----------
    time, counts
        As for `merge_order`.

    Returns
    -------
    bool
        False where one begins without a time.
    """
    latest = NO_TIME
    begin = 0
    for count in counts:
        own = time[begin : begin + count]
        if count and own[0] <= latest:
            return False
        for rows in stretches(count):
            latest = max(latest, int(own[rows].max()))
        begin += count
    return True
