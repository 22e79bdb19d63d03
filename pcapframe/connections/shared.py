"""Columns that hold one value everywhere, as most do where connections have one packet each: one array for all."""

from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array

__all__ = ["Shared"]

FEWEST_ROWS = 20_000  # below, the memory is not worth looking
NUMBERS: Any = (pd.arrays.IntegerArray, pd.arrays.BooleanArray)


class Shared:
    """Gives columns of the same type and the same value everywhere one array.

    Examples
    --------
    >>> shared = Shared()
    >>> first, second = (shared(np.zeros(FEWEST_ROWS)) for _ in range(2))
    >>> first is second
    True
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[Any, ...], Any] = {}
        self._columns: dict[int, pd.Series] = {}

    def __call__(self, column: Any) -> Any:
        """Return the array that holds the same.

        Parameters
        ----------
        column : ndarray or ExtensionArray
            Not to be modified afterwards.

        Returns
        -------
        ndarray or ExtensionArray
            That of an earlier column, where this one holds the value that it held, and in the same type, in every row.
        """
        if any(column is one for one in self._arrays.values()):
            return column
        parts = [column]
        if isinstance(column, NUMBERS):
            parts = [column._data, column._mask]
        elif not isinstance(column, np.ndarray):
            return column
        if len(column) < FEWEST_ROWS or not all(_is_constant(one) for one in parts):
            return column
        key = (type(column), *((one.dtype.str, one[:1].tobytes()) for one in parts))
        if key not in self._arrays:
            self._arrays[key] = column.copy()  # of a block of columns, the others would stay in memory
        return self._arrays[key]

    def series(self, column: Any, index: pd.Index) -> Any:
        """Return a column so that a frame which holds it twice copies it before it writes to one of them.

        Parameters
        ----------
        column : ndarray or ExtensionArray
            As returned by a call.
        index : Index
            Of the frame.

        Returns
        -------
        Series, ndarray or ExtensionArray
            A Series where the array may be that of other columns too.
        """
        if not any(column is one for one in self._arrays.values()):
            return column
        if id(column) not in self._columns:
            self._columns[id(column)] = pd.Series(column, index=index, copy=False)
        return self._columns[id(column)]


def _is_constant(column: Array) -> bool:
    """Whether all bytes of every value are those of the first one."""
    bits = column.view(f"u{column.dtype.itemsize}")
    first = bits[0]
    return bool(first == bits[-1] and first == bits[bits.size // 2] and (bits == first).all())
