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
import re
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

from pcapframe.errors import ParameterError, TemporarySpaceError

__all__ = [
    "FOLDER", "MEMORY", "Disk", "bytes_given", "disk_in_use", "disk_may_be_used", "expect_memory", "give_back",
    "give_back_after", "has_blocks", "memory_to_use", "temporary_folder",
]  # fmt: skip

FOLDER, MEMORY = "PCAPFRAME_TEMPORARY", "PCAPFRAME_MEMORY_BYTES"  # environment variables
SHARE_OF_FREE = 0.5  # of the memory that is free, which an analysis may take
LARGE_TEMPORARY = "/var/tmp"  # for large temporary files; /tmp is often memory (file-hierarchy(7))
ROWS_HELD = 1 << 20  # that a pass has gone over before their pages are given back
SMALLEST_BLOCK = 1 << 18  # smaller ones stay in memory [bytes]
CGROUP = Path("/sys/fs/cgroup")  # of the container that the process runs in
# What says how much a container may use and uses, and how much of that is files read long ago: version 2, and 1.
LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
AMOUNT = re.compile(r"(\d+(?:\.\d+)?) *(?:([KMGT])(i?B)?|B)?", re.IGNORECASE | re.ASCII)

# A map needs no open file; before Python 3.13 each keeps one all the same.
WITHOUT_FILE: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) and os.name == "posix" else {}

_MAPS: "weakref.WeakSet[mmap.mmap]" = weakref.WeakSet()
_CHANGING = threading.Lock()  # of _MAPS: a set that grows cannot be iterated over


def bytes_given(variable: str) -> int | None:
    """Return the size in an environment variable.

    Parameters
    ----------
    variable : str
        Its name.

    Returns
    -------
    int or None
        None where it is not set, or empty. [bytes]

    Raises
    ------
    ParameterError
        It is no size.

    Examples
    --------
    >>> os.environ["EXAMPLE"] = "2 GB"  # 2G and 2GiB are 2 x 1024^3
    >>> bytes_given("EXAMPLE")
    2000000000
    >>> del os.environ["EXAMPLE"]
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return None
    found = AMOUNT.fullmatch(text)
    if not found:
        raise ParameterError(
            f"the environment variable {variable} is {text[:40]!r}: expected a number of bytes, or one with a unit: "
            "512M (512 x 1024 x 1024), 2GiB or 2GB (2,000,000,000)"
        )
    number, unit, kind = found.groups()
    power = " KMGT".index(unit.upper()) if unit else 0
    return int(float(number) * (1000 if (kind or "").upper() == "B" else 1024) ** power)


def memory_to_use() -> int:
    """Return how much memory an analysis may take before it puts columns on the disk.

    Returns
    -------
    int
        That in the environment variable ``PCAPFRAME_MEMORY_BYTES``; else half of what is free. [bytes]

    Raises
    ------
    ParameterError
        The variable is no size.
    """
    given = bytes_given(MEMORY)
    return int(SHARE_OF_FREE * _free_memory()) if given is None else given


def _free_memory() -> int:
    """Return how much memory is free: of the machine, or of the container that the process runs in, in bytes.

    Pages of files that were read long ago count as free, as the system counts them: it takes them where it needs room.
    """
    free = 1 << 62
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    for limit_file, taken_file, parts_file, files in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
            limit, taken = (int((CGROUP / name).read_text()) for name in (limit_file, taken_file))
            with contextlib.suppress(OSError, ValueError):
                lines = (CGROUP / parts_file).read_text().splitlines()
                taken -= sum(int(line.split()[1]) for line in lines if line.startswith(f"{files} "))
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

    def expect(self, memory: int, certain: int | None = None) -> bool:
        """Say how much memory will be needed, as far as that is known: from now on the disk is used if it is too much.

        Parameters
        ----------
        memory : int
            Estimate. [bytes]
        certain : int, optional
            What is needed in any case; by default all of it. [bytes]

        Returns
        -------
        bool
            Whether there is room for the estimate. If not, there is for what is certain.

        Raises
        ------
        TemporarySpaceError
            There is not enough for what is certain, on the disk or in memory.
        """
        if self.is_used or memory <= self.memory:
            return True
        try:
            free, problem = shutil.disk_usage(self.folder).free, None
        except OSError as error:
            free, problem = 0, error.strerror
        fits = _free_memory() if self._is_own else self.memory  # it may be more than its share
        for needed in (memory, memory if certain is None else certain):
            if self.memory < needed <= free:
                self.is_used = True
            if needed <= max(free, fits):
                return needed == memory
        if problem:
            raise TemporarySpaceError(f"{self.folder}: {problem}")
        raise TemporarySpaceError(
            f"the capture is too long for memory, and of {needed:,} bytes that it needs in {self.folder} "
            f"{free:,} are free: choose another folder by the environment variable {FOLDER}"
        )

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
def disk_may_be_used(most: int | None = None) -> Iterator[Disk]:
    """Let columns that are made within go to the disk if they take too much memory.

    Parameters
    ----------
    most : int, optional
        No more than so much stays in memory, unless ``PCAPFRAME_MEMORY_BYTES`` says how much. [bytes]

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
    if most is not None and not os.environ.get(MEMORY):
        disk.memory = min(disk.memory, most)
    token = _DISK.set(disk)
    try:
        yield disk
    finally:
        _DISK.reset(token)


def expect_memory(memory: int, certain: int | None = None) -> bool:
    """Say how much memory will be needed; see `Disk.expect`. Without `disk_may_be_used` around it this does nothing.

    Parameters
    ----------
    memory : int
        Estimate. [bytes]
    certain : int, optional
        What is needed in any case; by default all of it. [bytes]

    Returns
    -------
    bool
        Whether there is room for the estimate, as far as that is known.

    Raises
    ------
    TemporarySpaceError
        What is certain is too much for memory, and for the disk.
    """
    disk = _DISK.get()
    return disk is None or disk.expect(memory, certain)


def has_blocks() -> bool:
    """Tell whether there is anything on the disk, so that pages can be given back."""
    return bool(_MAPS)


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
