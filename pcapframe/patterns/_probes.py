"""Probes of one kind (``segments.probe``) that nothing answered: what two patterns share."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["READ", "Unanswered", "description_of", "observations_of", "unanswered_probes"]

READ = ("probe", "answered_by")


class Unanswered(NamedTuple):
    """Probes of one kind, and those without an answer.

    Parameters
    ----------
    probes : int
        How many probes there are, of connections of which packets of both sides were captured.
    probing : int
        Connections with any.
    rows : ndarray of int
        Those without an answer, of connections with at least the fewest wanted.
    counts : ndarray of int
        Their number by connection.
    """

    probes: int
    probing: int
    rows: Array
    counts: Array


def unanswered_probes(traffic: Traffic, kind: str, *, fewest: int, settle_s: float) -> Unanswered | None:
    """Find probes without an answer.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    kind : str
        A category of ``segments.probe``.
    fewest : int
        Connections with fewer unanswered ones are left out.
    settle_s : float
        So long before the end of the capture a probe must come to be called unanswered. [s]

    Returns
    -------
    Unanswered or None
        None where there is none.
    """
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
    missing = missing & ((traffic.end_ns.max() - traffic.time_ns(rows)) / 1e9 >= settle_s)
    counts = np.bincount(traffic.place(rows[missing]), minlength=traffic.size)
    counts[counts < max(fewest, 1)] = 0
    if not counts.any():
        return None
    found = traffic.within(rows[missing], counts > 0)
    return Unanswered(rows.size, int(traffic.places(rows).sum()), found, counts)


def observations_of(traffic: Traffic, found: Unanswered, plural: str) -> dict[str, Any]:
    """Return the numbers of a pattern about unanswered probes.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    found : Unanswered
        Of the connections.
    plural : str
        What the probes are called in the names.

    Returns
    -------
    dict
        As the patterns describe it.
    """
    by_connection, pairs = traffic.endpoints.count_pairs(found.counts)
    from_client = int(traffic.from_client(found.rows).sum())
    return {
        "unanswered": found.rows.size,
        plural: found.probes,
        "connections": int((found.counts > 0).sum()),
        f"connections_with_{plural}": found.probing,
        "from_client": from_client,
        "from_server": found.rows.size - from_client,
        "ended_by_rst": int(((found.counts > 0) & traffic.is_in("ending", "reset")).sum()),
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }


def description_of(seen: dict[str, Any], noun: str, plural: str) -> str:
    """Write the main numbers of `observations_of`.

    Parameters
    ----------
    seen : dict
        The observations.
    noun : str
        What one of the probes is called.
    plural : str
        As for `observations_of`.

    Returns
    -------
    str
        A sentence.
    """
    unanswered, connections, with_any = seen["unanswered"], seen["connections"], seen[f"connections_with_{plural}"]
    return (
        f"{unanswered:,} of {counted(seen[plural], noun)} ({percent(unanswered / seen[plural])}) "
        f"{agreeing(unanswered, 'was', 'were')} unanswered, in {connections:,} of {counted(with_any, 'connection')} "
        f"with any; {seen['ended_by_rst']:,} of these ended by a RST."
    )
