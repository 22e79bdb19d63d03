"""RSTs that come at the same age on many connections.

Observed: the age of each connection, counted from its SYN, when its first RST came.

Rule: reported when at least ``min_connections`` connections, and at least ``min_share`` of those reset at an age of
``min_age_s`` or more, had the same age within ``tolerance``, and their start times spread at least ``apart`` times as
far as their ages. So connections that begin together and are reset together do not count.

Limits: only connections whose SYN was captured have a known age. Only the largest group is reported. A timer at either
endpoint or on a device between them looks the same; where the connections were idle all the time, so does an idle
timer (``rst_at_same_idle_time``).

RFC 9293 section 3.5.2.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import seconds_from
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._same_time import largest_group
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "RstAtSameAgeLimits", "observe"]

NAME = "rst_at_same_age"
CATEGORY = "connection_termination"
RESTS_ON = ("flags", "durations")


class RstAtSameAgeLimits(NamedTuple):
    """What counts as the same, and when `observe` reports.

    Parameters
    ----------
    min_age_s : float, default 5.0
        Youngest age at a RST that is considered. [s]
    tolerance : float, default 0.02
        How much higher than the lowest of its group an age may be. [share]
    apart : float, default 5.0
        Smallest spread of a group's start times, relative to the spread of its ages. [times]
    min_connections : int, default 5
        Fewest connections in a group. [connections]
    min_share : float, default 0.25
        Smallest share of the group among the connections reset at such an age. [0 to 1]
    """

    min_age_s: float = 5.0
    tolerance: float = 0.02
    apart: float = 5.0
    min_connections: int = 5
    min_share: float = 0.25


LIMITS = RstAtSameAgeLimits


def observe(traffic: Traffic, limits: RstAtSameAgeLimits) -> Pattern | None:
    """Find the age at which most RSTs come.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstAtSameAgeLimits
        What counts as the same.

    Returns
    -------
    Pattern or None
        ``connections`` of ``reset_at_age`` [connections], ``share`` [0 to 1], ``age_median_s``, ``age_min_s`` and
        ``age_max_s`` [s], ``begun_within_s``: from the first of them to the last [s], ``rst_to_server`` and
        ``rst_from_server`` [connections; of the rest no packet shows the roles], ``by_server`` [connections] of
        ``by_server_total``. Evidence: the first RST of each.
    """
    known = (traffic.number("syn_count") > 0) & (traffic.each_way("rsts") > 0)
    if int(known.sum()) < limits.min_connections:
        return None
    some = traffic.flagged("RST", within=known)
    places, first = np.unique(some.place, return_index=True)
    rows = some.rows[first]
    ages = seconds_from(traffic.start_ns[places], traffic.time_ns(rows))
    old = ages >= limits.min_age_s
    rows, ages = rows[old], ages[old]
    group = largest_group(rows, ages, limits)
    if group is None:
        return None
    resets, times = group.resets, group.times
    begun = np.ptp(traffic.start_ns[traffic.place(resets)]) / 1e9
    if begun < limits.apart * np.ptp(times):
        return None
    observations: dict[str, Any] = {
        "connections": resets.size,
        "reset_at_age": rows.size,
        **group.when("age"),
        "begun_within_s": begun,
        **group.where(traffic),
    }
    description = (
        f"{resets.size:,} of {counted(rows.size, 'connection')} reset at an age of at least "
        f"{seconds(limits.min_age_s)} ({percent(resets.size / rows.size)}) had an age of {seconds(times.min())} to "
        f"{seconds(times.max())} then, begun within {seconds(begun)}; "
        f"{group.directions(traffic)}"
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(resets))
