"""What was sent again, reordered or missing, and how long answers took: by connection and sender.

Round-trip times are those that a sender sees: from its segment to the peer's answer, at the capture point.

* By acknowledgement: Wireshark's ``tcp.analysis.ack_rtt``, without those that a resend makes ambiguous (Karn's rule,
  RFC 6298 section 3): nothing may have been sent again since the acknowledged segment first was.
* By timestamp: from a segment with payload, SYN or FIN, the first one with its timestamp, to the first echo of that
  (RFC 7323 section 4), one at a time; an echo stays right when segments are lost.

Quantiles come from a histogram in the manner of HdrHistogram, each bin less than 1 % wide, so that captures read in
parts give the same values.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.connections.rows import FIN, RST, SYN, Array, Rows
from pcapframe.jit import inner_jit, jit, unchecked

__all__ = ["Reliability", "RoundTrips", "measure_reliability"]

BIN_SHIFT = 52 - 7  # a bin is a float's exponent and the first 7 bits of its mantissa: at most 1 / 128 wide
BIN_BITS = 18  # such a bin of any int64 fits


class Reliability(NamedTuple):
    """By connection and sender (column 0: the client, 1: the server)."""

    resent_segments: Array
    resent_bytes: Array
    reordered_segments: Array
    gap_bytes: Array
    duplicate_acks_sent: Array
    zero_windows_sent: Array
    sent_segments: Array  # with payload, SYN or FIN


class RoundTrips(NamedTuple):
    """Round-trip times by connection and sender, in seconds; NaN without a sample."""

    minimum: Array
    median: Array
    p95: Array
    maximum: Array


@jit
def _count(rows: Any, out: Any) -> None:
    """Fill `out`."""
    place, from_client, tcp_flags, payload = rows.place, rows.from_client, rows.tcp_flags, rows.payload
    copies, resent, resent_bytes, reordered, gap = rows.copy, rows.resent, rows.resent_bytes, rows.reordered, rows.gap
    duplicate_ack, zero_window = rows.duplicate_ack, rows.zero_window
    resent_segments, resent_sum, reordered_segments = out.resent_segments, out.resent_bytes, out.reordered_segments
    gap_bytes, duplicates, zeros, sent = (
        out.gap_bytes, out.duplicate_acks_sent, out.zero_windows_sent, out.sent_segments,
    )  # fmt: skip
    for i in range(place.size):
        if copies[i]:
            continue
        at = place[i]
        side = 0 if from_client[i] else 1
        if payload[i] > 0 or tcp_flags[i] & (SYN | FIN):
            sent[at, side] += 1
        if resent[i]:
            resent_segments[at, side] += 1
            resent_sum[at, side] += resent_bytes[i]
        if reordered[i]:
            reordered_segments[at, side] += 1
        if gap[i]:
            gap_bytes[at, 1 - side] += gap[i]
        if duplicate_ack[i]:
            duplicates[at, side] += 1
        if zero_window[i]:
            zeros[at, side] += 1


class Samples(NamedTuple):
    """Round-trip samples of one kind, and their extremes by direction (2 * connection + sender)."""

    bins: Array  # int64, direction << BIN_BITS | bin of the time
    counts: Array  # int64
    lowest: Array  # int64 [ns]
    highest: Array  # int64 [ns]


@inner_jit
def _keep(bins: Any, counts: Any, lowest: Any, highest: Any, count: Any, direction: Any, value: Any) -> None:
    """Add a sample."""
    counts[direction] += 1
    bins[count] = np.int64(direction) << BIN_BITS | np.float64(value).view(np.int64) >> BIN_SHIFT
    lowest[direction] = min(lowest[direction], value)
    highest[direction] = max(highest[direction], value)


@jit
def _time(
    rows: Any, last_resend: Any, newest_sent: Any, timed_value: Any, timed_at: Any, by_ack: Any, by_timestamp: Any
) -> Any:
    """Collect round-trip samples; how many of each kind."""
    place, from_client, times, tcp_flags, payload = (
        rows.place, rows.from_client, rows.time, rows.tcp_flags, rows.payload,
    )  # fmt: skip
    copies, resent, rtts = rows.copy, rows.resent, rows.ack_rtt_s
    tsvals, tsecrs, has_timestamps = rows.tsval, rows.tsecr, rows.has_timestamps
    ack_kept = (
        unchecked(by_ack.bins), unchecked(by_ack.counts), unchecked(by_ack.lowest), unchecked(by_ack.highest),
    )  # fmt: skip
    echo_kept = (
        unchecked(by_timestamp.bins), unchecked(by_timestamp.counts), unchecked(by_timestamp.lowest),
        unchecked(by_timestamp.highest),
    )  # fmt: skip
    acks = echoes = 0
    for i in range(place.size):
        if copies[i]:
            continue
        side = 0 if from_client[i] else 1
        own = 2 * place[i] + side
        peer = 2 * place[i] + 1 - side
        time, flags = times[i], tcp_flags[i]
        if rtts[i] > 0 and not flags & RST:
            sample = np.int64(rtts[i] * 1e9 + 0.5)
            if last_resend[peer] < time - sample:
                _keep(*ack_kept, acks, peer, sample)
                acks += 1
        if resent[i]:
            last_resend[own] = time
        if not has_timestamps[i]:
            continue
        if timed_at[peer] != NO_TIME:
            since = np.int32(np.uint32(tsecrs[i] - timed_value[peer]))
            if since >= 0:
                if since == 0 and time > timed_at[peer]:
                    _keep(*echo_kept, echoes, peer, time - timed_at[peer])
                    echoes += 1
                timed_at[peer] = NO_TIME
        if newest_sent[own] < 0 or np.int32(np.uint32(tsvals[i] - newest_sent[own])) > 0:
            newest_sent[own] = tsvals[i]
            if timed_at[own] == NO_TIME and (payload[i] > 0 or flags & (SYN | FIN)) and not resent[i]:
                timed_at[own], timed_value[own] = time, tsvals[i]
    return acks, echoes


def _quantiles(samples: Samples, count: int) -> RoundTrips:
    """Minimum, median, 95th percentile and maximum by direction, of the first `count` samples."""
    directions = samples.lowest.size
    out = [np.full(directions, np.nan) for _ in RoundTrips._fields]
    if count:
        ordered = np.sort(samples.bins[:count])
        owners = np.flatnonzero(samples.counts)
        counts = samples.counts[owners]
        starts = np.cumsum(counts) - counts
        lowest, highest = samples.lowest[owners] / 1e9, samples.highest[owners] / 1e9
        out[0][owners], out[3][owners] = lowest, highest
        for column, share in ((out[1], 0.5), (out[2], 0.95)):
            rank = starts + np.ceil(counts * share).astype(np.int64) - 1
            low = (ordered[rank] & ((1 << BIN_BITS) - 1)) << BIN_SHIFT
            middle = (low | 1 << (BIN_SHIFT - 1)).view(np.float64) / 1e9
            column[owners] = np.clip(middle, lowest, highest)
    return RoundTrips(*(column.reshape(-1, 2) for column in out))


def measure_reliability(rows: Rows, connections: int) -> tuple[Reliability, RoundTrips, RoundTrips]:
    """Count resends and the like, and time round trips.

    Parameters
    ----------
    rows : Rows
        Segments in capture order.
    connections : int
        How many connections there are.

    Returns
    -------
    Reliability
        Counts, one row a connection.
    RoundTrips
        By acknowledgement.
    RoundTrips
        By timestamp.
    """
    counts = Reliability(*(np.zeros((connections, 2), np.int64) for _ in Reliability._fields))
    _count(rows, counts)
    directions, size = 2 * connections, rows.place.size
    last_resend, timed_at = np.full(directions, NO_TIME), np.full(directions, NO_TIME)
    newest_sent, timed_value = np.full(directions, -1), np.zeros(directions, np.int64)
    by_ack, by_timestamp = (
        Samples(
            np.empty(size, np.int64),
            np.zeros(directions, np.int64),
            np.full(directions, np.iinfo(np.int64).max),
            np.zeros(directions, np.int64),
        )
        for _ in range(2)
    )
    acks, echoes = _time(rows, last_resend, newest_sent, timed_value, timed_at, by_ack, by_timestamp)
    return counts, _quantiles(by_ack, acks), _quantiles(by_timestamp, echoes)
