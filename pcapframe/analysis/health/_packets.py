"""What the findings about the whole capture count of its packets: counts of parts of a capture add up."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.analysis.health.no_segments import count_undecoded
from pcapframe.arrays import Array, Mask, column_of
from pcapframe.memory import count_where, rows_where, stretches
from pcapframe.plain import null_mask, parts_of

__all__ = ["PacketCounts", "add_counts", "count_packets", "cut_in_header"]


SOURCES = 1 << 16  # captures that packets may be of


class PacketCounts(NamedTuple):
    """How many packets of a capture there are, and of what kinds.

    Parameters
    ----------
    packets : int
        All of them.
    cut, sliced, cut_headers : int
        Captured in part; of these, cut off before the capture; and cut within the TCP header.
    cut_sources : tuple of int
        Captures with packets that the capture itself cut (``packets["source"]``).
    undecoded : dict
        Those that may be TCP and were not decoded, by kind, the most frequent first.
    tcp : int
        Whose IP header says TCP.
    quoting_tcp : int
        ICMP errors that quote TCP.
    has_quotes, is_tunnelled : bool
        Whether there are errors that quote a packet, and packets in a tunnel.
    """

    packets: int
    cut: int
    sliced: int
    cut_headers: int
    cut_sources: tuple[int, ...]
    undecoded: dict[str, int]
    tcp: int
    quoting_tcp: int
    has_quotes: bool
    is_tunnelled: bool


def count_packets(packets: pd.DataFrame) -> PacketCounts:
    """Count the packets of a capture, or of a part of one.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.

    Returns
    -------
    PacketCounts
        Of these packets.
    """
    rows, cut, is_tcp, sliced = len(packets), _is_cut(packets), _is_tcp(packets), packets["sliced"].to_numpy()
    count = count_where(rows, cut)
    return PacketCounts(
        packets=rows,
        cut=count,
        sliced=0 if sliced.strides == (0,) else count_where(rows, lambda some: sliced[some]),
        cut_headers=cut_in_header(packets).size if count else 0,
        cut_sources=_sources(packets, lambda some: cut(some) & ~sliced[some]) if count else (),
        undecoded=count_undecoded(packets),
        tcp=count_where(rows, is_tcp),
        quoting_tcp=_known(packets, "quoted_seq"),
        has_quotes=_known(packets, "quoted_src") > 0,
        is_tunnelled=_known(packets, "tunnel") > 0,
    )


def add_counts(parts: Sequence[PacketCounts], numbers: Sequence[int]) -> PacketCounts:
    """Add the counts of parts of a capture up.

    Parameters
    ----------
    parts : sequence of PacketCounts
        Of each part, which is from one capture.
    numbers : sequence of int
        Which capture each one is from.

    Returns
    -------
    PacketCounts
        Of the whole.
    """
    undecoded: Counter[str] = Counter()
    for part in parts:
        undecoded.update(part.undecoded)
    kinds = sorted(undecoded, key=lambda kind: (-undecoded[kind], kind))
    return PacketCounts(
        packets=sum(part.packets for part in parts),
        cut=sum(part.cut for part in parts),
        sliced=sum(part.sliced for part in parts),
        cut_headers=sum(part.cut_headers for part in parts),
        cut_sources=tuple(sorted({number for part, number in zip(parts, numbers, strict=True) if part.cut_sources})),
        undecoded={kind: undecoded[kind] for kind in kinds},
        tcp=sum(part.tcp for part in parts),
        quoting_tcp=sum(part.quoting_tcp for part in parts),
        has_quotes=any(part.has_quotes for part in parts),
        is_tunnelled=any(part.is_tunnelled for part in parts),
    )


def _is_cut(packets: pd.DataFrame) -> Callable[[slice], Mask]:
    """Return what tells which packets were captured in part.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.

    Returns
    -------
    callable
        Takes a slice of rows; returns a boolean for each.
    """
    captured, wire, sliced = (packets[name].to_numpy() for name in ("captured_bytes", "wire_bytes", "sliced"))
    return lambda rows: (captured[rows] < wire[rows]) | sliced[rows]


def cut_in_header(packets: pd.DataFrame) -> Array:
    """Return the cut packets whose TCP header is not whole.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.

    Returns
    -------
    ndarray of int
        Rows.
    """
    nulls = [null_mask(column_of(packets, name)) for name in ("seq", "options_malformed", "payload_bytes")]
    cut, is_tcp = _is_cut(packets), _is_tcp(packets)

    def holds(rows: slice) -> Mask:
        lacks = np.zeros(rows.stop - rows.start, np.bool_)
        for null in nulls:
            if null is not None:
                lacks |= null[rows]
        return lacks & cut(rows) & is_tcp(rows)

    return rows_where(len(packets), holds)


def _is_tcp(packets: pd.DataFrame) -> Callable[[slice], Mask]:
    """Return what tells which of some rows are TCP."""
    protocol = column_of(packets, "protocol")
    number = int(protocol.categories.get_indexer(pd.Index(["TCP"]))[0])
    codes = protocol.codes

    def of(rows: slice) -> Mask:
        some = codes[rows]
        return np.asarray(some == number) if number >= 0 else np.zeros(some.size, np.bool_)

    return of


def _sources(packets: pd.DataFrame, holds: Callable[[slice], Mask]) -> tuple[int, ...]:
    """Return the captures that have some of the packets."""
    source, found = packets["source"].to_numpy(), np.zeros(SOURCES, np.bool_)
    for rows in stretches(source.size):
        found[source[rows][holds(rows)]] = True
    return tuple(np.flatnonzero(found).tolist())


def _known(packets: pd.DataFrame, name: str) -> int:
    """Count the packets in which a column that few have is not null."""
    if name not in packets:
        return 0
    column = column_of(packets, name)
    null = None if isinstance(column, pd.Categorical) else null_mask(column)
    which = parts_of(column).values if null is None else null  # categories have -1 for null
    if which.strides == (0,):  # the same everywhere
        which = which[:1]
        return len(packets) * int(np.count_nonzero(which >= 0 if null is None else ~which))
    return count_where(which.size, lambda rows: which[rows] >= 0 if null is None else ~which[rows])
