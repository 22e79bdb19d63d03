"""Which side of a connection is the client: a SYN shows it, a SYN-ACK too, otherwise it is inferred.

Without either, the server is the side with the likelier server port: one that Zeek lists as such, then one below
1024, then one below the usual ephemeral range; on a tie the endpoint that more connections share, then the receiver
of the first packet.
"""

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.memory import rows_where, taken
from pcapframe.rows import first_rows
from pcapframe.schema import ACK, LIKELY_SERVER_PORTS, SYN
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.tracking import Tracked

__all__ = ["find_clients", "receivers_that_serve"]

FIRST_EPHEMERAL_PORT = 32768  # Linux' default; RFC 6335 has 49152


def find_clients(segments: SegmentColumns, tracked: Tracked, connections: int) -> Array:
    """Find the client of each connection.

    Parameters
    ----------
    segments : SegmentColumns
        All segments.
    tracked : Tracked
        Their connections and sides.
    connections : int
        How many connections there are.

    Returns
    -------
    ndarray of uint8
        The client's side, by connection.
    """
    client = np.full(connections, 2, np.uint8)
    flags = segments["tcp_flags"]
    # The last assignment wins, so a SYN outranks a SYN-ACK, and the first of each outranks later ones.
    for wanted, flip in ((SYN | ACK, 1), (SYN, 0)):
        rows = rows_where(flags.size, lambda some: flags[some] & (SYN | ACK) == wanted)  # noqa: B023  # called at once
        client[taken(tracked.conn_id, rows)[::-1]] = taken(tracked.side, rows)[::-1] ^ flip
    unknown = np.flatnonzero(client == 2)
    if unknown.size:
        client[unknown] = _inferred(segments, tracked, connections)[unknown]
    return client


def _inferred(segments: SegmentColumns, tracked: Tracked, connections: int) -> Array:
    """Return the likelier client of each connection."""
    first = first_rows(tracked.conn_id, connections)
    ports = np.stack([segments.at("src_port", first), segments.at("dst_port", first)]).astype(np.int64)
    hosts = np.stack([segments.at("src", first), segments.at("dst", first)]).astype(np.int64)
    sender_side = taken(tracked.side, first)
    return np.where(receivers_that_serve(hosts, ports), sender_side, 1 - sender_side).astype(np.uint8)


def receivers_that_serve(hosts: Array, ports: Array) -> Mask:
    """Tell of which connections the receiver of the first packet is the likelier server.

    Parameters
    ----------
    hosts, ports : ndarray of int64, shape (2, connections)
        Sender and receiver of the first packet of every connection of the capture: numbers of addresses, and ports.

    Returns
    -------
    ndarray of bool
        By connection.
    """
    rank = np.select(
        [np.isin(ports, LIKELY_SERVER_PORTS), ports < 1024, ports < FIRST_EPHEMERAL_PORT], [0, 1, 2], default=3
    )
    _, place, uses = np.unique(hosts << 16 | ports, return_inverse=True, return_counts=True)
    shared = uses[place.reshape(2, -1)]
    return np.asarray((rank[1] < rank[0]) | ((rank[1] == rank[0]) & (shared[1] >= shared[0])), np.bool_)
