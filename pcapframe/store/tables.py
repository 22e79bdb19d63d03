"""Write frames as a Parquet file that other tools read as it is, and read them back exactly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.arrays import Array
from pcapframe.disk import disk_may_be_used, expect_memory, give_back
from pcapframe.memory import new_column
from pcapframe.schema import Column
from pcapframe.store.columns import column_to_read

if TYPE_CHECKING:
    import pyarrow.parquet as pq

__all__ = [
    "ROWS_A_GROUP",
    "STORE",
    "AnotherStoreError",
    "arrow_table",
    "of_store",
    "parquet",
    "read_arrays",
    "read_table",
    "write_arrays",
    "write_groups",
    "write_table",
]

STORE = "pcapframe.store"  # in the metadata of a file: which store it belongs to
ROWS_A_GROUP = 1 << 19
ZSTD_LEVEL = 3
DELTA = "DELTA_BINARY_PACKED"  # an encoding of Parquet
RISING = ("time", "source_frame", "offset")


class AnotherStoreError(Exception):
    """A file belongs to another store: the one that was opened has been replaced."""


def parquet() -> Any:
    """Return ``pyarrow.parquet``, which few processes need: loading it takes as long as a small capture.

    Returns
    -------
    module
        For what writes or reads a file.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    return pq


