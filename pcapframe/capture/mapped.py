"""The bytes of a local file as memory of this process, which spares copying them.

Memory whose file was shortened meanwhile ends the process when it is touched (SIGBUS, mmap(2)). So a file is mapped
only under a read lease (fcntl(2), "Leases"): who opens it for writing or shortens it has to wait until the lease is
given back, which happens before the next piece is looked at. There is none, and the file is read, where somebody has
it open for writing, as a running capture does, where it belongs to another user, on file systems without a block
device, such as network shares, and on other systems than Linux.
"""

import contextlib
import mmap
import os
import signal
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["MappedFile", "Piece"]

POPULATE_READ = 22  # MADV_POPULATE_READ (Linux 5.14): an error where the file cannot be read, not a signal later


class Piece(NamedTuple):
    """Part of a file, as it is in memory."""

    bytes: npt.NDArray[np.uint8]  # not to be written
    base: int  # where it begins in the file [bytes]
    is_last: bool  # whether it ends with the file


class MappedFile:
    """Pieces of a file under a lease; made by `lease`.

    Parameters
    ----------
    file : binary file
        Open for reading; the lease ends with it.
    size : int
        Of the file, which stays while the lease is held. [bytes]
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    @classmethod
    def lease(cls, file: IO[bytes]) -> "MappedFile | None":
        """Take a lease of a file; None where there is none to be had."""
        if not hasattr(fcntl, "F_SETLEASE") or not os.major(os.fstat(file.fileno()).st_dev):
            return None
        try:
            # That the lease is asked back is told by a signal: one that is ignored unless somebody wants it.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:
            return None
        return cls(file, os.fstat(file.fileno()).st_size)

    def piece(self, start: int, size: int) -> Piece | None:
        """Return the bytes from `start` on.

        Parameters
        ----------
        start : int
            In the file. [bytes]
        size : int
            So many, or to the end of the file. [bytes]

        Returns
        -------
        Piece or None
            Begins at or before `start`. None where the lease was asked back or the file cannot be mapped: it has to
            be read then, and pieces given before must not be looked at any more.
        """
        base = start - start % mmap.ALLOCATIONGRANULARITY
        end = min(start + size, self._size)
        try:
            if fcntl.fcntl(self._file, fcntl.F_GETLEASE) == fcntl.F_RDLCK:
                # A private copy, since compiled code is made for arrays that may be written.
                memory = mmap.mmap(self._file.fileno(), end - base, offset=base, access=mmap.ACCESS_COPY)
                memory.madvise(POPULATE_READ)
                os.posix_fadvise(self._file.fileno(), end, size, os.POSIX_FADV_WILLNEED)  # the next one, meanwhile
                return Piece(np.frombuffer(memory, np.uint8), base, end == self._size)
        except (OSError, ValueError):  # reading it will tell what is wrong
            pass
        with contextlib.suppress(OSError):  # so that those who wait to write go on
            fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return None
