"""The number of each packet when the captures that workers read are taken as one."""

from collections.abc import Sequence

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture.merging import merge_order
from pcapframe.cluster._decoding import Decoded
from pcapframe.cluster._parts import Part, Some

__all__ = ["Frames"]


class Frames:
    """The number of each packet in the merged captures."""

    def __init__(self, decoded: Sequence[Decoded]) -> None:
        counts = [one.latest.size for one in decoded]
        self._starts = np.cumsum([0, *counts])
        self._moved: Array | None = None
        self.follow = _follow(decoded)  # then no packet is moved
        if not self.follow:
            order = merge_order(np.concatenate([one.latest for one in decoded]), counts)
            self._moved = np.empty_like(order)
            self._moved[order] = np.arange(order.size)

    def of_rows(self, capture: Array, row: Array) -> Array:
        """Return the frames of some rows of captures."""
        places = self._starts[capture] + row
        return (places if self._moved is None else self._moved[places]) + 1

    def of_part(self, part: Part | Some) -> Array:
        """Return the frames of the packets of a part, 0 for those that it does not name."""
        frames = np.zeros(max(part.size, 1), np.int64)
        frames[part.frames - 1] = self.of_rows(part.capture, part.row)
        return frames

    def of_capture(self, number: int) -> Array:
        """Return the frames of all rows of a capture."""
        count = self._starts[number + 1] - self._starts[number]
        return self.of_rows(np.full(count, number), np.arange(count))


def _follow(decoded: Sequence[Decoded]) -> bool:
    """Whether each capture begins after all of the one before."""
    latest = NO_TIME
    for one in decoded:
        if one.latest.size:
            if one.latest[0] <= latest:
                return False
            latest = one.latest[-1]
    return True
