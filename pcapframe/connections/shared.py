"""Columns that hold one value everywhere, as most do where connections have one packet each: one array for all."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array

__all__ = ["NUMBERS", "Shared", "Value", "is_constant", "value_of"]

FEWEST_ROWS = 20_000  # below, the memory is not worth looking
NUMBERS: Any = (pd.arrays.IntegerArray, pd.arrays.BooleanArray)


class Value(NamedTuple):
    """What a column holds in every row."""

    kind: type
    parts: tuple[tuple[str, bytes], ...]  # dtype and bytes of the value, and of the mask where the column has one

    def times(self, rows: int) -> Any:
        """Return a column that holds it.

        Parameters
        ----------
        rows : int
            Its length.

        Returns
        -------
        ndarray or ExtensionArray
            A new one.
        """
        made = [_filled(rows, np.frombuffer(value, dtype)[0]) for dtype, value in self.parts]
        return made[0] if self.kind is np.ndarray else self.kind(*made)


def value_of(column: Any) -> Value | None:
    """Return what a column holds in every row.

    Parameters
    ----------
    column : ndarray or ExtensionArray
        A column.

    Returns
    -------
    Value or None
        None where rows differ, for no rows, and for columns of other types than numbers.
    """
    parts = [column]
    if isinstance(column, NUMBERS):
        parts = [column._data, column._mask]
    elif not isinstance(column, np.ndarray):
        return None
    if not len(column) or not all(is_constant(one) for one in parts):
        return None
    return Value(type(column), tuple((one.dtype.str, one[:1].tobytes()) for one in parts))


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
        self._arrays: dict[Value, Any] = {}
        self._columns: dict[int, pd.Series] = {}

    def __call__(self, column: Any) -> Any:
        """Return the array that holds the same.

        Parameters
        ----------
        column : ndarray or ExtensionArray
            Not to be modified afterwards; all are of the same length.

        Returns
        -------
        ndarray or ExtensionArray
            That of an earlier column, where this one holds the value that it held, and in the same type, in every row.
        """
        if self._holds(column):
            return column
        value = value_of(column) if len(column) >= FEWEST_ROWS else None
        return column if value is None else self.of(value, len(column))

    def of(self, value: Value, rows: int) -> Any:
        """Return the array that holds a value in every row."""
        if value not in self._arrays:
            self._arrays[value] = value.times(rows)
        return self._arrays[value]

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
        if not self._holds(column):
            return column
        if id(column) not in self._columns:
            self._columns[id(column)] = pd.Series(column, index=index, copy=False)
        return self._columns[id(column)].iloc[:]  # a view of its own: pickled, each column is one of its own

    def _holds(self, column: Any) -> bool:
        return any(column is one for one in self._arrays.values())


def is_constant(column: Array) -> bool:
    """Whether all bytes of every value are those of the first one; no array is without a value."""
    bits = column.view(f"u{column.dtype.itemsize}")
    first = bits[0]
    return bool(first == bits[-1] and first == bits[bits.size // 2] and (bits == first).all())


def _filled(rows: int, value: Any) -> Array:
    """Return an array of one value: of zeros, memory that is not touched, which the system need not provide."""
    return np.full(rows, value) if value.tobytes().strip(b"\0") else np.zeros(rows, value.dtype)
