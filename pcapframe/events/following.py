"""One pass over all segments in order: how far each side had sent and acknowledged, its window and its timestamps.

It is compiled because it reads every segment; what it finds concerns few of them. An ACK of what was never sent
(``acks_unsent``) counts for nothing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask, fixed
from pcapframe.conversation.records import copies
from pcapframe.disk import give_back_after
from pcapframe.jit import jit
from pcapframe.plain import parts_of
from pcapframe.schema import ACK, FIN, RST, SEGMENTS, SYN

__all__ = ["READ", "Followed", "follow"]

CHUNK_ROWS = 1 << 16
NONE = np.iinfo(np.int64).min
READ = (  # columns of the segments
    "from_client", "tcp_flags", "rel_seq", "rel_ack", "window", "window_bytes", "payload_bytes", "tsval",
    "capture_duplicate", "reordered", "acks_unsent", "fin_ignored",
)  # fmt: skip


class _Rows(NamedTuple):
    """A chunk of segments, columns by name as they are in the frame; `place` is the row of the connection, -1 for none.

    Where a column named ``no_…`` is set, the other one means nothing.
    """

    place: Array  # int32
    from_client: Array  # bool
    tcp_flags: Array  # uint16
    rel_seq: Array  # int64
    rel_ack: Array  # int64, meaningful with ACK
    window: Array  # uint16
    window_bytes: Array  # uint32
    no_window_bytes: Array  # bool
    payload_bytes: Array  # uint32
    no_payload_bytes: Array  # bool
    tsval: Array  # uint32
    no_tsval: Array  # bool
    capture_duplicate: Array  # bool
    reordered: Array  # bool
    acks_unsent: Array  # bool
    fin_ignored: Array  # bool


# State of each side (2 * place + 1 for the client).
SIDE = np.dtype(
    [
        ("high", np.int64),  # end of what it sent, counted from its SYN; NONE before its first packet
        ("acked", np.int64),  # highest acknowledgement that it sent, NONE for none
        ("edge", np.int64),  # right edge of the window that it offered last, NONE for none
        ("tsval", np.int64),  # its newest timestamp, NONE for none
        ("unit", np.uint32),  # bytes that one unit of its window field stands for
        ("has_closed", np.bool_),
    ],
    align=True,
)


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

    def only(self, chosen: Mask) -> "Followed":
        """Return this as if no other connections than those chosen had been followed, whose sides show nothing else.

        Parameters
        ----------
        chosen : ndarray of bool
            By connection.

        Returns
        -------
        Followed
            With the lowest int64 for sides of the others.
        """
        others = ~np.repeat(chosen, 2)
        return self._replace(**{name: np.where(others, NONE, getattr(self, name)) for name in ("high", "acked")})

    def spread(self, chosen: Mask) -> "Followed":
        """Return this for more connections, of which only those chosen were followed.

        Parameters
        ----------
        chosen : ndarray of bool
            By connection.

        Returns
        -------
        Followed
            With the lowest int64 for sides of the others.
        """
        sides = np.repeat(chosen, 2)
        made = [np.broadcast_to(np.int64(NONE), sides.shape) for _ in range(2)]
        if self.high.size:
            made = [column.copy() for column in made]
            for column, values in zip(made, (self.high, self.acked), strict=True):
                column[sides] = values
        return self._replace(high=made[0], acked=made[1])


@jit
def _advance(rows: Any, sides: Any, moved: Any, back: Any) -> Any:
    """Process the next chunk; write row and amount of each step back, and return how many of each kind."""
    place, from_client, tcp_flags, rel_seq, rel_ack = (
        rows.place, rows.from_client, rows.tcp_flags, rows.rel_seq, rows.rel_ack,
    )  # fmt: skip
    window, window_bytes, payload, tsvals = rows.window, rows.window_bytes, rows.payload_bytes, rows.tsval
    no_window, no_payload, no_tsval = rows.no_window_bytes, rows.no_payload_bytes, rows.no_tsval
    copies, reordered, acks_unsent, fin_ignored = (
        rows.capture_duplicate, rows.reordered, rows.acks_unsent, rows.fin_ignored,
    )  # fmt: skip
    moves = backs = 0
    for i in range(place.size):
        flags = np.int64(tcp_flags[i])
        if place[i] < 0 or copies[i] or flags & RST:
            continue
        own = sides[2 * place[i] + (1 if from_client[i] else 0)]
        length = 0 if no_payload[i] else np.int64(payload[i])
        end = rel_seq[i] + length + (1 if flags & (SYN | FIN) else 0)
        ack = rel_ack[i]
        is_sound = flags & ACK != 0 and not acks_unsent[i]
        is_older = False
        if not no_tsval[i]:
            tsval = np.int64(tsvals[i])
            since = 1 if own.tsval == NONE else np.int64(np.int32(np.uint32(tsval - own.tsval)))
            if since > 0:
                own.tsval = tsval
            elif since < 0:
                is_older = True
                is_newer = end > own.high or (is_sound and ack > own.acked)
                if is_newer and not reordered[i]:
                    back[backs, 0], back[backs, 1] = i, -since
                    backs += 1
        if flags & FIN and not fin_ignored[i]:
            own.has_closed = True
        own.high = max(own.high, end)
        if not is_sound:
            continue
        # A side that has closed accepts no more data, and its window means nothing.
        if not flags & SYN and not no_window[i] and not is_older and not own.has_closed:
            size = np.int64(window_bytes[i])
            if window[i] > 0:
                own.unit = size // window[i]
            edge = ack + size
            if own.edge != NONE and ack >= own.acked and edge + own.unit <= own.edge:
                moved[moves, 0], moved[moves, 1] = i, own.edge - edge
                moves += 1
                own.edge = edge
            own.edge = max(own.edge, edge)
        own.acked = max(own.acked, ack)
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
    columns, place = _columns(segments), fixed(place, np.int32)
    sides = copies(np.array((NONE, NONE, NONE, NONE, 1, False), SIDE), 2 * connections)
    moved, back = (np.empty((min(CHUNK_ROWS, place.size), 2), np.int64) for _ in range(2))
    found: tuple[list[Array], list[Array]] = ([], [])
    for start in range(0, place.size, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, place.size)
        chunk = (column[start:stop] for column in columns)
        counts = _advance(_Rows(place[start:stop], *chunk), sides, moved, back)
        give_back_after(stop, stop - start)
        for kept, made, count in zip(found, (moved, back), counts, strict=True):
            if count:
                kept.append(made[:count] + np.array([start, 0]))
    pairs = [np.concatenate([np.empty((0, 2), np.int64), *kept]) for kept in found]
    # Copies, since views would keep all that is remembered of each side.
    return Followed(sides["high"].copy(), sides["acked"].copy(), *(column for pair in pairs for column in pair.T))


def _columns(segments: Mapping[str, Any] | pd.DataFrame) -> list[Array]:
    """Return the columns of `_Rows` without the place, not converted: that would take longer than the pass."""
    types = {column.name: column.dtype.lower() for column in SEGMENTS}
    made: list[Array] = []
    for name in READ:
        values, mask = parts_of(segments[name])
        made.append(fixed(values, types[name]))
        if f"no_{name}" in _Rows._fields:
            made.append(fixed(np.zeros(values.size, np.bool_) if mask is None else mask, np.bool_))
    return made
