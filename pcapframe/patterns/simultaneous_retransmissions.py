"""Seconds in which many connections retransmitted.

Observed: in each second of the capture, how many connections retransmitted payload or a FIN.

Rule: reported when in some second there are at least ``min_connections`` of them, and more than the median
second by at least ``deviations`` standard deviations of a Poisson variable with that median.

Limits: seconds are calendar seconds (UTC), so events across a boundary are split. Repeated SYNs are left out
(see ``unanswered_syns``, ``repeated_syn``). A capture shorter than a second has nothing to compare with.

RFC 6298 (timeout), RFC 5681 section 3.2 (fast retransmission).
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, changes
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "SimultaneousRetransmissionsLimits", "observe"]

NAME = "simultaneous_retransmissions"
CATEGORY = "reliability"
RESTS_ON = ("retransmissions",)

SECOND_NS = 1_000_000_000


class SimultaneousRetransmissionsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 6
        Fewest connections that retransmit in the same second. [connections]
    deviations : float, default 6.0
        Distance from the median second. [standard deviations]
    """

    min_connections: int = 6
    deviations: float = 6.0


LIMITS = SimultaneousRetransmissionsLimits


def observe(traffic: Traffic, limits: SimultaneousRetransmissionsLimits) -> Pattern | None:
    """Find seconds in which many connections retransmitted.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : SimultaneousRetransmissionsLimits
        How many are many.

    Returns
    -------
    Pattern or None
        ``seconds``: the first 100, each with its ``time`` (UTC), ``connections`` and ``resent_segments``;
        ``seconds_total`` of ``capture_seconds``, ``median_connections`` a second, ``most_connections`` in
        one. Evidence: the retransmissions in these seconds.
    """
    rows = traffic.resent[~traffic.has_flag(traffic.resent, "SYN")]
    rows = rows[traffic.time_ns(rows) != NO_TIME]
    if not rows.size:
        return None
    second = traffic.time_ns(rows) // SECOND_NS
    busy, connections, segments = _per_second(second, traffic.place(rows))
    starts = traffic.start_ns[traffic.start_ns != NO_TIME] // SECOND_NS
    total = int(traffic.end_ns.max() // SECOND_NS - starts.min(initial=second.min()) + 1)
    usual = _median(connections, total)
    least = max(limits.min_connections, usual + limits.deviations * np.sqrt(usual))
    many = connections >= least
    if total < 2 or not many.any():
        return None
    times = pd.to_datetime(busy[many][:LISTED] * SECOND_NS, utc=True)
    listed = zip(times, connections[many].tolist(), segments[many].tolist(), strict=False)
    most = int(connections.max())
    observations: dict[str, Any] = {
        "seconds": [dict(zip(("time", "connections", "resent_segments"), row, strict=True)) for row in listed],
        "seconds_total": int(many.sum()),
        "capture_seconds": total,
        "median_connections": usual,
        "most_connections": most,
    }
    description = (
        f"In {int(many.sum()):,} of {counted(total, 'second')} at least {int(np.ceil(least)):,} connections "
        f"retransmitted ({most:,} at most, {usual:g} in the median second)."
    )
    chosen = rows[np.isin(second, busy[many])]
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(chosen))


def _per_second(second: Array, place: Array) -> tuple[Array, Array, Array]:
    """Seconds with a retransmission, with their connections and retransmitted segments."""
    order = np.lexsort((place, second))
    second, place = second[order], place[order]
    others = changes(second, place)
    starts = np.flatnonzero(changes(second))
    return (
        second[starts],
        np.add.reduceat(others.astype(np.int64), starts),
        np.diff(np.append(starts, second.size)),
    )


def _median(counts: Array, total: int) -> float:
    """Median over all seconds, of which only some have a count above 0."""
    padded = np.sort(np.append(counts, np.zeros(min(total - counts.size, counts.size + 1), np.int64)))
    if total > padded.size:
        return 0.0
    return float(np.median(padded))
