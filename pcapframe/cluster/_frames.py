"""The number of each packet when the captures that workers read are taken as one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture.merging import merge_order
from pcapframe.cluster._parts import Part, Some

__all__ = ["Frames", "Shared"]


class Frames:
    """The number of each packet in the merged captures."""

    def __init__(self, latest: Sequence[Array]) -> None:
        """Take the latest time so far of each row, by capture."""
        counts = [one.size for one in latest]
        self._starts = np.cumsum([0, *counts])
        self._moved: Array | None = None
        self.follow = _follow(latest)  # then no packet is moved
        if not self.follow:
            order = merge_order(np.concatenate(latest), counts)
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

    def shared(self, file: str) -> "Shared":
        """Return the same for workers.

        Parameters
        ----------
        file : str
            On a folder that all of them have: written where packets are moved.

        Returns
        -------
        Shared
            To be sent with tasks.
        """
        if self._moved is not None:
            np.save(file, self._moved.astype(np.uint32))
        return Shared(self._starts, None if self._moved is None else file)

    def of_capture(self, number: int) -> Array:
        """Return the frames of all rows of a capture."""
        count = self._starts[number + 1] - self._starts[number]
        return self.of_rows(np.full(count, number), np.arange(count))


class Shared(NamedTuple):
    """The number of each packet, as tasks have it."""

    starts: Array
    file: str | None  # of the places to which packets are moved

    def opened(self) -> Frames:
        """Return the numbers; those that are needed are read when they are."""
        frames = Frames.__new__(Frames)
        frames._starts, frames.follow = self.starts, self.file is None
        frames._moved = np.load(self.file, mmap_mode="r") if self.file else None
        return frames


def _follow(captures: Sequence[Array]) -> bool:
    """Whether each capture begins after all of the one before."""
    latest = NO_TIME
    for one in captures:
        if one.size:
            if one[0] <= latest:
                return False
            latest = one[-1]
    return True
