"""Steps of a capture's clock, shown by the clocks in the packets.

TCP timestamps advance at a steady rate, by their sender's clock (RFC 7323 section 5.4). If between two segments of a
direction the capture's clock advances by at least ``STEP_S`` more or less than the direction's timestamps, and other
directions agree, the capture's clock was set or stood still.

Limits: steps under a second, and steps without TCP timestamps, cannot be told from idle time. A direction counts once
its timestamp rate is known. Only the 100 longest intervals between segments are checked.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array
from pcapframe.memory import extremes, stretches, taken
from pcapframe.plain import parts_of
from pcapframe.rows import frames_at

__all__ = ["ClockStep", "Disagreements", "clock_steps_of", "disagreements", "find_clock_steps"]

STEP_S = 1.0
DRIFT = 0.05  # of the interval, that clocks may differ by
FEWEST_TICKS, FEWEST_S = 20, 0.02  # of a direction, to tell the rate of its timestamps
FEWEST_DIRECTIONS = 2  # that agree on a step
MOST_INTERVALS = 100


class ClockStep(NamedTuple):
    """One step: the first frame after it, by how much, and how many directions show it."""

    frame: int
    seconds: float
    directions: int


def find_clock_steps(segments: pd.DataFrame) -> list[ClockStep]:
    """Find where the capture's clock steps relative to the packets' TCP timestamps.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order; not modified.

    Returns
    -------
    list of ClockStep
        In capture order; ``seconds`` is above 0 for a step forward.

    Examples
    --------
    >>> import pcapframe as pf
    >>> find_clock_steps(pf.analyze(pf.example("clean.pcap")).segments)
    []
    """
    times = segments["time"].to_numpy("datetime64[ns]").view(np.int64)
    long = _long_intervals(times)
    return _steps(times, long, disagreements(segments) if long.size else NOTHING, lambda row: frames_at(segments, row))


def clock_steps_of(
    times: Array, frames: Array, found: "Disagreements", numbers: Array | None = None
) -> list[ClockStep]:
    """Find where the capture's clock steps, by what parts of the capture say.

    Parameters
    ----------
    times : ndarray of int64
        Of all segments in capture order. [ns]
    frames : ndarray of int64
        Their frames, ascending.
    found : Disagreements
        From `disagreements` of all parts: frames in place of rows.
    numbers : ndarray of int, optional
        Of each segment its number among all, where `times` and `frames` are of some: with both of those between which
        `STEP_S` passed or more.

    Returns
    -------
    list of ClockStep
        As from `find_clock_steps`.
    """
    rows = found._replace(before=np.searchsorted(frames, found.before), after=np.searchsorted(frames, found.after))
    long = _long_intervals(times)
    if numbers is not None:
        long = long[numbers[long] - numbers[long - 1] == 1]
    return _steps(times, long, rows, lambda row: frames[row])


def _steps(times: Array, long: Array, found: "Disagreements", frame: Callable[[int], Any]) -> list[ClockStep]:
    """Tell of the longest intervals which of them are steps."""
    if long.size > MOST_INTERVALS:
        lengths = np.abs(taken(times, long) - taken(times, long - 1))
        long = np.sort(long[np.argsort(-lengths, kind="stable")[:MOST_INTERVALS]])
    before, after, direction, off = found
    steps = []
    for row in long:
        spanning = (before < row) & (row <= after)
        moved = times[row] - times[row - 1]
        agree = spanning & (np.sign(off) == np.sign(moved)) & (np.abs(off) <= np.abs(moved) * (1 + DRIFT) + STEP_S)
        directions = np.unique(direction[agree]).size
        if directions >= FEWEST_DIRECTIONS and not (spanning & ~agree).sum() > agree.sum():
            steps.append(ClockStep(int(frame(row)), float(np.median(off[agree]) / 1e9), directions))
    return steps


def _long_intervals(times: Array) -> Array:
    """Return the rows that come `STEP_S` or more after or before the row before them, both with times."""
    found, least = [np.empty(0, np.intp)], int(STEP_S * 1e9)
    for rows in stretches(times.size):
        first = max(rows.start, 1)
        intervals = np.diff(times[first - 1 : rows.stop])
        long = first + np.flatnonzero((intervals >= least) | (intervals <= -least))
        found.append(long[(times[long] != NO_TIME) & (times[long - 1] != NO_TIME)])
    return np.concatenate(found)


class _Neighbours(NamedTuple):
    """Segments and the ones before them in their directions, both with timestamps and times."""

    before: Array  # rows
    after: Array
    direction: Array
    passed: Array  # from one to the other, by the capture's clock [ns]
    ticks: Array  # by the host's


def _neighbours(segments: pd.DataFrame, times: Array) -> Iterator[_Neighbours]:
    """Yield all neighbours, stretch by stretch."""
    tsval, has_none = parts_of(segments["tsval"])
    conn_id, from_client, copies = (
        segments[name].to_numpy() for name in ("conn_id", "from_client", "capture_duplicate")
    )
    last = np.full(2 * (extremes(conn_id, -1)[1] + 1), -1, np.int64)
    for some in stretches(times.size):
        usable = (times[some] != NO_TIME) & ~copies[some]
        if has_none is not None:
            usable &= ~has_none[some]
        after = some.start + np.flatnonzero(usable)
        direction = 2 * conn_id[after].astype(np.int64) + from_client[after]
        order = np.argsort(direction, kind="stable")
        after, direction = after[order], direction[order]
        is_first = np.diff(direction, prepend=-1) != 0
        before = np.where(is_first, last[direction], np.roll(after, 1))
        is_last = np.append(is_first[1:], True)[: after.size]
        last[direction[is_last]] = after[is_last]
        known = before >= 0
        before, after, direction = before[known], after[known], direction[known]
        ticks = tsval[after].astype(np.int64) - tsval[before].astype(np.int64)
        ticks = (ticks + (1 << 31)) % (1 << 32) - (1 << 31)
        yield _Neighbours(before, after, direction, times[after] - times[before], ticks)


class Disagreements(NamedTuple):
    """Neighbours in one direction whose timestamps and times disagree.

    Parameters
    ----------
    before, after : ndarray of int
        Row of the earlier and of the later one.
    direction : ndarray of int
        2 * conn_id + 1 for the client's, 2 * conn_id for the server's.
    off : ndarray of float64
        How far the capture's clock is off. [ns]
    """

    before: Array
    after: Array
    direction: Array
    off: Array


NOTHING = Disagreements(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def disagreements(segments: pd.DataFrame) -> Disagreements:
    """Find neighbours in one direction whose timestamps and times disagree.

    Parameters
    ----------
    segments : DataFrame
        As for `find_clock_steps`, of a capture or of some whole connections of it.

    Returns
    -------
    Disagreements
        Direction by direction in each stretch of segments.
    """
    times = segments["time"].to_numpy("datetime64[ns]").view(np.int64)
    directions = 2 * (extremes(segments["conn_id"].to_numpy(), -1)[1] + 1)
    ticked, lasted = np.zeros(directions), np.zeros(directions)
    for each in _neighbours(segments, times):
        steady = (np.abs(each.passed) < STEP_S * 1e9) & (each.ticks >= 0)
        np.add.at(ticked, each.direction[steady], each.ticks[steady])
        np.add.at(lasted, each.direction[steady], each.passed[steady])
    known = (ticked >= FEWEST_TICKS) & (lasted >= FEWEST_S * 1e9)
    tick = np.where(known, lasted / np.maximum(ticked, 1), np.nan)
    found = []
    for each in _neighbours(segments, times):
        off = each.passed - each.ticks * tick[each.direction]
        with np.errstate(invalid="ignore"):
            disagree = np.abs(off) >= STEP_S * 1e9 + DRIFT * np.abs(each.passed)
        found.append((each.before[disagree], each.after[disagree], each.direction[disagree], off[disagree]))
    before, after, direction, differ = (np.concatenate(parts) for parts in zip(NOTHING, *found, strict=True))
    return Disagreements(before, after, direction, differ)
