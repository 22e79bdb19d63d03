"""Blocks of memory that are temporary files, for captures larger than memory.

A block is a file that has no name (or loses it at once), mapped into memory. So it is gone with the last array on it,
and with the process, whatever ends that. Its space on the disk is taken when it is made: a full disk is an error then,
and not a signal later. The system writes what it has no room for to the file, and reads it again when it is used.

Pages stay in the memory of the process once they are touched, though the system could do without them. `give_back`
takes them out: long passes call it now and then, so that the process holds little of a long capture at a time.

A process forked from this one has the same blocks, not copies: what it writes to them, this one reads.
"""

import contextlib
import mmap
import os
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pcapframe.errors import TemporarySpaceError

__all__ = [
    "FOLDER", "MEMORY", "Disk", "disk_in_use", "disk_may_be_used", "expect_memory", "give_back", "give_back_after",
    "memory_to_use", "temporary_folder",
]  # fmt: skip

FOLDER, MEMORY = "PCAPFRAME_TEMPORARY", "PCAPFRAME_MEMORY_BYTES"  # environment variables
SHARE_OF_FREE = 0.5  # of the memory that is free, which an analysis may take
LARGE_TEMPORARY = "/var/tmp"  # for large temporary files; /tmp is often memory (file-hierarchy(7))
ROWS_HELD = 1 << 20  # that a pass has gone over before their pages are given back
SMALLEST_BLOCK = 1 << 18  # smaller ones stay in memory [bytes]

# A map needs no open file; before Python 3.13 each keeps one all the same.
WITHOUT_FILE: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) and os.name == "posix" else {}

_MAPS: "weakref.WeakSet[mmap.mmap]" = weakref.WeakSet()
_CHANGING = threading.Lock()  # of _MAPS: a set that grows cannot be iterated over


def memory_to_use() -> int:
    """Return how much memory an analysis may take before it puts columns on the disk.

    Returns
    -------
    int
        The number in the environment variable ``PCAPFRAME_MEMORY_BYTES``; else half of what is free. [bytes]
    """
    given = os.environ.get(MEMORY, "")
    if given.isascii() and given.isdigit():
        return int(given)
    return int(SHARE_OF_FREE * _free_memory())


def _free_memory() -> int:
    """Return how much memory is free: of the machine, or of the container that the process runs in, in bytes."""
    free = 1 << 62
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        limit, taken = (int(Path("/sys/fs/cgroup", name).read_text()) for name in ("memory.max", "memory.current"))
        free = min(free, max(limit - taken, 0))
    return free


def temporary_folder() -> Path:
    """Return the folder of temporary files.

    Returns
    -------
    Path
        That in the environment variable ``PCAPFRAME_TEMPORARY``, else in ``TMPDIR``; else ``/var/tmp`` where there is
        one, since ``/tmp`` may be memory.
    """
    given = os.environ.get(FOLDER) or os.environ.get("TMPDIR")
    if given:
        return Path(given)
    return Path(LARGE_TEMPORARY if os.access(LARGE_TEMPORARY, os.W_OK) else tempfile.gettempdir())


class Disk:
    """Where the columns of an analysis may go.

    Parameters
    ----------
    memory : int, optional
        From how much memory on; see `memory_to_use`. [bytes]
    folder : path, optional
        Where the files are; see `temporary_folder`.
    """

    def __init__(self, memory: int | None = None, folder: Path | None = None) -> None:
        self.memory = memory_to_use() if memory is None else memory
        self._is_own = memory is None and not os.environ.get(MEMORY)
        self.folder = folder or temporary_folder()
        self.is_used = False

    def expect(self, memory: int) -> None:
        """Say how much memory will be needed, as far as that is known: from now on the disk is used if it is too much.

        Parameters
        ----------
        memory : int
            Estimate. [bytes]

        Raises
        ------
        TemporarySpaceError
            The disk has less space than that.
        """
        if self.is_used or memory <= self.memory:
            return
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise TemporarySpaceError(f"{self.folder}: {error.strerror}") from None
        if free < memory and self._is_own and memory <= _free_memory():
            return  # it is more than its share, and fits
        if free < memory:
            raise TemporarySpaceError(
                f"the capture is too long for memory, and of {memory:,} bytes that it may need in {self.folder} "
                f"{free:,} are free: choose another folder by the environment variable {FOLDER}"
            )
        self.is_used = True

    def block(self, size: int) -> npt.NDArray[np.uint8]:
        """Return zeros.

        Parameters
        ----------
        size : int
            How many. [bytes]

        Returns
        -------
        ndarray of uint8
            Writable; on the disk where that is used, and they are not few.

        Raises
        ------
        TemporarySpaceError
            The disk has not that much space, or the folder cannot be written.
        """
        if not self.is_used or size < max(SMALLEST_BLOCK, 1):  # a file of no bytes cannot be mapped
            return np.zeros(size, np.uint8)
        give_back()
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
                memory = mmap.mmap(file.fileno(), size, **WITHOUT_FILE)
        except OSError as error:
            raise TemporarySpaceError(f"{size:,} bytes in {self.folder}: {error.strerror}") from None
        with _CHANGING:
            _MAPS.add(memory)
        return np.frombuffer(memory, np.uint8)


_DISK: ContextVar[Disk | None] = ContextVar("disk", default=None)


def disk_in_use() -> Disk | None:
    """Return where columns go, None for memory.

    Returns
    -------
    Disk or None
        That of the innermost `disk_may_be_used` around the caller, if it is in use.
    """
    disk = _DISK.get()
    return disk if disk is not None and disk.is_used else None


@contextmanager
def disk_may_be_used() -> Iterator[Disk]:
    """Let columns that are made within go to the disk if they take too much memory.

    Yields
    ------
    Disk
        That of the block around this one, if there is one.
    """
    disk = _DISK.get()
    if disk is not None:
        yield disk
        return
    disk = Disk()
    token = _DISK.set(disk)
    try:
        yield disk
    finally:
        _DISK.reset(token)


def expect_memory(memory: int) -> None:
    """Say how much memory will be needed; see `Disk.expect`. Without `disk_may_be_used` around it this does nothing.

    Parameters
    ----------
    memory : int
        Estimate. [bytes]

    Raises
    ------
    TemporarySpaceError
        It is too much for memory, and for the disk.
    """
    disk = _DISK.get()
    if disk is not None:
        disk.expect(memory)


def give_back() -> None:
    """Take the pages of all blocks on the disk out of the process's memory; what is in them stays."""
    if _MAPS and hasattr(mmap, "MADV_DONTNEED"):
        with _CHANGING:
            maps = list(_MAPS)
        for memory in maps:
            memory.madvise(mmap.MADV_DONTNEED)


def give_back_after(done: int, step: int) -> None:
    """Call `give_back` once in a while, in a pass over rows.

    Parameters
    ----------
    done : int
        How many rows are done.
    step : int
        How many were done since the last call.
    """
    if _MAPS and done // ROWS_HELD != (done - step) // ROWS_HELD:
        give_back()
