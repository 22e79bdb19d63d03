"""The segments that anything can be said of: all others only carry on what came before them."""

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask
from pcapframe.measures import values, without_attrs
from pcapframe.memory import new_column, stretches
from pcapframe.plain import parts_of
from pcapframe.schema import FIN, RST, SEGMENTS, SYN

__all__ = ["SAYS", "rows_of_events"]

# Columns of the segments in which a value that is not null, 0 or false says something of a segment. Not those of every
# segment, such as round trips, and not which side it is from.
OF_EVERY = ("from_client", "sack_permitted", "sliced")
SAYS = (
    *(column.name for column in SEGMENTS if column.dtype in ("bool", "boolean") and column.name not in OF_EVERY),
    "capture_gap",
    "probe",
)


def rows_of_events(segments: pd.DataFrame) -> Array:
    """Find the segments that anything can be said of.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order; not modified.

    Returns
    -------
    ndarray of int
        Their rows, ascending: those with SYN, FIN or RST, with one of the columns `SAYS`, the first and the last of
        each connection, and the first and the last with payload of each turn.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("clean.pcap"))
    >>> len(rows_of_events(analysis.segments)) < len(analysis.segments)
    True
    """
    bare = without_attrs(segments)
    flags, conn_id = bare["tcp_flags"].to_numpy(), bare["conn_id"].to_numpy()
    says = [parts_of(bare[name]) for name in SAYS]
    is_event = new_column(len(bare), np.bool_)
    for rows in stretches(is_event.size):
        found = flags[rows] & (SYN | FIN | RST) != 0
        for column, null in says:
            is_said = column[rows] > 0 if column.dtype != np.int8 else column[rows] >= 0  # int8: places of categories
            found |= is_said if null is None else is_said & ~null[rows]
        is_event[rows] = found
    _mark_edges(is_event, conn_id)
    payload, copies = values(bare["payload_bytes"], np.uint32), bare["capture_duplicate"].to_numpy()
    _mark_turns(is_event, conn_id, bare["from_client"].to_numpy(), payload, copies)
    return np.flatnonzero(is_event)


def _mark_edges(is_event: Mask, conn_id: Array) -> None:
    """Mark the first and the last segment of each connection."""
    connections = int(conn_id.max(initial=-1)) + 1
    last, is_seen = np.zeros(connections, np.int64), np.zeros(connections, np.bool_)
    for rows in stretches(conn_id.size):
        ids = conn_id[rows]
        last[ids] = np.arange(rows.start, rows.stop)  # the last assignment wins
        some, first = np.unique(ids, return_index=True)
        is_event[rows.start + first[~is_seen[some]]] = True
        is_seen[some] = True
    is_event[last] = True


def _mark_turns(is_event: Mask, conn_id: Array, from_client: Mask, payload: Array, copies: Mask) -> None:
    """Mark segments with payload that come before or after one of the other side, or before or after none."""
    last = np.full(int(conn_id.max(initial=-1)) + 1, -1, np.int64)  # of each connection, with payload
    for rows in stretches(conn_id.size):
        data = rows.start + np.flatnonzero((payload[rows] > 0) & ~copies[rows])
        ids = conn_id[data]
        order = np.argsort(ids, kind="stable")
        data, ids = data[order], ids[order]
        begins = np.diff(ids, prepend=-1) != 0
        before = np.where(begins, last[ids], np.roll(data, 1))
        turns = (before < 0) | (from_client[before] != from_client[data])
        is_event[data[turns]] = True
        is_event[before[turns & (before >= 0)]] = True
        ends = np.append(begins[1:], True)[: data.size]
        last[ids[ends]] = data[ends]
    is_event[last[last >= 0]] = True
