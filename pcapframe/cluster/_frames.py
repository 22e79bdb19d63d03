"""The number of each packet when the captures that workers read are taken as one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture.merging import merge_order
from pcapframe.cluster._parts import Part, Some

__all__ = ["Frames", "Shared", "follow_each_other"]


class Frames:
    """The number of each packet in the merged captures."""

    def __init__(self, counts: Sequence[int], latest: Sequence[Array] | None = None) -> None:
        """Take how many packets each capture has, and, unless they follow each other, the latest time by row."""
        self._starts = np.cumsum([0, *counts])
        self._moved: Array | None = None
        if latest is not None:
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
        frames._starts = self.starts
        frames._moved = np.load(self.file, mmap_mode="r") if self.file else None
        return frames


def follow_each_other(ends: Sequence[tuple[int, int] | None]) -> bool:
    """Tell whether each capture begins after all of the one before: then no packet is moved.

    Parameters
    ----------
    ends : sequence of tuple
        The latest time so far of the first and of the last packet of each capture; None for none. [ns]

    Returns
    -------
    bool
        False where one begins without a time.

    Examples
    --------
    >>> follow_each_other([(1, 5), None, (6, 9)]), follow_each_other([(1, 5), (5, 9)])
    (True, False)
    """
    latest = NO_TIME
    for one in ends:
        if one is not None:
            if one[0] <= latest:
                return False
            latest = one[1]
    return True
