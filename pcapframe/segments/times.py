"""Times that cannot be: of all packets alike, or years away from their neighbours'.

Durations and round trips that rest on such times are unknown, so the segments of these packets have no time.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, YEAR_NS, Array, Mask
from pcapframe.measures import without_attrs

__all__ = ["ASTRAY", "Jumps", "are_alike", "find_jumps", "stand_still", "times_that_cannot_be"]

# In attrs of packets that are a part of a capture: the frames whose times cannot be, which only the whole shows.
ASTRAY = "times_astray"
FEWEST_ALIKE = 4  # packets of one time that show that the clock stood still


class Jumps(NamedTuple):
    """Where the time of a capture jumps by a year or more."""

    rows: Array  # the first row after each jump
    astray: Mask  # packets that are a year or more from those before and after them, which belong together
    largest_ns: int  # of the jumps; below 0 for one back


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
    return are_alike(int(times.min()), int(times.max()), times.size)


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
    latest = times.max(initial=NO_TIME)
    earliest = times.min(initial=latest)
    if earliest == NO_TIME < latest:
        earliest = times[times != NO_TIME].min()
    if latest // 2 - earliest // 2 < YEAR_NS // 2:  # as nearly always
        return None
    known = np.flatnonzero(times != NO_TIME)
    source = packets["source"].to_numpy()[known]
    if (source != source[0]).any():
        known = known[np.argsort(source, kind="stable")]
    source, times = packets["source"].to_numpy()[known], times[known]
    steps = np.diff(times)
    starts = np.flatnonzero((np.abs(steps) >= YEAR_NS) & (np.diff(source) == 0)) + 1
    if not starts.size:
        return None
    astray = np.zeros(len(packets), np.bool_)
    for begin, end in _astray(times, source, starts):
        astray[known[begin:end]] = True
    return Jumps(known[starts], astray, int(steps[starts - 1][np.argmax(np.abs(steps[starts - 1]))]))


def _astray(times: Array, source: Array, starts: Array) -> Array:
    """Return begin and end of each run of packets between two jumps, the second of which leads back."""
    begins, ends = starts[:-1], starts[1:]
    back = np.abs(times[ends] - times[begins - 1]) < YEAR_NS
    back &= source[ends] == source[begins - 1]
    numbers = np.arange(back.size)
    last_other = np.maximum.accumulate(np.where(back, -1, numbers))
    back &= (numbers - last_other) % 2 == 1  # what follows a run that is astray is not
    return np.stack([begins[back], ends[back]], axis=1)


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
        return np.ones(len(packets), np.bool_)
    jumps = find_jumps(packets)
    return None if jumps is None or not jumps.astray.any() else jumps.astray
