"""A segment that is retransmitted many times while later, smaller segments arrive.

Observed: a segment with payload that was retransmitted at least ``min_resends`` times with the same size, while the
peer reported, by acknowledgement or SACK, data that the same side sent after it, in smaller segments only.

Rule: reported for the most retransmitted segment of each side, with its size and that of the largest segment that the
peer reported after its first copy.

Limits: a segment that was later sent in smaller parts counts when these are acknowledged. Only copies in the capture
count. This is how it looks when segments of one size do not get through, but other losses of one segment look the same.

RFC 1191 and RFC 8201 (path MTU discovery), RFC 2923 section 2.1 (black holes), RFC 4821.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.events import Repeated, most_repeated
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "LargestSegmentRepeatedLimits", "observe"]

NAME = "largest_segment_repeated"
CATEGORY = "reliability"
RESTS_ON = ("retransmissions",)
READS = ("rel_seq", "sack")


class LargestSegmentRepeatedLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_resends : int, default 3
        Fewest retransmissions of one segment. [packets]
    """

    min_resends: int = 3


LIMITS = LargestSegmentRepeatedLimits


def observe(traffic: Traffic, limits: LargestSegmentRepeatedLimits) -> Pattern | None:
    """Find segments that were retransmitted many times while later, smaller ones arrived.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : LargestSegmentRepeatedLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``segments``, their ``resends`` of ``total_retransmissions`` [packets], ``connections`` of
        ``total_connections``, ``sizes``, of ``segments``: the first 100 with ``conn_id``, ``from_client``,
        ``payload_bytes`` and ``largest_reported_bytes`` [bytes], ``resends`` [packets]. Evidence: all copies.
    """
    traffic.need(resends=limits.min_resends)
    many = np.zeros(traffic.size, np.bool_)
    for side in ("client", "server"):
        many |= traffic.number(f"{side}_resent_segments") >= max(limits.min_resends, 1)
    resent = traffic.within(traffic.resent, many)
    resent = resent[traffic.payload(resent) > 0] if resent.size else resent
    if not resent.size:
        return None
    found = _repeated(traffic, resent, limits.min_resends)
    if not found.side.size:
        return None
    largest, rows = _reported(traffic, found)
    chosen = (largest > 0) & (largest < found.size)
    if not chosen.any():
        return None
    found, largest = Repeated(*(column[chosen] for column in found)), largest[chosen]
    is_shown = np.zeros(2 * traffic.size, np.bool_)
    is_shown[found.side] = True
    shown = rows[is_shown[2 * traffic.place(rows) + traffic.from_client(rows)]]
    conn_ids = traffic.connections.index.to_numpy()[found.side // 2]
    columns = (conn_ids, found.side % 2 == 1, found.size, largest, found.resends)
    names = ("conn_id", "from_client", "payload_bytes", "largest_reported_bytes", "resends")
    evidence = traffic.evidence(shown)
    observations: dict[str, Any] = {
        "segments": found.side.size,
        "resends": int(found.resends.sum()),
        "total_retransmissions": int(traffic.each_way("resent_segments").sum()),
        "connections": evidence.connection_count,
        "total_connections": traffic.size,
        "sizes": [
            dict(zip(names, row, strict=True)) for row in zip(*(c[:LISTED].tolist() for c in columns), strict=True)
        ],
    }
    most = int(np.argmax(found.resends))
    description = (
        f"{counted(found.side.size, 'segment')} {agreeing(found.side.size, 'was', 'were')} retransmitted "
        f"{limits.min_resends:,} times or more ({observations['resends']:,} of "
        f"{counted(observations['total_retransmissions'], 'retransmission')}) while later, smaller ones arrived, in "
        f"{evidence.connection_count:,} of {counted(traffic.size, 'connection')}; the most: {found.size[most]:,} bytes "
        f"{found.resends[most]:,} times, where the largest that arrived had {largest[most]:,} bytes."
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _repeated(traffic: Traffic, resent: Array, fewest: int) -> Repeated:
    """Find the most retransmitted segment of each side, if it reaches the limit."""
    side = 2 * traffic.place(resent) + traffic.from_client(resent)
    seq, size = traffic.at("rel_seq", resent, np.int64), traffic.payload(resent).astype(np.int64)
    found = most_repeated(side, seq, size, fewest)
    # Where the peer sent anything after the first retransmission, or its last packet reports what came after a hole.
    first = np.full(2 * traffic.size, -1)
    first[side[::-1]] = resent[::-1]  # the last assignment wins
    last = traffic.last_rows(traffic.all_rows(_mask(traffic, found.side)))
    answers = last[found.side ^ 1]
    heard = (answers > first[found.side]) | ((answers >= 0) & traffic.series("sack").take(answers).notna().to_numpy())
    return Repeated(*(column[heard] for column in found))


def _mask(traffic: Traffic, sides: Array) -> Mask:
    """Which connections some sides belong to."""
    mask = np.zeros(traffic.size, np.bool_)
    mask[sides // 2] = True
    return mask


def _reported(traffic: Traffic, found: Repeated) -> tuple[Array, Array]:
    """Return, for each segment, the largest later one reported after its first copy, and the rows of all copies."""
    noted = traffic.noted("repeated")
    largest = np.zeros(2 * traffic.size, np.int64)
    largest[2 * traffic.place_of(noted["conn_id"]) + noted["from_client"]] = noted["largest_bytes"]
    rows, place = traffic.all_rows(_mask(traffic, found.side))
    side = 2 * place + traffic.from_client(rows)
    number = np.full(2 * traffic.size, -1)
    number[found.side] = np.arange(found.side.size)
    rows, number = rows[number[side] >= 0], number[side][number[side] >= 0]
    seq, size = traffic.at("rel_seq", rows, np.int64), traffic.payload(rows).astype(np.int64)
    is_copy = (seq == found.seq[number]) & (size == found.size[number])
    return largest[found.side], rows[is_copy]
