"""One pass over all segments in order: how far each side had sent and acknowledged, its window and its timestamps.

It is compiled because it reads every segment; what it finds concerns few of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, fixed
from pcapframe.jit import jit
from pcapframe.plain import PlainColumns
from pcapframe.schema import ACK, FIN, RST, SEGMENTS, SYN

__all__ = ["READ", "Followed", "follow"]

CHUNK_ROWS = 1 << 16
NONE = np.iinfo(np.int64).min
READ = (  # columns of the segments
    "from_client", "tcp_flags", "rel_seq", "rel_ack", "window", "window_bytes", "payload_bytes", "tsval",
    "capture_duplicate", "reordered", "fin_ignored",
)  # fmt: skip


class _Rows(NamedTuple):
    """A chunk of segments, columns by name; `place` is the row of the connection, -1 for none."""

    place: Array  # int32
    from_client: Array  # bool
    tcp_flags: Array  # uint16
    rel_seq: Array  # int64
    rel_ack: Array  # int64, NONE for none
    window: Array  # uint16
    window_bytes: Array  # int64, -1 where unknown
    payload_bytes: Array  # int64, -1 where unknown
    tsval: Array  # int64, -1 for none
    capture_duplicate: Array  # bool
    reordered: Array  # bool
    fin_ignored: Array  # bool


class _Sides(NamedTuple):
    """State of each side (2 * place + 1 for the client), NONE before its first packet."""

    high: Array  # int64, end of what it sent, counted from its SYN
    acked: Array  # int64, highest acknowledgement that it sent
    edge: Array  # int64, right edge of the window that it offered last
    unit: Array  # int64, bytes that one unit of its window field stands for
    tsval: Array  # int64, its newest timestamp
    fins: Array  # int64, how many it sent


class Followed(NamedTuple):
    """What the pass found.

    Parameters
    ----------
    high, acked : ndarray of int64
        By side (2 * place + 1 for the client, 2 * place for the server): the end of all that it sent, and the highest
        of its acknowledgements; the lowest int64 for none.
    moved_rows, moved_by : ndarray of int64
        Segments that moved the right edge of their sender's window back, and by how much. [bytes]
    back_rows, back_by : ndarray of int64
        Segments with a timestamp before an earlier one of their sender's, and by how much. [ticks]
    """

    high: Array
    acked: Array
    moved_rows: Array
    moved_by: Array
    back_rows: Array
    back_by: Array


@jit
def _advance(rows: Any, sides: Any, moved: Any, back: Any) -> Any:
    """Process the next chunk; write row and amount of each step back, and return how many of each kind."""
    place, from_client, tcp_flags, rel_seq, rel_ack = (
        rows.place, rows.from_client, rows.tcp_flags, rows.rel_seq, rows.rel_ack,
    )  # fmt: skip
    window, window_bytes, payload, tsvals, copies, reordered = (
        rows.window, rows.window_bytes, rows.payload_bytes, rows.tsval, rows.capture_duplicate, rows.reordered,
    )  # fmt: skip
    fin_ignored = rows.fin_ignored
    high, acked, edges, units, newest, fins = sides
    moves = backs = 0
    for i in range(place.size):
        flags = tcp_flags[i]
        if place[i] < 0 or copies[i] or flags & RST:
            continue
        side = 1 if from_client[i] else 0
        own, peer = 2 * place[i] + side, 2 * place[i] + 1 - side
        end = rel_seq[i] + max(payload[i], 0) + (1 if flags & (SYN | FIN) else 0)
        ack = rel_ack[i]
        # An ACK of bytes that were not sent, as far as the capture shows, is ignored.
        is_sound = flags & ACK != 0 and (high[peer] == NONE or ack <= high[peer])
        is_older = False
        if tsvals[i] >= 0:
            since = 1 if newest[own] == NONE else np.int64(np.int32(np.uint32(tsvals[i] - newest[own])))
            newest[own] = tsvals[i] if since > 0 else newest[own]
            if since < 0:
                is_older = True
                is_newer = end > high[own] or (is_sound and ack > acked[own])
                if is_newer and not reordered[i]:
                    back[backs, 0], back[backs, 1] = i, -since
                    backs += 1
        if flags & FIN and not fin_ignored[i]:
            fins[own] += 1
        # A side that has closed accepts no more data, and its window means nothing.
        if is_sound and not flags & SYN and window_bytes[i] >= 0 and not is_older and not fins[own]:
            if window[i] > 0:
                units[own] = window_bytes[i] // window[i]
            edge = ack + window_bytes[i]
            if edges[own] != NONE and ack >= acked[own] and edge + units[own] <= edges[own]:
                moved[moves, 0], moved[moves, 1] = i, edges[own] - edge
                moves += 1
                edges[own] = edge
            edges[own] = max(edges[own], edge)
        high[own] = max(high[own], end)
        acked[own] = max(acked[own], ack if is_sound else NONE)
    return moves, backs


def follow(segments: Mapping[str, Any] | pd.DataFrame, place: Array, connections: int) -> Followed:
    """Follow every side of every connection.

    Parameters
    ----------
    segments : DataFrame or mapping of Series
        Columns ``READ`` of ``schema.SEGMENTS``, in capture order; not modified.
    place : ndarray of int
        That of each segment's connection, -1 for those to pass over.
    connections : int
        How many there are.

    Returns
    -------
    Followed
        Rows ascending.
    """
    plain, place = PlainColumns(segments, SEGMENTS, READ), fixed(place, np.int32)
    sides = _Sides(*(np.full(2 * connections, NONE) for _ in _Sides._fields))
    sides.unit.fill(1)
    sides.fins.fill(0)
    moved, back = (np.empty((min(CHUNK_ROWS, place.size), 2), np.int64) for _ in range(2))
    found: tuple[list[Array], list[Array]] = ([], [])
    for start in range(0, place.size, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, place.size)
        counts = _advance(_Rows(place=place[start:stop], **plain.chunk(start, stop)), sides, moved, back)
        for kept, made, count in zip(found, (moved, back), counts, strict=True):
            if count:
                kept.append(made[:count] + np.array([start, 0]))
    pairs = [np.concatenate([np.empty((0, 2), np.int64), *kept]) for kept in found]
    return Followed(sides.high, sides.acked, *(column for pair in pairs for column in pair.T))
