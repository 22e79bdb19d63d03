"""One connection and one of its senders, for the charts of one connection; nothing is drawn here."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array
from pcapframe.errors import ParameterError
from pcapframe.measures import connection_text, values, without_attrs
from pcapframe.plots._bins import nanoseconds

__all__ = ["OneConnection", "of_connection", "one_connection"]

# The columns that these charts read: selecting all columns of a long capture takes most of the time.
READ = (
    "time", "src", "dst", "src_port", "dst_port", "tcp_flags", "ack", "payload_bytes", "from_client", "rel_seq",
    "rel_ack", "window_bytes", "bytes_in_flight", "window_full", "zero_window", "sack", "resent",
)  # fmt: skip


class OneConnection(NamedTuple):
    """Segments of one connection, and which side's data a chart follows."""

    segments: pd.DataFrame  # without copies, with a time
    conn_id: int
    from_client: bool
    start_ns: int
    text: str  # sender → receiver

    @property
    def sent(self) -> Array:
        """Which segments the side followed sent."""
        return np.asarray(self.segments["from_client"].to_numpy() == self.from_client, np.bool_)

    @property
    def time_s(self) -> Array:
        """Seconds since the first packet."""
        return np.asarray((nanoseconds(self.segments["time"]) - self.start_ns) / 1e9, np.float64)


def one_connection(segments: pd.DataFrame, conn_id: int | None, from_client: bool | None) -> OneConnection | None:
    """Find the segments of a connection.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int or None
        Which; None for the one with the most payload.
    from_client : bool or None
        Whose data is followed; None for that of the side with more payload.

    Returns
    -------
    OneConnection or None
        None where there is none with a time.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    segments = without_attrs(segments)
    conn_ids = segments["conn_id"].to_numpy()
    is_one = nanoseconds(segments["time"]) != NO_TIME
    if conn_id is None:
        if not is_one.any():
            return None
        conn_id = _with_most(conn_ids, values(segments["payload_bytes"], np.float64), is_one)
    elif not (conn_ids == conn_id).any():
        raise ParameterError(f"there is no connection {conn_id!r}: expected a conn_id of the segments")
    is_one &= (conn_ids == conn_id) & ~segments["capture_duplicate"].to_numpy()
    chosen = _rows(segments, is_one, READ)
    if chosen.empty:
        return None
    if from_client is None:
        payload = values(chosen["payload_bytes"], np.int64)
        of_client = chosen["from_client"].to_numpy()
        from_client = bool(payload[of_client].sum() >= payload[~of_client].sum())
    first = chosen.iloc[:1]
    ends = ("src", "dst") if bool(first["from_client"].iloc[0]) else ("dst", "src")
    names = dict(zip(ends, ("client", "server"), strict=True))
    ports = {f"{end}_port": f"{name}_port" for end, name in names.items()}
    client, server = connection_text(first.rename(columns=names | ports))[0].split(" <-> ")
    text = f"{client} → {server}" if from_client else f"{server} → {client}"
    return OneConnection(chosen, conn_id, from_client, int(nanoseconds(chosen["time"]).min()), text)


def of_connection(segments: pd.DataFrame, conn_id: int, columns: Iterable[str]) -> pd.DataFrame:
    """Return some columns of the segments of a connection, without a copy where it has all of them.

    Parameters
    ----------
    segments : DataFrame
        Has ``conn_id`` and the columns; not modified.
    conn_id : int
        Which connection.
    columns : iterable of str
        Their names.

    Returns
    -------
    DataFrame
        In the order of `segments`, without ``attrs`` but for what says of whose numbers they are.
    """
    return _rows(without_attrs(segments), segments["conn_id"].to_numpy() == conn_id, columns)


def _rows(segments: pd.DataFrame, chosen: Array, columns: Iterable[str]) -> pd.DataFrame:
    if not chosen.all():
        return segments.loc[chosen, list(columns)]
    made = pd.DataFrame({name: segments[name] for name in columns}, segments.index, copy=False)
    made.attrs = dict(segments.attrs)
    return made


def _with_most(conn_ids: Array, payload: Array, timed: Array) -> int:
    """Return the connection with the most payload in segments with a time; on a tie, that with the most segments."""
    if not timed.all():
        conn_ids, payload = conn_ids[timed], payload[timed]
    sums = np.bincount(conn_ids, weights=payload)
    most = np.flatnonzero(sums == sums.max())
    if most.size > 1:
        most = most[[np.argmax(np.bincount(conn_ids)[most])]]
    return int(most[0])
