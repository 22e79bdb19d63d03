"""Measures that know something only where both sides sent packets, such as what senders were doing.

What they remember of a connection takes hundreds of bytes. So where most connections are attempts without an answer,
they are not told of these.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask
from pcapframe.connections.rows import Rows

__all__ = ["OfAnswered", "answered"]


class Inner(Protocol):
    """What is told of the others."""

    def feed(self, rows: Rows) -> None:
        """Process the next chunk of segments."""

    def columns(self) -> dict[str, Any]:
        """Return the computed columns by name."""


def answered(place: Array, from_client: Array, connections: int) -> Mask:
    """Tell of which connections there are packets of both sides.

    Parameters
    ----------
    place, from_client : ndarray
        Of each segment: the row of its connection, and whether the client sent it.
    connections : int
        How many there are.

    Returns
    -------
    ndarray of bool
        By connection.

    Examples
    --------
    >>> answered(np.array([0, 1, 0]), np.array([True, True, False]), 2).tolist()
    [True, False]
    """
    sent = np.zeros((2, connections), np.bool_)
    sent[0][place[from_client]] = True
    sent[1][place[~from_client]] = True
    return np.asarray(sent[0] & sent[1], np.bool_)


class OfAnswered:
    """A measure whose columns are null where one side sent nothing.

    Parameters
    ----------
    measure : callable
        Makes one for a number of connections; its columns are floats or nullable booleans.
    mask : ndarray of bool
        As from `answered`.
    """

    def __init__(self, measure: Callable[[int], Inner], mask: Mask) -> None:
        self._mask, self._place = mask, np.cumsum(mask, dtype=np.int32) - np.int32(1)
        self._inner = measure(int(np.count_nonzero(mask)))

    def feed(self, rows: Rows) -> None:
        """Process the next chunk."""
        chosen = np.flatnonzero(self._mask[rows.place])
        if chosen.size:
            taken = Rows(*(column[chosen] for column in rows))
            place = self._place[taken.place]
            for column in (place, *taken[1:]):
                column.flags.writeable = False  # as compiled code takes them
            self._inner.feed(taken._replace(place=place))

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        return _spread(self._inner.columns(), np.flatnonzero(self._mask), self._mask.size)


def _spread(columns: Mapping[str, Any], at: Array, size: int) -> dict[str, Any]:
    """Put the values of some rows among nulls; columns without any are one array."""
    unknown, no_flags = np.full(size, np.nan), pd.arrays.BooleanArray(np.zeros(size, np.bool_), np.ones(size, np.bool_))
    made: dict[str, Any] = {}
    for name, column in columns.items():
        if not at.size:
            made[name] = unknown if isinstance(column, np.ndarray) else no_flags
        elif isinstance(column, np.ndarray):
            made[name] = unknown.copy()
            made[name][at] = column
        else:
            made[name] = no_flags.copy()
            made[name]._data[at], made[name]._mask[at] = column._data, column._mask
    return made
