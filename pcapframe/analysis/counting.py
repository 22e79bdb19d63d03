"""Count the statistics of an analysis over its segments and connections."""

import math
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis.statistics import (
    LISTED,
    ConnectionRetransmissions,
    ConnectionStates,
    Differences,
    DifferingFrames,
    Directions,
    Flags,
    Handshakes,
    Reordering,
    Retransmissions,
    RstDistribution,
    Shown,
    Statistics,
)
from pcapframe.arrays import Mask, column_of
from pcapframe.display_filters import captured_frames, frame_filter
from pcapframe.measures import (
    Differing,
    connection_text,
    differing,
    each_way,
    endpoint_text,
    wilson_interval,
    without_attrs,
)
from pcapframe.rows import frames_at
from pcapframe.schema import ENDINGS, FLAG_BITS, HANDSHAKES, ROLES

__all__ = ["READ", "count_label", "count_statistics"]

SIDES = ("client", "server")
READ = (  # columns of the segments
    "tcp_flags", "conn_id", "capture_duplicate", "retransmission", "resent", "out_of_order", "reordered",
)  # fmt: skip
Counts: TypeAlias = npt.NDArray[np.int64]


def count_statistics(
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    server_given: bool | Mask = False,
    limit: int = LISTED,
) -> Statistics:
    """Count the statistics of an analysis.

    Parameters
    ----------
    segments : DataFrame
        Segments of the connections, columns of ``schema.SEGMENTS``; not modified.
    connections : DataFrame
        The selected connections, columns of ``schema.CONNECTIONS``; not modified.
    server_given : bool or ndarray of bool, default False
        Whether the user's filter determines the server: everywhere, or by connection.
    limit : int, default 100
        Most entries of each list; the totals are exact.

    Returns
    -------
    Statistics
        Plain Python objects, ready for ``json.dumps``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> count_statistics(segments, pf.build_connections(segments))["handshake"]["successful"]
    13
    """
    segments, connections = without_attrs(segments), without_attrs(connections)
    copies = np.flatnonzero(segments["capture_duplicate"].to_numpy())
    handshakes = _counts(connections["handshake"], HANDSHAKES)
    endings = _counts(connections["ending"], ENDINGS)
    ending = connections["ending"]
    stays = ((ending == "open") | (ending == "half_closed")) & (connections["handshake"] == "complete")
    established = int(stays.sum())
    never = (ending == "open") & ~connections["handshake"].isin(["complete", "not_captured"])
    ends = _ends(connections)
    resent, reordered = (
        differing(segments[label].to_numpy(bool), segments[evidence].to_numpy(bool))
        for label, evidence in (("retransmission", "resent"), ("out_of_order", "reordered"))
    )
    counts = Statistics(
        total_connections=len(connections),
        total_packets=_sum(connections, "packets"),
        handshake=Handshakes(
            successful=handshakes["complete"],
            failed=handshakes["refused"] + handshakes["unanswered"],
            incomplete=handshakes["half_open"] + handshakes["aborted"] + handshakes["not_captured"],
            refused=handshakes["refused"],
            unanswered=handshakes["unanswered"],
            half_open=handshakes["half_open"],
            aborted=handshakes["aborted"],
            not_captured=handshakes["not_captured"],
        ),
        flags=_flags(segments, copies, connections),
        rst_distribution=_rst_distribution(connections, ends, server_given, limit),
        retransmissions=_retransmissions(segments, connections, ends, resent, limit),
        reordering=Reordering(
            total=_sum(connections, "reordered_segments"),
            wireshark_total=reordered.wireshark_total,
            differences=_differences(segments, reordered, limit),
        ),
        connection_states=ConnectionStates(
            established=established,
            reset=endings["reset"],
            closed=endings["fin"],
            unknown=len(connections) - established - endings["reset"] - endings["fin"],
        ),
        endings=endings,
        open_never_established=int(never.sum()),
        roles=_counts(connections["roles"], ROLES),
        total_bytes=_sum(connections, "wire_bytes"),
        capture_duplicates=copies.size,
        capture_gap_bytes=_sum(connections, "gap_bytes"),
    )
    return cast(Statistics, Shown(counts))


def _counts(column: pd.Series, categories: Iterable[str]) -> dict[str, int]:
    known = column.cat.categories
    counts = np.bincount(column.cat.codes.to_numpy(), minlength=len(known)).tolist()
    by_name = dict(zip(known, counts, strict=True))
    return {name: by_name.get(name, 0) for name in categories}


def _sum(connections: pd.DataFrame, column: str) -> int:
    return sum(int(column_of(connections, f"{side}_{column}").sum()) for side in SIDES)


def _flags(segments: pd.DataFrame, copies: npt.NDArray[np.intp], connections: pd.DataFrame) -> Flags:
    """Count the flags of all segments but copies; connections know how many have most of them."""
    flags = segments["tcp_flags"].to_numpy()
    syn, ack = FLAG_BITS["SYN"], FLAG_BITS["ACK"]
    syns, copied = flags.take(np.flatnonzero((flags & syn) != 0)), flags[copies]
    copied_syns = copied[(copied & syn) != 0]
    with_ack = np.count_nonzero(syns & ack) - np.count_nonzero(copied_syns & ack)
    return Flags(
        syn=int(syns.size - copied_syns.size - with_ack),
        syn_ack=int(with_ack),
        rst=_sum(connections, "rsts"),
        fin=_sum(connections, "fins"),
        ack=_sum(connections, "ack_packets") - int(np.count_nonzero(copied & ack)),
    )


