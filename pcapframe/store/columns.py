"""The columns of a frame as they are read from Parquet, row group by row group, each in its own type."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.arrays import NO_TIME, Array
from pcapframe.memory import new_column, one_block
from pcapframe.schema import Column

__all__ = ["ColumnRead", "column_to_read"]

SACK = pa.list_(pa.uint32())  # type of the only column of lists


def column_to_read(column: Column, rows: int, categories: Mapping[str, pd.CategoricalDtype]) -> "ColumnRead":
    """Return room for a column.

    Parameters
    ----------
    column : Column
        As it is declared.
    rows : int
        How many there will be.
    categories : mapping
        The dtype of each categorical column.

    Returns
    -------
    ColumnRead
        Without memory yet: see ``allocate``.
    """
    if column.dtype == "category":
        return _Categories(column, rows, categories[column.name])
    if column.dtype.startswith("list<"):
        return _Arrow(column, rows, pd.ArrowDtype(SACK))  # pandas does not read the name of its own dtype
    dtype: Any = pd.api.types.pandas_dtype(column.dtype)
    if column.dtype.startswith("datetime64"):
        return _Times(column, rows, np.dtype(np.int64))
    if isinstance(dtype, np.dtype):
        return _Plain(column, rows, dtype)
    if hasattr(dtype, "numpy_dtype"):
        return _Nullable(column, rows, dtype.numpy_dtype)
    return _Arrow(column, rows, dtype)


class ColumnRead(ABC):
    """A column that is read row group by row group."""

    def __init__(self, column: Column, rows: int, dtype: Any) -> None:
        self.column, self.rows, self.dtype = column, rows, dtype

    @property
    def row_bytes(self) -> int:
        """What a row takes, about."""
        return int(self.dtype.itemsize) + 1

    def allocate(self) -> None:
        """Make room for all rows."""
        self.values = new_column(self.rows, self.dtype)

    @abstractmethod
    def put(self, start: int, stop: int, data: pa.ChunkedArray) -> None:
        """Take some rows."""

    @abstractmethod
    def made(self) -> Any:
        """Return the column."""


class _Plain(ColumnRead):
    def put(self, start: int, stop: int, data: pa.ChunkedArray) -> None:
        self.values[start:stop] = data.to_numpy()

    def made(self) -> Any:
        return self.values


class _Times(ColumnRead):
    def put(self, start: int, stop: int, data: pa.ChunkedArray) -> None:
        self.values[start:stop] = data.cast(pa.int64()).fill_null(NO_TIME).to_numpy()  # pandas reads a null as 1970

    def made(self) -> Any:
        return pd.array(self.values, pd.DatetimeTZDtype("ns", "UTC"), copy=False)


class _Nullable(ColumnRead):
    def allocate(self) -> None:
        self.values, self.mask = one_block(self.rows, [self.dtype, np.bool_])

    def put(self, start: int, stop: int, data: pa.ChunkedArray) -> None:
        self.mask[start:stop] = data.is_null().to_numpy()
        self.values[start:stop] = data.fill_null(False if self.dtype == np.bool_ else 0).to_numpy()

    def made(self) -> Any:
        array = pd.arrays.BooleanArray if self.dtype == np.bool_ else pd.arrays.IntegerArray
        return array(self.values, self.mask)


class _Categories(ColumnRead):
    def __init__(self, column: Column, rows: int, dtype: pd.CategoricalDtype) -> None:
        super().__init__(column, rows, np.min_scalar_type(-len(dtype.categories) - 1))
        self.categories = dtype

    def put(self, start: int, stop: int, data: pa.ChunkedArray) -> None:
        self.values[start:stop] = _codes(data, self.categories)

    def made(self) -> Any:
        return pd.Categorical.from_codes(self.values, dtype=self.categories)


class _Arrow(ColumnRead):
    """Texts and lists, which stay in Arrow's memory."""

    def __init__(self, column: Column, rows: int, dtype: Any) -> None:
        super().__init__(column, rows, np.dtype(np.int64))
        self.extension = dtype

    def allocate(self) -> None:
        self.parts: list[pa.Array] = []

    def put(self, start: int, stop: int, data: pa.ChunkedArray) -> None:
        data = data.cast(SACK) if pa.types.is_list(data.type) else data
        self.parts += data.chunks or [data.combine_chunks()]  # where no row is chosen, the type stays known

    def made(self) -> Any:
        return self.extension.__from_arrow__(pa.chunked_array(self.parts))


def _codes(data: pa.ChunkedArray, dtype: pd.CategoricalDtype) -> Array:
    """Return the code of each text: the file has dictionaries of its own, a row group each."""
    texts = pa.array(dtype.categories, data.type.value_type)
    found = [np.empty(0, np.int32)]
    for chunk in data.chunks:
        code_of = pc.index_in(chunk.dictionary, value_set=texts)
        found.append(code_of.take(chunk.indices).fill_null(-1).to_numpy(zero_copy_only=False))
    return np.concatenate(found)
