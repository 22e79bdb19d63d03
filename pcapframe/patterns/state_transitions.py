"""How connections went from handshake to data to ending, as a table.

Observed: for each connection how the handshake went, which sides sent payload, and how it ended.

Rule: reported for every capture with at least ``min_connections`` connections.

Limits: these are three states per connection, not the TCP states of RFC 9293 section 3.3.2, which each endpoint goes
through and a capture shows only in part (see ``conn_state`` and ``history``). Payload missing from the capture is not
seen.

RFC 9293 section 3.3.2.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.memory import stretches
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.schema import ENDINGS, HANDSHAKES
from pcapframe.wording import counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "StateTransitionsLimits", "observe"]

NAME = "state_transitions"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("handshakes", "unanswered", "endings", "open_endings")

DATA = ("no_data", "client_data", "server_data", "data_both_ways")


class StateTransitionsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest connections for a table. [connections]
    """

    min_connections: int = 1


LIMITS = StateTransitionsLimits


def observe(traffic: Traffic, limits: StateTransitionsLimits) -> Pattern | None:
    """Count the transitions between the states of connections.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : StateTransitionsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``total_connections``; ``transitions``: the table, each row with ``from``, ``to`` and ``count``
        [connections], from ``handshake:…`` to ``data:…`` and from there to ``ending:…``, each half of which
        sums to the total; ``paths``: each way through with ``handshake``, ``data``, ``ending`` and ``count``,
        the most frequent first. Evidence: the connections.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, StateTransitionsLimits()).observations["paths"]
    [{'handshake': 'complete', 'data': 'data_both_ways', 'ending': 'fin', 'count': 13}]
    """
    if traffic.size < max(limits.min_connections, 1):
        return None
    whole = _count(traffic)
    paths: list[dict[str, Any]] = [
        {"handshake": HANDSHAKES[begin], "data": DATA[between], "ending": ENDINGS[end], "count": int(n)}
        for (begin, between, end), n in np.ndenumerate(whole)
        if n
    ]
    paths.sort(key=lambda path: -path["count"])
    observations: dict[str, Any] = {
        "total_connections": traffic.size,
        "transitions": [
            *(
                {"from": f"handshake:{HANDSHAKES[i]}", "to": f"data:{DATA[j]}", "count": int(n)}
                for (i, j), n in np.ndenumerate(whole.sum(axis=2))
                if n
            ),
            *(
                {"from": f"data:{DATA[i]}", "to": f"ending:{ENDINGS[j]}", "count": int(n)}
                for (i, j), n in np.ndenumerate(whole.sum(axis=0))
                if n
            ),
        ],
        "paths": paths,
    }
    most = paths[0]
    connections = counted(traffic.size, "connection")
    if traffic.size == 1:
        took = "1 connection, from handshake to ending"
    elif len(paths) == 1:
        took = f"{connections} took the same path from handshake to ending"
    else:
        which = ", one each; one of them" if most["count"] == 1 else f"; the most frequent, taken by {most['count']:,}"
        took = f"{connections} took {len(paths):,} paths from handshake to ending{which}"
    description = (
        f"{took}: handshake {most['handshake']}, {most['data']}, ending "
        f"{'FIN' if most['ending'] == 'fin' else most['ending']}."
    ).replace("_", " ")
    evidence = traffic.evidence(np.empty(0, np.intp), np.ones(traffic.size, np.bool_))
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _count(traffic: Traffic) -> Array:
    """Count connections by the places of their handshake, data and ending."""
    shape = len(HANDSHAKES), len(DATA), len(ENDINGS)
    client, server = traffic.number("client_data_packets"), traffic.number("server_data_packets")
    handshake, ending = traffic.codes("handshake"), traffic.codes("ending")
    counts = np.zeros(shape, np.int64)
    for rows in stretches(traffic.size):
        data = (client[rows] > 0) + 2 * (server[rows] > 0)
        path = np.ravel_multi_index((handshake[rows], data, ending[rows]), shape)
        counts += np.bincount(path, minlength=counts.size).reshape(shape)
    return counts
