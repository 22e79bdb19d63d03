"""Decode a capture on several cores, with the rows that one alone would give.

The calling thread walks over the records, in order: their headers say where the next one begins, so no boundary has to
be guessed, whatever payload looks like a record's header. Each batch of records goes to a strip, which any thread
decodes. What depends on the packets before (numbers of addresses, fragments, tunnels, names) the calling thread adds in
the order of the strips, and any thread then copies the rows to where they are kept.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple

import numpy.typing as npt

from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.capture.storing import Place, write
from pcapframe.capture.strips import Hand, Strip
from pcapframe.errors import CaptureError
from pcapframe.threads import threads_to_use

__all__ = ["Crew"]

Array = npt.NDArray[Any]

STRIP_RECORDS = BATCH_RECORDS
ALONE = 4  # strips at first, which the calling thread does alone: most captures are short
STRIPS_A_THREAD = 3
MOST_THREADS = 4  # what is done in order takes about a third of the work


class Look:
    """Work that is no strip's, with a result."""

    def __init__(self, work: Callable[[], int]) -> None:
        self.work = work
        self.result: int | None = None  # None before it was done


class Task(NamedTuple):
    """What any thread may do: decode a strip, copy its rows to their place, or something else."""

    strip: Strip | None
    place: Place | None = None  # None: decode it
    look: Look | None = None
    error: BaseException | None = None  # that it ended with


class Crew:
    """The threads that decode a capture, the calling one among them; use it in ``with``, which ends the others.

    Parameters
    ----------
    into : PacketColumns
        Receives the rows.
    after : callable
        Called when a strip's rows are known.
    """

    def __init__(self, into: PacketColumns, after: Callable[[], object]) -> None:
        self.records = 0  # so far
        self._into, self._after = into, after
        self._others: list[threading.Thread] = []
        self._free = [Strip(STRIP_RECORDS)]
        self._line: deque[Strip] = deque()  # those whose rows are not known yet, in order
        self._decoded: set[Strip] = set()  # of these
        self._copies = 0  # under way
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._done: SimpleQueue[Task] = SimpleQueue()  # by the other threads
        self._hand: Hand | None = None  # of the calling thread, where there are others
        into.rows.before_moving = self._wait_for_copies

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if error is None or isinstance(error, CaptureError):  # of two errors, the first one in the file
                self.drain()
                self._wait_for_copies()
        finally:
            self._into.rows.before_moving = None
            while self._take():  # what they have not begun is left undone
                pass
            for _other in self._others:
                self._tasks.put(None)
            for thread in self._others:
                if thread.ident is not None:  # else an interrupt came before it was started
                    thread.join()

    @property
    def waiting_records(self) -> int:
        """How many records are in strips whose rows are not known yet."""
        return sum(strip.count for strip in self._line)

    def needs(self, buffer: Array) -> bool:
        """Whether something has yet to be decoded from these bytes."""
        return any(strip.buffer is buffer for strip in self._line)

    def strip(self) -> Strip:
        """Return a strip that is free; it stays so unless it is added."""
        while not self._free:
            self._go_on()
        return self._free[-1]

    def add(self, strip: Strip) -> None:
        """Decode the strip that was free last, or have it decoded."""
        self._free.remove(strip)
        self.records += strip.count
        if self.records <= ALONE * STRIP_RECORDS or threads_to_use() == 1:
            self._into.decode(strip)
            strip.let_go()
            self._after()
            self._free.append(strip)
            return
        if not self._others:
            self._begin()
        self._line.append(strip)
        self._tasks.put(Task(strip, None))
        self._hear()

    def drain(self) -> None:
        """Return when all rows are known: then the bytes of the capture are not needed any more."""
        while self._line:
            self._go_on()

    def ahead(self, work: Callable[[], int]) -> Callable[[], int]:
        """Have work done by whoever is free.

        Parameters
        ----------
        work : callable
            Must not touch what others do.

        Returns
        -------
        callable
            Waits for its result and returns it.
        """
        if not self._others:
            return work
        look = Look(work)
        self._tasks.put(Task(None, look=look))

        def result() -> int:
            while look.result is None:
                self._go_on()
            return look.result

        return result

    def _begin(self) -> None:
        """Start the other threads."""
        self._hand, count = Hand(), min(threads_to_use(), MOST_THREADS)
        self._free += [Strip(STRIP_RECORDS) for _ in range(STRIPS_A_THREAD * count)]
        for number in range(1, count):
            thread = threading.Thread(target=self._work, name=f"pcapframe_{number}", daemon=True)
            self._others.append(thread)
            thread.start()

    def _work(self) -> None:
        """Do tasks until there are no more: what each of the other threads does."""
        hand = Hand()
        while (task := self._tasks.get()) is not None:
            try:
                self._do(task, hand)
            except BaseException as error:
                task = task._replace(error=error)  # the calling thread raises it
            self._done.put(task)

    def _do(self, task: Task, hand: Hand | None) -> None:
        """Do a task."""
        if task.look:
            task.look.result = task.look.work()
        elif task.strip and task.place:
            write(task.strip, task.place)
        elif task.strip and hand:
            task.strip.decode_by(hand, self._into.rare)

    def _take(self) -> Task | None:
        """Take a task that nobody has begun, if there is one."""
        try:
            return self._tasks.get_nowait()
        except Empty:
            return None

    def _go_on(self) -> None:
        """Do a task, or wait for one that another thread does."""
        task = self._take()
        if task:
            self._do(task, self._hand)
            self._note(task)
        else:
            self._note(self._done.get())
        self._hear()

    def _hear(self) -> None:
        """Take note of what the other threads have done, and make rows known in their order."""
        while not self._done.empty():
            self._note(self._done.get())
        while self._line and self._line[0] in self._decoded:
            self._make_known(self._line.popleft())

    def _note(self, task: Task) -> None:
        """Take note of a task that is done."""
        if task.error:
            raise task.error
        if task.strip and task.place:
            self._copies -= 1
            self._free.append(task.strip)
        elif task.strip:
            self._decoded.add(task.strip)

    def _make_known(self, strip: Strip) -> None:
        """Add to the rows of the first strip what depends on those before, and have them copied."""
        self._decoded.discard(strip)
        place = self._into.finish(strip)
        strip.let_go()
        if place:
            self._copies += 1
            self._tasks.put(Task(strip, place))
        else:
            self._free.append(strip)
        self._after()

    def _wait_for_copies(self) -> None:
        """Return when no rows are being copied, before they are moved."""
        while self._copies:
            task = self._take()
            if task:
                self._do(task, self._hand)
            self._note(task or self._done.get())
