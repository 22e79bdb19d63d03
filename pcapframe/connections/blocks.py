"""Connections in blocks, where there are very many: what is remembered of one block stays in the processor's caches.

The columns of the blocks are put together at the end. Those that hold one value everywhere, as most do where
connections have one packet each, share their memory with others that hold the same.
"""

from collections.abc import Iterator
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, stable_order
from pcapframe.connections.shared import NUMBERS, Shared, Value, value_of

__all__ = ["BLOCK", "LARGE_BLOCK", "Assembled", "Block", "in_blocks", "in_parts"]

BLOCK = 1 << 15  # connections
LARGE_BLOCK = 1 << 17  # of connections that are alike, of which hardly anything is remembered


class Block(NamedTuple):
    """Some connections, one after the other, and their segments."""

    first: int  # of them
    connections: int
    rows: slice | Array  # of the segments, in capture order
    place: Array  # of each segment's connection among those of the block


def in_blocks(place: Array, connections: int, size: int = BLOCK) -> Iterator[Block]:
    """Cut connections into blocks.

    Parameters
    ----------
    place : ndarray of int
        Of each segment's connection.
    connections : int
        How many there are.
    size : int, default 32768
        Connections of each block but the last.

    Yields
    ------
    Block
        With a slice of the rows where no others lie between.

    Examples
    --------
    >>> [block.rows.tolist() for block in in_blocks(np.array([0, 2, 1]), 3, size=2)]
    [[0, 2], [1]]
    """
    number = place // size
    order = None
    if (number[1:] < number[:-1]).any():
        order = stable_order(number, -(-connections // size))
        number = number[order]
    edges = np.searchsorted(number, np.arange(-(-connections // size) + 1))
    firsts = range(0, connections, size)
    for first, begin, stop in zip(firsts, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        rows: Any = slice(begin, stop) if order is None else order[begin:stop]
        yield Block(first, min(size, connections - first), rows, place[rows] - first)


def in_parts(block: Block, size: int = BLOCK) -> Iterator[Block]:
    """Cut a block into smaller ones.

    Parameters
    ----------
    block : Block
        As from `in_blocks`.
    size : int, default 32768
        Connections of each part but the last.

    Yields
    ------
    Block
        As from `in_blocks` of all connections.

    Examples
    --------
    >>> [part.first for part in in_parts(Block(4, 3, slice(5, 8), np.array([0, 1, 2])), size=2)]
    [4, 6]
    """
    rows = np.arange(block.rows.start, block.rows.stop) if isinstance(block.rows, slice) else block.rows
    for part in in_blocks(block.place, block.connections, size):
        yield part._replace(first=block.first + part.first, rows=rows[part.rows])


class _Column:
    """A column of all connections, to which blocks add their part: no memory while it holds one value."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._value: Value | None = None
        self._arrays: list[Array] = []
        self._texts: dict[int, Any] = {}  # by the first connection of the block: columns that are not made of arrays
        self._like: Any = None

    def room(self, part: Any) -> list[Array]:
        """Take note of a part, and return the arrays that it is to be written to, none where there is no need."""
        is_first, self._like = self._like is None, part
        parts, value = _arrays_of(part), value_of(part)
        if not parts:
            return []
        if value is not None and not self._arrays and (is_first or value == self._value):
            self._value = value
            return []
        if not self._arrays:
            self._arrays = [np.empty(self._rows, one.dtype) for one in parts]
            if self._value is not None:
                for own, (dtype, held) in zip(self._arrays, self._value.parts, strict=True):
                    own[:] = np.frombuffer(held, dtype)[0]
        return self._arrays

    def put(self, block: Block, part: Any, number: Array | None, lock: Lock) -> None:
        """Take the part of a block: of each connection, or of those with a `number`."""
        with lock:
            arrays = self.room(part)
        if not _arrays_of(part):
            self._texts[block.first] = part if number is None else part.take(number)
        for own, new in zip(arrays, _arrays_of(part), strict=False):
            own[block.first : block.first + block.connections] = new if number is None else new[number]

    def whole(self, shared: Shared) -> Any:
        """Return the column, once all blocks are there."""
        kind: Any = type(self._like)
        if self._texts:
            return kind._concat_same_type([self._texts[first] for first in sorted(self._texts)])
        if not self._arrays and self._value is not None:
            return shared.of(self._value, self._rows)
        if kind is np.ndarray:
            return self._arrays[0]
        if kind is pd.Categorical:
            return pd.Categorical.from_codes(self._arrays[0], dtype=self._like.dtype, validate=False)
        if kind is pd.arrays.DatetimeArray:
            return pd.array(self._arrays[0], dtype=self._like.dtype, copy=False)
        return kind(*self._arrays)


def _arrays_of(column: Any) -> list[Array]:
    """Return the arrays that a column is made of; none for texts."""
    if isinstance(column, np.ndarray):
        return [column]
    if isinstance(column, NUMBERS):
        return [column._data, column._mask]
    if isinstance(column, pd.Categorical):
        return [column.codes]
    return [np.asarray(column.view(np.int64))] if isinstance(column, pd.arrays.DatetimeArray) else []


class Assembled:
    """The columns of blocks, put together as they come.

    Parameters
    ----------
    connections : int
        How many there are in all.
    shared : Shared
        Holds the columns with one value everywhere.
    """

    def __init__(self, connections: int, shared: Shared) -> None:
        self._columns: dict[str, _Column] = {}
        self._connections, self._shared = connections, shared
        self._lock = Lock()

    def put(self, block: Block, columns: dict[str, Any], number: Array | None = None) -> None:
        """Take columns of a block; several threads may do so at once.

        Parameters
        ----------
        block : Block
            Which connections.
        columns : dict
            Arrays of NumPy and pandas by name, of the same types in each block.
        number : ndarray of int, optional
            The row of each connection in the columns, which by default have a row for each.
        """
        for name, part in columns.items():
            with self._lock:
                column = self._columns.setdefault(name, _Column(self._connections))
            column.put(block, part, number, self._lock)

    def columns(self) -> dict[str, Any]:
        """Return the whole columns by name; each is given back."""
        return {name: self._columns.pop(name).whole(self._shared) for name in list(self._columns)}
