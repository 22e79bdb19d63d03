"""Input and output of the measures: plain arrays, each of one type."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd

from pcapframe.arrays import YEAR_NS, Array, Mask, fixed
from pcapframe.disk import give_back_after
from pcapframe.memory import one_block
from pcapframe.plain import PlainColumns
from pcapframe.schema import LIKELY_SERVER_PORTS, SEGMENTS

__all__ = ["SIDES", "Rows", "by_sender", "by_side", "category", "in_chunks", "likely_servers", "seconds", "unpacked"]

CHUNK_ROWS = 1 << 16
BLOCK_ROWS = 1 << 12  # of records, which the cache holds
SIDES = ("client", "server")
Read = TypeVar("Read")


class Rows(NamedTuple):
    """A chunk of segments in capture order: columns by name, and the row of each segment's connection.

    Null is ``Column.null_value``: -1 for a field that the header lacks, and for a payload of unknown length.
    """

    place: Array  # int32, row of the connection
    from_client: Array  # bool
    time: Array  # int64 [ns]
    wire_bytes: Array  # uint32
    src: Array  # int32, place of the address
    dst: Array
    src_port: Array  # uint16
    dst_port: Array
    ttl: Array  # uint8
    tcp_flags: Array  # uint16
    tcp_header_bytes: Array  # uint8
    payload_bytes: Array  # int64
    seq: Array  # uint32
    rel_seq: Array  # int64
    rel_ack: Array  # int64, the least one for null
    window: Array  # uint16
    window_bytes: Array  # int64
    mss: Array  # int32
    tsval: Array  # int64
    tsecr: Array  # int64
    ack_rtt_s: Array  # float64
    reused_ports: Array  # bool
    duplicate_ack: Array  # bool
    zero_window: Array  # bool
    capture_duplicate: Array  # bool
    resent: Array  # bool
    resent_bytes: Array  # uint32
    resend_rule: Array  # int32, place in RESEND_RULES
    reordered: Array  # bool
    capture_gap: Array  # uint32
    acks_unsent: Array  # bool
    rst_ignored: Array  # bool
    fin_ignored: Array  # bool
    probe: Array  # int32, place in PROBES
    answered_by: Array  # int64

    def pick(self, kind: type[Read]) -> Read:
        """Return only the columns that a kernel reads: its code to take arguments grows with every array.

        Parameters
        ----------
        kind : type
            Named tuple of some of these columns.

        Returns
        -------
        NamedTuple
            Of this type.
        """
        made: Any = kind
        return cast("Read", made(*(getattr(self, name) for name in made._fields)))


def in_chunks(segments: pd.DataFrame, place: Array, rows: int = CHUNK_ROWS) -> Iterator[Rows]:
    """Yield the columns of `segments` that the measures read, chunk by chunk.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``.
    place : ndarray of int
        Row of each segment's connection.
    rows : int
        Of each chunk but the last.

    Yields
    ------
    Rows
        Plain arrays.
    """
    plain, place = PlainColumns(segments, SEGMENTS, Rows._fields[1:]), fixed(place, np.int32)
    for start in range(0, place.size, rows):
        stop = min(start + rows, place.size)
        yield Rows(place=place[start:stop], **plain.chunk(start, stop))
        give_back_after(stop, stop - start)


def by_sender(records: Array) -> dict[str, Array]:
    """Return every field of records by connection and sender (column 0: the client) as a contiguous column."""
    return unpacked(records, *(records.dtype.names or ()))


def unpacked(records: Array, *fields: str) -> dict[str, Array]:
    """Return some fields of records as contiguous columns.

    The records are unpacked block by block. Reading them field by field would fetch each record from memory every time.
    """
    columns = one_block(records.size, [records.dtype[name] for name in fields])
    made = {name: own.reshape(records.shape, order="F") for name, own in zip(fields, columns, strict=True)}
    for start in range(0, len(records), BLOCK_ROWS):
        block = records[start : start + BLOCK_ROWS]
        for name, column in made.items():
            column[start : start + BLOCK_ROWS] = block[name]
    return made


def by_side(name: str, values: Array) -> dict[str, Array]:
    """Return the columns ``client_…`` and ``server_…`` of an array by connection and sender."""
    return {f"{side}_{name}": values[:, i] for i, side in enumerate(SIDES)}


def category(places: Array, categories: Sequence[str]) -> Any:
    """Return a categorical column from the indices of its categories."""
    return pd.Categorical.from_codes(places, dtype=_of_categories(tuple(categories)), validate=False)


@cache
def _of_categories(categories: tuple[str, ...]) -> pd.CategoricalDtype:
    """Return the dtype of a column; making one takes longer than a block of connections' codes do."""
    return pd.CategoricalDtype(list(categories))


def seconds(nanoseconds: Array) -> Array:
    """Return differences in seconds, NaN for negative ones and those of a year or more."""
    found = nanoseconds / 1e9
    found[(nanoseconds < 0) | (nanoseconds >= YEAR_NS)] = np.nan
    return found


@cache
def likely_servers() -> Mask:
    """Tell of each port whether it is likely a server's; not to be modified."""
    likely = np.zeros(1 << 16, np.bool_)
    likely[list(LIKELY_SERVER_PORTS)] = True
    return likely
