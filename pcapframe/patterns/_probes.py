"""Probes of one kind (``segments.probe``) that nothing answered: the two patterns about them are made here."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["READ", "Kind", "observe_unanswered"]

READ = ("probe", "answered_by")


class Kind(NamedTuple):
    """A kind of probes, and the pattern about it.

    Parameters
    ----------
    pattern, category : str
        Its name and category.
    probe : str
        A category of ``segments.probe``.
    noun : str
        What one of the probes is called.
    plural : str
        What they are called in the names of observations.
    """

    pattern: str
    category: str
    probe: str
    noun: str
    plural: str


class Limits(Protocol):
    """Thresholds of both patterns."""

    @property
    def min_unanswered(self) -> int: ...
    @property
    def settle_s(self) -> float: ...


class _Unanswered(NamedTuple):
    """Probes of one kind, and those without an answer."""

    probes: int  # of connections of which packets of both sides were captured
    probing: int  # connections with any
    rows: Array  # those without an answer, of connections with at least the fewest wanted
    counts: Array  # their number by connection


def observe_unanswered(traffic: Traffic, limits: Limits, kind: Kind) -> Pattern | None:
    """Count unanswered probes of one kind.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : Limits
        Those of the pattern.
    kind : Kind
        Which probes, and what they are called.

    Returns
    -------
    Pattern or None
        ``unanswered`` (of connections with at least the fewest) of all these probes [packets], ``connections`` of
        those with any, by sender ``from_client`` and ``from_server`` [packets], ``ended_by_rst`` [connections],
        ``by_connection`` [packets] of ``by_connection_total``. Evidence: the unanswered ones.
    """
    found = _find(traffic, kind.probe, limits)
    if found is None:
        return None
    by_connection, pairs = traffic.endpoints.count_pairs(found.counts)
    from_client = int(traffic.from_client(found.rows).sum())
    unanswered, connections = found.rows.size, int((found.counts > 0).sum())
    ended_by_rst = int(((found.counts > 0) & traffic.is_in("ending", "reset")).sum())
    observations: dict[str, Any] = {
        "unanswered": unanswered,
        kind.plural: found.probes,
        "connections": connections,
        f"connections_with_{kind.plural}": found.probing,
        "from_client": from_client,
        "from_server": unanswered - from_client,
        "ended_by_rst": ended_by_rst,
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }
    description = (
        f"{unanswered:,} of {counted(found.probes, kind.noun)} ({percent(unanswered / found.probes)}) "
        f"{agreeing(unanswered, 'was', 'were')} unanswered, in {connections:,} of "
        f"{counted(found.probing, 'connection')} with any; {ended_by_rst:,} of these ended by a RST."
    )
    return Pattern(kind.pattern, kind.category, description, observations, traffic.evidence(found.rows))


def _find(traffic: Traffic, kind: str, limits: Limits) -> _Unanswered | None:
    """Find probes without an answer."""
    column = traffic.series("probe").cat
    if kind not in column.categories:
        return None
    codes = column.codes.to_numpy()
    rows = traffic.rows(codes == column.categories.get_loc(kind))
    both = (traffic.number("client_packets") > 0) & (traffic.number("server_packets") > 0)
    rows = traffic.within(rows, both)
    if not rows.size:
        return None
    missing = traffic.series("answered_by").take(rows).isna().to_numpy()
    missing = missing & ((traffic.end_ns.max() - traffic.time_ns(rows)) / 1e9 >= limits.settle_s)
    counts = np.bincount(traffic.place(rows[missing]), minlength=traffic.size)
    counts[counts < max(limits.min_unanswered, 1)] = 0
    if not counts.any():
        return None
    found = traffic.within(rows[missing], counts > 0)
    return _Unanswered(rows.size, int(traffic.places(rows).sum()), found, counts)
