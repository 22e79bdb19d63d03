"""Rows of packets as bytes, as they go from one worker to another.

Each column is written by itself, so that lz4 finds what repeats; a column that no row has is left out. Addresses and
other texts are numbered anew in each piece, so that a piece has only its own.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import lz4.block
import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.arrays import NO_TIME, Array, Mask
from pcapframe.plain import PlainColumns, parts_of
from pcapframe.schema import COMMON, ICMP_QUOTES, PACKETS, Column

__all__ = ["SENT", "Unpacked", "pack", "unpack"]

SENT: tuple[Column, ...] = (*COMMON, *ICMP_QUOTES)
ADDRESSES = "addresses"  # what the columns of addresses share
LISTS = "sack"
LENGTH_BYTES = 4  # of the header's length
NO_MASK, PART_NULL = 0, 1


class Unpacked(NamedTuple):
    """Rows that were in bytes."""

    columns: dict[
        str, tuple[Array, Mask | None]
    ]  # values, and where they are null; those that no row has are not there
    texts: dict[str, list[str]]  # what the numbers in columns of categories stand for
    sack: tuple[Array, Array]  # how many edges each row has, and all edges
    pieces: list[dict[str, Any]]  # what was said of each piece
    piece: Array  # which one each row is from

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.piece.size)


def _group(column: Column) -> str:
    """Return which texts the numbers of a column of categories stand for."""
    return ADDRESSES if column.unit == "address" else column.name


def pack(
    frame: pd.DataFrame,
    places: Sequence[Array],
    *,
    more: Mapping[str, Array] | None = None,
    said: Iterable[Mapping[str, Any]] = (),
) -> list[bytes]:
    """Write some rows of packets for each receiver.

    Parameters
    ----------
    frame : DataFrame
        Columns of ``schema.PACKETS``, all addresses with the same categories; not modified.
    places : sequence of ndarray of int
        Which rows each one gets.
    more : mapping, optional
        Further columns, which are left out where they are 0 in all rows.
    said : iterable of mapping, optional
        What is said of each piece, as JSON has it.

    Returns
    -------
    list of bytes
        One for each receiver.
    """
    parts = {column.name: parts_of(frame[column.name]) for column in SENT if column.name != LISTS}
    parts = {name: part for name, part in parts.items() if not _is_nothing(*part)}
    listed = PlainColumns(frame, PACKETS, [LISTS]).chunk(0, len(frame))
    starts, edges = listed[f"{LISTS}_at"], listed[LISTS]
    groups = _texts_of(frame, parts)
    kinds = {column.name: _group(column) for column in SENT if column.dtype == "category" and column.name in parts}
    made = []
    for rows, facts in zip(places, said or [{}] * len(places), strict=True):
        header: dict[str, Any] = {"rows": rows.size, "said": dict(facts), "columns": [], "texts": {}}
        body: list[bytes] = []
        numbers = _renumbered(rows, parts, kinds, groups, header)
        for name, (values, null) in parts.items():
            some = numbers[name] if name in numbers else values[rows]
            hidden = None if null is None else null[rows]
            if hidden is not None and hidden.all():
                continue
            body.append(np.ascontiguousarray(some).tobytes())
            has_null = hidden is not None and bool(hidden.any())
            if hidden is not None and has_null:
                body.append(np.packbits(hidden).tobytes())
            header["columns"].append([name, some.dtype.str, PART_NULL if has_null else NO_MASK])
        for name, values in (more or {}).items():
            some = values[rows]
            if some.any():
                body.append(np.ascontiguousarray(some).tobytes())
                header["columns"].append([name, some.dtype.str, NO_MASK])
        _pack_lists(rows, starts, edges, header, body)
        head = json.dumps(header).encode()
        made.append(len(head).to_bytes(LENGTH_BYTES, "little") + head + lz4.block.compress(b"".join(body)))
    return made


def _is_nothing(values: Array, null: Mask | None) -> bool:
    """Whether a column that takes no memory has nothing in any row."""
    if values.strides != (0,) or not values.size:
        return False
    return bool(null[0]) if null is not None else bool(values[0] == (-1 if values.dtype.kind == "i" else 0))


def _texts_of(frame: pd.DataFrame, parts: Mapping[str, Any]) -> dict[str, Array]:
    """Return the texts of each group, by number."""
    found: dict[str, Array] = {}
    for column in SENT:
        if column.dtype == "category" and column.name in parts:
            found.setdefault(_group(column), frame[column.name].cat.categories.to_numpy(object))
    return found


def _renumbered(
    rows: Array, parts: Mapping[str, Any], kinds: Mapping[str, str], groups: Mapping[str, Array], header: dict[str, Any]
) -> dict[str, Array]:
    """Number the texts of some rows anew; those that are used go into the header."""
    made: dict[str, Array] = {}
    for group, texts in groups.items():
        own = {name: parts[name][0][rows] for name, kind in kinds.items() if kind == group}
        is_used = np.zeros(texts.size + 1, np.bool_)
        for codes in own.values():
            is_used[codes] = True
        used = np.flatnonzero(is_used[:-1])
        number = np.full(texts.size + 1, -1, np.int32)  # the last one for null
        number[used] = np.arange(used.size)
        made |= {name: number[codes] for name, codes in own.items()}
        header["texts"][group] = texts[used].tolist()
    return made


def _pack_lists(rows: Array, starts: Array, edges: Array, header: dict[str, Any], body: list[bytes]) -> None:
    """Add the edges of SACK blocks, where there are any."""
    counts = np.diff(starts)[rows]
    total = int(counts.sum())
    if total:
        begins = np.cumsum(counts) - counts
        at = np.repeat(starts[rows] - begins, counts) + np.arange(total)
        body += [counts.astype(np.uint8).tobytes(), edges[at].tobytes()]
    header["edges"] = total


def unpack(pieces: Iterable[bytes]) -> Unpacked:
    """Read rows from several pieces, one after another.

    Parameters
    ----------
    pieces : iterable of bytes
        From `pack`.

    Returns
    -------
    Unpacked
        All rows.
    """
    headers, bodies = [], []
    for piece in pieces:
        begin = LENGTH_BYTES + int.from_bytes(piece[:LENGTH_BYTES], "little")
        headers.append(json.loads(piece[LENGTH_BYTES:begin]))
        bodies.append(lz4.block.decompress(piece[begin:]))
    counts = np.array([header["rows"] for header in headers], np.int64)
    starts, rows = np.cumsum(counts) - counts, int(counts.sum())
    texts, numbers = _joined_texts(headers)
    group_of = {column.name: _group(column) for column in SENT if column.dtype == "category"}
    columns: dict[str, tuple[Array, Mask | None]] = {}
    sack_counts, edges = np.zeros(rows, np.int64), [np.empty(0, np.uint32)]
    for which, (header, body) in enumerate(zip(headers, bodies, strict=True)):
        size, at = header["rows"], 0
        here = slice(starts[which], starts[which] + size)
        for name, dtype, has_mask in header["columns"]:
            values = np.frombuffer(body, dtype, size, at)
            at += values.nbytes
            if name in group_of:
                values = numbers[group_of[name]][which][values]
            if name not in columns:
                columns[name] = _room(name, values.dtype, rows, group_of)
            whole, null = columns[name]
            whole[here] = values
            if null is not None:
                null[here] = False
            if has_mask:
                packed = np.frombuffer(body, np.uint8, (size + 7) // 8, at)
                at += packed.nbytes
                if null is not None:
                    null[here] = np.unpackbits(packed, count=size).astype(np.bool_)
        if header["edges"]:
            own = np.frombuffer(body, np.uint8, size, at)
            sack_counts[here] = own
            edges.append(np.frombuffer(body, np.uint32, header["edges"], at + size))
    columns.setdefault("time", _room("time", np.dtype(np.int64), rows, group_of))
    said = [header["said"] for header in headers]
    return Unpacked(
        columns, texts, (sack_counts, np.concatenate(edges)), said, np.repeat(np.arange(counts.size), counts)
    )


NULLABLE = {column.name for column in SENT if column.dtype[0] == "U" or column.dtype == "boolean"}


def _room(name: str, dtype: Any, rows: int, group_of: Mapping[str, str]) -> tuple[Array, Mask | None]:
    """Return a column that has nothing in any row yet."""
    if name == "time":
        return np.full(rows, NO_TIME, dtype), None
    values = np.full(rows, -1, dtype) if name in group_of else np.zeros(rows, dtype)
    return values, np.ones(rows, np.bool_) if name in NULLABLE else None


def _joined_texts(headers: Sequence[Mapping[str, Any]]) -> tuple[dict[str, list[str]], dict[str, list[Array]]]:
    """Return the texts of all pieces, each once, and for each piece their numbers; the last one stands for null."""
    texts: dict[str, list[str]] = {}
    numbers: dict[str, list[Array]] = {}
    for group in dict.fromkeys(group for header in headers for group in header["texts"]):
        own = [header["texts"].get(group, []) for header in headers]
        codes, unique = pd.factorize(np.array([text for one in own for text in one], object))
        texts[group] = list(unique)
        ends = np.cumsum([len(one) for one in own])
        numbers[group] = [np.append(part, -1).astype(np.int32) for part in np.split(codes, ends[:-1])]
    return texts, numbers


def frame_of(rows: Unpacked, order: Array) -> pd.DataFrame:
    """Return the packets frame of rows that were in bytes.

    Parameters
    ----------
    rows : Unpacked
        What was read.
    order : ndarray of int
        The order of its rows.

    Returns
    -------
    DataFrame
        The columns that are sent; frames are numbered from 1.
    """
    size = order.size
    nowhere = np.ones(size, np.bool_)
    groups = {name: pd.CategoricalDtype(pd.Index(texts, dtype="str")) for name, texts in rows.texts.items()}
    none = pd.CategoricalDtype(pd.Index([], dtype="str"))
    made: dict[str, Any] = {}
    for column in SENT:
        if column.name == LISTS:
            made[LISTS] = _lists(rows, order)
            continue
        known = column.name in rows.columns
        values, null = rows.columns[column.name] if known else (None, None)
        own = None if values is None else values[order]
        if column.dtype == "category":
            codes = np.full(size, -1, np.int32) if own is None else own
            dtype = groups.get(_group(column), none)
            made[column.name] = pd.Categorical.from_codes(codes, dtype=dtype, validate=False)
        elif column.name in NULLABLE:
            kind = np.bool_ if column.dtype == "boolean" else np.dtype(column.dtype.lower())
            data = np.zeros(size, kind) if own is None else own.astype(kind, copy=False)
            mask = nowhere if null is None else null[order]
            array: Any = pd.arrays.BooleanArray if column.dtype == "boolean" else pd.arrays.IntegerArray
            made[column.name] = array(data, mask)
        elif column.dtype.startswith("datetime"):
            times = np.zeros(size, np.int64) if own is None else own
            made[column.name] = pd.array(times, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)
        else:
            made[column.name] = np.zeros(size, column.dtype) if own is None else own
    return pd.DataFrame(made, index=pd.RangeIndex(1, size + 1, name="frame"), copy=False)


def _lists(rows: Unpacked, order: Array) -> Any:
    """Return the column of SACK edges."""
    counts, edges = rows.sack
    begins = (np.cumsum(counts) - counts)[order]
    counts = counts[order]
    starts = np.append(0, np.cumsum(counts))
    at = np.repeat(begins - starts[:-1], counts) + np.arange(starts[-1])
    lists = pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), pa.array(edges[at]), mask=pa.array(counts == 0))
    return pd.arrays.ArrowExtensionArray(lists)
