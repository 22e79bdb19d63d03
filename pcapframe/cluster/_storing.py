"""What workers write into a store when all numbers are known: each stretch of frames, as it stays."""

import os
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pcapframe.arrays import Array
from pcapframe.cluster._aside import NO_ANSWER, OF_ANSWER, Into, read_aside
from pcapframe.cluster._frames import Shared
from pcapframe.store import OF_SEGMENTS, write_groups

__all__ = ["Slice", "Stretch", "pieces_by_stretch", "write_stretch"]

LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


class Slice(NamedTuple):
    """Some rows of what `keep_packets` wrote."""

    name: str
    begin: int  # in the file
    end: int
    capture: int
    row: int  # of the first of them in the capture
    interfaces: int  # of the captures before


class Stretch(NamedTuple):
    """Frames that follow each other, which one file gets."""

    file: str
    first: int  # frame
    rows: int
    slices: Sequence[Slice]


def pieces_by_stretch(
    into: Into, name: str, *, numbers: Array, turned: Array, place: Shared, firsts: Array
) -> list[bytes]:
    """Give the segments of a part their numbers in the whole, and sort them by the file that they go to.

    Parameters
    ----------
    into, name
        As for `keep_segments`.
    numbers : ndarray of int
        Of each connection of the part, its number in the whole.
    turned : ndarray of int
        Connections of the whole whose client and server are swapped.
    place : Shared
        The number of each packet.
    firsts : ndarray of int
        First frame of each file.

    Returns
    -------
    list of bytes
        One for each file.
    """
    table, frames = read_aside(into, name), place.opened()
    column = {name: table[name].to_numpy() for name in ("conn_id", "from_client", "capture", "row", *OF_ANSWER)}
    frame = frames.of_rows(column["capture"], column["row"]).astype(np.int64)
    conn_id = numbers[column["conn_id"]]
    is_known = column[OF_ANSWER[1]] != NO_ANSWER
    answer = np.zeros(frame.size, np.uint32)
    answer[is_known] = frames.of_rows(*(column[each][is_known] for each in OF_ANSWER))
    made = {
        "conn_id": pa.array(conn_id.astype(np.int32)),
        "from_client": pa.array(column["from_client"] ^ np.isin(conn_id, turned)),
        "answered_by": pa.array(answer, mask=~is_known),
    }
    columns = [pa.array(frame), *(made[one.name] if one.name in made else table[one.name] for one in OF_SEGMENTS)]
    names = ["frame", *(one.name for one in OF_SEGMENTS)]
    to = np.searchsorted(firsts, frame, side="right") - 1
    order = np.argsort(to, kind="stable")
    ends = np.cumsum(np.bincount(to, minlength=firsts.size))
    whole = pa.table(columns, names).take(pa.array(order)).combine_chunks()
    return [_packed(whole.slice(start, end - start)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def write_stretch(into: Into, pieces: Iterable[bytes], stretch: Stretch, place: Shared) -> None:
    """Write the packets of some frames, and what is said of their segments, as they stay.

    Parameters
    ----------
    into : Into
        Where.
    pieces : iterable of bytes
        From `pieces_by_stretch` of all parts of the connections.
    stretch : Stretch
        Which frames.
    place : Shared
        The number of each packet.
    """
    frames = place.opened()
    parts = [_slice(into, one, frames) for one in stretch.slices]
    packets = pa.concat_tables(parts)
    number = packets["frame"].to_numpy()
    if not bool((number[1:] > number[:-1]).all()):
        packets = packets.take(pa.array(np.argsort(number, kind="stable")))
    segments = pa.concat_tables([pa.ipc.open_stream(piece).read_all() for piece in pieces])
    at = np.full(stretch.rows, -1, np.int64)
    at[segments["frame"].to_numpy() - stretch.first] = np.arange(len(segments))
    segments = segments.drop_columns(["frame"]).take(pa.array(at, mask=at < 0))
    for column in segments.column_names:
        packets = packets.append_column(column, segments[column])
    made = pa.table([_one(column) for column in packets.columns], schema=_schema(packets.schema))
    aside = Path(into.aside, f"{stretch.file}.{uuid.uuid4().hex}")
    write_groups(aside, made.schema, [made], store=into.store)
    os.replace(aside, Path(into.folder, stretch.file))


def _slice(into: Into, one: Slice, frames: Any) -> pa.Table:
    """Read some packets, and give them the numbers of the whole."""
    table = read_aside(into, one.name, one.begin, one.end)
    rows = one.row + np.arange(len(table))
    capture = np.full(len(table), one.capture)
    interface = table["interface"].combine_chunks()
    moved = interface.fill_null(0).to_numpy().astype(np.int64) + one.interfaces
    is_null = interface.is_null().to_numpy(zero_copy_only=False) | (moved > 0xFFFF)
    made = {
        "frame": pa.array(frames.of_rows(capture, rows).astype(np.int64)),
        "source": pa.array(capture.astype(np.uint16)),
        "interface": pa.array((moved & 0xFFFF).astype(np.uint16), mask=is_null),
    }
    columns = [made[name] if name in made else _wide(table[name]) for name in table.column_names]
    return pa.table(columns, table.column_names)


def _wide(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose texts are numbered alike in all files."""
    if not pa.types.is_dictionary(column.type):
        return column
    chunks = [
        pa.DictionaryArray.from_arrays(chunk.indices.cast(pa.int32()), chunk.dictionary) for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, pa.dictionary(pa.int32(), column.type.value_type))


def _one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    whole = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
    made = whole.combine_chunks()
    return made.chunk(0) if isinstance(made, pa.ChunkedArray) else made


def _schema(schema: pa.Schema) -> pa.Schema:
    """Return the types of a table whose frames are never null."""
    return pa.schema([pa.field("frame", pa.int64(), nullable=False), *(field for field in list(schema)[1:])])


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=LZ4) as writer:
        writer.write_table(table)
    made: bytes = sink.getvalue().to_pybytes()
    return made
