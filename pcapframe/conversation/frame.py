"""Make the frame of turns."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, fixed
from pcapframe.conversation.following import NOT_KNOWN, TURN, Following, Spoken
from pcapframe.measures import nullable
from pcapframe.plain import PlainColumns
from pcapframe.schema import SEGMENTS, TURNS, names

__all__ = ["READ", "make_turns", "to_server_s"]

CHUNK_ROWS = 1 << 16
READ = Spoken._fields[1:]  # columns of the segments, besides conn_id
NEEDED = ("client_ack_rtt_min_s", "handshake_rtt_s")  # columns of the connections


class Durations(NamedTuple):
    """Columns of durations, by the field of ``TURN`` that they come from."""

    wait_s: str = "wait_ns"
    request_s: str = "request_ns"
    service_s: str = "service_ns"
    response_s: str = "response_ns"
    zero_window_s: str = "zero_window_ns"


def make_turns(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Find the turns of some connections.

    Parameters
    ----------
    segments : DataFrame
        Columns ``conn_id`` and `READ` of ``schema.SEGMENTS`` in capture order, index ``frame``; not modified. Segments
        of connections that are not in `connections` are ignored.
    connections : DataFrame
        Columns `NEEDED` of ``schema.CONNECTIONS``, index ``conn_id``; not modified.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.TURNS``, one row per turn, in order of ``request_frame``.
    """
    conn_ids = connections.index.to_numpy()
    turns, rows = _found(segments, conn_ids)
    turns = turns[np.argsort(turns["request_row"], kind="stable")]
    frames = segments.index.to_numpy()[rows].astype(np.uint32)
    answered = turns["response_row"] != NOT_KNOWN
    made: dict[str, Any] = {
        "conn_id": conn_ids.take(turns["place"]).astype(np.int32),
        "round_trip_s": to_server_s(connections).take(turns["place"]),
        "response_bytes": nullable(turns["response_bytes"], answered),
    }
    for side in ("request", "response"):
        for end in ("", "_end"):
            found = frames.take(np.maximum(turns[f"{side}{end}_row"], 0)) if turns.size else np.empty(0, np.uint32)
            made[f"{side}{end}_frame"] = found if side == "request" else nullable(found, answered)
    for name, field in Durations()._asdict().items():
        known = turns[field] != NOT_KNOWN
        made[name] = np.where(known, turns[field] / 1e9, np.nan)
    columns = {}
    for column in TURNS:
        data = made[column.name] if column.name in made else turns[column.name]
        columns[column.name] = np.ascontiguousarray(data, column.dtype) if isinstance(data, np.ndarray) else data
    return pd.DataFrame({name: columns[name] for name in names(TURNS)}, copy=False)


def to_server_s(connections: pd.DataFrame) -> Array:
    """Return the smallest time of each connection from the capture point to the server and back.

    Parameters
    ----------
    connections : DataFrame
        Columns `NEEDED` of ``schema.CONNECTIONS``; not modified.

    Returns
    -------
    ndarray of float64
        One per row, NaN where the capture has no timed answer of the server. [s]
    """
    acknowledged, handshake = (connections[name].to_numpy() for name in NEEDED)
    return np.asarray(np.fmin(acknowledged, handshake))


def _found(segments: pd.DataFrame, conn_ids: Array) -> tuple[Array, Array]:
    """Return the turns of some connections, and the rows of the segments that they refer to."""
    of_segment = segments["conn_id"].to_numpy()
    highest = max(int(of_segment.max(initial=-1)), int(conn_ids.max(initial=-1)))
    place = np.full(highest + 1, -1, np.int32)
    place[conn_ids] = np.arange(conn_ids.size)
    place = place.take(of_segment)
    rows = np.flatnonzero(place >= 0)
    if rows.size < place.size:
        segments, place = segments[[*READ]].take(rows), place[rows]
    plain, place = PlainColumns(segments, SEGMENTS, READ), fixed(place, np.int32)
    following = Following(conn_ids.size)
    found = [np.empty(0, TURN)]
    for start in range(0, place.size, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, place.size)
        found.append(following.feed(Spoken(place=place[start:stop], **plain.chunk(start, stop))).copy())
    found.extend(following.finish())
    return np.concatenate(found), rows
