"""The smallest and largest hop limit (IPv4 TTL, RFC 791; IPv6 hop limit, RFC 8200) of each side's packets.

Each router decrements it, so packets of one host on one path usually have one value. Two values mean two paths, or two
senders. Copies made on the way (``capture_duplicate``) do not count: a router may have forwarded them in between.
"""

from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.connections.rows import Rows, by_side
from pcapframe.jit import jit

__all__ = ["HopLimits"]

LARGEST = 255


Read = namedtuple("Read", "place from_client ttl capture_duplicate")


@jit
def _compare(rows: Any, smallest: Any, largest: Any) -> None:
    """Lower `smallest` and raise `largest`."""
    place, from_client, ttl, copies = rows.place, rows.from_client, rows.ttl, rows.capture_duplicate
    for i in range(place.size):
        if copies[i]:
            continue
        at, side = place[i], 0 if from_client[i] else 1
        smallest[at, side] = min(smallest[at, side], ttl[i])
        largest[at, side] = max(largest[at, side], ttl[i])


class HopLimits:
    """The columns of hop limits."""

    def __init__(self, connections: int) -> None:
        self._smallest = np.full((connections, 2), LARGEST, np.uint8)
        self._largest = np.zeros((connections, 2), np.uint8)

    def feed(self, rows: Rows) -> None:
        """Process the next chunk."""
        _compare(rows.pick(Read), self._smallest, self._largest)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns; null for a side without packets."""
        none = self._smallest > self._largest
        made: dict[str, Any] = {}
        for name, limits in (("ttl_min", self._smallest), ("ttl_max", self._largest)):
            for (column, values), unknown in zip(by_side(name, limits).items(), none.T, strict=True):
                made[column] = pd.arrays.IntegerArray(np.ascontiguousarray(values), np.ascontiguousarray(unknown))
        return made
