"""Of the packets of a capture, those by which its health is told: the others are only counted.

What is told by times are steps back, and steps of a second or more: so of such packets, the one before is kept too.
Whoever takes the kept ones for all finds the same steps.
"""

from typing import NamedTuple

import lz4.block
import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.analysis.health import PacketCounts, count_packets, cut_in_header
from pcapframe.arrays import NO_TIME, YEAR_NS, Array
from pcapframe.patterns import LISTED

__all__ = ["PACKET_COLUMNS", "Rest", "Thinned", "all_of", "rest_of", "thinned"]

# Columns of packets, TCP or not, that the health of a capture is told by.
PACKET_COLUMNS = (
    "time", "wire_bytes", "captured_bytes", "protocol", "seq", "payload_bytes", "options_malformed", "tunnel", "source",
    "source_frame", "sliced", "undecoded", "quoted_src", "quoted_seq",
)  # fmt: skip
FEW = 1 << 12  # packets, of which none is left out
LONG_NS = 1_000_000_000


class Thinned(NamedTuple):
    """What a capture, or a part of one, says of its health."""

    packets: pd.DataFrame  # `PACKET_COLUMNS` of some rows
    rows: Array  # which these are
    numbers: Array  # of each that is a segment, its number among these; -1 for others
    segments: int  # how many there are
    counts: PacketCounts


class Rest(NamedTuple):
    """All rows, compressed, for captures that overlap in time: then others come between its packets."""

    packets: bytes
    latest: bytes


def thinned(packets: pd.DataFrame, few: int = FEW) -> Thinned:
    """Leave out the packets that nothing can be said of.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS`` in the order of the file; not modified.
    few : int, optional
        Of so many, none is left out.

    Returns
    -------
    Thinned
        All, where the clock stood still, jumped by a year or had no time.
    """
    time = packets["time"].to_numpy("datetime64[ns]").view(np.int64)
    segments = np.flatnonzero(packets["seq"].notna().to_numpy())
    rows = np.arange(time.size)
    if time.size > few and _is_plain(time):
        keep = np.zeros(time.size, np.bool_)
        keep[[0, -1]] = True
        steps = np.diff(time)
        back = np.flatnonzero(steps < 0)
        long = np.flatnonzero(np.abs(np.diff(time[segments])) >= LONG_NS)
        keep[back] = keep[back + 1] = True
        keep[segments[long]] = keep[segments[long + 1]] = True
        keep[segments[[0, -1]] if segments.size else []] = True
        keep[np.flatnonzero(packets["undecoded"].notna().to_numpy())[:LISTED]] = True
        keep[cut_in_header(packets)[:LISTED]] = True
        rows = np.flatnonzero(keep)
    numbers = np.full(time.size, -1, np.int64)
    numbers[segments] = np.arange(segments.size)
    some = packets[list(PACKET_COLUMNS)].take(rows)
    return Thinned(some, rows, numbers[rows], segments.size, count_packets(packets))


def _is_plain(time: Array) -> bool:
    """Whether all packets have a time, these differ, and all are within a year."""
    earliest, latest = int(time.min()), int(time.max())
    return earliest != NO_TIME and earliest < latest and latest - earliest < YEAR_NS


def rest_of(packets: pd.DataFrame, latest: Array) -> Rest:
    """Return all packets, compressed.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.
    latest : ndarray of int64
        The latest time so far, by row. [ns]

    Returns
    -------
    Rest
        Their columns `PACKET_COLUMNS`.
    """
    table = pa.Table.from_pandas(packets[list(PACKET_COLUMNS)].reset_index(drop=True), preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return Rest(sink.getvalue().to_pybytes(), lz4.block.compress(latest.tobytes()))


def all_of(rest: Rest) -> tuple[pd.DataFrame, Array]:
    """Return what `rest_of` compressed."""
    return pa.ipc.open_stream(rest.packets).read_pandas(), np.frombuffer(lz4.block.decompress(rest.latest), np.int64)
