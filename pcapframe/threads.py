"""Work that is shared by the cores that the process may use: kernels release the GIL, so threads run them at once.

Results do not depend on how many threads there are: a thread never takes up the next chunk of a pass before the one
before is done, and what runs at once writes to memory of its own.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Generic, TypeVar

__all__ = ["VARIABLE", "Team", "threads_to_use"]

VARIABLE = "PCAPFRAME_THREADS"
Item = TypeVar("Item")
MOST_THERE = 3  # items of a convoy at once
MADE_AHEAD = 2  # of these, those that no lane has done, as far as there is time to make them


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

        self._all(share, len(left), left.clear)

    def each_in_order(self, items: Iterable[Item], lanes: Sequence[Callable[[Item], object]]) -> None:
        """Do the work of every lane for all items, one after another; lanes do not wait for each other.

        Parameters
        ----------
        items : iterable
            The next item is made when a lane is about to need it, by one thread at a time.
        lanes : sequence of callable
            Each takes an item; must not touch what another lane does. What takes longest is best first.

        Raises
        ------
        Exception
            What making an item or a lane raises, once the other threads have ended what they had begun.
        """
        convoy = _Convoy(iter(items), lanes)
        self._all(convoy.work, 1 + len(lanes), convoy.stop)

    def _all(self, share: Callable[[], None], most: int, stop: Callable[[], None]) -> None:
        """Call a function in all threads, of which `most` have anything to do; raise what it raises in any of them."""
        others: list[Future[None]] = []
        try:
            for _ in range(min(self._others, most - 1) if self._pool else 0):
                others.append(self._pool.submit(copy_context().run, share))  # type: ignore[union-attr]
            share()
        except BaseException:
            stop()
            raise
        finally:
            wait(others)
        for other in others:
            other.result()


class _Convoy(Generic[Item]):
    """Items that pass several lanes in their order, and how far each lane has come."""

    def __init__(self, items: Iterator[Item], lanes: Sequence[Callable[[Item], object]]) -> None:
        self._items, self._lanes = items, lanes
        self._there: deque[Item] = deque()  # those that some lane has yet to do
        self._first = 0  # number of the first of these
        self._done = [0] * len(lanes)  # items, by lane
        self._is_idle = [True] * len(lanes)
        self._may_make = True  # the next item: there may be one, and nobody is making it
        self._has_all = self._is_over = False
        self._lock = threading.RLock()  # entered in one step, in which no interrupt can come
        self._changed = threading.Condition(self._lock)

    def work(self) -> None:
        """Do what there is to do until all is done: what each thread does."""
        try:
            while (job := self._begin()) is not None:
                job()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Have all threads end when they have done what they began."""
        with self._lock:
            self._is_over = True
            self._changed.notify_all()

    def _begin(self) -> Callable[[], None] | None:
        """Wait for something to do, and return it; None when all is done."""
        with self._lock:
            while not self._is_over:
                made = self._first + len(self._there)
                ready = [lane for lane, done in enumerate(self._done) if self._is_idle[lane] and done < made]
                may_make = self._may_make and len(self._there) < MOST_THERE
                if may_make and (not ready or made - max(self._done) < MADE_AHEAD):
                    self._may_make = False
                    return self._make
                if ready:
                    lane = min(ready, key=self._done.__getitem__)  # the one furthest behind
                    self._is_idle[lane] = False
                    return partial(self._pass, lane, self._there[self._done[lane] - self._first])
                self._changed.wait()
        return None

    def _make(self) -> None:
        """Make the next item, if there is one."""
        made = list(islice(self._items, 1))
        with self._lock:
            self._there += made
            self._may_make, self._has_all = bool(made), not made
            self._is_over |= self._has_all and not self._there
            self._changed.notify_all()

    def _pass(self, lane: int, item: Item) -> None:
        """Do the work of a lane for an item."""
        self._lanes[lane](item)
        with self._lock:
            self._done[lane] += 1
            self._is_idle[lane] = True
            if min(self._done) > self._first:
                self._there.popleft()
                self._first += 1
            self._is_over |= self._has_all and not self._there
            self._changed.notify_all()
