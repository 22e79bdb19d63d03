"""What workers keep beside a store while it is written, on the folder that all of them have.

Each capture, or part of one, as it was decoded, and the segments of each part of the connections as they were labelled.
A file appears under its name when it is complete, so a task that runs twice leaves one.
"""

import os
import uuid
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.arrays import Array
from pcapframe.schema import PACKETS
from pcapframe.store import OF_SEGMENTS, arrow_table

__all__ = ["NO_ANSWER", "OF_ANSWER", "Into", "keep_packets", "keep_segments", "read_aside"]

BATCH_ROWS = 1 << 16  # that are read at once
LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")
OF_ANSWER = ("answer_capture", "answer_row")
NO_ANSWER = np.uint32(0xFFFF_FFFF)


class Into(NamedTuple):
    """Where a store is written."""

    folder: str  # of the files that stay
    aside: str  # of those that do not
    store: str  # identifier


def keep_packets(into: Into, name: str, packets: pd.DataFrame) -> None:
    """Write what was decoded.

    Parameters
    ----------
    into : Into
        Where.
    name : str
        Of the file.
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.
    """
    _write(into, name, arrow_table(packets, PACKETS))


def keep_segments(into: Into, name: str, segments: pd.DataFrame, capture: Array, row: Array) -> None:
    """Write the segments of a part of the connections.

    Parameters
    ----------
    into : Into
        Where.
    name : str
        Of the file.
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; frames are numbered from 1; not modified.
    capture, row : ndarray of int
        Of each frame: which capture it is from, and which row of that.
    """
    table = arrow_table(segments, OF_SEGMENTS).drop_columns([str(segments.index.name), "answered_by"])
    frame, answered = segments.index.to_numpy() - 1, segments["answered_by"].array
    by = np.where(answered._mask, 0, answered._data.astype(np.int64) - 1)
    more = {
        "capture": capture[frame],
        "row": row[frame],
        OF_ANSWER[0]: capture[by],
        OF_ANSWER[1]: np.where(answered._mask, NO_ANSWER, row[by]),
    }
    for column, values in more.items():
        table = table.append_column(column, pa.array(values.astype(np.uint32)))
    _write(into, name, table)


def _write(into: Into, name: str, table: pa.Table) -> None:
    path = Path(into.aside, name)
    aside = path.with_name(f"{name}.{uuid.uuid4().hex}")
    with pa.OSFile(str(aside), "wb") as file, pa.ipc.new_file(file, table.schema, options=LZ4) as writer:
        writer.write_table(table, max_chunksize=BATCH_ROWS)
    os.replace(aside, path)


def read_aside(into: Into, name: str, begin: int = 0, end: int | None = None) -> pa.Table:
    """Read rows of what was kept.

    Parameters
    ----------
    into, name
        As for `keep_packets` or `keep_segments`.
    begin, end : int, optional
        Which rows; by default all.

    Returns
    -------
    pyarrow.Table
        Only batches with these rows are read.
    """
    with pa.memory_map(str(Path(into.aside, name))) as source, pa.ipc.open_file(source) as file:
        first = begin // BATCH_ROWS
        last = file.num_record_batches if end is None else -(-end // BATCH_ROWS)
        batches = [file.get_batch(number) for number in range(first, last)]
        table = pa.Table.from_batches(batches, file.schema)
        return table.slice(begin - first * BATCH_ROWS, None if end is None else end - begin)
