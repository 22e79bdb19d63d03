"""The bytes of a local file as memory of this process, which spares copying them.

Memory whose file was shortened meanwhile ends the process when it is touched (SIGBUS, mmap(2)). So a piece is mapped
only under a read lease (fcntl(2), "Leases"): who opens the file for writing or shortens it has to wait until the lease
is given back, which happens when the piece was decoded, some milliseconds later. There is no lease, and the file is
read, where somebody has it open for writing, as a running capture does; where it belongs to another user; on file
systems without a block device of their own, such as network shares, overlays of containers and Btrfs; and on other
systems than Linux.

Limit. The kernel takes a lease back that is not given back in time (``/proc/sys/fs/lease-break-time``, 45 seconds): a
process that is stopped for so long within a piece, while somebody shortens the file, ends with SIGBUS all the same.
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
    """A file of which pieces are mapped, one at a time.

    Parameters
    ----------
    file : binary file
        Open for reading.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def piece(self, start: int, size: int) -> Piece | None:
        """Take a lease and return the bytes from `start` on; a piece given before must not be looked at any more.

        Parameters
        ----------
        start : int
            In the file. [bytes]
        size : int
            So many, or to the end of the file. [bytes]

        Returns
        -------
        Piece or None
            Begins at or before `start`; may be looked at until `give_back`. None where the file has to be read.
        """
        base = start - start % mmap.ALLOCATIONGRANULARITY
        end = min(start + size, self._size)
        try:
            if self._lease():
                # A private copy, since compiled code is made for arrays that may be written.
                memory = mmap.mmap(self._file.fileno(), end - base, offset=base, access=mmap.ACCESS_COPY)
                memory.madvise(POPULATE_READ)
                os.posix_fadvise(self._file.fileno(), end, size, os.POSIX_FADV_WILLNEED)  # the next one, meanwhile
                return Piece(np.frombuffer(memory, np.uint8), base, end == self._size)
        except (OSError, ValueError):  # reading it will tell what is wrong
            pass
        self.give_back()
        return None

    def give_back(self) -> None:
        """End the lease: closing the file would not, while a piece or a copy of this process has it open too."""
        if hasattr(fcntl, "F_SETLEASE"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    def _lease(self) -> bool:
        """Take a lease, or keep it; whether the file is as it was."""
        status = os.fstat(self._file.fileno())
        if not hasattr(fcntl, "F_SETLEASE") or not os.major(status.st_dev):
            return False
        # That the lease is asked back is told by a signal: one that is ignored unless somebody wants it.
        fcntl.fcntl(self._file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        return os.fstat(self._file.fileno()).st_size == self._size