class _Ends(NamedTuple):
    """Return the endpoints of the connections, each as a number: address << 16 | port."""

    frame: pd.DataFrame
    addresses: pd.Index

    def of(self, side: str, rows: npt.NDArray[np.intp]) -> Counts:
        """Return a number for the client or the server of some connections: of its address, << 16, and its port."""
        codes, ports = column_of(self.frame, side).codes[rows], column_of(self.frame, f"{side}_port")[rows]
        return np.asarray(codes.astype(np.int64) << 16 | ports, np.int64)


def _ends(connections: pd.DataFrame) -> _Ends:
    frame = connections[["client", "client_port", "server", "server_port"]]
    return _Ends(frame, frame["client"].cat.categories)


def _rst_distribution(connections: pd.DataFrame, ends: _Ends, server_given: bool | Mask, limit: int) -> RstDistribution:
    to_server, from_server = (connections[f"{side}_rsts"].to_numpy() for side in SIDES)
    known = (connections["roles"] != "inferred").to_numpy() | server_given
    with_rst = np.flatnonzero(to_server | from_server)
    by_address = np.zeros(len(ends.addresses), np.int64)
    for side, rsts in zip(SIDES, (to_server, from_server), strict=True):
        np.add.at(by_address, ends.of(side, with_rst) >> 16, rsts[with_rst])
    sources = _largest(by_address)
    addresses = ends.addresses.take(sources[:limit]).tolist()
    return RstDistribution(
        by_source=dict(zip(addresses, by_address[sources[:limit]].tolist(), strict=True)),
        by_source_total=sources.size,
        by_direction=Directions(
            to_server=int(to_server.sum(where=known)),
            from_server=int(from_server.sum(where=known)),
            unknown=int(to_server.sum(where=~known) + from_server.sum(where=~known)),
        ),
        connections_with_rst=connection_text(ends.frame.take(with_rst[:limit])).tolist(),
        connections_with_rst_total=with_rst.size,
    )


def count_label(segments: pd.DataFrame, label: str, conn_ids: pd.Index) -> Counts:
    """Count the segments with one of Wireshark's labels by connection.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    label : str
        Name of the column.
    conn_ids : Index
        Connections to count for.

    Returns
    -------
    ndarray of int
        One count per connection.
    """
    conn_id = segments["conn_id"].to_numpy()[np.flatnonzero(segments[label].to_numpy())]
    counts = np.bincount(conn_id, minlength=int(conn_ids.max()) + 1 if len(conn_ids) else 0)
    return np.asarray(counts[conn_ids.to_numpy()], np.int64)


def _differences(segments: pd.DataFrame, found: Differing, limit: int) -> Differences:
    return Differences(
        only_wireshark=_frames(segments, found.only_wireshark, limit),
        only_evidence=_frames(segments, found.only_evidence, limit),
    )


def _frames(segments: pd.DataFrame, rows: npt.NDArray[np.intp], limit: int) -> DifferingFrames:
    frames = captured_frames(segments, frames_at(segments, rows[:limit]))
    return DifferingFrames(frames=frames, frame_count=rows.size, display_filter=frame_filter(frames))


def _retransmissions(
    segments: pd.DataFrame, connections: pd.DataFrame, ends: _Ends, differs: Differing, limit: int
) -> Retransmissions:
    resent, packets = each_way(connections, "resent_segments"), each_way(connections, "packets")
    total, whole = int(resent.sum()), int(packets.sum())
    low, high = wilson_interval(total, whole)
    most = _largest(resent)[:limit]
    chosen = ends.frame.take(most)
    columns = (
        connections.index[most].tolist(),
        endpoint_text(chosen["client"], chosen["client_port"]).tolist(),
        endpoint_text(chosen["server"], chosen["server_port"]).tolist(),
        resent[most].tolist(),
        packets[most].tolist(),
        count_label(segments, "retransmission", connections.index[most]).tolist(),
    )
    by_connection, pairs = _by_endpoints(ends, resent, limit)
    return Retransmissions(
        total=total,
        by_connection=by_connection,
        by_connection_total=pairs,
        rate=total / whole if whole else 0.0,
        rate_low=None if math.isnan(low) else low,
        rate_high=None if math.isnan(high) else high,
        bytes=_sum(connections, "resent_bytes"),
        wireshark_total=differs.wireshark_total,
        differences=_differences(segments, differs, limit),
        connections=[
            ConnectionRetransmissions(
                conn_id=conn_id, client=client, server=server, retransmissions=count, packets=of, wireshark=theirs
            )
            for conn_id, client, server, count, of, theirs in zip(*columns, strict=True)
        ],
        connections_total=int(np.count_nonzero(resent)),
    )


def _by_endpoints(ends: _Ends, counts: Counts, limit: int) -> tuple[dict[str, int], int]:
    """Sum counts over connections between the same endpoints, largest first, and return how many sums there are."""
    some = np.flatnonzero(counts)
    client, server = (ends.of(side, some) for side in SIDES)
    order = np.lexsort((server, client))  # stable: equal sums stay in order of connection
    begins = np.append(True, (np.diff(client[order]) != 0) | (np.diff(server[order]) != 0))[: some.size]
    sums = np.zeros(some.size, np.int64)
    first = order[begins]
    np.add.at(sums, first[np.cumsum(begins) - 1], counts[some[order]])
    largest = _largest(sums)[:limit]
    texts = connection_text(ends.frame.take(some[largest]))
    return dict(zip(texts, sums[largest].tolist(), strict=True)), first.size


def _largest(counts: Counts) -> npt.NDArray[np.intp]:
    """Return the indices of the counts above 0, the largest first; equal counts stay in order."""
    some = np.flatnonzero(counts)
    return some[np.argsort(-counts[some], kind="stable")]
