"""The link layers that ``decoding`` does not know, before ``deep`` goes on; compiled when a capture first has one.

Some records have several frames in one, with a row each in ``AGGREGATES``: each frame becomes a record of its own. Of
802.11 (A-MSDU), only those with IP do. A record of which no frame does stays one record. In a tunnel, whose headers
all of them share, the record stays whole and says which of its frames it stands for.
"""

from typing import Any

import numpy as np

from pcapframe.capture.decoding import NOT_COMMON
from pcapframe.capture.innermost import AGGREGATE, LEFT, innermost, without_finds
from pcapframe.capture.link import (
    CODE_AGGREGATE,
    CODE_INNER_AGGREGATE,
    CODE_NCM,
    CODE_RNDIS,
    NESTED_LINK,
    NO_SUBFRAME,
    SUBFRAME,
    WITHIN,
)
from pcapframe.capture.link_types import LINK_TYPES, UNKNOWN_LINK
from pcapframe.capture.tables import NO_MORE, Layer, dispatcher
from pcapframe.capture.usb import next_datagram, next_message
from pcapframe.capture.wireless import SUBFRAME_BYTES, next_inner_subframe, next_subframe
from pcapframe.jit import borrowed, jit, unchecked

__all__ = ["find_inner_aggregates", "skip_links", "split_aggregates"]

MOST_LINKS = 8  # link layers in each other
# What has several frames in it. A decoder takes the buffer, where the first one begins, a state (0 at first), and where
# the captured bytes end. It returns where the next frame begins, its size (`NO_MORE` behind the last one), its link
# type and the next state.
AGGREGATES = {
    CODE_AGGREGATE: Layer("A-MSDU", next_subframe),
    CODE_NCM: Layer("CDC NCM", next_datagram),
    CODE_RNDIS: Layer("RNDIS", next_message),
    CODE_INNER_AGGREGATE: Layer("A-MSDU in a tunnel", next_inner_subframe),
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
    buffer, aggregates = borrowed(buffer), 0
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


@jit
def find_inner_aggregates(
    buffer: Any, batch: Any, waiting: Any, scratch: Any, header: Any, ports: Any, ways: Any
) -> Any:
    """Find the aggregates of 802.11 in tunnels, among the deferred records, of which several frames have IP.

    Parameters
    ----------
    buffer, batch, waiting, scratch
        As for `skip_links`, which went before.
    header, ports, ways : ndarray
        As for ``innermost``.

    Returns
    -------
    int
        How many there are.
    """
    data, slots, udp, through = unchecked(buffer), unchecked(header), unchecked(ports), unchecked(ways)
    aggregates = 0
    for j in range(waiting):
        record = batch[scratch.deferred[j]]
        if record.part or scratch.kinds[j] in SEVERAL:
            continue
        without_finds(slots, 0)
        end, wire_end, none = record.at + record.captured, record.at + record.wire, np.int64(0)
        innermost(
            data, scratch.kinds[j], none, scratch.places[j], end, wire_end, scratch.vlans[j], none, slots, udp, through
        )
        if slots[LEFT]:
            scratch.kinds[j], scratch.places[j] = CODE_INNER_AGGREGATE, np.int64(slots[AGGREGATE]) - 1
            aggregates += 1
    return aggregates


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
    buffer, total = borrowed(buffer), 0
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
                if captured <= 0:
                    continue
                taken += max(captured, SUBFRAME_BYTES)
                if total < records.size:
                    records[total] = record
                    origins[total] = i
                if total < records.size and link == WITHIN:
                    records[total].part = at - first + 1
                elif total < records.size:
                    records[total].link = link
                    records[total].at = at
                    records[total].captured = captured
                    records[total].wire = max(min(wire_end, at + size) - at, captured)
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
