"""Rows of long frames: their numbers and places, and frames of some of them, without copies of the whole."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import column_of
from pcapframe.disk import give_back
from pcapframe.memory import computed, count_where, pieces, stretches, taken

__all__ = ["ascends", "first_rows", "frames_at", "rows_at", "take_rows"]

MASKED: Any = (pd.arrays.IntegerArray, pd.arrays.BooleanArray)
TIMES: Any = pd.arrays.DatetimeArray
RowNumbers: TypeAlias = npt.NDArray[np.intp]


def frames_at(frame: pd.DataFrame, rows: Any) -> Any:
    """Return the index of some rows, without an array of the whole index, which pandas would keep.

    Parameters
    ----------
    frame : DataFrame
        Not modified.
    rows : int or ndarray of int
        Places in it.

    Returns
    -------
    int or ndarray of int
        Their labels, such as frame numbers.

    Examples
    --------
    >>> frames_at(pd.DataFrame(index=pd.RangeIndex(1, 9)), np.array([0, 3])).tolist()
    [1, 4]
    """
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return rows * index.step + index.start
    labels = index.to_numpy()
    return taken(labels, rows) if np.ndim(rows) and not labels.dtype.hasobject else labels[rows]


def ascends(frame: pd.DataFrame) -> bool:
    """Tell whether no label of the index is below the one before it.

    Parameters
    ----------
    frame : DataFrame
        Not modified.

    Examples
    --------
    >>> ascends(pd.DataFrame(index=[1, 4, 4])), ascends(pd.DataFrame(index=[4, 1]))
    (True, False)
    """
    index = frame.index
    if isinstance(index, pd.RangeIndex):
        return index.step > 0 or len(index) < 2
    labels = index.to_numpy()
    return count_where(max(labels.size - 1, 0), lambda rows: labels[1:][rows] < labels[:-1][rows]) == 0


def first_rows(ids: npt.NDArray[Any], bound: int) -> RowNumbers:
    """Return where each number comes first.

    Parameters
    ----------
    ids : ndarray of int
        From 0 and below `bound`, such as the connection of each segment.
    bound : int
        How many numbers there are.

    Returns
    -------
    ndarray of int, shape (bound,)
        Places in `ids`; -1 for a number that is not there.

    Examples
    --------
    >>> first_rows(np.array([1, 1, 0]), 3).tolist()
    [2, 0, -1]
    """
    first = np.full(bound, -1, np.intp)
    for rows in stretches(ids.size):
        begins = np.arange(rows.stop - 1, rows.start - 1, -1)
        some = ids[rows][::-1]
        is_new = first[some] < 0
        first[some[is_new]] = begins[is_new]  # the first one is written last
    return first


def rows_at(frame: pd.DataFrame, frames: npt.ArrayLike) -> RowNumbers:
    """Return where some frames are, the reverse of `frames_at`.

    Parameters
    ----------
    frame : DataFrame
        Its index ascends; not modified.
    frames : array_like of int
        Labels.

    Returns
    -------
    ndarray of int
        Their places; of one that is not there, the place of the next.

    Examples
    --------
    >>> rows_at(pd.DataFrame(index=pd.RangeIndex(1, 9)), [1, 4]).tolist()
    [0, 3]
    """
    index, wanted = frame.index, np.asarray(frames, np.int64)
    if isinstance(index, pd.RangeIndex) and index.step == 1:
        return (wanted - index.start).clip(0, len(index))
    return np.searchsorted(index.to_numpy(), wanted)


def take_rows(frame: pd.DataFrame, rows: npt.NDArray[np.intp], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Take some rows of a frame as pandas does, into columns that go to the disk where they are too long for memory.

    Parameters
    ----------
    frame : DataFrame
        Columns of ``schema.PACKETS``; not modified.
    rows : ndarray of int
        Places in it.
    columns : sequence of str, optional
        Which columns; all by default.

    Returns
    -------
    DataFrame
        With these rows, their index, and no ``attrs``.

    Examples
    --------
    >>> take_rows(pd.DataFrame({"a": pd.array([7, None, 9], "Int64")}), np.array([0, 1]))["a"].tolist()
    [7, <NA>]
    """
    masks: dict[int, npt.NDArray[np.bool_]] = {}
    cuts = pieces(rows)

    def chosen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if values.strides == (0,):  # the same everywhere
            return np.broadcast_to(values[:1], rows.size)
        return taken(values, rows, cuts)

    def column(array: Any) -> Any:
        if isinstance(array, MASKED):
            mask = array._mask
            if id(mask) not in masks:  # many columns share one
                masks[id(mask)] = chosen(mask)
            return type(array)(chosen(array._data), masks[id(mask)])
        if isinstance(array, pd.Categorical):
            return pd.Categorical.from_codes(chosen(array.codes), dtype=array.dtype, validate=False)
        if isinstance(array, TIMES):
            return pd.array(chosen(array.asi8), array.dtype, copy=False)
        if isinstance(array, np.ndarray):
            return chosen(array)
        return _lists_at(array, rows, cuts)

    numbers = computed(rows.size, np.int64, lambda some: frames_at(frame, rows[some]))
    index = pd.Index(numbers, name=frame.index.name, copy=False)
    return pd.DataFrame(
        {name: column(column_of(frame, str(name))) for name in columns or frame.columns}, index=index, copy=False
    )


def _lists_at(array: Any, rows: RowNumbers, cuts: Sequence[slice]) -> Any:
    """Take some rows of a column of lists; Arrow reads where all lists begin of what it takes them from."""
    if not rows.size:
        return array[:0]
    parts = []
    for some in cuts:
        wanted = rows[some]
        first = int(wanted.min())
        parts.append(array[first : int(wanted.max()) + 1].take(wanted - first))
        give_back()
    return parts[0] if len(parts) == 1 else type(array)._concat_same_type(parts)
