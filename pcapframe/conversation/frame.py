"""Make the frame of turns."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, fixed
from pcapframe.conversation.following import NOT_KNOWN, TURN, TURN_ROWS, Following, Spoken
from pcapframe.measures import nullable
from pcapframe.plain import PlainColumns
from pcapframe.rows import frames_at
from pcapframe.schema import SEGMENTS, TURNS, names

__all__ = ["READ", "find_turns", "make_turns", "to_server_s", "turns_frame"]

CHUNK_ROWS = 1 << 16
READ = Spoken._fields[1:]  # columns of the segments, besides conn_id
NEEDED = ("client_ack_rtt_min_s", "handshake_rtt_s")  # columns of the connections


RESPONSE_COLUMNS = ("response_frame", "response_end_frame", "response_bytes")


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
    return turns_frame(find_turns(segments, connections), segments, connections)


def turns_frame(found: Iterable[Array], segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Make a frame of turns that a pass found.

    Parameters
    ----------
    found : iterable of ndarray of TURN
        As from `find_turns`.
    segments : DataFrame
        Index ``frame``.
    connections : DataFrame
        As for `make_turns`.

    Returns
    -------
    DataFrame
        As from `make_turns`.
    """
    conn_ids, to_server = connections.index.to_numpy(), to_server_s(connections)
    # Column by column, so that no more than one of them is held twice.
    parts = [_columns(turns, segments, conn_ids, to_server) for turns in (np.empty(0, TURN), *found)]
    order = np.argsort(_joined(parts, "request_row"), kind="stable")
    answered = _joined(parts, "answered")[order]
    columns = {}
    for column in TURNS:
        data = _joined(parts, column.name)[order]
        is_response = column.name in RESPONSE_COLUMNS
        columns[column.name] = nullable(data, answered) if is_response else np.ascontiguousarray(data, column.dtype)
    return pd.DataFrame({name: columns[name] for name in names(TURNS)}, copy=False)


def _joined(parts: list[dict[str, Array]], name: str) -> Array:
    """Take a column out of its parts."""
    return np.concatenate([part.pop(name) for part in parts])


def _columns(turns: Array, segments: pd.DataFrame, conn_ids: Array, to_server: Array) -> dict[str, Array]:
    """Return the columns of some turns, and what orders them and tells whether they were answered."""
    made: dict[str, Array] = {
        "request_row": turns["request_row"].astype(np.uint32),
        "answered": turns["response_row"] != NOT_KNOWN,
        "conn_id": conn_ids.take(turns["place"]).astype(np.int32),
        "round_trip_s": to_server.take(turns["place"]),
    }
    for side in ("request", "response"):
        for end in ("", "_end"):
            rows = np.maximum(turns[f"{side}{end}_row"], 0)
            made[f"{side}{end}_frame"] = np.asarray(frames_at(segments, rows), np.uint32)
    for name, field in Durations()._asdict().items():
        made[name] = np.where(turns[field] != NOT_KNOWN, turns[field] / 1e9, np.nan)
    for column in TURNS:
        if column.name not in made:
            made[column.name] = turns[column.name].copy()
    return made


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


def find_turns(segments: pd.DataFrame, connections: pd.DataFrame) -> Iterator[Array]:
    """Find the turns of some connections.

    Parameters
    ----------
    segments, connections : DataFrame
        As for `make_turns`.

    Yields
    ------
    ndarray of TURN
        In the order of `Following`; rows are those of `segments`, and places those of `connections`.
    """
    conn_ids, of_segment = connections.index.to_numpy(), segments["conn_id"].to_numpy()
    highest = max(int(of_segment.max(initial=-1)), int(conn_ids.max(initial=-1)))
    place = np.full(highest + 1, -1, np.int32)
    place[conn_ids] = np.arange(conn_ids.size)
    place = place.take(of_segment)
    if (place >= 0).all():
        yield from _found(segments, place, conn_ids.size)
        return
    rows = np.flatnonzero(place >= 0)
    for turns in _found(segments[[*READ]].take(rows), place[rows], conn_ids.size):
        for name in TURN_ROWS:
            known = turns[name] != NOT_KNOWN
            turns[name][known] = rows[turns[name][known]]
        yield turns


def _found(segments: pd.DataFrame, place: Array, connections: int) -> Iterator[Array]:
    """Yield the turns of all segments, whose connections have these places."""
    plain, place = PlainColumns(segments, SEGMENTS, READ), fixed(place, np.int32)
    following = Following(connections)
    for start in range(0, place.size, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, place.size)
        yield following.feed(Spoken(place=place[start:stop], **plain.chunk(start, stop)))
    yield from following.finish()
