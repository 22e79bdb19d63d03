"""SYN-ACKs of one handshake that differ.

Observed: SYN-ACKs of one side of a connection whose sequence number, hop limit (IPv4: time to live) or options (MSS,
window scale, SACK permitted, timestamps or not) differ from its first one.

Rule: reported when at least ``min_connections`` connections have one. Hop limits differ if they are more than ``hops``
apart.

Limits: the capture shows the source address of a SYN-ACK, not which machine sent it. A sender may choose a new sequence
number for a repeat, and packets of one connection may take paths of different lengths.

RFC 9293 sections 3.4.1 and 3.5, RFC 4987 section 3.6 (SYN cookies).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, changes
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "DifferingSynAcksLimits", "observe"]

NAME = "differing_syn_acks"
CATEGORY = "connection_establishment"
RESTS_ON = ("flags",)
READS = ("seq", "ttl", "mss", "window_scale", "sack_permitted", "tsval")

WRITTEN = {"sequence_number": "sequence number", "hop_limit": "hop limit", "options": "options"}


class DifferingSynAcksLimits(NamedTuple):
    """What differs, and when `observe` reports.

    Parameters
    ----------
    hops : int, default 0
        Larger differences of hop limits count. [hops]
    min_connections : int, default 1
        Fewest connections with differing SYN-ACKs. [connections]
    """

    hops: int = 0
    min_connections: int = 1


LIMITS = DifferingSynAcksLimits


def observe(traffic: Traffic, limits: DifferingSynAcksLimits) -> Pattern | None:
    """Find SYN-ACKs that differ from the first one of their handshake.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : DifferingSynAcksLimits
        What differs.

    Returns
    -------
    Pattern or None
        ``syn_acks`` of ``further_syn_acks`` (beside the first of each handshake) [packets], ``connections`` of
        ``connections_with_several``, ``differs_in``: ``sequence_number``, ``hop_limit`` and ``options`` [packets].
        Evidence: the SYN-ACKs of these connections.
    """
    several = traffic.number("syn_ack_count") > 1
    if not several.any():
        return None
    ordered = _syn_acks(traffic, traffic.flagged("SYN", within=several).rows)
    if not ordered.size:
        return None
    side = 2 * traffic.place(ordered) + traffic.from_client(ordered)
    begins = changes(side)
    first = ordered[np.maximum.accumulate(np.where(begins, np.arange(ordered.size), 0))]
    differs = _differences(traffic, ordered, first, limits.hops)
    differing = np.logical_or.reduce(list(differs.values()))
    rows = ordered[differing]
    if not rows.size:
        return None
    mask = traffic.places(rows)
    connections = int(mask.sum())
    if connections < max(limits.min_connections, 1):
        return None
    further = int((~begins).sum())
    observations: dict[str, Any] = {
        "syn_acks": rows.size,
        "further_syn_acks": further,
        "connections": connections,
        "connections_with_several": int(traffic.places(ordered[~begins]).sum()),
        "differs_in": {name: int(found.sum()) for name, found in differs.items()},
    }
    kinds = ", ".join(f"{WRITTEN[name]} {count:,}" for name, count in observations["differs_in"].items() if count)
    description = (
        f"{rows.size:,} of {counted(further, 'further SYN-ACK')} "
        f"{agreeing(rows.size, 'differs', 'differ')} from the first one of the same handshake, in {connections:,} of "
        f"{counted(observations['connections_with_several'], 'connection')} with several; what differs: {kinds}."
    )
    shown = traffic.within(ordered, mask)
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(shown, mask))


def _syn_acks(traffic: Traffic, rows: Array) -> Array:
    """Return the SYN-ACKs, grouped by side."""
    rows = rows[traffic.has_flag(rows, "ACK")]
    side = 2 * traffic.place(rows) + traffic.from_client(rows)
    return rows[np.argsort(side, kind="stable")]


def _differences(traffic: Traffic, rows: Array, first: Array, hops: int) -> dict[str, Array]:
    """Return which rows differ from the first ones, by what differs."""
    options = np.zeros(rows.size, np.bool_)
    for name in ("mss", "window_scale", "sack_permitted"):
        options |= traffic.at(name, rows, np.int64, null=-1) != traffic.at(name, first, np.int64, null=-1)
    options |= (traffic.at("tsval", rows, np.int64, null=-1) < 0) != (traffic.at("tsval", first, np.int64, null=-1) < 0)
    seq, ttl = traffic.column("seq"), traffic.column("ttl")
    far = np.abs(ttl[rows].astype(np.int64) - ttl[first]) > hops
    return {"sequence_number": seq[rows] != seq[first], "hop_limit": far, "options": options}
