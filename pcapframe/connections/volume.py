"""When a connection was seen, and how much of it: every packet counts, copies made on the way too."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.connections.rows import ACK, Array, Rows
from pcapframe.jit import jit

__all__ = ["Volume", "measure_volume"]

NEVER = np.iinfo(np.int64).max


class Volume(NamedTuple):
    """Times by connection; sums by connection and sender (column 0: the client, 1: the server)."""

    first_row: Array  # int64
    start: Array  # int64 [ns]
    end: Array  # int64 [ns]
    packets: Array
    wire_bytes: Array
    payload_bytes: Array
    data_packets: Array
    ack_packets: Array


@jit
def _sum(rows: Any, out: Any) -> None:
    """Fill `out`."""
    place, from_client, times, wire, payload = rows.place, rows.from_client, rows.time, rows.wire_bytes, rows.payload
    tcp_flags, first_row, start, end = rows.tcp_flags, out.first_row, out.start, out.end
    packets, wire_sum, payload_sum = out.packets, out.wire_bytes, out.payload_bytes
    data_packets, ack_packets = out.data_packets, out.ack_packets
    for i in range(place.size):
        at = place[i]
        side = 0 if from_client[i] else 1
        if first_row[at] < 0:
            first_row[at] = i
        start[at] = min(start[at], times[i])
        end[at] = max(end[at], times[i])
        packets[at, side] += 1
        wire_sum[at, side] += wire[i]
        if payload[i] > 0:
            payload_sum[at, side] += payload[i]
            data_packets[at, side] += 1
        if tcp_flags[i] & ACK:
            ack_packets[at, side] += 1


def measure_volume(rows: Rows, connections: int) -> Volume:
    """Sum up packets and bytes.

    Parameters
    ----------
    rows : Rows
        Segments in capture order.
    connections : int
        How many connections there are.

    Returns
    -------
    Volume
        One row a connection.
    """
    sums = [np.zeros((connections, 2), np.int64) for _ in Volume._fields[3:]]
    out = Volume(
        np.full(connections, -1, np.int64), np.full(connections, NEVER), np.full(connections, -NEVER - 1), *sums
    )
    _sum(rows, out)
    return out
