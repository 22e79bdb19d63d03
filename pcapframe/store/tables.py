"""Write frames as a Parquet file that other tools read as it is, and read them back exactly."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pcapframe.arrays import NO_TIME, Array
from pcapframe.schema import Column

__all__ = ["read_table", "write_table"]

ROWS_A_GROUP = 1 << 20
ZSTD_LEVEL = 3
SACK = pa.list_(pa.uint32())  # type of the only column of lists
DELTA = "DELTA_BINARY_PACKED"  # an encoding of Parquet
RISING = ("time", "source_frame", "offset")


def write_table(path: Path, frames: Sequence[pd.DataFrame], columns: Sequence[Sequence[Column]]) -> None:
    """Write frames side by side into one Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    frames : sequence of DataFrame
        The first has all rows. The index of each other one holds some of its labels, in the same order; where it lacks
        a row, its columns are null. Not modified.
    columns : sequence of sequence of Column
        The columns to write of each.

    Notes
    -----
    Row groups hold 1,048,576 rows in the order of the frame, so that a tool that looks for a time reads few of them.
    Texts are dictionary-coded, numbers coded by their differences, all compressed by zstd.
    """
    index = frames[0].index
    places = [None, *(_places(index, frame.index) for frame in frames[1:])]
    index_field = pa.field(str(index.name), pa.from_numpy_dtype(index.dtype), nullable=False)
    schema = pa.schema(
        [
            index_field,
            *(
                pa.field(column.name, _array(frame[column.name].iloc[:0]).type)
                for frame, wanted in zip(frames, columns, strict=True)
                for column in wanted
            ),
        ]
    )
    with pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=ZSTD_LEVEL, **_encodings(schema)
    ) as writer:
        for start in range(0, max(len(index), 1), ROWS_A_GROUP):
            rows = slice(start, start + ROWS_A_GROUP)
            arrays = [pa.array(index[rows].to_numpy(), index_field.type)]
            for frame, place, wanted in zip(frames, places, columns, strict=True):
                arrays += _group(frame, wanted, rows, place)
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _places(whole: pd.Index, part: pd.Index) -> Array | None:
    """Return the place in `part` of each label of `whole`, -1 for none; None where both are the same."""
    if len(part) == len(whole):
        return None
    places = np.full(len(whole), -1, np.int64)
    places[whole.get_indexer(part)] = np.arange(len(part))
    return places


def _group(frame: pd.DataFrame, columns: Sequence[Column], rows: slice, place: Array | None) -> list[pa.Array]:
    """Return some rows of some columns as Arrow arrays."""
    if place is None:
        return [_array(frame[column.name].iloc[rows]) for column in columns]
    found = place[rows]
    held = found[found >= 0]
    first, last = (int(held[0]), int(held[-1]) + 1) if held.size else (0, 0)
    chosen = pa.array(found - first, mask=found < 0)
    return [_array(frame[column.name].iloc[first:last]).take(chosen) for column in columns]


def _array(column: "pd.Series[Any]") -> pa.Array:
    array = pa.array(column, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are encoded: what rises from row to row by its differences, texts and flags by dictionaries.

    Numbers of many connections side by side repeat by position: zstd alone packs them best.
    """
    dictionaries = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    rising = {name: DELTA for name in (schema.names[0], *RISING) if name in schema.names}
    return {"use_dictionary": dictionaries, "column_encoding": rising}


def read_table(
    path: Path,
    columns: Sequence[Column],
    categories: Mapping[str, pd.CategoricalDtype],
    *,
    index: str,
    having: str | None = None,
) -> pd.DataFrame:
    """Read a frame that `write_table` wrote.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of Column
        The columns of the frame, in order.
    categories : mapping
        The dtype of each categorical column.
    index : str
        Name of the index.
    having : str, optional
        Only rows where this column is not null.

    Returns
    -------
    DataFrame
        As it was written.

    Raises
    ------
    OSError, pyarrow.ArrowException
        The file cannot be read or is damaged.
    """
    wanted = [index, *(column.name for column in columns)]
    table = pq.read_table(path, columns=wanted if having in {None, *wanted} else [*wanted, having])
    if having is not None and table[having].null_count:
        table = table.filter(pc.is_valid(table[having]))
    made = {column.name: _column(table[column.name], column, categories) for column in columns}
    return pd.DataFrame(made, index=_index(table[index].to_numpy(), index), copy=False)


def _index(labels: Array, name: str) -> pd.Index:
    first, last = (int(labels[0]), int(labels[-1])) if labels.size else (1, 0)
    if labels.dtype == np.int64 and last - first + 1 == labels.size:  # frame numbers: they ascend
        return pd.RangeIndex(first, last + 1, name=name)
    return pd.Index(labels, name=name)


def _column(data: pa.ChunkedArray, column: Column, categories: Mapping[str, pd.CategoricalDtype]) -> Any:
    if column.dtype == "category":
        return pd.Categorical.from_codes(_codes(data, categories[column.name]), dtype=categories[column.name])
    if column.dtype.startswith("list<"):  # pandas does not read the name of its own dtype
        return pd.array(data.cast(SACK), pd.ArrowDtype(SACK))
    dtype: Any = pd.api.types.pandas_dtype(column.dtype)
    if column.dtype.startswith("datetime64"):  # pandas reads a null of Arrow as 1970
        plain = data.cast(pa.int64()).fill_null(NO_TIME).to_numpy()
        return pd.array(plain.view("datetime64[ns]"), "datetime64[ns]").tz_localize("UTC")
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(data)
    return np.ascontiguousarray(data.to_numpy(), dtype)


def _codes(data: pa.ChunkedArray, dtype: pd.CategoricalDtype) -> Array:
    """Return the code of each text: the file has dictionaries of its own, a row group each."""
    texts = pa.array(dtype.categories, data.type.value_type)
    found = [np.empty(0, np.int32)]
    for chunk in data.chunks:
        code_of = pc.index_in(chunk.dictionary, value_set=texts)
        found.append(code_of.take(chunk.indices).fill_null(-1).to_numpy(zero_copy_only=False))
    return np.concatenate(found)
