"""Passes over the items of one capture, stream by stream."""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit, jit
from pcapframe.joining.transmissions import NO_ACK
from pcapframe.schema import RST

__all__ = ["LATE", "by_stream", "covered", "first_acks", "highest_acks", "keys_of", "perhaps_alike", "whole_until"]

LATE = np.iinfo(np.int64).max
ODD = np.uint64(0x9E3779B97F4A7C15)


@inner_jit
def _mixed(key: Any, value: Any) -> Any:
    """Add a number to a hash."""
    mixed = (key ^ np.uint64(value)) * ODD
    return mixed ^ (mixed >> np.uint64(29))


@jit
def by_stream(stream: Any, at: Any, order: Any) -> None:
    """Write the places of each stream one after the other, in their order; `at` is where each stream begins."""
    for i in range(stream.size):
        order[at[stream[i]]] = i
        at[stream[i]] += 1


@jit
def highest_acks(begins: Any, order: Any, ack: Any, highest: Any) -> None:
    """Note what the items of each stream have acknowledged so far, in their order; `begins` is where each begins."""
    for s in range(begins.size - 1):
        top = NO_ACK
        for i in range(begins[s], begins[s + 1]):
            top = max(top, ack[order[i]])
            highest[i] = top


@jit
def first_acks(begins: Any, order: Any, highest: Any, time: Any, stream: Any, end: Any, found: Any) -> None:
    """Find when a peer first acknowledged up to a number; `highest` is from `highest_acks`."""
    for q in range(stream.size):
        peer = stream[q] ^ 1
        low, high = begins[peer], begins[peer + 1]
        while low < high:
            middle = (low + high) // 2
            if highest[middle] >= end[q]:
                high = middle
            else:
                low = middle + 1
        found[q] = time[order[low]] if low < begins[peer + 1] else LATE


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
def perhaps_alike(key: Any, which: Any, table: Any, near: Any) -> int:
    """Write the rows that may have the same key as one of some; return how many."""
    mask = np.uint64(table.size - 1)
    for i in which:
        table[np.int64(key[i] & mask)] = True
    n = 0
    for i in range(key.size):
        if table[np.int64(key[i] & mask)]:
            near[n] = i
            n += 1
    return n
