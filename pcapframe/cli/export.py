"""Select rows of frames, and write frames as CSV and Parquet files."""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from pcapframe.analysis import Analysis
from pcapframe.cli.output import STDOUT
from pcapframe.errors import ParameterError
from pcapframe.files import written_aside

__all__ = ["packets_of", "sort_connections", "within", "write_csv", "write_parquet"]


def sort_connections(connections: pd.DataFrame, column: str, *, reverse: bool = False) -> pd.DataFrame:
    """Sort connections by a column: numbers descending, everything else ascending, nulls last.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.
    column : str
        A column. For one that both sides have, the name without ``client_`` or ``server_`` stands for their sum.
    reverse : bool, default False
        Reverse the order.

    Returns
    -------
    DataFrame
        The same rows.

    Examples
    --------
    >>> import pcapframe as pf
    >>> connections = pf.analyze(pf.example("clean.pcap")).connections
    >>> bool(sort_connections(connections, "duration_s")["duration_s"].is_monotonic_decreasing)
    True
    """
    if column in connections:
        key = connections[column]
    else:
        client, server = (connections[f"{side}_{column}"].astype("float64") for side in ("client", "server"))
        key = client + server
    falls = pd.api.types.is_numeric_dtype(key) and not column.endswith("_port")
    order = key.reset_index(drop=True).sort_values(ascending=falls == reverse, kind="stable").index
    return connections.iloc[order]


def packets_of(analysis: Analysis, *, pattern: str | None = None, conn_ids: Sequence[int] = ()) -> pd.DataFrame:
    """Return all packets of selected connections.

    Parameters
    ----------
    analysis : Analysis
        Its filter applies as well.
    pattern : str, optional
        Only connections that show this pattern.
    conn_ids : sequence of int, optional
        Only these.

    Returns
    -------
    DataFrame
        Segments, columns of ``schema.SEGMENTS``.

    Raises
    ------
    ParameterError
        Nothing matches the analysis' filter, there is no such pattern or connection, or the pattern is not observed.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("resets.pcap"))
    >>> packets_of(analysis, pattern="refused_connections")["conn_id"].nunique()
    6
    """
    if analysis.message is not None:
        raise ParameterError(analysis.message)
    unknown = [conn_id for conn_id in conn_ids if conn_id not in analysis.connections.index]
    if unknown:
        whole = len(analysis.whole_connections)
        raise ParameterError(f"connection {unknown[0]} is not selected: the capture has {whole:,}, numbered from 0")
    chosen = analysis.connections.index if not conn_ids else pd.Index(conn_ids)
    if pattern is not None:
        shown = analysis.find_evidence(pattern, limit=len(analysis.segments)).connections
        if not shown:
            raise ParameterError(f"the pattern {pattern} is not observed")
        chosen = chosen.intersection(pd.Index(shown))
    segments = analysis.filtered_segments
    part = segments[segments["conn_id"].isin(chosen)]
    part.attrs = segments.attrs
    return part


def within(packets: pd.DataFrame, frames: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return packets whose frame numbers lie in any of the ranges.

    Parameters
    ----------
    packets : DataFrame
        Index ``frame``; not modified.
    frames : sequence of pair of int
        First and last frame of each range.

    Returns
    -------
    DataFrame
        The same columns.

    Examples
    --------
    >>> import pcapframe as pf
    >>> within(pf.read_pcap(pf.example("clean.pcap")), [(2, 3), (7, 7)]).index.tolist()
    [2, 3, 7]
    """
    frame = packets.index.to_numpy()
    wanted = np.zeros(frame.size, np.bool_)
    for first, last in frames:
        wanted |= (frame >= first) & (frame <= last)
    return packets[wanted]


def write_csv(frame: pd.DataFrame, path: str) -> None:
    """Write a frame as CSV, with its index as first column; nulls are empty, SACK edges separated by spaces.

    Parameters
    ----------
    frame : DataFrame
        Not modified.
    path : str
        A file, or ``-`` for standard output.
    """
    table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
    columns = [_plain(column) for column in table.columns]
    plain = pa.table(columns, names=table.column_names)
    with _opened(path) as file:
        pyarrow.csv.write_csv(plain, file, pyarrow.csv.WriteOptions(quoting_style="needed"))


def write_parquet(frame: pd.DataFrame, path: str) -> None:
    """Write a frame as Parquet; pandas reads it back with its index, dtypes and ``attrs``.

    pandas has no dtype for lists: they come back as objects.

    Parameters
    ----------
    frame : DataFrame
        Not modified.
    path : str
        A file, or ``-`` for standard output.
    """
    table = pa.Table.from_pandas(frame)
    stored = json.loads(table.schema.metadata[b"pandas"])
    for column in stored["columns"]:
        if column["numpy_type"].startswith("list<"):
            column["numpy_type"] = "object"
    metadata = {b"pandas": json.dumps(stored).encode(), b"PANDAS_ATTRS": json.dumps(frame.attrs).encode()}
    with _opened(path) as file:
        pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), file)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path != STDOUT:
        with written_aside(path) as file:
            yield file
        return
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert a column to a type that CSV can hold."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_list(column.type):
        texts = column.cast(pa.list_(pa.string()))
        return pc.binary_join(texts, " ")
    return column
