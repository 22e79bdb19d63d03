"""Work that is shared by the cores that the process may use: kernels release the GIL, so threads run them at once.

Results do not depend on how many threads there are: a thread never takes up the next chunk of a pass before the one
before is done, and what runs at once writes to memory of its own.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
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
        self._share(deque(partial(work, item) for item in items))

    def feed(self, chunks: Iterable[Item], passes: Sequence[Callable[[Item], object]]) -> None:
        """Give each chunk to all passes, and make the next one meanwhile.

        Parameters
        ----------
        chunks : iterable
            Makes the next chunk when asked for it, in the calling thread.
        passes : sequence of callable
            Each takes every chunk, in order. What takes longest is best first.

        Raises
        ------
        Exception
            As from `each`.
        """
        left = iter(chunks)
        ready = list(islice(left, 1))
        while ready:
            following: list[Item] = []
            self._share(deque(partial(one, ready[0]) for one in passes), partial(_take_one, left, following))
            ready = following

    def _share(self, jobs: deque[Callable[[], object]], own: Callable[[], object] | None = None) -> None:
        """Let all threads take jobs until none is left; the calling one does its own first, if others can begin."""

        def share() -> None:
            while True:
                try:
                    job = jobs.popleft()
                except IndexError:  # none is left
                    return
                try:
                    job()
                except BaseException:
                    jobs.clear()
                    raise

        helpers = min(self._others, len(jobs) - (own is None))
        others = [self._pool.submit(share) for _ in range(helpers)] if self._pool else []
        try:
            if own and others:
                own()
            share()
            if own and not others:
                own()
        except BaseException:
            jobs.clear()
            raise
        finally:
            wait(others)
        for other in others:
            other.result()


def _take_one(chunks: Iterator[Item], into: list[Item]) -> None:
    into.extend(islice(chunks, 1))
