"""One bound for the memory of all cached and running analyses."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, TypeAlias

from pcapframe.analysis import Analysis
from pcapframe.errors import CaptureError
from pcapframe.memory import mib

__all__ = ["Key", "Room"]

Key: TypeAlias = tuple[Any, ...]


class Room:
    """The cached analyses, and the memory that running analyses claim; may be used by any thread.

    Parameters
    ----------
    max_bytes : int
        Memory for all of them. [bytes]
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, tuple[Analysis, int]] = OrderedDict()
        self._claimed: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def find(self, key: Key) -> Analysis | None:
        """Return a kept analysis, or None, and mark it as the most recently used."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._kept

    def claim(self, work: Hashable, name: str, nbytes: int, packets: int) -> None:
        """Claim memory for a running analysis, dropping the least recently used cached ones for it.

        Parameters
        ----------
        work : hashable
            Identifies it; a new claim replaces its previous one.
        name : str
            Its capture, for messages.
        nbytes : int
            Memory that it takes so far, in all. [bytes]
        packets : int
            How many were read so far.

        Raises
        ------
        CaptureError
            The other running analyses leave too little.
        """
        with self._lock:
            others = sum(size for other, size in self._claimed.items() if other != work)
            if others + nbytes > self._max_bytes:
                beside = f" beside {mib(others)} for others under way" if others else ""
                raise CaptureError(
                    name,
                    f"takes {mib(nbytes)} of memory after {packets:,} packets{beside}, more than the "
                    f"{mib(self._max_bytes)} allowed (--cache-mib)",
                )
            self._claimed[work] = nbytes
            self._drop()

    def release(self, work: Hashable) -> None:
        """End the claim of an analysis that no longer runs."""
        with self._lock:
            self._claimed.pop(work, None)

    def keep(self, key: Key, analysis: Analysis) -> None:
        """Keep an analysis if it fits, dropping the least recently used ones for it."""
        size = size_of(analysis)
        with self._lock:
            if size <= self._max_bytes:
                self._kept[key] = (analysis, size)
                self._kept.move_to_end(key)
                self._drop()

    def _drop(self) -> None:
        claimed = sum(self._claimed.values())
        while self._kept and claimed + sum(size for _, size in self._kept.values()) > self._max_bytes:
            self._kept.popitem(last=False)


def size_of(analysis: Analysis) -> int:
    """Return the memory of an analysis's frames [bytes]; shared columns count more than once."""
    frames = [analysis.connections]
    if analysis.keep == "packets":
        frames.append(analysis.packets)
    if analysis.keep in ("packets", "segments"):
        frames.append(analysis.segments)
    else:  # without those that are read when they are used
        frames.append(analysis._judged.events)
    return sum(int(frame.memory_usage().sum()) for frame in frames)
