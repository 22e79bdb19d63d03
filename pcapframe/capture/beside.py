"""Let what sees the packets run in a second thread, one batch behind the decoding."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pcapframe.threads import threads_to_use

__all__ = ["Beside", "beside"]

Array: TypeAlias = npt.NDArray[Any]
FEW_ROWS = 1 << 14  # seen in the reading thread: starting another one would not pay


class Beside:
    """Sees packets as ``columns.Watch`` does, and lets another one see them while the next batch is decoded.

    The packets' bytes and columns must stay as they are until the next call, or until `settle`. The rows that the next
    batch is decoded to may be others only.

    Parameters
    ----------
    watch : callable
        The other one.
    pool : ThreadPoolExecutor
        Of one thread.
    """

    def __init__(self, watch: Callable[..., None], pool: ThreadPoolExecutor) -> None:
        self._watch, self._pool = watch, pool
        self._under_way: Future[None] | None = None

    def __call__(self, buffer: Array, batch: Array, count: int, newest: Array, first: int, base_row: int) -> None:
        """See `count` packets of a batch, whose records may be overwritten afterwards."""
        self.settle()
        if base_row < FEW_ROWS:
            self._watch(buffer, batch, count, newest, first, base_row)
            return
        records = np.array(batch[:count])
        self._under_way = self._pool.submit(self._watch, buffer, records, count, newest, first, base_row)

    def settle(self) -> None:
        """Wait until all packets so far were seen; raises what went wrong in it."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()


@contextmanager
def beside(watch: Callable[..., None] | None) -> Iterator[Callable[..., None] | None]:
    """Yield what sees packets: `watch`, beside the decoding where the process has several cores."""
    if watch is None or threads_to_use() == 1:
        yield watch
        return
    with ThreadPoolExecutor(1, "pcapframe") as pool:
        yield Beside(watch, pool)
