"""The view of events and connections that all patterns read; what several of them need is computed once.

Patterns see the segments that anything can be said of (events), and of all others no more than totals (`Totals`).

Segments are identified by their row in the frame (from 0), connections by their row in theirs. Duplicates made
by the network or the capture (``capture_duplicate``) are left out everywhere, as in the connections frame.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import Array, Mask, column_of, seconds_from, stable_order
from pcapframe.disk import give_back
from pcapframe.display_filters import captured_frames, frame_filter
from pcapframe.errors import ParameterError
from pcapframe.events import Totals, gather_events
from pcapframe.gathering import gather
from pcapframe.measures import Differing, differing, distinct, values, without_attrs
from pcapframe.patterns._api import LISTED, ByConnection, Evidence, Rows
from pcapframe.patterns._by_totals import TotalsOfConnections
from pcapframe.patterns._endpoints import Endpoints
from pcapframe.rows import frames_at, rows_at
from pcapframe.schema import CONNECTIONS, FLAG_BITS, names

__all__ = ["BASE", "ByConnection", "Rows", "Traffic"]

# Columns of the segments that `Traffic` itself reads.
BASE = ("time", "tcp_flags", "payload_bytes", "conn_id", "from_client", "capture_duplicate", "resent")


class Traffic(TotalsOfConnections):
    """Events and connections, and the sub-tables of them that patterns share.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order, index ``frame``; not modified: events, where there are
        `totals`, else all segments. Those of connections that are not in `connections` are ignored.
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, index ``conn_id``; not modified.
    listed : int, default 100
        Most connections and most frames listed as evidence; the totals are exact.
    server_given : bool or ndarray of bool, default False
        Whether the user's filter determines the server: everywhere, or by connection.
    totals : Totals, optional
        Of all segments; made from them by default, when they are first used.
    reads : iterable of str, optional
        Columns of the segments that may be read besides those of `Traffic` itself. Reading any other column is an
        error even if the frame has it, since filtered frames leave it out.
    attrs : mapping, optional
        Facts of the capture; by default those of `connections`.

    Raises
    ------
    ParameterError
        A column is missing.
    """

    def __init__(
        self,
        segments: pd.DataFrame,
        connections: pd.DataFrame,
        *,
        listed: int = LISTED,
        server_given: bool | Mask = False,
        totals: Totals | None = None,
        reads: Iterable[str] = (),
        attrs: Mapping[Any, Any] | None = None,
    ) -> None:
        bare, known = without_attrs(segments), without_attrs(connections)
        # Of the frames, not of this object: one that refers to itself would keep them until garbage is collected.
        super().__init__(
            known, totals, lambda floors: gather_events(bare, known, floors).totals, server_given=server_given
        )
        self._listed = listed
        self._reads = dict.fromkeys((*BASE, *reads))
        wanted = [("segments", segments, self._reads), ("connections", connections, names(CONNECTIONS))]
        for what, frame, columns in wanted:
            missing = [name for name in columns if name not in frame]
            if missing:
                raise ParameterError(f"{what} lacks the columns {', '.join(missing)}")
        self.attrs = connections.attrs if attrs is None else attrs
        self._segments = bare
        # Taking a column out of a frame costs more than most patterns do with it.
        self._taken: dict[str, pd.Series] = {}
        self._arrays: dict[str, Any] = {}
        self._flagged: dict[int, Rows] = {}
        self.endpoints = Endpoints(self.connections)

    @property
    def is_empty(self) -> bool:
        """Whether there are no segments or no connections."""
        return self._segments.empty or self.connections.empty

    # Segments.

    def rows(self, mask: Mask) -> Array:
        """Return the rows where `mask` (one value per segment) is set."""
        return self.counted_rows(np.flatnonzero(mask))

    def counted_rows(self, found: Array) -> Array:
        """Return those of the rows that are no copies and belong to one of the connections."""
        if self._has_copies and found.size:
            found = found[~self.column("capture_duplicate")[found]]
        return self._selected(found)

    def _selected(self, rows: Array) -> Array:
        """Return the rows that belong to one of the connections."""
        if not self._is_selection or not rows.size:
            return rows
        return rows[self._place_of_id[self._conn_id[rows]] >= 0]

    def rows_of_frames(self, frames: npt.ArrayLike) -> Array:
        """Return the rows of these frames; of one that is not there, any other's."""
        rows: Array = rows_at(self._segments, frames)
        return rows.clip(max=len(self._segments) - 1)

    def frames(self, rows: Array) -> Array:
        """Return the frame numbers of rows."""
        return np.asarray(frames_at(self._segments, rows))

    def labelled(self, column: str) -> Array:
        """Return the rows where a bool column is set."""
        mask = self.column(column)
        return self.rows(mask) if mask.any() else np.empty(0, np.intp)

    def column(self, name: str) -> Array:
        """Return a column of the segments frame that has no nulls."""
        return np.asarray(self._array(name))

    def series(self, name: str) -> pd.Series:
        """Return a column of the segments frame.

        Parameters
        ----------
        name : str
            A column of `Traffic`, or one declared in ``reads``.

        Returns
        -------
        Series
            With its nulls and categories; not to be modified.

        Raises
        ------
        ParameterError
            The column was not declared.
        """
        if name not in self._taken:
            self._taken[name] = self._segments[self._declared(name)]
        return self._taken[name]

    def _array(self, name: str) -> Any:
        """Return what is behind a column."""
        if name not in self._arrays:
            self._arrays[name] = column_of(self._segments, self._declared(name))
        return self._arrays[name]

    def _declared(self, name: str) -> str:
        if name not in self._reads:
            raise ParameterError(f"the column {name!r} is read and not declared: name it in READS")
        give_back()
        return name

    def at(self, name: str, rows: Array, dtype: npt.DTypeLike, *, null: Any = 0) -> Array:
        """Return a column of the segments frame at some rows, `null` for null; fast for few rows."""
        give_back()
        taken: Any = self._array(name).take(rows)
        if isinstance(taken, pd.api.extensions.ExtensionArray) and not isinstance(taken, pd.arrays.NumpyExtensionArray):
            return np.asarray(taken.to_numpy(dtype=np.dtype(dtype), na_value=null))
        return np.asarray(taken, dtype=dtype)

    def payload(self, rows: Array) -> Array:
        """Return the payload of rows in bytes, 0 where it is not known."""
        give_back()
        return self._payload[rows]

    def has_flag(self, rows: Array, *flags: str) -> Mask:
        """Tell which rows have one of these flags."""
        bits = sum(FLAG_BITS[name] for name in flags)
        return np.asarray((self._flags[rows] & bits) != 0, np.bool_)

    def place(self, rows: Array) -> Array:
        """Return the place of each row's connection."""
        return self.place_of(self._conn_id[rows].astype(np.intp))

    def place_of(self, conn_ids: Array) -> Array:
        """Return the place of each connection."""
        return self._place_of_id[conn_ids] if self._is_selection else conn_ids

    def from_client(self, rows: Array) -> Mask:
        """Tell which rows the client sent."""
        return np.asarray(self.column("from_client")[rows], np.bool_)

    def count_directions(self, rows: Array) -> tuple[int, int, int]:
        """Count rows that went to servers, that came from them, and whose connection has unknown roles."""
        known = self.roles_known[self.place(rows)]
        to_server = int(np.count_nonzero(self.from_client(rows) & known))
        return to_server, int(np.count_nonzero(known)) - to_server, int(np.count_nonzero(~known))

    def time_ns(self, rows: Array) -> Array:
        """When the rows were captured, in nanoseconds."""
        give_back()
        return self._time_ns[rows]

    def seconds_between(self, earlier: Array, later: Array) -> Array:
        """Time from rows to other rows, in seconds; NaN without a time."""
        give_back()
        return seconds_from(self._time_ns[earlier], self._time_ns[later])

    def within(self, rows: Array, mask: Mask) -> Array:
        """Return the rows that belong to the connections of `mask`."""
        return rows[mask[self.place(rows)]] if rows.size else rows

    def places(self, rows: Array) -> Mask:
        """Tell which connections the rows belong to."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.place(rows)] = True
        return mask

    def by_connection(self, some: Rows) -> ByConnection:
        """Put segments in order of their connections."""
        order = stable_order(some.place, self.size)
        return ByConnection(some.rows[order], some.place[order])

    def all_rows(self, mask: Mask) -> Rows:
        """Return every row of the connections of `mask`."""
        if not mask.any():
            return Rows(np.empty(0, np.intp), np.empty(0, np.intp))
        by_id = mask
        if self._is_selection:
            by_id = np.zeros(self._ids, np.bool_)
            by_id[self._conn_ids[mask]] = True
        rows, ids = gather(self._conn_id, self.column("capture_duplicate"), by_id)
        give_back()
        return Rows(rows, self.place_of(ids))

    def flagged(self, *flags: str, within: Mask | None = None) -> Rows:
        """Return the segments with one of these flags (SYN, FIN, RST), in the connections of `within`."""
        bits = sum(FLAG_BITS[name] for name in flags)
        if bits not in self._flagged:
            self._flagged[bits] = _where((self._control_flags & bits) != 0, self._control)
        found = self._flagged[bits]
        return found if within is None else _where(within[found.place], found)

    @cached_property
    def _control(self) -> Rows:
        """Segments with SYN, FIN or RST."""
        bits = FLAG_BITS["SYN"] | FLAG_BITS["FIN"] | FLAG_BITS["RST"]
        rows = self.rows((self._flags & bits) != 0)
        return Rows(rows, self.place(rows))

    @cached_property
    def _control_flags(self) -> Array:
        return self._flags[self._control.rows]

    @cached_property
    def resent(self) -> Array:
        """Rows that are retransmissions."""
        return self.labelled("resent")

    def differing(self, label: str, evidence: str) -> Differing:
        """Compare a label of Wireshark's with the evidence that counts the same thing, copies included."""
        return differing(self.column(label), self.column(evidence), self._selected)

    @cached_property
    def rsts(self) -> Rows:
        """Segments with RST."""
        return self.flagged("RST")

    @property
    def closing(self) -> Rows:
        """Segments with a FIN that did not turn out to end nothing; for patterns that read ``fin_ignored``."""
        fins = self.flagged("FIN")
        counts = ~self.column("fin_ignored")[fins.rows]
        return Rows(fins.rows[counts], fins.place[counts])

    @cached_property
    def carrying(self) -> int:
        """How many segments have payload, SYN or FIN."""
        bare = np.count_nonzero(self.payload(self.flagged("SYN", "FIN").rows) == 0)
        return self.data_packets + int(bare)

    @cached_property
    def data_packets(self) -> int:
        """How many segments have payload."""
        return int(self.each_way("data_packets").sum() - np.count_nonzero(self.payload(self._copies)))

    @cached_property
    def bare_acks(self) -> int:
        """How many packets have neither payload nor SYN, FIN or RST."""
        resets = self.rsts.rows
        bare_resets = np.count_nonzero((self.payload(resets) == 0) & ~self.has_flag(resets, "SYN", "FIN"))
        return int(self.packet_count - self._copies.size - self.carrying - bare_resets)

    @cached_property
    def packet_count(self) -> int:
        """How many TCP packets there are, copies made on the way too."""
        return int(self.each_way("packets").sum())

    def last_rows(self, some: Rows) -> Array:
        """Return the last of some segments by side (2 * place + 1 for the client), -1 for none."""
        last = np.full(2 * self.size, -1, np.int64)
        last[2 * some.place + self.from_client(some.rows)] = some.rows  # the last assignment wins
        return last

    def noted_rows(self, frames: Array) -> Array:
        """Return the rows of frames in a table, -1 for none."""
        return np.where(frames < 0, -1, self.rows_of_frames(np.maximum(frames, 0)))

    # What the patterns report.

    def evidence(self, rows: Array, mask: Mask | None = None) -> Evidence:
        """Name connections and packets.

        Parameters
        ----------
        rows : ndarray of int
            Segments that show the pattern, in any order.
        mask : ndarray of bool, optional
            Connections that show it; by default those of `rows`.

        Returns
        -------
        Evidence
            The first of each with their totals, and display filters.
        """
        if not (rows[1:] > rows[:-1]).all():
            rows = distinct(rows, len(self._segments))
        listed = self.frames(rows[: self._listed])
        return self.evidence_of(listed, self.places(rows) if mask is None else mask, rows.size)

    def evidence_of(self, frames: Array, mask: Mask, total: int | None = None) -> Evidence:
        """Name packets by frame numbers, ascending, all or the first of `total`, and the connections of `mask`."""
        places, shown = np.flatnonzero(mask), tuple(captured_frames(self._segments, frames[: self._listed]))
        return Evidence(
            connections=tuple(self._conn_ids[places[: self._listed]].tolist()),
            connection_count=places.size,
            frames=shown,
            frame_count=frames.size if total is None else total,
            display_filter=frame_filter(shown),
            display_filter_all=self.endpoints.display_filter(places),
        )

    # How segments and connections belong together.

    @cached_property
    def _flags(self) -> Array:
        return self.column("tcp_flags")

    @cached_property
    def _payload(self) -> Array:
        return values(self._array("payload_bytes"), np.uint32)

    @cached_property
    def _time_ns(self) -> Array:
        return np.asarray(self._array("time"), "datetime64[ns]").view(np.int64)

    @cached_property
    def _conn_id(self) -> Array:
        return self.column("conn_id")

    @cached_property
    def _copies(self) -> Array:
        return self._selected(np.flatnonzero(self.column("capture_duplicate")))

    @cached_property
    def _has_copies(self) -> bool:
        return bool(self.column("capture_duplicate").any())

    @cached_property
    def _ids(self) -> int:
        """One more than the highest conn_id on either side."""
        return max(int(self._conn_id.max(initial=-1)), int(self._conn_ids.max(initial=-1))) + 1

    @cached_property
    def _place_of_id(self) -> Array:
        """Place of the connection with a conn_id, -1 where it is not among them."""
        place = np.full(self._ids, -1, np.int64)
        place[self._conn_ids] = np.arange(self.size)
        return place

    @cached_property
    def _is_selection(self) -> bool:
        """Whether a conn_id is not also the place of its connection."""
        return self._ids != self.size or bool((self._conn_ids != np.arange(self.size)).any())


def _where(mask: Mask, some: Rows) -> Rows:
    """Return some of the segments; all of them, as often, without a copy."""
    if mask.all():
        return some
    wanted = np.flatnonzero(mask)
    return Rows(some.rows[wanted], some.place[wanted])
