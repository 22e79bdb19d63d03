"""The frames that all findings read, and their evidence.

Segments are named by their row in the frame (from 0), connections by their ``conn_id``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from pcapframe.analysis.health._api import Finding
from pcapframe.arrays import Array, Mask
from pcapframe.display_filters import captured_frames, frame_filter
from pcapframe.gathering import gather
from pcapframe.measures import distinct
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import LISTED, Evidence
from pcapframe.rows import frames_at

__all__ = ["READ", "Finder", "View", "name_evidence"]

READ = (  # columns of the segments asked for
    "tcp_flags", "conn_id", "from_client", "payload_bytes", "mss", "options_malformed", "capture_gap",
    "capture_duplicate", "ack_early", "time", "rel_seq", "rel_ack",
)  # fmt: skip
NO_CONNECTIONS = np.empty(0, np.int64)


class View(NamedTuple):
    """What the findings read.

    Parameters
    ----------
    capture : CaptureInfo
        What the file says of itself.
    packets, all_segments : DataFrame
        Columns of ``schema.PACKETS`` and ``schema.SEGMENTS``, the whole capture; not modified.
    segments : DataFrame
        The selected segments, with only the columns ``READ``; not modified.
    connections : DataFrame
        The selected connections, columns of ``schema.CONNECTIONS``; not modified.
    server_given : bool or ndarray of bool
        Whether the user's filter determines the server: everywhere, or by connection.
    second_views : DataFrame
        Selected connections that are other views of these, columns of ``schema.CONNECTIONS``; not modified.
    """

    capture: CaptureInfo
    packets: pd.DataFrame
    all_segments: pd.DataFrame
    segments: pd.DataFrame
    connections: pd.DataFrame
    server_given: bool | Mask
    second_views: pd.DataFrame

    def of_packets(self, rows: Array) -> Evidence:
        """Name packets of the capture, by their rows in `packets`."""
        return name_evidence(frames_at(self.packets, rows), of=self.packets)

    def of_segments(self, rows: Array) -> Evidence:
        """Name segments and their connections."""
        conn_id = self.segments["conn_id"].to_numpy()
        conn_ids = distinct(conn_id[rows], int(conn_id.max(initial=-1)) + 1)
        return name_evidence(frames_at(self.segments, rows), conn_ids, of=self.packets)

    def of_connections(self, mask: Mask) -> Evidence:
        """Name connections and the first packet of each."""
        conn_ids = self.connections.index.to_numpy()[mask]
        rows = self.rows_of(conn_ids[:LISTED])
        _, first = np.unique(self.segments["conn_id"].to_numpy()[rows], return_index=True)
        frames = np.sort(frames_at(self.segments, rows[first]))
        return replace(name_evidence(frames, conn_ids, of=self.packets), frame_count=conn_ids.size)

    def rows_of(self, conn_ids: Array) -> Array:
        """Find the rows of the segments of some connections."""
        conn_id = self.segments["conn_id"].to_numpy()
        wanted = np.zeros(int(conn_id.max(initial=-1)) + 1, np.bool_)
        wanted[conn_ids] = True
        return gather(conn_id, np.zeros(conn_id.size, np.bool_), wanted)[0]

    def sum(self, column: str) -> int:
        """Sum a column of the connections over both senders: ``client_…`` and ``server_…``."""
        return sum(int(self.connections[f"{side}_{column}"].sum()) for side in ("client", "server"))


Finder: TypeAlias = Callable[[View], Finding | None]


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
