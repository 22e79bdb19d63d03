"""Passes over the items of one capture, stream by stream."""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit, jit
from pcapframe.joining.transmissions import NO_ACK
from pcapframe.schema import RST

__all__ = ["LATE", "covered", "keys_of", "merge_ranges", "note_first_acks", "perhaps_alike", "touching", "whole_until"]

LATE = np.iinfo(np.int64).max
ODD = np.uint64(0x9E3779B97F4A7C15)


@inner_jit
def _mixed(key: Any, value: Any) -> Any:
    """Add a number to a hash."""
    mixed = (key ^ np.uint64(value)) * ODD
    return mixed ^ (mixed >> np.uint64(29))


@jit
def note_first_acks(at: Any, stop: Any, order: Any, end: Any, stream: Any, ack: Any, time: Any, found: Any) -> None:
    """Note when numbers were first acknowledged.

    `order` is that of the numbers by stream and size, `at` and `stop` where each stream begins and ends in it; what
    the peer has not acknowledged yet begins at `at`, which is changed.
    """
    for i in range(stream.size):
        peer = stream[i] ^ 1
        while at[peer] < stop[peer] and ack[i] >= end[order[at[peer]]]:
            found[order[at[peer]]] = time[i]
            at[peer] += 1


@jit
def merge_ranges(stream: Any, low: Any, high: Any, count: Any, made_low: Any, made_high: Any) -> None:
    """Write ranges that overlap or meet as one, and how many each stream has; they are in order of stream and start."""
    n = 0
    for i in range(stream.size):
        if n and stream[i] == stream[i - 1] and low[i] <= made_high[n - 1]:
            made_high[n - 1] = max(made_high[n - 1], high[i])
            continue
        made_low[n], made_high[n] = low[i], high[i]
        count[stream[i] + 1] += 1
        n += 1


@jit
def touching(begins: Any, low: Any, high: Any, stream: Any, start: Any, end: Any, near: Any) -> int:
    """Write the items that touch some ranges, which stand by stream and are apart from each other; return how many."""
    n = 0
    for i in range(stream.size):
        first, last = begins[stream[i]], begins[stream[i] + 1]
        stop = last
        while first < last:
            middle = (first + last) // 2
            if high[middle] < start[i]:
                first = middle + 1
            else:
                last = middle
        if first < stop and low[first] <= end[i]:
            near[n] = i
            n += 1
    return n


@jit
def whole_until(begins: Any, order: Any, start: Any, end: Any, until: Any) -> None:
    """Note how far bytes go on without a hole from each item on; `order` is by their starts in each stream."""
    for s in range(begins.size - 1):
        top = NO_ACK
        for i in range(begins[s], begins[s + 1]):
            top = max(top, end[order[i]])
            until[i] = top
        for i in range(begins[s + 1] - 2, begins[s] - 1, -1):
            if start[order[i + 1]] <= until[i]:
                until[i] = until[i + 1]


@jit
def covered(begins: Any, order: Any, start: Any, until: Any, stream: Any, low: Any, high: Any, found: Any) -> None:
    """Tell whether the items of a stream hold all of a range together; `until` is from `whole_until`."""
    for q in range(stream.size):
        first, last = begins[stream[q]], begins[stream[q] + 1]
        while first < last:
            middle = (first + last) // 2
            if start[order[middle]] <= low[q]:
                first = middle + 1
            else:
                last = middle
        found[q] = first > begins[stream[q]] and until[first - 1] >= high[q]


@jit
def keys_of(stream: Any, start: Any, end: Any, ack: Any, kind: Any, key: Any) -> None:
    """Hash what makes rows alike: of bare ACKs the number that they acknowledge too."""
    for i in range(stream.size):
        own = _mixed(_mixed(_mixed(np.uint64(0), stream[i]), start[i]), end[i])
        key[i] = _mixed(_mixed(own, ack[i] if end[i] == start[i] else 0), kind[i] & RST)


@jit
def perhaps_alike(stream: Any, start: Any, end: Any, ack: Any, kind: Any, table: Any, first: Any, near: Any) -> int:
    """Write the rows whose keys may be in a table, from the row `first` on; return how many."""
    mask = np.uint64(table.size - 1)
    n = 0
    for i in range(stream.size):
        own = _mixed(_mixed(_mixed(np.uint64(0), stream[i]), start[i]), end[i])
        own = _mixed(_mixed(own, ack[i] if end[i] == start[i] else 0), kind[i] & RST)
        if table[np.int64(own & mask)]:
            near[n] = first + i
            n += 1
    return n
