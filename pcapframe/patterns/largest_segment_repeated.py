"""A segment that is retransmitted many times while later, smaller segments arrive.

Observed: a segment with payload that was retransmitted at least ``min_resends`` times with the same size, while the
peer reported, by acknowledgement or SACK, data that the same side sent after it, in smaller segments only.

Rule: reported for the most retransmitted segment of each side, with its size and that of the largest segment that the
peer reported after its first copy.

Limits: a segment that was later sent in smaller parts counts when these are acknowledged. Only copies in the capture
count. This is how it looks when segments of one size do not get through, but other losses of one segment look the same.

RFC 1191 and RFC 8201 (path MTU discovery), RFC 2923 section 2.1 (black holes), RFC 4821.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask, changes
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "LargestSegmentRepeatedLimits", "observe"]

NAME = "largest_segment_repeated"
CATEGORY = "reliability"
RESTS_ON = ("retransmissions",)
READS = ("rel_seq", "rel_ack", "sack", "ack")
MIXER = 0x5851F42D4C957F2D  # odd, with bits everywhere


@dataclass(frozen=True)
class LargestSegmentRepeatedLimits:
    """When `observe` reports.

    Parameters
    ----------
    min_resends : int, default 3
        Fewest retransmissions of one segment. [packets]
    """

    min_resends: int = 3


LIMITS = LargestSegmentRepeatedLimits


class _Repeated(NamedTuple):
    """Segments retransmitted many times: side, first byte, size and number of retransmissions."""

    side: Array
    seq: Array
    size: Array
    resends: Array


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
    found, largest = _Repeated(*(column[chosen] for column in found)), largest[chosen]
    shown = np.concatenate([copies for copies, kept in zip(rows, chosen.tolist(), strict=True) if kept])
    conn_ids = traffic.connections.index.to_numpy()[found.side // 2]
    columns = (conn_ids, found.side % 2 == 1, found.size, largest, found.resends)
    names = ("conn_id", "from_client", "payload_bytes", "largest_reported_bytes", "resends")
    evidence = traffic.evidence(np.sort(shown))
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


def _repeated(traffic: Traffic, resent: Array, fewest: int) -> _Repeated:
    """Find the most retransmitted segment of each side, if it reaches the limit."""
    side = 2 * traffic.place(resent) + traffic.from_client(resent)
    seq, size = traffic.at("rel_seq", resent, np.int64), traffic.payload(resent).astype(np.int64)
    keys = np.column_stack([side, seq, size])[_often(fewest, side, seq, size)]
    keys = keys[np.lexsort(keys.T[::-1])]
    begins = np.flatnonzero(changes(*keys.T))
    counts = np.diff(np.append(begins, len(keys)))
    often = counts >= max(fewest, 1)
    keys, counts = keys[begins[often]], counts[often]
    # For each side the most retransmitted one, if the peer sent anything after the side's first retransmission, or its
    # last packet reports what came after a hole.
    order = np.lexsort((-counts, keys[:, 0]))
    order = order[changes(keys[order, 0])]
    keys, counts = keys[order], counts[order]
    first = np.full(2 * traffic.size, -1)
    first[side[::-1]] = resent[::-1]  # the last assignment wins
    last = traffic.last_rows(traffic.all_rows(_mask(traffic, keys[:, 0])))
    answers = last[keys[:, 0] ^ 1]
    heard = (answers > first[keys[:, 0]]) | ((answers >= 0) & traffic.series("sack").take(answers).notna().to_numpy())
    side, seq, size = keys[heard].T
    return _Repeated(side, seq, size, counts[heard])


def _often(fewest: int, *columns: Array) -> Array:
    """Return the rows that may be there so many times, and all that are: to sort rows of many columns takes long."""
    mixed = np.zeros(columns[0].size, np.int64)
    for column in columns:
        mixed = mixed * MIXER + column
    values, counts = np.unique(mixed, return_counts=True)
    return np.flatnonzero(np.isin(mixed, values[counts >= fewest]))


def _mask(traffic: Traffic, sides: Array) -> Mask:
    """Which connections some sides belong to."""
    mask = np.zeros(traffic.size, np.bool_)
    mask[sides // 2] = True
    return mask


def _reported(traffic: Traffic, found: _Repeated) -> tuple[Array, list[Array]]:
    """Return, for each segment, the largest later one reported after its first copy, and all its copies."""
    ordered = traffic.by_connection(traffic.all_rows(_mask(traffic, found.side)))
    starts = np.searchsorted(ordered.place, found.side // 2)
    stops = np.searchsorted(ordered.place, found.side // 2, side="right")
    largest, copies = np.zeros(found.side.size, np.int64), []
    for i, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):  # few: repeated segments
        rows = ordered.rows[start:stop]
        own = traffic.from_client(rows) == (found.side[i] % 2 == 1)
        size = traffic.payload(rows).astype(np.int64)
        seq = traffic.at("rel_seq", rows, np.int64)
        is_copy = own & (seq == found.seq[i]) & (size == found.size[i])
        copies.append(rows[is_copy])
        after = np.arange(rows.size) > int(np.argmax(is_copy))
        sent = own & after & ~is_copy & (size > 0) & (seq >= found.seq[i])
        arrived = _arrived(traffic, rows, ~own & after, seq, seq + size)
        largest[i] = size[sent & arrived].max(initial=0)
    return largest, copies


def _arrived(traffic: Traffic, rows: Array, peers: Mask, begin: Array, end: Array) -> Mask:
    """Tell which of some bytes the peer reports, by acknowledgement or SACK."""
    answers = rows[peers & traffic.has_flag(rows, "ACK")]
    if not answers.size:
        return np.zeros(begin.size, np.bool_)
    rel_ack = traffic.at("rel_ack", answers, np.int64)
    arrived = end <= rel_ack.max()
    sacks = traffic.series("sack").take(answers)
    has_sack = sacks.notna().to_numpy()
    if has_sack.any():
        ack = traffic.at("ack", answers[has_sack], np.uint32)
        blocks = sacks[has_sack].tolist()[-LISTED:]  # the latest ones matter most
        for edges, acked, relative in zip(blocks, ack[-LISTED:], rel_ack[has_sack][-LISTED:], strict=True):
            away = (np.asarray(edges, np.uint32) - acked).view(np.int32).astype(np.int64) + relative
            for left, right in zip(away[::2], away[1::2], strict=True):
                arrived |= (begin >= left) & (end <= right)
    return np.asarray(arrived, np.bool_)
