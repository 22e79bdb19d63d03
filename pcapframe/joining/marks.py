"""Which connections carry the same marks of their senders, whatever was done to their numbers.

A translator leaves the IPv4 identifications alone, and one that shifts timestamps shifts all of a connection by the
same. So the packets that first reach certain positions have the same identifications and the same distances between
timestamps in both captures. Identifications of a sender often count on: they are worth one random number of 16 bits a
side; small ones are none, since simple stacks begin with them. Both sides must agree, or one side and several
distances between timestamps. Without identifications all distances between timestamps must be the same: long ones say
more than short ones, which are alike wherever hosts are equally far apart.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.joining.facts import LARGEST, NONE

__all__ = ["Marks", "marked_pairs", "timed_alike"]

SIMPLE = 1 << 10  # simple stacks begin with smaller identifications
TOGETHER = 24  # connections with one identification at one place, beyond which it tells nothing
FEWEST_SAME = 12  # distances of both sides that must be known where they alone are compared
CHANCE_MS = 16  # by how many ticks a distance may differ from another one's and be the same by chance
FEWEST_TIMES = 4  # different distances between timestamps that make up for the other side's identifications


class Marks(NamedTuple):
    """Of the packets that first reach each position, by connection: both sides one after the other.

    `end` is where the segment ends, -1 where there is none; `ip_id` its identification, `tsval` its timestamp, or -1.
    """

    end: Array
    ip_id: Array
    tsval: Array

    @property
    def shown(self) -> Array:
        """Where each identification and place stands: connection, place, end and identification."""
        row, place = np.nonzero((self.end != NONE) & (self.ip_id >= SIMPLE))
        return np.stack([row, place, self.end[row, place], self.ip_id[row, place]], axis=1)

    def since_first(self, rows: Array, side: slice) -> Array:
        """Return the timestamps of some connections and a side less the first one; -1 without."""
        tsval = self.tsval[rows, side]
        known = (tsval != NONE) & (tsval[:, :1] != NONE)
        return np.where(known, (tsval - tsval[:, :1]) & LARGEST, NONE)


def marked_pairs(one: Marks, other: Marks) -> tuple[Array, Array]:
    """Find the connections of two captures whose marks agree.

    Parameters
    ----------
    one, other : Marks
        Of the connections of both captures.

    Returns
    -------
    tuple of ndarray of int64
        Places of the pairs; a connection may be in several.
    """
    tables = []
    for name, marks in (("one", one), ("other", other)):
        table = pd.DataFrame(marks.shown, columns=[name, "place", "end", "ip_id"])
        often = table.groupby(["place", "end", "ip_id"])[name].transform("size") > TOGETHER
        tables.append(table[~often])
    agree = tables[0].merge(tables[1], on=["place", "end", "ip_id"])
    if agree.empty:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    half = one.end.shape[1] // 2
    agree["side"] = agree["place"] >= half
    found = agree.groupby(["one", "other"])["side"].agg(["nunique", "size"]).reset_index()
    mine, theirs = found["one"].to_numpy(np.int64), found["other"].to_numpy(np.int64)
    both = ((one.end[mine] == other.end[theirs]) & (one.ip_id[mine] >= SIMPLE) & (other.ip_id[theirs] >= SIMPLE)).sum(
        axis=1
    )
    mostly = 2 * found["size"].to_numpy() > both
    keep = mostly & ((found["nunique"].to_numpy() > 1) | (_same_times(one, other, mine, theirs, half) >= FEWEST_TIMES))
    return mine[keep], theirs[keep]


def _same_times(one: Marks, other: Marks, mine: Array, theirs: Array, half: int) -> Array:
    """Count the different distances between timestamps that pairs have in common; 0 where most are not the same."""
    counts = np.zeros(mine.size, np.int64)
    for side in (slice(0, half), slice(half, 2 * half)):
        here, there = one.since_first(mine, side), other.since_first(theirs, side)
        common = (here > 0) & (there > 0) & (one.end[mine, side] == other.end[theirs, side])
        same = common & (here == there)
        values = np.sort(np.where(same, here, NONE), axis=1)
        different = ((np.diff(values, axis=1) != 0) & (values[:, 1:] != NONE)).sum(axis=1) + (values[:, 0] != NONE)
        counts += np.where(2 * same.sum(axis=1) > common.sum(axis=1), different, 0)
    return counts


def timed_alike(one: Marks, other: Marks, mine: Array, theirs: Array) -> Array:
    """Tell how much the distances between timestamps say for pairs of connections that have all of them in common.

    Parameters
    ----------
    one, other : Marks
        Of the connections of both captures.
    mine, theirs : ndarray of int64
        Places of the pairs.

    Returns
    -------
    ndarray of float64
        About how many random bits the different distances have; 0 where one of them differs, or few are known.
    """
    half = one.end.shape[1] // 2
    bits, differ, known = np.zeros(mine.size), np.zeros(mine.size, np.bool_), np.zeros(mine.size, np.int64)
    for side in (slice(0, half), slice(half, 2 * half)):
        here, there = one.since_first(mine, side), other.since_first(theirs, side)
        common = (here > 0) & (there > 0) & (one.end[mine, side] == other.end[theirs, side])
        differ |= (common & (here != there)).any(axis=1)
        known += common.sum(axis=1)
        values = np.sort(np.where(common, here, 0), axis=1)
        values[:, 1:][values[:, 1:] == values[:, :-1]] = 0
        bits += np.log2(1 + values / CHANCE_MS).sum(axis=1)
    return np.where(differ | (known < FEWEST_SAME), 0.0, bits)
