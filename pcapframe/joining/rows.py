"""One row for each transmission, with its place at every point where it was captured."""

from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.matching import Kept, Known, match_items
from pcapframe.joining.transmissions import Items

__all__ = ["Rows", "join_items"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Transmissions.

    Parameters
    ----------
    items : list of Items
        By point.
    place : ndarray of int64, shape (rows, points)
        Of each row among the items of each point, -1 where it was not captured.
    is_sure : ndarray of bool, shape (rows, points)
        Matched with the first point's item, and no other copy could be meant.
    kept : dict of Kept
        What the path leaves alone, by pair of points.
    fresh : list of ndarray of int64
        By point, the items that no point before it has: together, in this order, they are the rows.
    """

    items: list[Items]
    place: Array
    is_sure: Mask
    kept: dict[tuple[int, int], Kept]
    fresh: list[Array]
    _columns: dict[str, Array] = field(default_factory=dict, repr=False)

    def column(self, name: str) -> Array:
        """Return a column of the items, from the first point where each row was captured; not to be modified."""
        if name not in self._columns:
            parts = [getattr(one, name)[own] for one, own in zip(self.items[1:], self.fresh[1:], strict=True)]
            self._columns[name] = np.concatenate([getattr(self.items[0], name), *parts])  # of the first point all
        return self._columns[name]

    def common(self, point: int, other: int) -> tuple[Array, Array, Mask, Array]:
        """Return the packets that two points have: times at both, which are the client's, and places at the other.

        In the order of the other point.
        """
        here, there = self.items[point], self.items[other]
        row_of, size = np.full(len(there), NONE, np.int64), 0
        for surely in (True, False):
            size = size or _note_partners(self.place, self.is_sure, point, other, surely, row_of)
        time, far_time, far_row = (np.empty(size, np.int64) for _ in range(3))
        is_forward = np.empty(size, np.bool_)
        columns = here.time, there.time, here.stream, there.row
        _note_common(row_of, self.place, point, *columns, time, far_time, is_forward, far_row)
        return time, far_time, is_forward, far_row


@jit
def _note_partners(place: Any, is_sure: Any, point: Any, other: Any, surely: Any, row_of: Any) -> int:
    """Note for the items of one point the row that another has too, perhaps only those that are sure; count them."""
    n = 0
    for i in range(len(place)):
        b = place[i, other]
        if b != NONE and place[i, point] != NONE:
            if not surely or (is_sure[i, other] and (is_sure[i, point] or point == 0)):
                row_of[b] = i
                n += 1
    return n


@jit
def _note_common(row_of: Any, place: Any, point: Any, here: Any, there: Any, stream: Any, row: Any, time: Any,
                 far_time: Any, is_forward: Any, far_row: Any) -> None:  # fmt: skip
    """Write times, direction and row of the items that have a partner, in their order."""
    n = 0
    for b in range(row_of.size):
        if row_of[b] != NONE:
            a = place[row_of[b], point]
            time[n], far_time[n], is_forward[n], far_row[n] = here[a], there[b], (stream[a] & 1) == 0, row[b]
            n += 1


def join_items(items: list[Items], captures: list[Capture]) -> Rows:
    """Match the transmissions of each capture with those of the captures before it.

    Parameters
    ----------
    items : list of Items
        By point.
    captures : list of Capture
        The captures.

    Returns
    -------
    Rows
        Those of the first capture in its order, then those that only others have.
    """
    points, news = len(items), [np.arange(len(items[0]))]
    row_of = [np.arange(len(items[0]))]
    kept: dict[tuple[int, int], Kept] = {}
    streams = 1 + max(int(one.stream.max(initial=0)) for one in items)
    count = len(items[0])
    columns = [np.full(count, NONE, np.int64) for _ in range(points)]
    columns[0] = row_of[0]
    sure_by = [np.full(count, NONE, np.int64) for _ in range(points)]  # the point that a sure partner was found with
    for point in range(1, points):
        row = np.full(len(items[point]), NONE, np.int64)
        for before in reversed(range(point)):
            mine = np.flatnonzero(columns[point][row_of[before]] == NONE)
            theirs = np.flatnonzero(row == NONE)
            known = _known(items, columns, kept, before, point) if before < point - 1 else None
            found = match_items(_some(items[before], mine), _some(items[point], theirs), captures[before],
                                captures[point], streams=streams, known=known)  # fmt: skip
            kept[before, point] = found.kept
            _note_matched(found.partner, found.is_sure, mine, theirs, row_of[before], before, row, columns[point],
                          sure_by[point])  # fmt: skip
        fresh = np.flatnonzero(row == NONE)
        news.append(fresh)
        row[fresh] = count + np.arange(fresh.size)
        none = np.full(fresh.size, NONE, np.int64)
        columns, sure_by = ([np.append(column, none) for column in each] for each in (columns, sure_by))
        columns[point][row[fresh]] = fresh
        count += fresh.size
        row_of.append(row)
    is_sure = np.zeros((count, points), np.bool_)
    for point in range(1, points):
        is_sure[:, point] = sure_by[point] == 0
        for before in range(1, point):
            rows = np.flatnonzero(sure_by[point] == before)
            is_sure[rows, point] = is_sure[rows, before]
    return Rows(items, np.stack(columns, axis=1), is_sure, kept, news)


def _some(items: Items, which: Array) -> Items:
    """Return some items: places in order, each once."""
    return items if which.size == len(items) else items.take(which)


@jit
def _note_matched(partner: Any, surely: Any, mine: Any, theirs: Any, row_of: Any, before: Any, row: Any, column: Any,
                  sure_by: Any) -> None:  # fmt: skip
    """Note the row of each item that has a partner, and its place there."""
    for i in range(partner.size):
        if partner[i] != NONE:
            own, at = row_of[mine[i]], theirs[partner[i]]
            row[at], column[own] = own, at
            if surely[i]:
                sure_by[own] = before


def _known(
    items: list[Items], columns: list[Array], kept: dict[tuple[int, int], Kept], before: int, point: int
) -> Known:
    """Return what the points between two tell of both."""
    ways = [kept[before, middle].then(kept[middle, point]) for middle in range(before + 1, point)]
    both = np.flatnonzero((columns[before] != NONE) & (columns[point] != NONE))
    mine, theirs = columns[before][both], columns[point][both]
    stream, time, far_time = items[before].stream[mine], items[before].time[mine], items[point].time[theirs]
    return Known(reduce(Kept.or_else, ways), stream, time, far_time)
