"""Times, packets and bytes of each connection. Every packet counts, including copies made on the way."""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, seconds_from
from pcapframe.connections.rows import Rows, by_sender, by_side
from pcapframe.jit import jit
from pcapframe.schema import ACK

__all__ = ["Volume"]

LATEST = np.iinfo(np.int64).max
STEP_NS = 10**9  # from here on, time running backwards is a step of the clock; below, reordered packets


# By connection and sender (column 0: the client, 1: the server).
SUMS = np.dtype(
    [
        ("packets", np.uint32),
        ("data_packets", np.uint32),
        ("ack_packets", np.uint32),
        ("wire_bytes", np.uint64),
        ("payload_bytes", np.uint64),
    ]
)


class Times(NamedTuple):
    """By connection."""

    start: Array  # int64 [ns], LATEST before the first packet
    end: Array  # int64 [ns]
    went_back: Array  # bool: a packet is earlier than one before it by a step of the clock


Read = namedtuple("Read", "place from_client time wire_bytes payload_bytes tcp_flags")


@jit
def _sum(rows: Any, times: Any, sums: Any) -> None:
    """Add to `times` and `sums`."""
    place, from_client, time, wire, payload = (
        rows.place, rows.from_client, rows.time, rows.wire_bytes, rows.payload_bytes,
    )  # fmt: skip
    tcp_flags, start, end, went_back = rows.tcp_flags, times.start, times.end, times.went_back
    for i in range(place.size):
        at = place[i]
        start[at] = min(start[at], time[i])
        if time[i] + STEP_NS < end[at]:
            went_back[at] = True
        end[at] = max(end[at], time[i])
        sent = sums[at, 0 if from_client[i] else 1]
        sent.packets += 1
        sent.wire_bytes += wire[i]
        if payload[i] > 0:
            sent.payload_bytes += np.uint64(payload[i])
            sent.data_packets += 1
        if tcp_flags[i] & ACK:
            sent.ack_packets += 1


class Volume:
    """The columns of times, packets and bytes."""

    def __init__(self, connections: int) -> None:
        self._times = Times(
            np.full(connections, LATEST), np.full(connections, NO_TIME), np.zeros(connections, np.bool_)
        )
        self._sums = np.zeros((connections, 2), SUMS)

    def feed(self, rows: Rows) -> None:
        """Add the next chunk."""
        _sum(rows.pick(Read), self._times, self._sums)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        start, end, went_back = self._times
        made: dict[str, Any] = {"duration_s": np.where(went_back, np.nan, seconds_from(start, end))}
        for name, times in (("start", start), ("end", end)):
            made[name] = pd.array(times, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)
        for name, column in by_sender(self._sums).items():
            made |= by_side(name, column)
        return made
