"""One row for each transmission, with its place at every point where it was captured."""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from pcapframe.arrays import Array, Mask
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

    def column(self, name: str) -> Array:
        """Return a column of the items, from the first point where each row was captured."""
        parts = [getattr(one, name)[fresh] for one, fresh in zip(self.items, self.fresh, strict=True)]
        return np.concatenate(parts)

    def common(self, point: int, other: int) -> tuple[Array, Array, Mask, Array]:
        """Return the packets that two points have: times at both, which are the client's, and places at the other."""
        sure = self.is_sure[:, other] & (self.is_sure[:, point] | (point == 0))
        both = np.flatnonzero(sure & (self.place[:, point] != NONE))
        if not both.size:
            both = np.flatnonzero((self.place[:, point] != NONE) & (self.place[:, other] != NONE))
        here, there = self.items[point], self.items[other]
        mine, theirs = self.place[both, point], self.place[both, other]
        return here.time[mine], there.time[theirs], (here.stream[mine] & 1) == 0, there.row[theirs]


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
    place, sure = [np.arange(len(items[0]))], {}
    kept: dict[tuple[int, int], Kept] = {}
    streams = 1 + max(int(one.stream.max(initial=0)) for one in items)
    count = len(items[0])
    columns = [np.full(count, NONE, np.int64) for _ in range(points)]
    columns[0] = place[0]
    for point in range(1, points):
        row = np.full(len(items[point]), NONE, np.int64)
        for before in reversed(range(point)):
            mine = np.flatnonzero(columns[point][row_of[before]] == NONE)
            theirs = np.flatnonzero(row == NONE)
            known = _known(items, columns, kept, before, point) if before < point - 1 else None
            found = match_items(items[before].take(mine), items[point].take(theirs), captures[before], captures[point],
                                streams=streams, known=known)  # fmt: skip
            kept[before, point] = found.kept
            rows = row_of[before][mine[found.one]]
            row[theirs[found.other]] = rows
            columns[point][rows] = theirs[found.other]
            sure[point, before] = rows[found.is_sure]
        fresh = np.flatnonzero(row == NONE)
        news.append(fresh)
        row[fresh] = count + np.arange(fresh.size)
        columns = [np.append(column, np.full(fresh.size, NONE, np.int64)) for column in columns]
        columns[point][row[fresh]] = fresh
        count += fresh.size
        row_of.append(row)
    is_sure = np.zeros((count, points), np.bool_)
    for (point, before), rows in sure.items():
        is_sure[rows, point] = True if before == 0 else is_sure[rows, before]
    return Rows(items, np.stack(columns, axis=1), is_sure, kept, news)


def _known(
    items: list[Items], columns: list[Array], kept: dict[tuple[int, int], Kept], before: int, point: int
) -> Known:
    """Return what the points between two tell of both."""
    ways = [kept[before, middle].then(kept[middle, point]) for middle in range(before + 1, point)]
    both = np.flatnonzero((columns[before] != NONE) & (columns[point] != NONE))
    mine, theirs = columns[before][both], columns[point][both]
    stream, time, far_time = items[before].stream[mine], items[before].time[mine], items[point].time[theirs]
    return Known(reduce(Kept.or_else, ways), stream, time, far_time)
