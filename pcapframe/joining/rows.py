"""One row for each transmission, with its place at every point where it was captured."""

from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.disk import give_back
from pcapframe.jit import jit
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.matching import Kept, Known, match_items
from pcapframe.joining.transmissions import Items
from pcapframe.memory import new_column

__all__ = ["Rows", "join_items"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Transmissions.

    Parameters
    ----------
    items : list of Items
        By point.
    place : ndarray of int32, shape (rows, points)
        Of each row among the items of each point, -1 where it was not captured.
    is_sure : ndarray of bool, shape (rows, points)
        Matched with the first point's item, and no other copy could be meant.
    kept : dict of Kept
        What the path leaves alone, by pair of points.
    fresh : list of ndarray of int32
        By point, the items that no point before it has: all of the first one (its list is empty) and then these, in
        this order, are the rows.
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
            self._columns[name] = np.concatenate([getattr(self.items[0], name), self.later(name)])
        return self._columns[name]

    def later(self, name: str) -> Array:
        """Return a column of the items that the first point lacks: of the rows after its own."""
        parts = [getattr(one, name)[own] for one, own in zip(self.items[1:], self.fresh[1:], strict=True)]
        return np.concatenate(parts)

    def forget(self, *names: str) -> None:
        """Free columns of the items that are not needed any more."""
        self._columns.clear()
        self.items[:] = [one.without(*names) for one in self.items]

    def of(self, name: str, which: Array) -> Array:
        """Return a column's values in some rows, without a copy of the whole."""
        own, size = getattr(self.items[0], name), len(self.items[0])
        later = which >= size
        if not later.any():
            return np.asarray(own[which])
        made = np.empty(which.size, own.dtype)
        made[~later], made[later] = own[which[~later]], self.later(name)[which[later] - size]
        return made

    def common(self, point: int, other: int) -> tuple[Array, Array, Mask, Array]:
        """Return the packets that two points have: times at both, which are the client's, and places at the other.

        In the order of the other point.
        """
        here, there = self.items[point], self.items[other]
        row_of, size = np.full(len(there), NONE, np.int32), 0
        for surely in (True, False):
            size = size or _note_partners(self.place, self.is_sure, point, other, surely, row_of)
        time, far_time = (np.empty(size, np.int64) for _ in range(2))
        far_row, is_forward = np.empty(size, np.int32), np.empty(size, np.bool_)
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
    give_back()
    points, count = len(items), len(items[0])
    row_of = [np.arange(count, dtype=np.int32)]
    news = [np.empty(0, np.int32)]
    kept: dict[tuple[int, int], Kept] = {}
    streams = 1 + max(int(one.stream.max(initial=0)) for one in items)
    columns = [row_of[0], *(np.full(count, NONE, np.int32) for _ in range(1, points))]
    sure_by = [np.full(count, NONE, np.int16) for _ in range(points)]  # the point that a sure partner was found with
    for point in range(1, points):
        row = np.full(len(items[point]), NONE, np.int32)
        for before in reversed(range(point)):
            mine, theirs = _open(columns[point][row_of[before]]), _open(row)
            known = _known(items, columns, kept, before, point) if before < point - 1 else None
            found = match_items(_some(items[before], mine), _some(items[point], theirs), captures[before],
                                captures[point], streams=streams, known=known)  # fmt: skip
            kept[before, point] = found.kept
            none = np.empty(0, np.int32)  # all of them, in order
            _note_matched(found.partner, found.is_sure, none if mine is None else mine,
                          none if theirs is None else theirs, row_of[before], before, row, columns[point],
                          sure_by[point])  # fmt: skip
        fresh = np.flatnonzero(row == NONE).astype(np.int32)
        news.append(fresh)
        row[fresh] = count + np.arange(fresh.size)
        columns, sure_by = (
            [np.append(column, np.full(fresh.size, NONE, column.dtype)) for column in each]
            for each in (columns, sure_by)
        )
        columns[point][row[fresh]] = fresh
        count += fresh.size
        row_of.append(row)
    is_sure = np.zeros((count, points), np.bool_)
    for point in range(1, points):
        is_sure[:, point] = sure_by[point] == 0
        for before in range(1, point):
            rows = np.flatnonzero(sure_by[point] == before)
            is_sure[rows, point] = is_sure[rows, before]
    del row_of, row, sure_by
    place = new_column(count * points, np.int32).reshape(count, points)
    for point in range(points):
        place[:, point] = columns[point]
        columns[point] = columns[point][:0]
    return Rows(items, place, is_sure, kept, news)


def _open(partner: Array) -> Array | None:
    """Return the places without a partner; None where all are."""
    is_open = partner == NONE
    return None if is_open.all() else np.flatnonzero(is_open).astype(np.int32)


def _some(items: Items, which: Array | None) -> Items:
    """Return some items: places in order, each once."""
    return items if which is None else items.take(which)


@jit
def _note_matched(partner: Any, surely: Any, mine: Any, theirs: Any, row_of: Any, before: Any, row: Any, column: Any,
                  sure_by: Any) -> None:  # fmt: skip
    """Note the row of each item that has a partner, and its place there."""
    for i in range(partner.size):
        if partner[i] != NONE:
            own = row_of[mine[i] if mine.size else i]
            at = theirs[partner[i]] if theirs.size else partner[i]
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
