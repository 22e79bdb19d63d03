"""The link layers that ``decoding`` does not know, before ``deep`` goes on; compiled when a capture first has one.

Aggregates of 802.11 (A-MSDU) have several frames in one, framed like those of 802.3: each frame with IP becomes a
record of its own. A record of which no frame has IP stays one record.
"""

from typing import Any

from pcapframe.capture.bits import be16
from pcapframe.capture.decoding import NOT_COMMON
from pcapframe.capture.link import CODE_AGGREGATE, ETHERTYPE_IPV4, ETHERTYPE_IPV6, NESTED_LINK, VLAN_TYPES, llc
from pcapframe.capture.link_types import LINK_TYPES, SUBFRAME, UNKNOWN_LINK
from pcapframe.capture.tables import dispatcher
from pcapframe.jit import inner_jit, jit

__all__ = ["skip_links", "split_aggregates"]

MOST_LINKS = 8  # link layers in each other
SUBFRAME_BYTES = 14

_frame = dispatcher(LINK_TYPES, f"{UNKNOWN_LINK} + number, at")


@jit
def skip_links(buffer: Any, batch: Any, waiting: Any, scratch: Any) -> Any:
    """Skip the link layers of those deferred records whose link type `decode_batch` does not know.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the packets' bytes.
    batch : ndarray of RECORD
        The records.
    waiting : int
        How many of them are deferred.
    scratch : Scratch
        As `decode_batch` left it; `kinds` and `places` are changed.

    Returns
    -------
    int
        How many of the records are aggregates.
    """
    aggregates = 0
    for j in range(waiting):
        kind = scratch.kinds[j]
        if kind != NOT_COMMON and kind < NESTED_LINK:
            continue
        record = batch[scratch.deferred[j]]
        at, end = scratch.places[j], record.at + record.captured
        if kind == NOT_COMMON:
            kind = NESTED_LINK + record.link
        for _ in range(MOST_LINKS):
            if kind < NESTED_LINK:
                break
            kind, at = _frame(kind - NESTED_LINK, buffer, at, end)
        if kind == CODE_AGGREGATE:
            aggregates += 1
        scratch.kinds[j], scratch.places[j] = kind, at
    return aggregates


@inner_jit
def _has_ip(buffer: Any, at: Any, end: Any) -> Any:
    """Whether IP, or a VLAN tag, follows the 802.2 header at `at`."""
    kind, _at = llc(buffer, at, end)
    return kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) or kind in VLAN_TYPES


@jit
def split_aggregates(
    buffer: Any, batch: Any, count: Any, waiting: Any, scratch: Any, records: Any, origins: Any
) -> Any:
    """Replace aggregates by the frames in them.

    Parameters
    ----------
    buffer, batch, waiting, scratch
        As for `skip_links`, which went before.
    count : int
        How many records there are.
    records : ndarray of RECORD
        Filled with the records that take their place, as many as it has room for.
    origins : ndarray of int64
        Filled: which record of `batch` each of them is from.

    Returns
    -------
    int
        How many records there are then.
    """
    total = 0
    j = 0
    for i in range(count):
        record = batch[i]
        is_deferred = j < waiting and scratch.deferred[j] == i
        before = total
        if is_deferred and scratch.kinds[j] == CODE_AGGREGATE:
            first = scratch.places[j]
            end, wire_end = record.at + record.captured, record.at + record.wire
            at = first
            while at + SUBFRAME_BYTES <= end:
                frame_end = at + SUBFRAME_BYTES + be16(buffer, at + 12)
                if _has_ip(buffer, at + SUBFRAME_BYTES, min(end, frame_end)):
                    if total < records.size:
                        records[total] = record
                        records[total].link = SUBFRAME
                        records[total].at = at
                        records[total].captured = min(end, frame_end) - at
                        records[total].wire = max(min(wire_end, frame_end), min(end, frame_end)) - at
                        origins[total] = i
                    total += 1
                at = first + (frame_end - first + 3 & ~3)
            if total == before:
                if total < records.size:
                    records[total] = record
                    records[total].link = SUBFRAME
                    records[total].at = min(first, end)
                    records[total].captured = end - min(first, end)
                    records[total].wire = max(wire_end, end) - min(first, end)
                    origins[total] = i
                total += 1
        else:
            if total < records.size:
                records[total] = record
                origins[total] = i
            total += 1
        if is_deferred:
            j += 1
    return total
