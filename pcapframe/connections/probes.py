"""Keep-alives and window probes of each side, how many were not answered, and RSTs that ended nothing.

A probe asks the peer for an acknowledgement (RFC 9293 sections 3.8.4 and 3.8.6.1); `probe` of segments tells its kind,
`answered_by` its answer. One is unanswered if no answer was captured before the next one or the end of the capture.
Where the capture has no packet of the peer and its side acknowledges some, both are unknown: the peer's window and
acknowledgements tell what is a probe. Duplicates made by the capture (``capture_duplicate``) do not count.
"""

from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.connections.rows import Rows, by_sender, by_side
from pcapframe.jit import jit
from pcapframe.schema import ACK, PROBES, RST

__all__ = ["Probes"]

KEEP_ALIVE = PROBES.index("keep_alive")
SENT_PACKETS, SENT_ACKS = 1, 2
# By connection and sender (column 0: the client, 1: the server).
COUNTS = np.dtype(
    [
        ("keep_alives", np.uint32),
        ("keep_alives_unanswered", np.uint32),
        ("window_probes", np.uint32),
        ("window_probes_unanswered", np.uint32),
        ("rsts_ignored", np.uint32),
        ("seen", np.uint32),  # SENT_PACKETS, SENT_ACKS
    ]
)


Read = namedtuple("Read", "place from_client tcp_flags capture_duplicate probe answered_by rst_ignored")


@jit
def _count(rows: Any, counts: Any) -> None:
    """Add to `counts`."""
    place, from_client, tcp_flags, copies = rows.place, rows.from_client, rows.tcp_flags, rows.capture_duplicate
    probes, answers, ignored = rows.probe, rows.answered_by, rows.rst_ignored
    for i in range(place.size):
        if copies[i]:
            continue
        own = counts[place[i], 0 if from_client[i] else 1]
        own.seen |= SENT_PACKETS | SENT_ACKS if tcp_flags[i] & (ACK | RST) == ACK else SENT_PACKETS
        if ignored[i]:
            own.rsts_ignored += 1
        if probes[i] < 0:
            continue
        if probes[i] == KEEP_ALIVE:
            own.keep_alives += 1
            own.keep_alives_unanswered += answers[i] < 0
        else:
            own.window_probes += 1
            own.window_probes_unanswered += answers[i] < 0


class Probes:
    """The columns of probes and of RSTs that ended nothing."""

    def __init__(self, connections: int) -> None:
        self._counts = np.zeros((connections, 2), COUNTS)

    def feed(self, rows: Rows) -> None:
        """Count in the next chunk."""
        _count(rows.pick(Read), self._counts)

    def columns(self) -> dict[str, Any]:
        """Return the columns made."""
        counts = by_sender(self._counts)
        seen = counts.pop("seen")
        is_unknown = (seen[:, ::-1] == 0) & (seen & SENT_ACKS != 0)
        made: dict[str, Any] = {}
        for name, column in counts.items():
            for i, (side, values) in enumerate(by_side(name, column).items()):
                is_null = np.ascontiguousarray(is_unknown[:, i])
                made[side] = pd.arrays.IntegerArray(values, is_null) if name != "rsts_ignored" else values
        return made
