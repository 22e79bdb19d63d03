"""What was retransmitted, reordered or missing, by connection and sender.

Copies made on the way (``capture_duplicate``) do not count.
"""

from collections import namedtuple
from typing import Any

import numpy as np

from pcapframe.connections.rows import Rows, by_sender, by_side
from pcapframe.jit import jit
from pcapframe.schema import FIN, SYN

__all__ = ["Reliability"]


# By connection and sender (column 0: the client, 1: the server).
SUMS = np.dtype(
    [
        ("resent_segments", np.uint32),
        ("reordered_segments", np.uint32),
        ("duplicate_acks_sent", np.uint32),
        ("zero_windows_sent", np.uint32),
        ("sent_segments", np.uint32),  # with payload, SYN or FIN
        ("resent_bytes", np.uint64),
        ("gap_bytes", np.uint64),
    ]
)


Read = namedtuple(
    "Read",
    "place from_client tcp_flags payload_bytes capture_duplicate resent resent_bytes reordered capture_gap "
    "duplicate_ack zero_window",
)


@jit
def _count(rows: Any, sums: Any) -> None:
    """Add to `sums`."""
    place, from_client, tcp_flags, payload = rows.place, rows.from_client, rows.tcp_flags, rows.payload_bytes
    copies, resent, resent_bytes = rows.capture_duplicate, rows.resent, rows.resent_bytes
    reordered, gap, duplicate_ack, zero_window = (
        rows.reordered, rows.capture_gap, rows.duplicate_ack, rows.zero_window,
    )  # fmt: skip
    for i in range(place.size):
        if copies[i]:
            continue
        side = 0 if from_client[i] else 1
        own = sums[place[i], side]
        if payload[i] > 0 or tcp_flags[i] & (SYN | FIN):
            own.sent_segments += 1
        if resent[i]:
            own.resent_segments += 1
            own.resent_bytes += resent_bytes[i]
        if reordered[i]:
            own.reordered_segments += 1
        if gap[i]:
            sums[place[i], 1 - side].gap_bytes += gap[i]
        if duplicate_ack[i]:
            own.duplicate_acks_sent += 1
        if zero_window[i]:
            own.zero_windows_sent += 1


class Reliability:
    """The columns on retransmitted, reordered and missing segments."""

    def __init__(self, connections: int) -> None:
        self._sums = np.zeros((connections, 2), SUMS)

    def feed(self, rows: Rows) -> None:
        """Count in the next chunk."""
        _count(rows.pick(Read), self._sums)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        sums = by_sender(self._sums)
        sent = sums.pop("sent_segments")
        sums["resend_rate"] = np.full(sent.shape, np.nan, order="F")
        np.divide(sums["resent_segments"], sent, out=sums["resend_rate"], where=sent > 0)
        made: dict[str, Any] = {}
        for name, column in sums.items():
            made |= by_side(name, column)
        return made
