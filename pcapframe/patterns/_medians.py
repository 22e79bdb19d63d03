"""Medians of groups of numbers."""

import numpy as np

from pcapframe.arrays import Array, stable_order

__all__ = ["group_medians"]


def group_medians(numbers: Array, group: Array, groups: int) -> Array:
    """Return the median of each group.

    Parameters
    ----------
    numbers : ndarray of float64
        Without NaN.
    group : ndarray of int
        That of each number, from 0.
    groups : int
        How many there are.

    Returns
    -------
    ndarray of float64, shape (groups,)
        NaN for a group without numbers.

    Examples
    --------
    >>> group_medians(np.array([1.0, 5.0, 3.0, 4.0]), np.array([0, 2, 2, 0]), 3).tolist()
    [2.5, nan, 4.0]
    """
    order = np.argsort(numbers)
    order = order[stable_order(group[order], groups)]
    ordered = numbers[order]
    counts = np.bincount(group, minlength=groups)
    starts = np.cumsum(counts) - counts
    some = counts > 0
    medians = np.full(counts.size, np.nan)
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    medians[some] = (ordered[low[some]] + ordered[high[some]]) / 2
    return medians
