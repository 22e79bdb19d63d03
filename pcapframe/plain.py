"""Columns of a frame as the plain arrays that compiled kernels read.

Every array has the plain type of its column (``Column.plain_dtype``) and holds ``Column.null_value`` for null, so that
a kernel is compiled once and null means the same in all kernels. A column of lists becomes two arrays: the elements of
all rows under the column's name, and the start of each row's elements as ``<name>_at``, with one entry more than rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.arrays import Array, fixed
from pcapframe.schema import PLAIN, Column

__all__ = ["PlainColumns"]


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
        self._columns: dict[str, tuple[Any, Column]] = {}
        self._lists: dict[str, Any] = {}
        for name in wanted:
            if name not in declared:
                continue  # "<name>_at" comes with its list
            column, data = declared[name], frame[name]
            if column.dtype.startswith("list"):
                self._lists[name] = _in_one_piece(data.array.__arrow_array__())
            else:
                self._columns[name] = _raw(data, column), column

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
        return _filled(*self._columns[name])

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
        made = {name: _filled(array[start:stop], column) for name, (array, column) in self._columns.items()}
        for name, lists in self._lists.items():
            made[f"{name}_at"], made[name] = _elements(lists.slice(start, stop - start))
        return made


def _raw(data: Any, column: Column) -> Any:
    """Return the array behind a column: a NumPy array, or a pandas array with a mask."""
    if isinstance(data, np.ndarray):
        return data
    if column.dtype == "datetime64[ns, UTC]":
        return data.to_numpy("datetime64[ns]").view(np.int64)
    if column.dtype == "category":
        return data.array.codes
    array = data.array
    return array if isinstance(array, pd.arrays.IntegerArray | pd.arrays.BooleanArray) else data.to_numpy()


def _filled(array: Any, column: Column) -> Array:
    """Return an array in its plain type, with nulls replaced."""
    if isinstance(array, np.ndarray):
        return fixed(array, column.plain_dtype)
    return fixed(array.to_numpy(dtype=column.plain_dtype, na_value=PLAIN[column.dtype][1]), column.plain_dtype)


def _in_one_piece(lists: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return lists as one array, which Arrow can slice without searching for the piece."""
    if isinstance(lists, pa.ChunkedArray):
        return lists.chunk(0) if lists.num_chunks == 1 else lists.combine_chunks()
    return lists


def _elements(lists: pa.Array) -> tuple[Array, Array]:
    """Return where the elements of each list begin, and the elements."""
    elements, starts = lists.flatten().to_numpy(), lists.offsets.to_numpy()
    if starts[-1] - starts[0] != elements.size:  # a list that is null may still hold elements
        starts = np.cumsum(np.append(0, pc.fill_null(pc.list_value_length(lists), 0).to_numpy()))
    return fixed(starts - starts[0], np.int64), fixed(elements, np.uint32)
