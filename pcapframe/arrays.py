"""Small helpers for arrays of times and keys, and for columns."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "NO_TIME",
    "YEAR_NS",
    "Array",
    "Mask",
    "changes",
    "column_of",
    "fixed",
    "seconds_from",
    "stable_order",
    "sum_by",
]

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

NO_TIME = np.iinfo(np.int64).min  # pandas' NaT
YEAR_NS = 365 * 86_400 * 10**9  # no time between two packets of a connection is so long: it is unknown


def changes(*columns: Array) -> Mask:
    """Tell where a value differs from the one before it.

    Parameters
    ----------
    *columns : ndarray
        Of the same length; a difference in any of them counts.

    Returns
    -------
    ndarray of bool
        One value per row; the first row differs.

    Examples
    --------
    >>> changes(np.array([1, 1, 2])).tolist()
    [True, False, True]
    """
    mask = np.zeros(columns[0].size, np.bool_)
    mask[:1] = True
    for column in columns:
        mask[1:] |= column[1:] != column[:-1]
    return mask


def column_of(frame: Any, name: str) -> Any:
    """Return what is behind a column; of short frames, pandas takes ten times as long to make a series around it.

    Parameters
    ----------
    frame : DataFrame
        Not modified.
    name : str
        One of its columns, whose names differ.

    Returns
    -------
    ndarray or ExtensionArray
        Not to be modified: it is the frame's own.

    Examples
    --------
    >>> import pandas as pd
    >>> column_of(pd.DataFrame({"a": [7, 9]}), "a").tolist()
    [7, 9]
    """
    return frame._get_column_array(frame.columns.get_loc(name))


def fixed(data: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array in the one form that compiled code takes: contiguous, read-only, of one type.

    Numba would compile the code again for every other form.

    Parameters
    ----------
    data : array_like
        One dimension.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray
        A view where possible.

    Examples
    --------
    >>> fixed([1, 2], "uint8").flags.writeable
    False
    """
    array = np.ascontiguousarray(data, dtype).view()
    array.flags.writeable = False
    return array


def stable_order(ids: Array, bound: int) -> Array:
    """Return the order that sorts small numbers; equal numbers keep their order.

    Parameters
    ----------
    ids : ndarray of int
        From 0 and below 2**32.
    bound : int
        All numbers are below it.

    Returns
    -------
    ndarray of int
        Indices, as from a stable ``argsort``; takes linear time, 16 bits at a time.

    Examples
    --------
    >>> stable_order(np.array([2, 0, 2, 1]), 3).tolist()
    [1, 3, 0, 2]
    """
    order = np.argsort((ids & 0xFFFF).astype(np.uint16), kind="stable")
    if bound > 1 << 16:
        order = order[np.argsort((ids[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def seconds_from(earlier: Array, later: Array) -> Array:
    """Return the time from `earlier` to `later`.

    Parameters
    ----------
    earlier, later : ndarray of int64
        Times, `NO_TIME` where unknown. [ns]

    Returns
    -------
    ndarray of float64
        Difference, NaN where either is unknown, or where they are a year or more apart. [s]

    Examples
    --------
    >>> seconds_from(np.array([0, NO_TIME]), np.array([1_500_000_000, 0])).tolist()
    [1.5, nan]
    """
    apart = later >> 1  # halves, whose difference is always a number
    apart -= earlier >> 1
    np.abs(apart, out=apart)
    known = apart < YEAR_NS // 2
    known &= later != NO_TIME
    known &= earlier != NO_TIME
    return np.where(known, np.subtract(later, earlier, out=apart) / 1e9, np.nan)


def sum_by(counts: Array, *keys: Array) -> tuple[Array, Array]:
    """Sum counts that have the same keys, the largest sum first.

    Parameters
    ----------
    counts : ndarray of int
        What to sum.
    *keys : ndarray of int
        Each as long as `counts`.

    Returns
    -------
    ndarray of int
        Index where the keys of each sum first occur.
    ndarray of int
        The sums, descending; equal sums in order of occurrence.

    Examples
    --------
    >>> first, sums = sum_by(np.array([1, 5, 1]), np.array([7, 8, 7]))
    >>> first.tolist(), sums.tolist()
    ([1, 0], [5, 2])
    """
    if not counts.size:
        return np.empty(0, np.intp), counts
    order = np.lexsort(keys) if len(keys) > 1 else np.argsort(keys[0], kind="stable")  # fast where few differ
    starts = np.flatnonzero(changes(*(key[order] for key in keys)))
    sums, first = np.add.reduceat(counts[order], starts), order[starts]
    largest = np.lexsort((first, -sums))
    return first[largest], sums[largest]
