"""SACK blocks that report data that was never sent.

Observed: packets with a SACK block that ends beyond the last byte that the peer sends in the whole connection, and
beyond everything that the block's sender ever acknowledges; or that lies before the peer's SYN.

Rule: reported when at least ``min_packets`` packets have such a block.

Limits: only connections with packets of both sides are judged, since otherwise it is unknown what was sent. If the last
data of a connection is missing from the capture and was never acknowledged, a block that reports it counts.

RFC 2018 section 3 (SACK option), RFC 2883 (DSACK).
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.arrays import Array
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "SackBeyondSentLimits", "observe"]

NAME = "sack_beyond_sent"
CATEGORY = "reliability"
RESTS_ON = ("flags",)
READS = ("rel_ack", "sack", "ack")


class SackBeyondSentLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_packets : int, default 1
        Fewest packets with such a block. [packets]
    """

    min_packets: int = 1


LIMITS = SackBeyondSentLimits


def observe(traffic: Traffic, limits: SackBeyondSentLimits) -> Pattern | None:
    """Count SACK blocks that report data that was never sent.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : SackBeyondSentLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``packets`` of ``sack_packets`` (with a SACK block), by sender ``from_client`` and ``from_server`` [packets],
        ``connections``, ``beyond_max_bytes``: the farthest edge beyond what the peer sent [bytes], null where all lie
        before its SYN, ``by_connection`` [packets] of ``by_connection_total``. Evidence: these packets.
    """
    sacks = traffic.series("sack").array.__arrow_array__()
    if sacks.null_count == len(sacks):
        return None
    reporting = traffic.counted_rows(pc.indices_nonzero(pc.is_valid(sacks)).to_numpy().astype(np.intp))
    beyond, is_false = _beyond(traffic, sacks, reporting)
    rows, beyond = reporting[is_false], beyond[is_false]
    if rows.size < max(limits.min_packets, 1):
        return None
    counts = np.bincount(traffic.place(rows), minlength=traffic.size)
    by_connection, pairs = traffic.endpoints.count_pairs(counts)
    from_client = int(traffic.from_client(rows).sum())
    farthest = int(beyond.max())
    observations: dict[str, Any] = {
        "packets": rows.size,
        "sack_packets": reporting.size,
        "from_client": from_client,
        "from_server": rows.size - from_client,
        "connections": int((counts > 0).sum()),
        "beyond_max_bytes": farthest if farthest > 0 else None,
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }
    how_far = f", up to {farthest:,} bytes beyond it" if farthest > 0 else ""
    description = (
        f"{rows.size:,} of {counted(reporting.size, 'packet')} with SACK {agreeing(rows.size, 'reports', 'report')} "
        f"data that the peer never sent{how_far}, in {counted(observations['connections'], 'connection')}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))


def _beyond(traffic: Traffic, sacks: pa.Array | pa.ChunkedArray, rows: Array) -> tuple[Array, Array]:
    """How far the farthest edge of each row lies beyond what the peer sent, and whether any block was never sent."""
    chosen = sacks.take(pa.array(rows))
    if isinstance(chosen, pa.ChunkedArray):
        chosen = chosen.combine_chunks()
    lengths = pc.list_value_length(chosen).to_numpy(zero_copy_only=False).astype(np.int64)
    edges = chosen.flatten().to_numpy(zero_copy_only=False)
    owner = np.repeat(np.arange(rows.size), lengths)
    ack = traffic.at("ack", rows, np.uint32)
    # Edges by their distance from the acknowledgement, which is the only number known both ways.
    away = (edges.astype(np.uint32) - ack[owner]).view(np.int32).astype(np.int64)
    highest, lowest = np.full(rows.size, -(1 << 40)), np.full(rows.size, 1 << 40)
    np.maximum.at(highest, owner, away)
    np.minimum.at(lowest, owner, away)
    place = traffic.place(rows)
    own = 2 * place + traffic.from_client(rows)
    rel_ack = traffic.at("rel_ack", rows, np.int64)
    sent, acked = traffic.sides["high"][own ^ 1], traffic.sides["acked"][own]
    known = (sent != np.iinfo(np.int64).min) & (rel_ack <= np.maximum(sent, acked)) & (lengths > 0)
    has_syn = (traffic.number("syn_count") > 0) & (traffic.number("syn_ack_count") > 0)
    beyond = highest + rel_ack - np.maximum(sent, acked)
    return beyond, known & ((beyond > 0) | (has_syn[place] & (lowest + rel_ack < 0)))
