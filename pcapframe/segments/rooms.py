"""Which row of its tables a pass remembers a connection in: one that is over leaves its row to the next.

Where connections have few segments, as in a scan, what the passes remember takes more memory, and more time to touch
it, than the segments. Few of them are under way at a time.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit
from pcapframe.memory import new_column, stretches

__all__ = ["Over", "Rooms"]

NONE = -1


class Over(NamedTuple):
    """Connections whose last segment has passed."""

    conn_ids: Array
    rooms: Array


@jit
def _find_last(conn_id: Any, start: Any, last: Any) -> None:
    """Find the last row of each connection, of some rows that begin at `start`."""
    for i in range(conn_id.size):
        last[conn_id[i]] = start + i


@jit
def _assign(conn_id: Any, start: Any, used: Any, chunk_rows: Any, last: Any, room_of: Any, free: Any, out: Any) -> Any:
    """Give each connection a room from row `start` on; return how many there are. It is free from the next chunk on."""
    spare = np.int64(0)
    ending = 0  # at the end of `free`: rooms of connections that ended in this chunk
    for i in range(conn_id.size):
        last[conn_id[i]] = i
    for i in range(start, conn_id.size):
        if (i - start) % chunk_rows == 0:
            for k in range(ending):
                free[spare + k] = free[free.size - 1 - k]
            spare += ending
            ending = 0
        connection = conn_id[i]
        room = room_of[connection]
        if room == NONE:
            if spare:
                spare -= 1
                room = free[spare]
            else:
                room = used
                used += 1
            room_of[connection] = room
        out[i] = room
        if last[connection] == i:
            ending += 1
            free[free.size - ending] = room
    return used


class Rooms:
    """The rooms of all connections.

    Parameters
    ----------
    conn_id : ndarray of int32
        Of each segment; filled chunk by chunk.
    chunk_rows : int
        Segments of a chunk.

    Examples
    --------
    >>> rooms = Rooms(np.array([0, 1, 2, 1, 3], np.int32), 2)
    >>> rooms.reuse(0, 0, 4)
    >>> rooms.of(0, 5).tolist(), rooms.over(2, 4).conn_ids.tolist()
    ([0, 1, 0, 1, 1], [2, 1])
    """

    def __init__(self, conn_id: Array, chunk_rows: int) -> None:
        self._conn_id, self._chunk_rows = conn_id, chunk_rows
        self._rooms, self._last = conn_id, conn_id  # until rooms are given anew
        self._start = self._used = 0
        self._ends_from = -1  # row from which the last segments of connections are known, -1 for none

    @property
    def are_reused(self) -> bool:
        """Whether connections that are over leave their rooms."""
        return self._rooms is not self._conn_id

    def reuse(self, start: int, before: int, connections: int) -> None:
        """Give rooms anew from a chunk on: all connections are known now.

        Parameters
        ----------
        start : int
            Its first row.
        before : int
            Connections that began before it, which keep their rooms.
        connections : int
            All there are.
        """
        self._start = self._ends_from = start
        self._last = np.empty(connections, np.int32)
        room_of = np.full(connections, NONE, np.int32)
        room_of[:before] = np.arange(before)
        # From its start the rooms to give, from its end those that this chunk leaves. A room is in one of the two, or
        # taken, and there are no more rooms than connections: so both together fill half of it, and never meet.
        free = np.empty(2 * connections, np.int32)
        self._rooms = new_column(self._conn_id.size, np.int32)
        self._rooms[:start] = self._conn_id[:start]
        self._used = _assign(
            self._conn_id, start, before, self._chunk_rows, self._last, room_of, free, self._rooms
        )  # fmt: skip

    def find_ends(self, connections: int) -> None:
        """Find the last segment of every connection, of all there are, for a pass that begins anew."""
        if not self.are_reused:
            self._last = np.empty(connections, np.int32)
            for rows in stretches(self._conn_id.size):
                _find_last(self._conn_id[rows], rows.start, self._last)
        self._ends_from = 0

    def count(self, connections: int) -> int:
        """Return how many rooms there are, where there are so many connections so far."""
        return self._used if self.are_reused else connections

    def of(self, start: int, stop: int) -> Array:
        """Return the rooms of the connections of segments `start` to `stop`."""
        return self._rooms[start:stop]

    def over(self, start: int, stop: int, among: Mask | None = None) -> Over:
        """Return the connections whose last segment is one of these; none while these are not known.

        Parameters
        ----------
        start, stop : int
            First row, and the one after the last.
        among : ndarray of bool, optional
            Connections to return.

        Returns
        -------
        Over
            In the order of their last segments.
        """
        if not 0 <= self._ends_from <= start:
            return Over(self._conn_id[:0], self._rooms[:0])
        conn_id = self._conn_id[start:stop]
        is_last = self._last[conn_id] == np.arange(start, stop)
        if among is not None:
            is_last &= among[conn_id]
        return Over(conn_id[is_last], self._rooms[start:stop][is_last])

    def over_before(self) -> Over:
        """Return the connections that were over when rooms were first given anew."""
        conn_ids = np.flatnonzero(self._last < self._start).astype(np.int32)
        return Over(conn_ids, conn_ids)
