"""Passes over the items of one capture, stream by stream."""

from typing import Any

import numpy as np

from pcapframe.jit import jit
from pcapframe.joining.transmissions import NO_ACK

__all__ = ["LATE", "by_stream", "covered", "first_acks"]

LATE = np.iinfo(np.int64).max


@jit
def by_stream(stream: Any, at: Any, order: Any) -> None:
    """Write the places of each stream one after the other, in their order; `at` is where each stream begins."""
    for i in range(stream.size):
        order[at[stream[i]]] = i
        at[stream[i]] += 1


@jit
def first_acks(begins: Any, order: Any, ack: Any, time: Any, stream: Any, end: Any, found: Any) -> None:
    """Find when a peer first acknowledged up to a number: by the items of each stream in order, `begins` on."""
    highest = np.empty(order.size, np.int64)
    for s in range(begins.size - 1):
        top = NO_ACK
        for i in range(begins[s], begins[s + 1]):
            top = max(top, ack[order[i]])
            highest[i] = top
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
def covered(begins: Any, order: Any, start: Any, end: Any, stream: Any, low: Any, high: Any, found: Any) -> None:
    """Tell whether the items of a stream, in order of their starts, hold all of a range together."""
    until = np.empty(order.size, np.int64)  # how far the bytes go on without a hole, from each item on
    for s in range(begins.size - 1):
        top = NO_ACK
        for i in range(begins[s], begins[s + 1]):
            top = max(top, end[order[i]])
            until[i] = top
        for i in range(begins[s + 1] - 2, begins[s] - 1, -1):
            if start[order[i + 1]] <= until[i]:
                until[i] = until[i + 1]
    for q in range(stream.size):
        first, last = begins[stream[q]], begins[stream[q] + 1]
        while first < last:
            middle = (first + last) // 2
            if start[order[middle]] <= low[q]:
                first = middle + 1
            else:
                last = middle
        found[q] = first > begins[stream[q]] and until[first - 1] >= high[q]
