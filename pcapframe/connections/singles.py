"""Connections of one packet each, as of a scan or a flood: most are alike, and one of each kind is measured for all.

Two are alike if every fact that a measure reads of their packets is the same, but for what the columns `OWN` show:
addresses, ports and times. Sequence numbers and timestamps mean something only beside those of another packet.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, Mask
from pcapframe.connections.rows import Rows, likely_servers
from pcapframe.connections.shared import is_constant

__all__ = ["OWN", "Alike", "alike"]

OWN = ("client", "client_port", "server", "server_port", "start", "end")  # columns of connections
NOT_COMPARED = ("place", "time", "src", "dst", "src_port", "dst_port", "seq", "tsval", "tsecr")  # columns of segments
MOST_KINDS = 8  # that are looked for
FEWEST = 4  # connections for each one that is measured: otherwise measuring all takes no longer


class Alike(NamedTuple):
    """Which connections stand for which.

    Parameters
    ----------
    number : ndarray of int
        By connection: the place, among those to measure, of the one that stands for it.
    measured : int
        How many are to be measured.
    rows : ndarray of int
        Segments of these.
    singles, single_rows : ndarray of int
        Connections that another one may stand for, and the segment of each.
    """

    number: Array
    measured: int
    rows: Array
    singles: Array
    single_rows: Array

    def chosen(self, rows: Rows) -> Rows:
        """Return the segments to measure, with the place of each one's connection among those measured."""
        taken = Rows(*(column[self.rows] for column in rows))
        taken = taken._replace(place=self.number.astype(np.int32)[taken.place])
        for column in taken:
            column.flags.writeable = False  # as compiled code takes them
        return taken

    def own(self, rows: Rows, measured: dict[str, Any]) -> dict[str, Any]:
        """Return the columns `OWN` of all connections, from those of the ones measured and from the segments."""
        at = self.single_rows
        by_client = rows.from_client[at]
        src, dst, src_port, dst_port = (column[at] for column in (rows.src, rows.dst, rows.src_port, rows.dst_port))
        of_singles = (
            np.where(by_client, src, dst), np.where(by_client, src_port, dst_port),
            np.where(by_client, dst, src), np.where(by_client, dst_port, src_port), rows.time[at], rows.time[at],
        )  # fmt: skip
        made: dict[str, Any] = {}
        for name, values in zip(OWN, of_singles, strict=True):
            known = measured[name]
            column = (known if isinstance(known, np.ndarray) else known.asi8)[self.number]
            column[self.singles] = values
            made[name] = column if isinstance(known, np.ndarray) else pd.array(column, dtype=known.dtype, copy=False)
        return made


def alike(rows: Rows, connections: int) -> Alike | None:
    """Find connections of one packet that are alike.

    Parameters
    ----------
    rows : Rows
        All segments of the connections.
    connections : int
        How many there are.

    Returns
    -------
    Alike or None
        None where too few are alike to be worth it.
    """
    (singles,) = np.nonzero(np.bincount(rows.place, minlength=connections) == 1)
    if FEWEST * (connections - singles.size) > connections:
        return None
    row = np.empty(connections, np.int64)
    row[rows.place] = np.arange(rows.place.size)
    kind = _kinds(_facts(rows, row[singles]), singles.size)
    singles, kind = singles[kind >= 0], kind[kind >= 0]
    others = np.ones(connections, np.bool_)
    others[singles] = False
    number = np.cumsum(others) - 1
    kinds, first = np.unique(kind, return_index=True)
    number[singles] = connections - singles.size + kind
    measured = connections - singles.size + kinds.size
    if FEWEST * measured > connections:
        return None
    others[singles[first]] = True
    return Alike(number, measured, np.flatnonzero(others[rows.place]), singles, row[singles])


def _facts(rows: Rows, at: Array) -> list[Array]:
    """Return what measures read of some segments, but for what is the same in all; as numbers."""
    likely, src_port, dst_port = likely_servers(), rows.src_port[at], rows.dst_port[at]
    found: list[Array] = [rows.time[at] == NO_TIME, likely[src_port], likely[dst_port], src_port < dst_port]
    for name, column in zip(Rows._fields, rows, strict=True):
        if name not in NOT_COMPARED and not is_constant(column):
            found.append(column[at].view(f"u{column.dtype.itemsize}"))  # so that NaN equals NaN
    return found


def _kinds(facts: list[Array], size: int) -> Array:
    """Number the first kinds of segments, those with all facts the same; -1 for others."""
    kind, left = np.full(size, -1), np.arange(size)
    for number in range(MOST_KINDS):
        if not left.size:
            break
        same: Mask = np.ones(left.size, np.bool_)
        for fact in facts:
            same &= fact[left] == fact[left[0]]
        kind[left[same]] = number
        left = left[~same]
    return kind
