"""Round-trip times by connection and sender.

A round-trip time is measured from a sender's segment to the peer's answer, both at the capture point.

* By acknowledgement: Wireshark's ``tcp.analysis.ack_rtt``, without samples that a retransmission makes ambiguous
  (Karn's rule, RFC 6298 section 3): nothing may have been retransmitted since the acknowledged segment was first sent.
* By timestamp: from the first segment with a timestamp, and with payload, SYN or FIN, to the first echo of that
  timestamp (RFC 7323 section 4), one at a time. An echo is unambiguous even when segments are lost.

Minimum and maximum are exact. The other values come from a ``histogram`` whose bins are less than 1 % wide.
"""

from collections import namedtuple
from typing import Any

import numpy as np

from pcapframe.arrays import NO_TIME, YEAR_NS
from pcapframe.connections.histogram import Histogram, keep
from pcapframe.connections.rows import SIDES, Rows
from pcapframe.conversation.records import copies
from pcapframe.jit import jit
from pcapframe.schema import FIN, RST, SYN

__all__ = ["RoundTrips"]

QUANTILES = {"min": 0, "median": 0.5, "p95": 0.95, "max": 1}
NOTHING_SENT = -1  # below every timestamp


# The segment being timed, by direction (2 * connection + sender).
TIMER = np.dtype(
    [
        ("last_resend", np.int64),  # [ns], NO_TIME for none
        ("newest_sent", np.int64),  # timestamp
        ("timed_value", np.int64),  # timestamp whose echo is awaited
        ("timed_at", np.int64),  # [ns], NO_TIME while none is
    ]
)


Read = namedtuple(
    "Read",
    "place from_client time tcp_flags payload_bytes capture_duplicate resent ack_rtt_s tsval tsecr",
)


@jit
def _time(rows: Any, timers: Any, by_ack: Any, by_timestamp: Any) -> Any:
    """Collect round-trip samples; return the number of each kind."""
    place, from_client, times, tcp_flags, payload = (
        rows.place, rows.from_client, rows.time, rows.tcp_flags, rows.payload_bytes,
    )  # fmt: skip
    copies, resent, rtts, tsvals, tsecrs = (
        rows.capture_duplicate, rows.resent, rows.ack_rtt_s, rows.tsval, rows.tsecr,
    )  # fmt: skip
    acks = echoes = 0
    for i in range(place.size):
        if copies[i]:
            continue
        side = 0 if from_client[i] else 1
        other = 2 * place[i] + 1 - side
        own, peer = timers[2 * place[i] + side], timers[other]
        time, flags = times[i], tcp_flags[i]
        if rtts[i] > 0 and not flags & RST:
            sample = np.int64(rtts[i] * 1e9 + 0.5)
            if peer.last_resend < time - sample:
                acks = keep(by_ack, acks, other, sample)
        if resent[i]:
            own.last_resend = time
        tsval = tsvals[i]
        if tsval < 0:
            continue
        if peer.timed_at != NO_TIME:
            since = np.int32(np.uint32(tsecrs[i] - peer.timed_value))
            if since >= 0:
                if since == 0 and time > peer.timed_at and time - peer.timed_at < YEAR_NS:
                    echoes = keep(by_timestamp, echoes, other, time - peer.timed_at)
                peer.timed_at = NO_TIME
        if own.newest_sent < 0 or np.int32(np.uint32(tsval - own.newest_sent)) > 0:
            own.newest_sent = tsval
            if own.timed_at == NO_TIME and (payload[i] > 0 or flags & (SYN | FIN)) and not resent[i]:
                own.timed_at, own.timed_value = time, tsval
    return acks, echoes


class RoundTrips:
    """The columns of round-trip times."""

    def __init__(self, connections: int) -> None:
        self._connections, directions = connections, 2 * connections
        self._timers = copies(np.array((NO_TIME, NOTHING_SENT, 0, NO_TIME), TIMER), directions)
        self._by_ack, self._by_timestamp = Histogram(directions), Histogram(directions)

    def feed(self, rows: Rows) -> None:
        """Time the answers in the next chunk."""
        by_ack, by_timestamp = (part.room(rows.place.size) for part in (self._by_ack, self._by_timestamp))
        acks, echoes = _time(rows.pick(Read), self._timers, by_ack, by_timestamp)
        self._by_ack.add(by_ack, acks)
        self._by_timestamp.add(by_timestamp, echoes)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        made: dict[str, Any] = {}
        unknown = np.full(self._connections, np.nan)
        for prefix, histogram in (("ack_rtt", self._by_ack), ("ts_rtt", self._by_timestamp)):
            directions, found = histogram.quantiles(*QUANTILES.values())
            for i, side in enumerate(SIDES):
                of = directions & 1 == i
                rows = directions[of] >> 1
                for name, values in zip(QUANTILES, found, strict=True):
                    column = made[f"{side}_{prefix}_{name}_s"] = unknown.copy() if rows.size else unknown
                    column[rows] = values[of]
        return made