def write_table(path: Path, frames: Sequence[pd.DataFrame], columns: Sequence[Sequence[Column]], *, store: str) -> None:
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
    store : str
        Identifier of the store that the file belongs to.

    Notes
    -----
    Row groups hold 524,288 rows in the order of the frame, so that a tool that looks for a time reads few of them.
    Texts are dictionary-coded, numbers coded by their differences, all compressed by zstd.
    """
    index = frames[0].index
    places = [None, *(_places(index, frame.index) for frame in frames[1:])]
    index_field = _index_field(index)
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

    def groups() -> Iterator[pa.Table]:
        for start in range(0, max(len(index), 1), ROWS_A_GROUP):
            rows = slice(start, start + ROWS_A_GROUP)
            arrays = [pa.array(index[rows].to_numpy(), index_field.type)]
            for frame, place, wanted in zip(frames, places, columns, strict=True):
                arrays += _group(frame, wanted, rows, place)
            yield pa.Table.from_arrays(arrays, schema=schema)
            give_back()

    write_groups(path, schema, groups(), store=store)


def write_groups(path: Path, schema: pa.Schema, groups: Iterable[pa.Table], *, store: str) -> None:
    """Write a Parquet file of a store.

    Parameters
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        Of all tables; the first column is the index.
    groups : iterable of pyarrow.Table
        Each becomes a row group: at most `ROWS_A_GROUP` rows.
    store : str
        Identifier of the store that the file belongs to.
    """
    schema = schema.with_metadata({STORE: store})
    with parquet().ParquetWriter(
        path, schema, compression="zstd", compression_level=ZSTD_LEVEL, **_encodings(schema)
    ) as writer:
        for table in groups:
            writer.write_table(table)


def arrow_table(frame: pd.DataFrame, columns: Sequence[Column]) -> pa.Table:
    """Return columns of a frame as `write_table` writes them, after its index.

    Parameters
    ----------
    frame : DataFrame
        Not modified.
    columns : sequence of Column
        Which of its columns.

    Returns
    -------
    pyarrow.Table
        Of one batch.
    """
    field = _index_field(frame.index)
    arrays = [pa.array(frame.index.to_numpy(), field.type), *(_array(frame[column.name]) for column in columns)]
    fields = [pa.field(column.name, array.type) for column, array in zip(columns, arrays[1:], strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema([field, *fields]))


def _index_field(index: pd.Index) -> pa.Field:
    return pa.field(str(index.name), pa.from_numpy_dtype(index.dtype), nullable=False)


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


@disk_may_be_used()
def read_table(
    paths: Sequence[Path],
    columns: Sequence[Column],
    categories: Mapping[str, pd.CategoricalDtype],
    *,
    index: str,
    having: str | None = None,
    store: str,
) -> pd.DataFrame:
    """Read a frame that `write_table` wrote.

    Parameters
    ----------
    paths : sequence of Path
        The file, or several whose rows follow each other; at least one.
    columns : sequence of Column
        The columns of the frame, in order.
    categories : mapping
        The dtype of each categorical column.
    index : str
        Name of the index.
    having : str, optional
        Only rows where this column is not null.
    store : str
        As it was written with.

    Returns
    -------
    DataFrame
        As it was written; on the disk where it is too long for memory.

    Raises
    ------
    OSError, pyarrow.ArrowException
        The file cannot be read or is damaged.
    AnotherStoreError
        The file belongs to another store.
    """
    names = [index, *(column.name for column in columns)]
    wanted = names if having in {None, *names} else [*names, str(having)]
    rows = 0
    for path in paths:
        with parquet().ParquetFile(path) as file:
            of_store(file, store)
            rows += sum(_rows_in(file, group, having) for group in range(file.num_row_groups))
            label_type = file.schema_arrow.field(index).type.to_pandas_dtype()
    made = {column.name: column_to_read(column, rows, categories) for column in columns}
    expect_memory(rows * sum(each.row_bytes for each in made.values()))
    labels, place = new_column(rows, label_type), 0
    for each in made.values():
        each.allocate()
    for group in _groups(paths, wanted, store):
        has_nulls = having is not None and group[having].null_count
        table = group.filter(pc.is_valid(group[having])) if has_nulls else group
        stop = place + table.num_rows
        labels[place:stop] = table[index].to_numpy()
        for name, each in made.items():
            each.put(place, stop, table[name])
        place = stop
        give_back()
    return pd.DataFrame({name: each.made() for name, each in made.items()}, index=_index(labels, index), copy=False)


def _groups(paths: Sequence[Path], columns: list[str], store: str) -> Iterator[pa.Table]:
    """Yield all row groups."""
    for path in paths:
        with parquet().ParquetFile(path) as file:
            of_store(file, store)
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, columns=columns)


def of_store(file: "pq.ParquetFile", store: str) -> None:
    """Hold a file against the store that it is to belong to.

    Parameters
    ----------
    file : ParquetFile
        The file.
    store : str
        Identifier of the store.

    Raises
    ------
    AnotherStoreError
        It belongs to another one.
    """
    if (file.metadata.metadata or {}).get(STORE.encode()) != store.encode():
        raise AnotherStoreError


def _rows_in(file: "pq.ParquetFile", group: int, having: str | None) -> int:
    """Count the rows of a row group where a column is not null."""
    rows: int = file.metadata.row_group(group).num_rows
    return rows if having is None else rows - file.read_row_group(group, columns=[having])[having].null_count


def _index(labels: Array, name: str) -> pd.Index:
    first, last = (int(labels[0]), int(labels[-1])) if labels.size else (1, 0)
    if labels.dtype == np.int64 and last - first + 1 == labels.size:  # frame numbers: they ascend
        return pd.RangeIndex(first, last + 1, name=name)
    return pd.Index(labels, name=name)


def write_arrays(path: Path, columns: Mapping[str, Array], *, store: str) -> None:
    """Write arrays of one length into a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping of ndarray
        Numbers, or a few different texts; none is null.
    store : str
        Identifier of the store that the file belongs to.
    """
    table = pa.table({name: _plain(column) for name, column in columns.items()}, metadata={STORE: store})
    parquet().write_table(table, path, compression="zstd", compression_level=ZSTD_LEVEL, row_group_size=ROWS_A_GROUP)


def _plain(column: Array) -> pa.Array:
    column = np.ascontiguousarray(column)
    return pa.array(column.tolist(), pa.string()).dictionary_encode() if column.dtype.kind == "U" else pa.array(column)


def read_arrays(path: Path, *, store: str) -> dict[str, Array]:
    """Read what `write_arrays` wrote.

    Parameters
    ----------
    path : Path
        The file.
    store : str
        Identifier of the store.

    Returns
    -------
    dict of ndarray
        By name.

    Raises
    ------
    AnotherStoreError
        The file belongs to another store.
    """
    with parquet().ParquetFile(path) as file:
        of_store(file, store)
        table = file.read()
    return {name: table[name].to_numpy() for name in table.column_names}
