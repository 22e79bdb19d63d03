"""Steps of a capture's clock, shown by the clocks in the packets.

TCP timestamps advance at a steady rate, by their sender's clock (RFC 7323 section 5.4). If between two segments of a
direction the capture's clock advances by at least ``STEP_S`` more or less than the direction's timestamps, and other
directions agree, the capture's clock was set or stood still.

Limits: steps under a second, and steps without TCP timestamps, cannot be told from idle time. A direction counts once
its timestamp rate is known. Only the 100 longest intervals between segments are checked.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import NO_TIME
from pcapframe.measures import values

__all__ = ["ClockStep", "find_clock_steps"]

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
    intervals, least = np.diff(times), int(STEP_S * 1e9)
    long = np.flatnonzero((intervals >= least) | (intervals <= -least)) + 1
    long = long[(times[long] != NO_TIME) & (times[long - 1] != NO_TIME)]
    if not long.size:
        return []
    if long.size > MOST_INTERVALS:
        lengths = np.abs(times[long] - times[long - 1])
        long = np.sort(long[np.argsort(-lengths, kind="stable")[:MOST_INTERVALS]])
    before, after, direction, off = _disagreeing(segments, times)
    frames = segments.index.to_numpy()
    found = []
    for row in long:
        spanning = (before < row) & (row <= after)
        moved = times[row] - times[row - 1]
        agree = spanning & (np.sign(off) == np.sign(moved)) & (np.abs(off) <= np.abs(moved) * (1 + DRIFT) + STEP_S)
        directions = np.unique(direction[agree]).size
        if directions >= FEWEST_DIRECTIONS and not (spanning & ~agree).sum() > agree.sum():
            found.append(ClockStep(int(frames[row]), float(np.median(off[agree]) / 1e9), directions))
    return found


def _disagreeing(segments: pd.DataFrame, times: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], ...]:
    """Pairs of neighbours in one direction whose timestamps and times disagree.

    Returns
    -------
    tuple of ndarray
        Row of the earlier and the later one, their direction, and how far the capture's clock is off. [ns]
    """
    tsval = values(segments["tsval"], np.int64, null=-1)
    usable = (tsval >= 0) & (times != NO_TIME) & ~segments["capture_duplicate"].to_numpy()
    rows = np.flatnonzero(usable)
    place = 2 * segments["conn_id"].to_numpy()[rows].astype(np.int64) + segments["from_client"].to_numpy()[rows]
    order = np.argsort(place, kind="stable")
    rows, place = rows[order], place[order]
    same = place[1:] == place[:-1]
    before, after, place = rows[:-1][same], rows[1:][same], place[1:][same]
    passed = times[after] - times[before]
    ticks = ((tsval[after] - tsval[before]) + (1 << 31)) % (1 << 32) - (1 << 31)
    steady = (np.abs(passed) < STEP_S * 1e9) & (ticks >= 0)
    directions = int(place.max(initial=-1)) + 1
    ticked = np.bincount(place[steady], ticks[steady], directions)
    lasted = np.bincount(place[steady], passed[steady], directions)
    known = (ticked >= FEWEST_TICKS) & (lasted >= FEWEST_S * 1e9)
    tick = np.where(known, lasted / np.maximum(ticked, 1), np.nan)
    off = passed - ticks * tick[place]
    with np.errstate(invalid="ignore"):
        disagree = np.abs(off) >= STEP_S * 1e9 + DRIFT * np.abs(passed)
    return before[disagree], after[disagree], place[disagree], off[disagree]
