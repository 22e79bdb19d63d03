"""The link layers that ``decoding`` does not know, before ``deep`` goes on; compiled when a capture first has one.

Some records have several frames in one, with a row each in ``AGGREGATES``: each frame becomes a record of its own. Of
802.11 (A-MSDU), only those with IP do. A record of which no frame does stays one record.
"""

from typing import Any

import numpy as np

from pcapframe.capture.decoding import NOT_COMMON
from pcapframe.capture.link import (
    CODE_AGGREGATE,
    CODE_NCM,
    CODE_RNDIS,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    NESTED_LINK,
    NO_SUBFRAME,
    SUBFRAME,
    VLAN_TYPES,
    llc,
)
from pcapframe.capture.link_types import LINK_TYPES, UNKNOWN_LINK
from pcapframe.capture.tables import NO_MORE, Layer, dispatcher
from pcapframe.capture.usb import next_datagram, next_message
from pcapframe.capture.wireless import SUBFRAME_BYTES, next_subframe
from pcapframe.jit import inner_jit, jit

__all__ = ["skip_links", "split_aggregates"]

MOST_LINKS = 8  # link layers in each other
# What has several frames in it. A decoder takes the buffer, where the first one begins, a state (0 at first), and where
# the captured bytes end. It returns where the next frame begins, its size (`NO_MORE` behind the last one), its link
# type and the next state.
AGGREGATES = {
    CODE_AGGREGATE: Layer("A-MSDU", next_subframe),
    CODE_NCM: Layer("CDC NCM", next_datagram),
    CODE_RNDIS: Layer("RNDIS", next_message),
}
SEVERAL = tuple(AGGREGATES)

_next = dispatcher(AGGREGATES, f"first, {NO_MORE}, {SUBFRAME}, state", "buffer, first, state, end")
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
        aggregates += kind in SEVERAL
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
        if is_deferred and scratch.kinds[j] in SEVERAL:
            first, kind = scratch.places[j], scratch.kinds[j]
            end, wire_end = record.at + record.captured, record.at + record.wire
            state, taken = np.int64(0), np.int64(0)
            while taken <= end - first:  # frames of some kinds may claim the same bytes
                at, size, link, state = _next(kind, buffer, first, state, end)
                if size == NO_MORE:
                    break
                captured = min(end, at + size) - at
                if captured <= 0 or (link == SUBFRAME and not _has_ip(buffer, at + SUBFRAME_BYTES, at + captured)):
                    continue
                taken += max(captured, SUBFRAME_BYTES)
                if total < records.size:
                    records[total] = record
                    records[total].link = link
                    records[total].at = at
                    records[total].captured = captured
                    records[total].wire = max(min(wire_end, at + size) - at, captured)
                    origins[total] = i
                total += 1
            if total == before:
                at = min(first, end)
                if total < records.size:
                    records[total] = record
                    records[total].link = SUBFRAME if kind == CODE_AGGREGATE else NO_SUBFRAME
                    records[total].at = at
                    records[total].captured = end - at
                    records[total].wire = max(wire_end, end) - at
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
