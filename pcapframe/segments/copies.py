"""What came before each retransmission: the copies of its bytes, duplicate ACKs, and SACKed ranges.

A second pass, over connections with retransmissions only. For each direction it remembers the segments that reached a
new highest byte, where bisection finds the first copy of a byte; the last ``RECENT`` other segments, where repeats
are; and at most ``MOST_BLOCKS`` ranges that the peer SACKed. So the cost per packet is bounded.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit
from pcapframe.schema import ACK, FIN, RST, SYN

__all__ = ["Anatomy", "Followed", "follow"]

RECENT = 256
MOST_BLOCKS = 64
NO_ROW = -1
NEVER = np.iinfo(np.int64).min


class Followed(NamedTuple):
    """Segments of connections with retransmissions, grouped by connection, each in capture order.

    Columns by name, as plain arrays; null is ``Column.null_value``.
    """

    conn_id: Array  # int32
    from_client: Array  # bool
    tcp_flags: Array  # uint16
    rel_seq: Array  # int64
    payload_bytes: Array  # int64
    ack: Array  # uint32
    rel_ack: Array  # int64
    window: Array  # uint16
    capture_duplicate: Array  # bool
    keep_alive: Array  # bool
    zero_window_probe: Array  # bool
    resent: Array  # bool
    sack_at: Array  # int64, n + 1 rows
    sack: Array  # uint32


class Anatomy(NamedTuple):
    """What came before each retransmission, one row each, as row numbers in `Followed`."""

    row: Array  # int64
    first: Array  # int64, NO_ROW where no copy was captured before
    previous: Array  # int64
    duplicate_acks: Array  # int64
    sacked_bytes: Array  # int64


@inner_jit
def _first_after(bounds: Any, count: Any, value: Any) -> Any:
    """Return the index of the first of `count` ascending bounds that is above `value`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if bounds[middle] > value:
            high = middle
        else:
            low = middle + 1
    return low


@inner_jit
def _report(blocks: Any, count: Any, left: Any, right: Any) -> Any:
    """Add a range to the ascending, disjoint `blocks`; return their new number. If they are full, it is left out."""
    at = 0
    while at < count and blocks[at, 1] < left:
        at += 1
    stop = at
    while stop < count and blocks[stop, 0] <= right:
        left, right = min(left, blocks[stop, 0]), max(right, blocks[stop, 1])
        stop += 1
    if stop == at:
        if count == MOST_BLOCKS:
            return count
        for i in range(count, at, -1):
            blocks[i, 0], blocks[i, 1] = blocks[i - 1, 0], blocks[i - 1, 1]
        count += 1
    elif stop > at + 1:
        for i in range(stop, count):
            blocks[i - stop + at + 1, 0], blocks[i - stop + at + 1, 1] = blocks[i, 0], blocks[i, 1]
        count -= stop - at - 1
    blocks[at, 0], blocks[at, 1] = left, right
    return count


@inner_jit
def _above(blocks: Any, count: Any, ack: Any) -> Any:
    """Return how many bytes of `blocks` are above an ACK number."""
    total = np.int64(0)
    for i in range(count):
        total += max(np.int64(0), blocks[i, 1] - max(blocks[i, 0], ack))
    return total


@jit
def follow(rows: Any, longest: Any, out: Any) -> Any:
    """Fill `out`; return the number of retransmissions.

    Parameters
    ----------
    rows : Followed
        In order of connections.
    longest : int
        Segments of the largest connection.
    out : Anatomy
        With room for every retransmission.

    Returns
    -------
    int
        Rows filled.
    """
    starts, ends = np.empty((2, longest), np.int64), np.empty((2, longest), np.int64)
    places = np.empty((2, longest), np.int64)
    advanced = np.zeros(2, np.int64)
    others = np.empty((2, RECENT, 3), np.int64)
    repeated = np.zeros(2, np.int64)
    blocks, reported = np.empty((2, MOST_BLOCKS, 2), np.int64), np.zeros(2, np.int64)
    acked, window = np.zeros(2, np.int64), np.zeros(2, np.int64)
    duplicates = np.zeros(2, np.int64)
    found = 0
    for i in range(rows.conn_id.size):
        if i == 0 or rows.conn_id[i] != rows.conn_id[i - 1]:
            advanced[:], repeated[:], reported[:], duplicates[:] = 0, 0, 0, 0
            acked[:], window[:] = NEVER, -1
        if rows.capture_duplicate[i] or rows.payload_bytes[i] < 0:
            continue
        own = 0 if rows.from_client[i] else 1
        peer = 1 - own
        flags, length = rows.tcp_flags[i], rows.payload_bytes[i]
        if flags & ACK and not flags & RST:
            blocks_given = rows.sack_at[i + 1] > rows.sack_at[i]
            if rows.rel_ack[i] > acked[own]:
                acked[own] = rows.rel_ack[i]
                duplicates[own] = 0
                kept = 0
                for k in range(reported[own]):
                    if blocks[own, k, 1] > acked[own]:
                        blocks[own, kept, 0], blocks[own, kept, 1] = blocks[own, k, 0], blocks[own, k, 1]
                        kept += 1
                reported[own] = kept
            elif rows.rel_ack[i] == acked[own] and length == 0 and not flags & (SYN | FIN):
                if blocks_given or rows.window[i] == window[own]:
                    duplicates[own] += 1
            for edge in range(rows.sack_at[i], rows.sack_at[i + 1] - 1, 2):
                left = rows.rel_ack[i] + np.int64(np.int32(rows.sack[edge] - rows.ack[i]))
                right = rows.rel_ack[i] + np.int64(np.int32(rows.sack[edge + 1] - rows.ack[i]))
                if acked[own] < right and left < right:
                    reported[own] = _report(blocks[own], reported[own], max(left, acked[own]), right)
        window[own] = rows.window[i]
        phantom = 1 if flags & (SYN | FIN) else 0
        start, end = rows.rel_seq[i], rows.rel_seq[i] + length + phantom
        is_probe = rows.keep_alive[i] or rows.zero_window_probe[i]
        if end == start or flags & RST or (is_probe and not rows.resent[i]):
            continue
        if rows.resent[i]:
            first = previous = np.int64(NO_ROW)
            at = _first_after(ends[own], advanced[own], start)
            if at < advanced[own] and starts[own, at] < end:
                first = places[own, at]
                previous = places[own, _first_after(starts[own], advanced[own], end - 1) - 1]
            for k in range(max(0, repeated[own] - RECENT), repeated[own]):
                other = others[own, k % RECENT]
                if other[0] < end and start < other[1]:
                    first = other[2] if first < 0 else min(first, other[2])
                    previous = max(previous, other[2])
            out.row[found], out.first[found], out.previous[found] = i, first, previous
            out.duplicate_acks[found] = duplicates[peer]
            out.sacked_bytes[found] = _above(blocks[peer], reported[peer], acked[peer])
            found += 1
        if advanced[own] == 0 or end > ends[own, advanced[own] - 1]:
            k = advanced[own]
            # Bytes below the highest were sent before: they are in this list or among the others.
            starts[own, k] = start if k == 0 else max(start, ends[own, k - 1])
            ends[own, k], places[own, k] = end, i
            advanced[own] += 1
        if starts[own, advanced[own] - 1] != start or places[own, advanced[own] - 1] != i:
            other = others[own, repeated[own] % RECENT]
            other[0], other[1], other[2] = start, end, i
            repeated[own] += 1
    return found
