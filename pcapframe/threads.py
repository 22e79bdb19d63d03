"""Work that is shared by the cores that the process may use: kernels release the GIL, so threads run them at once.

Results do not depend on how many threads there are: a thread never takes up the next chunk of a pass before the one
before is done, and what runs at once writes to memory of its own.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from types import TracebackType
from typing import TypeVar

__all__ = ["VARIABLE", "Team", "threads_to_use"]

VARIABLE = "PCAPFRAME_THREADS"
Item = TypeVar("Item")


def threads_to_use() -> int:
    """Return how many threads share the work of an analysis.

    Returns
    -------
    int
        The number in the environment variable ``PCAPFRAME_THREADS``; where it is not set, or is no whole number of at
        least 1, how many cores the process may use.

    Examples
    --------
    >>> threads_to_use() >= 1
    True
    """
    given = os.environ.get(VARIABLE, "")
    if given.isascii() and given.isdigit() and int(given) > 0:
        return int(given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Team:
    """Threads that share work, the calling one among them; use it in ``with``, which ends the others.

    Parameters
    ----------
    most : int
        How many threads have anything to do at once.

    Examples
    --------
    >>> made = []
    >>> with Team(2) as team:
    ...     team.each(made.append, [1, 2, 3])
    >>> sorted(made)
    [1, 2, 3]
    """

    def __init__(self, most: int) -> None:
        self._others = min(most, threads_to_use()) - 1
        self._pool = ThreadPoolExecutor(self._others, "pcapframe") if self._others > 0 else None

    @property
    def size(self) -> int:
        """How many threads there are."""
        return 1 + max(self._others, 0)

    def __enter__(self) -> "Team":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown()

    def each(self, work: Callable[[Item], object], items: Iterable[Item]) -> None:
        """Do the work for every item, several at once, and return when all are done.

        Parameters
        ----------
        work : callable
            Takes an item; must not touch what it does for another one.
        items : iterable
            What takes longest is best first: each thread takes the next one as soon as it is free.

        Raises
        ------
        Exception
            What the work raises, once the other threads have ended what they had begun.
        """
        left = deque(items)

        def share() -> None:
            while True:
                try:
                    item = left.popleft()
                except IndexError:  # none is left
                    return
                try:
                    work(item)
                except BaseException:
                    left.clear()
                    raise

        count = min(self._others, len(left) - 1) if self._pool else 0
        others = [self._pool.submit(copy_context().run, share) for _ in range(count)] if self._pool else []
        try:
            share()
        finally:
            wait(others)
        for other in others:
            other.result()
