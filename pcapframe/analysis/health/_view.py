"""The frames that all findings read, and their evidence.

Events are named by their row in the frame (from 0), connections by their ``conn_id``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from pcapframe.analysis.clock import ClockStep, find_clock_steps
from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._packets import PacketCounts
from pcapframe.arrays import Array, Mask
from pcapframe.display_filters import captured_frames, frame_filter
from pcapframe.events import Totals
from pcapframe.gathering import gather
from pcapframe.measures import distinct
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import LISTED, Evidence
from pcapframe.rows import frames_at

__all__ = ["READ", "FindSteps", "Finder", "FinderOfWhole", "Recorded", "View", "name_evidence"]

READ = (  # columns of the events
    "tcp_flags", "conn_id", "from_client", "options_malformed", "capture_gap", "capture_duplicate",
)  # fmt: skip
FindSteps: TypeAlias = Callable[[pd.DataFrame], list[ClockStep]]
NO_CONNECTIONS = np.empty(0, np.int64)


class Recorded(NamedTuple):
    """What the findings about the whole capture read.

    Parameters
    ----------
    capture : CaptureInfo
        What the file says of itself.
    packets, segments : DataFrame
        Columns of ``schema.PACKETS`` and ``schema.SEGMENTS``; not modified. Of the packets, those may be all that
        anything can be said of.
    counts : PacketCounts
        Of all packets.
    clock_steps : callable
        Finds the steps of the capture's clock in the segments.
    """

    capture: CaptureInfo
    packets: pd.DataFrame
    segments: pd.DataFrame
    counts: PacketCounts
    clock_steps: FindSteps = find_clock_steps

    def of_packets(self, rows: Array, count: int | None = None) -> Evidence:
        """Name packets of the capture, by their rows in `packets`; `count` says how many, where not all are there."""
        made = name_evidence(frames_at(self.packets, rows), of=self.packets)
        return made if count is None else replace(made, frame_count=count)


class View(NamedTuple):
    """What the findings about the selected connections read.

    Parameters
    ----------
    all_events : DataFrame
        The segments of the whole capture that anything can be said of, columns of ``schema.SEGMENTS``; not modified.
    events : DataFrame
        Those of the selected connections, with only the columns ``READ``; not modified.
    connections : DataFrame
        The selected connections, columns of ``schema.CONNECTIONS``; not modified.
    totals : Totals
        What remains of all other segments.
    server_given : bool or ndarray of bool
        Whether the user's filter determines the server: everywhere, or by connection.
    second_views : DataFrame
        Selected connections that are other views of these, columns of ``schema.CONNECTIONS``; not modified.
    """

    all_events: pd.DataFrame
    events: pd.DataFrame
    connections: pd.DataFrame
    totals: Totals
    server_given: bool | Mask
    second_views: pd.DataFrame

    @property
    def segments(self) -> int:
        """How many segments the connections have."""
        return self.sum("packets")

    def of_events(self, rows: Array) -> Evidence:
        """Name segments and their connections."""
        conn_id = self.events["conn_id"].to_numpy()
        conn_ids = distinct(conn_id[rows], int(conn_id.max(initial=-1)) + 1)
        return name_evidence(frames_at(self.events, rows), conn_ids, of=self.events)

    def of_connections(self, mask: Mask) -> Evidence:
        """Name connections and the first packet of each."""
        conn_ids = self.connections.index.to_numpy()[mask]
        rows = self.rows_of(conn_ids[:LISTED])
        _, first = np.unique(self.events["conn_id"].to_numpy()[rows], return_index=True)
        frames = np.sort(frames_at(self.events, rows[first]))
        return replace(name_evidence(frames, conn_ids, of=self.events), frame_count=conn_ids.size)

    def rows_of(self, conn_ids: Array) -> Array:
        """Find the rows of the events of some connections."""
        conn_id = self.events["conn_id"].to_numpy()
        wanted = np.zeros(int(conn_id.max(initial=-1)) + 1, np.bool_)
        wanted[conn_ids] = True
        return gather(conn_id, np.zeros(conn_id.size, np.bool_), wanted)[0]

    def noted(self, table: Array) -> Array:
        """Return a table of the totals, as far as it is about these connections."""
        is_own = np.zeros(len(self.totals.sides) // 2, np.bool_)
        is_own[self.connections.index.to_numpy()] = True
        chosen: Array = table[is_own[table["conn_id"]]]
        return chosen

    def sum(self, column: str) -> int:
        """Sum a column of the connections over both senders: ``client_…`` and ``server_…``."""
        return sum(int(self.connections[f"{side}_{column}"].sum()) for side in ("client", "server"))


Finder: TypeAlias = Callable[[View], Finding | None]
FinderOfWhole: TypeAlias = Callable[[Recorded], Finding | None]


def name_evidence(frames: Array, conn_ids: Array = NO_CONNECTIONS, *, of: pd.DataFrame | None = None) -> Evidence:
    """Return frames and connections as evidence: the first ones, and how many there are.

    Parameters
    ----------
    frames : ndarray of int
        Frame numbers, all of them.
    conn_ids : ndarray of int, default none
        All connections.
    of : DataFrame, optional
        Has these frames; for captures whose frames hold several packets.

    Returns
    -------
    Evidence
        With a display filter for the frames named.

    Examples
    --------
    >>> name_evidence(np.array([3, 4, 9])).display_filter
    'frame.number in {3, 4, 9}'
    """
    listed = tuple(frames[:LISTED].tolist() if of is None else captured_frames(of, frames[:LISTED]))
    return Evidence(
        connections=tuple(conn_ids[:LISTED].tolist()),
        connection_count=conn_ids.size,
        frames=listed,
        frame_count=frames.size,
        display_filter=frame_filter(listed),
    )
