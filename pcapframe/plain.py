"""Columns of a frame as the plain arrays that compiled kernels read.

Every array has the plain type of its column (``Column.plain_dtype``) and holds ``Column.null_value`` for null, so that
a kernel is compiled once and null means the same in all kernels. A column of lists becomes two arrays: the elements of
all rows under the column's name, and the start of each row's elements as ``<name>_at``, with one entry more than rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.arrays import Array, Mask, column_of, fixed
from pcapframe.disk import has_blocks
from pcapframe.memory import taken
from pcapframe.schema import NO_NUMBER, PLAIN, Column

__all__ = ["Nullable", "PlainColumns", "null_mask", "parts_of"]


MASKED: Any = (pd.arrays.IntegerArray, pd.arrays.BooleanArray)


class Nullable(NamedTuple):
    """A column as it is in memory: values, which mean nothing where `mask` is set; None for a column without a mask."""

    values: Array
    mask: Mask | None

    def part(self, rows: slice | Array) -> "Nullable":
        """Return some rows, as views where they are a slice.

        Parameters
        ----------
        rows : slice or ndarray of int
            Places in the column.

        Returns
        -------
        Nullable
            These rows.
        """
        return Nullable(self.values[rows], None if self.mask is None else self.mask[rows])


class Lists(NamedTuple):
    """A column of lists: where the elements of each row begin, with one entry more than rows, and the elements."""

    starts: Array
    elements: Array


def parts_of(column: Any) -> Nullable:
    """Return what is behind a column of numbers, times or categories, without a copy where pandas has none to make.

    Parameters
    ----------
    column : Series, ndarray or ExtensionArray
        Times as nanoseconds, categories as their places. Not to be modified.

    Returns
    -------
    Nullable
        Its values, and where they are null.

    Examples
    --------
    >>> parts_of(pd.Series([7, None], dtype="UInt16")).mask.tolist()
    [False, True]
    """
    if isinstance(column, np.ndarray):
        return Nullable(column, None)
    array = getattr(column, "array", column)
    if isinstance(array, MASKED):  # pandas' own conversion copies all of it first
        return Nullable(array._data, array._mask)
    if isinstance(array, pd.Categorical):
        return Nullable(array.codes, None)
    if getattr(array.dtype, "kind", "") == "M":
        return Nullable(array.to_numpy("datetime64[ns]").view(np.int64), None)
    return Nullable(column.to_numpy(), None)


def null_mask(column: Any) -> Mask | None:
    """Return where a column is null.

    Parameters
    ----------
    column : Series or array
        Of any dtype, also one that marks nulls otherwise than by a mask.

    Returns
    -------
    ndarray of bool or None
        None where it cannot have any.

    Examples
    --------
    >>> null_mask(pd.Series([1.0, np.nan])).tolist(), null_mask(pd.Series([1, 2]))
    ([False, True], None)
    """
    mask = parts_of(column).mask
    if mask is None and not (isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub"):
        return np.asarray(pd.isna(column), np.bool_)
    return mask


class PlainColumns:
    """Some columns of a frame, whole or in chunks.

    Parameters
    ----------
    frame : DataFrame or mapping
        Columns by name; not modified. A mapping may hold arrays where its column is never null.
    columns : sequence of Column
        Declaration of the columns of `frame`, such as ``schema.SEGMENTS``.
    wanted : iterable of str
        Names of the columns to read. For a list column also ``<name>_at``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> from pcapframe.schema import PACKETS
    >>> packets = pf.read_pcap(pf.example("losses.pcap"))
    >>> PlainColumns(packets, PACKETS, ["payload_bytes", "window_scale"]).chunk(0, 4)["window_scale"].tolist()
    [-1, -1, 10, 10]
    """

    def __init__(self, frame: Mapping[str, Any] | Any, columns: Sequence[Column], wanted: Iterable[str]) -> None:
        declared = {column.name: column for column in columns}
        self._columns: dict[str, tuple[Nullable, Column]] = {}
        self._lists: dict[str, Any] = {}  # Lists, or Arrow's where all of them would be read to make those
        for name in wanted:
            if name not in declared:
                continue  # "<name>_at" comes with its list
            column = declared[name]
            data = column_of(frame, name) if isinstance(frame, pd.DataFrame) else frame[name]
            if column.dtype.startswith("list"):
                lists = getattr(data, "array", data).__arrow_array__()
                self._lists[name] = lists if has_blocks() else _lists(lists)
            else:
                self._columns[name] = parts_of(data), column

    def __getitem__(self, name: str) -> Array:
        """Return a whole column that is no list.

        Parameters
        ----------
        name : str
            One of those wanted.

        Returns
        -------
        ndarray
            Read-only.
        """
        data, column = self._columns[name]
        return _filled(data, column)

    def at(self, name: str, rows: slice | Array) -> Array:
        """Return some rows of a column that is no list, without a copy of the whole.

        Parameters
        ----------
        name : str
            One of those wanted.
        rows : slice or ndarray of int
            Places in the column.

        Returns
        -------
        ndarray
            Read-only.
        """
        data, column = self._columns[name]
        if isinstance(rows, slice):
            return _filled(data.part(rows), column)
        null = None if data.mask is None else taken(data.mask, rows)
        return _filled(Nullable(taken(data.values, rows), null), column)

    def chunk(self, start: int, stop: int) -> dict[str, Array]:
        """Return some rows of every column.

        Parameters
        ----------
        start, stop : int
            Places in the frame.

        Returns
        -------
        dict of ndarray
            By name, read-only; views where the type is that in the frame.
        """
        made = self.part(slice(start, stop))
        for name, lists in self._lists.items():
            if isinstance(lists, Lists):
                at = lists.starts[start : stop + 1]
                elements = lists.elements[at[0] : at[-1]]
            else:
                at, elements = _lists(lists.slice(start, stop - start))
            made[f"{name}_at"] = fixed(at.astype(np.int64) - at[0], np.int64)
            made[name] = fixed(elements, np.uint32)
        return made

    def part(self, rows: slice | Array) -> dict[str, Array]:
        """Return some rows of the columns that are no lists.

        Parameters
        ----------
        rows : slice or ndarray of int
            Places in the frame.

        Returns
        -------
        dict of ndarray
            As from `chunk`.
        """
        return {name: _filled(data.part(rows), column) for name, (data, column) in self._columns.items()}


def _filled(data: Nullable, column: Column) -> Array:
    """Return an array in its plain type, with nulls replaced."""
    values, mask = data
    if mask is None or not mask.any():
        return fixed(values, column.plain_dtype)
    if mask[0] and mask.all():
        return fixed(np.full(values.size, PLAIN[column.dtype][1], column.plain_dtype), column.plain_dtype)
    filled, null = values.astype(column.plain_dtype), PLAIN[column.dtype][1]
    if null == NO_NUMBER:
        filled |= -mask.view(np.int8)  # all bits, or none: twice as fast as putting values
    else:
        np.putmask(filled, mask, null)
    return fixed(filled, column.plain_dtype)


def _lists(column: pa.Array | pa.ChunkedArray) -> Lists:
    """Return where the elements of each list begin, and the elements."""
    lists = column
    if isinstance(column, pa.ChunkedArray):
        lists = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    starts, elements = lists.offsets.to_numpy(), lists.flatten().to_numpy()
    if starts[-1] - starts[0] != elements.size:  # a list that is null may still hold elements
        starts = np.cumsum(np.append(0, pc.fill_null(pc.list_value_length(lists), 0).to_numpy()))
    return Lists(starts - starts[0] if starts[0] else starts, elements)
