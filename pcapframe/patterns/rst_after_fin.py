"""RSTs in connections that were already being closed.

Observed: RSTs that come after a FIN of either side. A FIN that ended nothing (``fin_ignored``) does not count.

Rule: reported when at least ``min_connections`` connections have one.

Limits: this is the order in the capture; at either endpoint it may differ. A connection that both sides had closed
before its RST ended with ``fin``, not ``reset``.

RFC 9293 sections 3.6 and 3.10.4 (close with data unread or unsent), RFC 2525 section 2.17.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "RstAfterFinLimits", "observe"]

NAME = "rst_after_fin"
CATEGORY = "connection_termination"
RESTS_ON = ("flags",)
READS = ("fin_ignored",)

NO_ROW = np.iinfo(np.int64).max


class RstAfterFinLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest connections with such a RST. [connections]
    """

    min_connections: int = 1


LIMITS = RstAfterFinLimits


def observe(traffic: Traffic, limits: RstAfterFinLimits) -> Pattern | None:
    """Count the RSTs that come after a FIN.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstAfterFinLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``connections`` of ``closing_connections`` (those with a FIN), ``share`` [0 to 1], ``rsts``, of these
        ``after_both_fins`` and ``after_one_fin``, and by who sent them ``from_first_closer`` and
        ``from_its_peer`` [packets]; ``delay_median_s`` from the first FIN to the RST [s]. Evidence: these
        RSTs.
    """
    first = _first_fins(traffic)
    rows, place = traffic.rsts
    before = first[place] < rows[:, None]
    after = before.any(axis=1)
    rows, place = rows[after], place[after]
    evidence = traffic.evidence(rows)
    if evidence.connection_count < max(limits.min_connections, 1):
        return None
    both = int(before[after].all(axis=1).sum())
    from_closer = int((first[place].argmin(axis=1) != traffic.from_client(rows)).sum())
    closing = int((first.min(axis=1) < NO_ROW).sum())
    delays = traffic.seconds_between(first[place].min(axis=1), rows)
    known = delays[~np.isnan(delays)]
    delay_s = float(np.median(known)) if known.size else np.nan
    observations: dict[str, Any] = {
        "connections": evidence.connection_count,
        "closing_connections": closing,
        "share": evidence.connection_count / closing,
        "rsts": rows.size,
        "after_both_fins": both,
        "after_one_fin": rows.size - both,
        "from_first_closer": from_closer,
        "from_its_peer": rows.size - from_closer,
        "delay_median_s": delay_s,
    }
    description = (
        f"{evidence.connection_count:,} of {counted(closing, 'connection')} with a FIN "
        f"({percent(evidence.connection_count / closing)}) had a RST after it, {seconds(delay_s)} later "
        f"(median). Of {counted(rows.size, 'such RST')}, {both:,} came after FINs of both sides, {rows.size - both:,} "
        "after the FIN of one side."
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _first_fins(traffic: Traffic) -> Array:
    """Row of the first FIN of each connection's client (column 0) and server, NO_ROW without one."""
    first = np.full((traffic.size, 2), NO_ROW)
    rows, place = (column[::-1] for column in traffic.closing)  # the last assignment wins
    first[place, np.where(traffic.from_client(rows), 0, 1)] = rows
    return first
