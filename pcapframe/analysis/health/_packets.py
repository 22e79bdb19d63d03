"""What the findings about the whole capture count of its packets: counts of parts of a capture add up."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.analysis.health.no_segments import count_undecoded
from pcapframe.arrays import Array, Mask, column_of
from pcapframe.memory import stretches
from pcapframe.plain import parts_of

__all__ = ["PacketCounts", "add_counts", "count_packets", "cut_in_header", "is_cut"]


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
    cut, sliced, is_tcp = is_cut(packets), packets["sliced"].to_numpy(), _is_tcp(packets)
    count = int(np.count_nonzero(cut))
    return PacketCounts(
        packets=len(packets),
        cut=count,
        sliced=int(np.count_nonzero(sliced)),
        cut_headers=cut_in_header(packets, cut).size if count else 0,
        cut_sources=_sources(packets, cut & ~sliced) if count else (),
        undecoded=count_undecoded(packets),
        tcp=sum(int(np.count_nonzero(is_tcp(rows))) for rows in stretches(len(packets))),
        quoting_tcp=int(packets["quoted_seq"].notna().sum()) if "quoted_seq" in packets else 0,
        has_quotes=_has(packets, "quoted_src"),
        is_tunnelled=_has(packets, "tunnel"),
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


def is_cut(packets: pd.DataFrame) -> Mask:
    """Tell which packets were captured in part.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.

    Returns
    -------
    ndarray of bool
        By packet.
    """
    is_part = packets["captured_bytes"].to_numpy() < packets["wire_bytes"].to_numpy()
    cut: Mask = is_part | packets["sliced"].to_numpy()
    return cut


def cut_in_header(packets: pd.DataFrame, cut: Mask) -> Array:
    """Return those of the cut packets whose TCP header is not whole.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.
    cut : ndarray of bool
        As from `is_cut`.

    Returns
    -------
    ndarray of int
        Rows.
    """
    nulls = [parts_of(packets[name]).mask for name in ("seq", "options_malformed", "payload_bytes")]
    is_tcp = _is_tcp(packets)
    found = [np.empty(0, np.intp)]
    for rows in stretches(cut.size):
        lacks = np.zeros(rows.stop - rows.start, np.bool_)
        for null in nulls:
            if null is not None:
                lacks |= null[rows]
        found.append(rows.start + np.flatnonzero(cut[rows] & lacks & is_tcp(rows)))
    return np.concatenate(found)


def _is_tcp(packets: pd.DataFrame) -> Callable[[slice], Mask]:
    """Return what tells which of some rows are TCP."""
    protocol = column_of(packets, "protocol")
    number = int(protocol.categories.get_indexer(pd.Index(["TCP"]))[0])
    codes = protocol.codes

    def of(rows: slice) -> Mask:
        some = codes[rows]
        return np.asarray(some == number) if number >= 0 else np.zeros(some.size, np.bool_)

    return of


def _sources(packets: pd.DataFrame, cut: Mask) -> tuple[int, ...]:
    """Return the captures that have some of the packets."""
    source = packets["source"].to_numpy()
    has_cut = np.zeros(int(source.max(initial=0)) + 1, np.bool_)
    for rows in stretches(cut.size):
        has_cut[source[rows][cut[rows]]] = True
    return tuple(np.flatnonzero(has_cut).tolist())


def _has(packets: pd.DataFrame, column: str) -> bool:
    return column in packets and bool(packets[column].notna().any())
