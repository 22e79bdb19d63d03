"""Connections as patterns read them: one value each, computed once."""

from functools import cached_property

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, Mask, column_of, fixed, seconds_from
from pcapframe.schema import ENDINGS, HANDSHAKES, ROLES

__all__ = ["ConnectionColumns"]

APART_NS = 3_600 * 10**9  # between recordings that were put together


class ConnectionColumns:
    """Columns of connections, by the row of each.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, without ``attrs``; not modified.
    server_given : bool or ndarray of bool, default False
        Whether the user's filter determines the server: everywhere, or by connection.
    """

    def __init__(self, connections: pd.DataFrame, *, server_given: bool | Mask = False) -> None:
        self.connections, self.size = connections, len(connections)
        self._server_given = server_given
        self._numbers: dict[str, Array] = {}
        self._of_memory: dict[tuple[int, str], Array] = {}
        self._sums: dict[tuple[int, ...], Array] = {}

    def number(self, column: str) -> Array:
        """Return a column of the connections frame as int64, read-only; one for columns that share their memory."""
        if column not in self._numbers:
            values = np.asarray(column_of(self.connections, column))
            memory = values.ctypes.data, values.dtype.str
            if memory not in self._of_memory:
                self._of_memory[memory] = fixed(values, np.int64)
            self._numbers[column] = self._of_memory[memory]
        return self._numbers[column]

    def each_way(self, column: str) -> Array:
        """Return the sum of a column over both senders, ``client_…`` and ``server_…``, read-only."""
        sides = self.number(f"client_{column}"), self.number(f"server_{column}")
        which = tuple(map(id, sides))
        if which not in self._sums:
            self._sums[which] = fixed(sides[0] + sides[1], np.int64)
        return self._sums[which]

    def is_in(self, column: str, *categories: str) -> Mask:
        """Tell which connections have one of these categories."""
        codes, known = self._categories[column]
        found = np.zeros(self.size, np.bool_)
        for category in categories:
            found |= codes == known.index(category)
        return found

    def codes(self, column: str) -> Array:
        """Return the place of each connection's category in its list in ``schema``."""
        return self._categories[column][0]

    @cached_property
    def _categories(self) -> dict[str, tuple[Array, list[str]]]:
        made = {}
        for name, known in (("handshake", HANDSHAKES), ("ending", ENDINGS), ("roles", ROLES)):
            column = column_of(self.connections, name)
            if tuple(column.categories) != known:
                column = column.set_categories(list(known))
            made[name] = column.codes, list(known)
        return made

    @cached_property
    def roles_known(self) -> Mask:
        """Connections whose client and server a packet or the user's filter determines."""
        return np.asarray(~self.is_in("roles", "inferred") | self._server_given, np.bool_)

    def _times(self, name: str) -> Array:
        return np.asarray(column_of(self.connections, name), "datetime64[ns]").view(np.int64)

    @cached_property
    def start_ns(self) -> Array:
        """First packet of each connection, in nanoseconds."""
        return self._times("start")

    @cached_property
    def end_ns(self) -> Array:
        """Last packet of each connection, in nanoseconds."""
        return self._times("end")

    @cached_property
    def seconds_to_end(self) -> Array:
        """From the first packet of each connection to the last of its recording, in seconds; NaN without a time."""
        return seconds_from(self.start_ns, self.recorded_until_ns)

    @cached_property
    def recorded_until_ns(self) -> Array:
        """Last packet of the recording that each connection is in, in nanoseconds.

        A capture that was put together from several, `APART_NS` or more without any connection between them, has
        several recordings.
        """
        last = np.full(self.size, self.end_ns.max(initial=NO_TIME))
        first = self.start_ns.min(where=self.start_ns != NO_TIME, initial=np.iinfo(np.int64).max)
        if not self.size or last[0] == NO_TIME or int(last[0]) - int(first) < APART_NS:
            return last
        order = np.argsort(self.start_ns, kind="stable")
        order = order[self.start_ns[order] != NO_TIME]
        so_far = np.maximum.accumulate(self.end_ns[order])
        begins = np.flatnonzero(self.start_ns[order[1:]] - APART_NS > so_far[:-1]) + 1
        number = np.searchsorted(begins, np.arange(order.size), side="right")
        last[order] = so_far[np.append(begins, order.size) - 1][number]
        return last

    def seconds_apart(self, earlier: Array, later: Array) -> Array:
        """Time from the ends of connections to the starts of others, in seconds; NaN without a time."""
        return seconds_from(self.end_ns[earlier], self.start_ns[later])
