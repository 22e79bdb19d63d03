"""RSTs whose hop limit is unlike that of the same endpoint's other packets.

Observed: the hop limit (IPv4: time to live) of each RST, beside those of the packets without RST that its
sender sent in the same connection.

Rule: reported when at least ``min_connections`` connections have a RST that lies more than ``hops`` outside
the range of the others.

Limits: a RST cannot be compared if its endpoint sent nothing else in the connection. Some systems send RSTs with a
different initial hop limit than data, and packets of one connection may take paths of different lengths.

RFC 9293 section 3.5.2, RFC 791 section 3.2 and RFC 8200 section 3 (time to live, hop limit).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import LISTED, Pattern, each_direction
from pcapframe.patterns._hop_limits import compare_resets
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "RstUnlikeTtlLimits", "observe"]

NAME = "rst_unlike_ttl"
CATEGORY = "connection_termination"
RESTS_ON = ("flags",)
READS = ("ttl",)


class RstUnlikeTtlLimits(NamedTuple):
    """What counts as unlike, and when `observe` reports.

    Parameters
    ----------
    hops : int, default 2
        Largest accepted distance from the range of the other packets. [hops]
    min_connections : int, default 1
        Fewest connections with such a RST. [connections]
    """

    hops: int = 2
    min_connections: int = 1


LIMITS = RstUnlikeTtlLimits


def observe(traffic: Traffic, limits: RstUnlikeTtlLimits) -> Pattern | None:
    """Find RSTs whose hop limit differs from their sender's other packets.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstUnlikeTtlLimits
        What counts as unlike.

    Returns
    -------
    Pattern or None
        ``rsts`` of ``compared_rsts`` (of ``total_rsts``) [packets], ``connections``, ``rst_to_server`` and
        ``rst_from_server`` [packets; of the rest no packet shows the roles], ``hop_limits``, of
        ``hop_limits_total``: the 100 most frequent combinations of ``rst``, ``others_min`` and ``others_max``
        [hops] with their ``count`` [packets]. Evidence: these RSTs.
    """
    compared = compare_resets(traffic, limits.hops)
    if compared is None:
        return None
    rows, ttl, low, high = compared
    unlike = compared.is_outside(limits.hops)
    evidence = traffic.evidence(rows[unlike])
    if evidence.connection_count < max(limits.min_connections, 1):
        return None
    count = int(unlike.sum())
    combinations, total = _combinations(ttl[unlike], low[unlike], high[unlike])
    to_server, from_server, unknown = traffic.count_directions(rows[unlike])
    observations: dict[str, Any] = {
        "rsts": count,
        "compared_rsts": int((high >= 0).sum()),
        "total_rsts": rows.size,
        "connections": evidence.connection_count,
        "rst_to_server": to_server,
        "rst_from_server": from_server,
        "hop_limits": combinations,
        "hop_limits_total": total,
    }
    description = (
        f"{count:,} of {counted(observations['compared_rsts'], 'RST')} that can be compared had a hop limit "
        f"more than {limits.hops} outside the range of the same endpoint's other packets, in "
        f"{counted(evidence.connection_count, 'connection')}: {each_direction(to_server, from_server, unknown)}."
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _combinations(ttl: Array, low: Array, high: Array) -> tuple[list[dict[str, int]], int]:
    """Count combinations of hop limits, the most frequent first, and how many there are in all."""
    kinds, counts = np.unique(ttl << 16 | low << 8 | high, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:LISTED]
    columns = (kinds[most] >> 16, kinds[most] >> 8 & 255, kinds[most] & 255, counts[most])
    names = ("rst", "others_min", "others_max", "count")
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.tolist() for c in columns), strict=True)], kinds.size
