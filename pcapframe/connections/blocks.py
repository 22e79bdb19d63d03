"""Connections in blocks, where there are very many: what is remembered of one block stays in the processor's caches.

The columns of the blocks are put together at the end. Those that hold one value everywhere, as most do where
connections have one packet each, share their memory with others that hold the same.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, stable_order
from pcapframe.connections.shared import Shared, Value, value_of

__all__ = ["BLOCK", "Assembled", "Block", "in_blocks"]

BLOCK = 1 << 15  # connections


class Block(NamedTuple):
    """Some connections, one after the other, and their segments."""

    number: int
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
    for at, (begin, stop) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        rows: Any = slice(begin, stop) if order is None else order[begin:stop]
        yield Block(at, min(size, connections - at * size), rows, place[rows] - at * size)


class Assembled:
    """The columns of blocks, put together.

    Parameters
    ----------
    blocks : int
        How many there are.
    shared : Shared
        Holds the columns with one value everywhere.
    """

    def __init__(self, blocks: int, shared: Shared) -> None:
        self._parts: dict[str, list[Any]] = {}
        self._blocks, self._shared = blocks, shared

    def put(self, block: int, columns: dict[str, Any]) -> None:
        """Take the columns of a block.

        Parameters
        ----------
        block : int
            Its number.
        columns : dict
            Arrays of NumPy and pandas by name, of the same types in each block.
        """
        values: dict[int, Value | None] = {}  # of columns that are one array
        for name, column in columns.items():
            if id(column) not in values:
                values[id(column)] = value_of(column)
            value = values[id(column)]
            parts = self._parts.setdefault(name, [None] * self._blocks)
            parts[block] = (value, len(column)) if value else column

    def columns(self) -> dict[str, Any]:
        """Return the whole columns by name; the parts are given back."""
        return {name: self._joined(self._parts.pop(name)) for name in list(self._parts)}

    def _joined(self, parts: list[Any]) -> Any:
        values = {part[0] for part in parts if isinstance(part, tuple)}
        if len(values) == 1 and all(isinstance(part, tuple) for part in parts):
            return self._shared.of(values.pop(), sum(size for _, size in parts))
        whole = [part[0].times(part[1]) if isinstance(part, tuple) else part for part in parts]
        if isinstance(whole[0], np.ndarray):
            return np.concatenate(whole)
        return type(whole[0])._concat_same_type(whole)
