"""Times that cannot be: of all packets alike, or years away from their neighbours'.

Durations and round trips that rest on such times are unknown, so the segments of these packets have no time.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, YEAR_NS, Array, Mask, changes
from pcapframe.measures import without_attrs
from pcapframe.memory import computed, count_where, extremes, stretches

__all__ = ["ASTRAY", "Jumps", "are_alike", "find_jumps", "stand_still", "times_that_cannot_be"]

# In attrs of packets that are a part of a capture: the frames whose times cannot be, which only the whole shows.
ASTRAY = "times_astray"
SOURCES = 1 << 16  # captures that packets may be of
ROW_BITS = 40
FEWEST_ALIKE = 4  # packets of one time that show that the clock stood still


class Jumps(NamedTuple):
    """Where the time of a capture jumps by a year or more."""

    rows: Array  # the first row after each jump
    astray: Mask  # packets that are a year or more from those before and after them, which belong together
    largest_ns: int  # of the jumps; below 0 for one back

    @property
    def astray_count(self) -> int:
        """How many packets are astray."""
        return count_where(self.astray.size, lambda rows: self.astray[rows])


def nanoseconds(packets: pd.DataFrame) -> Array:
    """Return the times of packets, ``NO_TIME`` for null. [ns since 1970]."""
    return without_attrs(packets)["time"].to_numpy("datetime64[ns]").view(np.int64)


def stand_still(packets: pd.DataFrame) -> bool:
    """Whether all packets have the same time, though there are several.

    Parameters
    ----------
    packets : DataFrame
        The columns ``time`` and ``source`` of ``schema.PACKETS``, the whole capture; not modified.

    Returns
    -------
    bool
        False for fewer than four packets: these may be of one instant.

    Examples
    --------
    >>> import pcapframe as pf
    >>> stand_still(pf.read_pcap(pf.example("clean.pcap")))
    False
    """
    times = nanoseconds(packets)
    if times.size < FEWEST_ALIKE or times[0] == NO_TIME or times[0] != times[-1]:
        return False
    return count_where(times.size, lambda rows: times[rows] != times[0]) == 0


def are_alike(earliest: int, latest: int, packets: int) -> bool:
    """Whether so many packets all have one time, and are too many for one instant.

    Parameters
    ----------
    earliest, latest : int
        Of the packets' times, ``NO_TIME`` among them. [ns]
    packets : int
        How many there are.

    Returns
    -------
    bool
        As `stand_still`.

    Examples
    --------
    >>> are_alike(7, 7, 4), are_alike(7, 7, 3), are_alike(7, 8, 4)
    (True, False, False)
    """
    return packets >= FEWEST_ALIKE and earliest == latest != NO_TIME


def find_jumps(packets: pd.DataFrame) -> Jumps | None:
    """Find where the time of a capture jumps by a year or more.

    Parameters
    ----------
    packets : DataFrame
        The columns ``time`` and ``source`` of ``schema.PACKETS``, the whole capture in its order; not modified.

    Returns
    -------
    Jumps or None
        None if it never does. Where several captures are read as one, each is looked at by itself.

    Examples
    --------
    >>> import pcapframe as pf
    >>> find_jumps(pf.read_pcap(pf.example("clean.pcap"))) is None
    True
    """
    times = nanoseconds(packets)
    earliest, latest = extremes(times, NO_TIME)
    if latest // 2 - earliest // 2 < YEAR_NS // 2:  # as nearly always
        return None
    sources = packets["source"].to_numpy()
    found = _jumps(times, sources)
    if not found.row.size:
        return None
    is_astray, key = np.append(_astray(found), False), _key(found.source, found.row)  # the last for rows before all

    def astray(rows: slice) -> Mask:
        since = np.searchsorted(key, _key(sources[rows], np.arange(rows.start, rows.stop)), side="right") - 1
        found: Mask = is_astray[since] & (times[rows] != NO_TIME)
        return found

    steps = found.time - found.before
    return Jumps(found.row, computed(times.size, np.bool_, astray), int(steps[np.argmax(np.abs(steps))]))


class _Found(NamedTuple):
    """Packets that are a year or more from the one before them in the same capture, capture by capture."""

    row: Array
    source: Array
    before: Array  # time of the packet before [ns]
    time: Array  # its own [ns]


def _jumps(times: Array, sources: Array) -> _Found:
    """Find the packets that the time jumps at."""
    found: list[_Found] = []
    latest = np.full(SOURCES, NO_TIME)
    for rows in stretches(times.size):
        known = np.flatnonzero(times[rows] != NO_TIME)
        known = known[np.argsort(sources[rows][known], kind="stable")]
        time, source = times[rows][known], sources[rows][known]
        before, is_first = np.roll(time, 1), changes(source)
        before[is_first] = latest[source[is_first]]
        latest[source] = time  # the last of each is written last
        at = np.flatnonzero((before != NO_TIME) & (np.abs(time - before) >= YEAR_NS))
        found.append(_Found(rows.start + known[at], source[at].astype(np.int64), before[at], time[at]))
    joined = _Found(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    return _Found(*(column[np.argsort(joined.source, kind="stable")] for column in joined))


def _key(source: Array, row: Array) -> Array:
    """Return one number by which rows are in order, capture by capture."""
    return source.astype(np.int64) << ROW_BITS | row


def _astray(found: _Found) -> Mask:
    """Tell after which jumps packets are astray until the next one, which leads back."""
    back = np.abs(found.time[1:] - found.before[:-1]) < YEAR_NS
    back &= found.source[1:] == found.source[:-1]
    numbers = np.arange(back.size)
    last_other = np.maximum.accumulate(np.where(back, -1, numbers))
    back &= (numbers - last_other) % 2 == 1  # what follows a run that is astray is not
    return np.append(back, False)


def times_that_cannot_be(packets: pd.DataFrame) -> Mask | None:
    """Find the packets of a capture whose times cannot be.

    Parameters
    ----------
    packets : DataFrame
        The columns ``time`` and ``source`` of ``schema.PACKETS``, the whole capture in its order, or a part of it
        whose ``attrs[ASTRAY]`` say what the whole shows; not modified.

    Returns
    -------
    ndarray of bool or None
        By packet: all, where the clock stood still, and those that are astray. None for none.

    Examples
    --------
    >>> import pcapframe as pf
    >>> times_that_cannot_be(pf.read_pcap(pf.example("clean.pcap"))) is None
    True
    """
    if ASTRAY in packets.attrs:
        astray = np.isin(packets.index, packets.attrs[ASTRAY])
        return astray if astray.any() else None
    if stand_still(packets):
        return computed(len(packets), np.bool_, lambda _rows: True)
    jumps = find_jumps(packets)
    return None if jumps is None or not jumps.astray_count else jumps.astray
