"""What became of each transmission between the points that its connection passes.

A packet that a later point has passed. What a point lacks is judged by `evidence`, against one point after the other:
the next one, and where that capture missed it or tells nothing, the one after it. What none of this decides depends on
what else the capture lacks: if nothing can be shown to be missing, it is not the capture.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit
from pcapframe.joining.evidence import ADDED, LOST, MISSING, RULE, UNKNOWN, Judge
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.rows import Rows
from pcapframe.schema import RST

__all__ = ["Fates", "judge_fates"]

NEAR_NS = 10**8  # how long a packet takes from point to point, at most


@dataclass(frozen=True, eq=False)
class Fates:
    """By row: fate and rule as indices in ``schema.FATES`` and ``schema.FATE_RULES``, points as columns, -1 for none.

    Parameters
    ----------
    fate, rule : ndarray of int8
        What became of it, and what decided so.
    first_seen, last_seen, first_missing : ndarray of int64
        Points, in the direction of the packet; the last one is that next to those where it was captured, or the next
        but one where that capture missed it.
    """

    fate: Array
    rule: Array
    first_seen: Array
    last_seen: Array
    first_missing: Array


def judge_fates(
    rows: Rows,
    times: list[Array],
    captures: list[Capture],
    order: list[int],
    spans: list[tuple[int, int]],
    has: Mask,
    elsewhere: Array,
) -> Fates:
    """Judge every transmission.

    Parameters
    ----------
    rows : Rows
        From `join_items`.
    times : list of ndarray of int64
        By point, when each item was captured, by the first point's clock. [ns]
    captures : list of Capture
        The captures.
    order : list of int
        Points from the client on, without those whose place is not known.
    spans : list of (int, int)
        First and last packet of each capture, by the first point's clock. [ns]
    has : ndarray of bool, shape (paths, points)
        Which captures have each connection: it passes no other point.
    elsewhere : ndarray of int64, shape (paths, points, 2)
        From when to when the capture has another connection of the same ends, which is not matched: it may have what
        seems missing. By the first point's clock; the end before the start for none. [ns]

    Returns
    -------
    Fates
        One value per row.
    """
    judge = Judge(rows, times, captures, spans)
    kinds, kind_of = np.unique(has @ (1 << np.arange(len(captures))), return_inverse=True)
    kind_of = kind_of.astype(np.int64)
    paths = [
        [[point for point in some if kind >> point & 1] for some in (along, unplaced)]
        for kind in kinds.tolist()
        for along in (order, order[::-1])
        for unplaced in [[point for point in range(len(captures)) if point not in order]]
    ]
    table = np.full((len(paths), len(captures)), NONE, np.int64)
    for row, (path, others) in zip(table, paths, strict=True):
        row[: len(path) + len(others)] = [*path, *others]
    first, last = (np.full(len(rows.place), NONE, np.int8) for _ in range(2))
    lacks = np.zeros(len(rows.place), np.bool_)
    on_path = np.asarray([len(path) for path, _ in paths], np.int64)
    _note_seen(rows.place, judge.stream, kind_of, table, on_path, first, last, lacks)
    every = np.flatnonzero(lacks)
    kind = 2 * kind_of[judge.stream[every] >> 1] + (judge.stream[every] & 1)
    legs = []
    for number in np.unique(kind).tolist():
        path, others = paths[number]
        lacking = every[kind == number]
        seen = rows.place[lacking] != NONE
        if others:  # of these nothing is known unless they have it
            unclear = ~(seen[:, others].all(axis=1) & seen[:, path].any(axis=1))
            judge.set(lacking[unclear], UNKNOWN, "point_order")
            judge.partner[lacking[unclear]] = _first_lacking(seen[unclear], path + others)
            lacking, seen = lacking[~unclear], seen[~unclear]
        if path:
            legs += _legs(judge, seen, lacking, path)
    open_rows = [leg.judge(judge, elsewhere) for leg in legs]
    for leg, pending in zip(legs, open_rows, strict=True):
        leg.close(judge, pending, elsewhere)
    return Fates(judge.fate, judge.rule, first, last, judge.partner)


def _first_lacking(seen: Mask, path: list[int]) -> Array:
    """Return the first point that lacks each row."""
    return np.asarray(np.asarray(path)[np.argmin(seen[:, path], axis=1)])


@jit
def _note_seen(place: Any, stream: Any, kind_of: Any, table: Any, on_path: Any, first: Any, last: Any,
               lacks: Any) -> None:  # fmt: skip
    """Note where rows were seen first and last, and which any point lacks.

    `table` has by kind of path and direction the points: `on_path` of them in order, then those of unknown place, which
    count where none on the path has a row.
    """
    for i in range(stream.size):
        kind = 2 * kind_of[stream[i] >> 1] + (stream[i] & 1)
        is_placed = False
        for n in range(table.shape[1]):
            point = table[kind, n]
            if point == NONE:
                break
            if place[i, point] == NONE:
                lacks[i] = True
            elif n < on_path[kind] or not is_placed:
                first[i] = point if first[i] == NONE else first[i]
                last[i] = point
                is_placed = is_placed or n < on_path[kind]


@dataclass(frozen=True, eq=False)
class _Leg:
    """Rows that end, or begin, at one point of their path, and the points beyond, the nearest first."""

    which: Array
    seen: int
    beyond: list[int]
    is_lost: bool

    def judge(self, judge: Judge, elsewhere: Array) -> list[Array]:
        """Judge them against one point after the other; return by point the rows that stay open there."""
        left, pending = self.which, []
        for point in self.beyond:
            before = judge.fate[left], judge.rule[left]
            may_have = self._may_have(judge, left, elsewhere, point)
            judge.set(left[may_have], UNKNOWN, "no_evidence")
            asked = left[~may_have]
            if self.is_lost:
                judge.judge_lost(asked, self.seen, point)
                judge.judge_echoes(asked, self.seen, point)
            else:
                judge.judge_added(asked, point, self.seen)
            pending.append(left[(judge.fate[left] == UNKNOWN) & (judge.rule[left] == RULE["no_evidence"])])
            judge.merge(left, before, point)
            left = left[(judge.fate[left] != LOST) & (judge.fate[left] != ADDED)]
        return pending

    def _may_have(self, judge: Judge, which: Array, elsewhere: Array, point: int) -> Mask:
        """Tell which rows another connection of the capture at a point may have."""
        began, ended = elsewhere[judge.stream[which] >> 1, point].T
        time = judge.time_at(self.seen, which)
        return np.asarray((began <= ended) & (time >= began - NEAR_NS) & (time <= ended + NEAR_NS))

    def close(self, judge: Judge, pending: list[Array], elsewhere: Array) -> None:
        """Decide on what is open where a capture can be shown to lack nothing."""
        for point, left in zip(self.beyond, pending, strict=True):
            own = left[~self._may_have(judge, left, elsewhere, point)]
            if judge.missed[:, point].sum() == 0:
                which = own[judge.fate[own] == UNKNOWN]
                usual = (judge.of("kind", which) & RST) == 0  # of RSTs more is asked
                if self.is_lost:
                    usual |= judge.is_complete(judge.stream[which] >> 1, point, self.seen)
                which = which[usual]
                judge.set(which, LOST if self.is_lost else ADDED, "nothing_else_missing")
                judge.partner[which] = point
            if self.is_lost:
                judge.judge_by_rate(own[judge.fate[own] == UNKNOWN], self.seen, point)
            else:
                resets = own[(judge.of("kind", own) & RST != 0) & (judge.fate[own] == UNKNOWN)]
                judge.judge_resets(resets, point, self.seen)
                judge.partner[resets[judge.fate[resets] == ADDED]] = point


def _legs(judge: Judge, seen: Mask, which: Array, path: list[int]) -> list[_Leg]:
    """Return what is to be judged of rows that are not at every point of their path; `seen` says where they are."""
    there = seen[:, path]
    first = np.argmax(there, axis=1)
    final = len(path) - 1 - np.argmax(there[:, ::-1], axis=1)
    made = []
    for at, point in enumerate(path):
        inner = which[(first < at) & (final > at) & ~there[:, at]]
        before = judge.fate[inner], judge.rule[inner]
        judge.set(inner, MISSING, "seen")
        judge.note_missing(inner, point)
        judge.merge(inner, before, point)
        if at:
            made.append(_Leg(which[first == at], point, path[:at][::-1], is_lost=False))
            made.append(_Leg(which[final == at - 1], path[at - 1], path[at:], is_lost=True))
    return made
