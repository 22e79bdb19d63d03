"""Map a local file into memory, piece by piece, instead of copying its bytes.

If a mapped file is shortened, touching the missing pages ends the process (SIGBUS, mmap(2)). So each piece is mapped
under a read lease (fcntl(2), "Leases"): a process that opens the file for writing or shortens it waits until the lease
is released, which happens once the piece is decoded, some hundredths of a second later. Without a lease the file is
read instead: where another process has it open for writing, as a running capture does; where it belongs to another
user; on file systems without a block device of their own, such as network shares, container overlays and Btrfs; and on
systems other than Linux.

Limit: the kernel revokes a lease that is not released in time (``/proc/sys/fs/lease-break-time``, 45 seconds). A
process that is stopped for longer within a piece still gets SIGBUS if the file is shortened meanwhile.
"""

import contextlib
import ctypes
import mmap
import os
import signal
import time
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_libc = ctypes.CDLL(None) if fcntl is not None else None

__all__ = ["LOOK_BYTES", "MappedFile", "Piece"]

POPULATE_READ = 22  # MADV_POPULATE_READ (Linux 5.14): fails if the file cannot be read, instead of a signal later
COMPARED_BYTES = 1 << 26  # of a file, from which on mapping and reading are compared
IN_CACHES = 1.3  # bytes that were read are in the processor's caches, which makes up for so much of the time
LOOK_BYTES = 1 << 22  # had ready at once; reading the rest of a piece can go on meanwhile


class Piece(NamedTuple):
    """Part of a file, mapped into memory."""

    bytes: npt.NDArray[np.uint8]  # read only
    base: int  # offset in the file [bytes]
    is_last: bool  # whether it reaches the end of the file
    ready: int  # how many bytes may be touched; the others when `make_ready` was called for them

    def make_ready(self, begin: int, end: int) -> bool:
        """Have the pages of some bytes mapped, which any thread may do meanwhile.

        Parameters
        ----------
        begin, end : int
            In `bytes`; `begin` at a page's beginning.

        Returns
        -------
        bool
            False if the file cannot be read there.
        """
        # `mmap.madvise` would keep the other threads from running.
        address = ctypes.c_void_p(self.bytes.ctypes.data + begin)
        return _libc is not None and bool(_libc.madvise(address, ctypes.c_size_t(end - begin), POPULATE_READ) == 0)


class MappedFile:
    """A file that is mapped piece by piece.

    Parameters
    ----------
    file : binary file
        Open for reading.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def is_worthwhile(self) -> bool:
        """Tell whether mapping takes less time here than reading.

        That differs from machine to machine: mapping a page costs some hundred nanoseconds, more in a virtual machine,
        and reading it the time to copy it.
        """
        if self._size < COMPARED_BYTES or not hasattr(os, "preadv"):
            return True
        room = bytearray(LOOK_BYTES)

        def by_mapping() -> float:
            begin = time.perf_counter()
            self.piece(0, LOOK_BYTES)
            return time.perf_counter() - begin

        def by_reading() -> float:
            begin = time.perf_counter()
            with contextlib.suppress(OSError):  # reading the file will show the error
                os.preadv(self._file.fileno(), [room], 0)
            return time.perf_counter() - begin

        taken = [(by_reading(), by_mapping()) for _ in range(3)]  # the first from the disk, perhaps
        self.give_back()
        reading, mapping = (min(times) for times in zip(*taken, strict=True))
        return bool(mapping * IN_CACHES < reading)

    def piece(self, start: int, size: int, ready: int = LOOK_BYTES) -> Piece | None:
        """Take a lease and map the bytes from `start` on; the piece before becomes invalid.

        Parameters
        ----------
        start : int
            Offset in the file. [bytes]
        size : int
            How much to map; less at the end of the file. [bytes]
        ready : int
            How much of it to have ready, at least, as far as it reaches. [bytes]

        Returns
        -------
        Piece or None
            Begins at or before `start`; valid until `give_back`. None if the file has to be read instead.
        """
        base = start - start % mmap.ALLOCATIONGRANULARITY
        end = min(start + size, self._size)
        try:
            if self._lease():
                # Copy on write: the kernels are compiled for writable arrays.
                memory = mmap.mmap(self._file.fileno(), end - base, offset=base, access=mmap.ACCESS_COPY)
                os.posix_fadvise(self._file.fileno(), base, 2 * size, os.POSIX_FADV_WILLNEED)  # and read ahead
                looked = start - base + ready
                looked = min(looked + -looked % mmap.PAGESIZE, end - base)
                piece = Piece(np.frombuffer(memory, np.uint8), base, end == self._size, looked)
                if piece.make_ready(0, looked):
                    return piece
        except (OSError, ValueError):  # reading the file will show the error
            pass
        self.give_back()
        return None

    def give_back(self) -> None:
        """Release the lease; closing the file does not, while a mapping or a forked process still has it open."""
        if hasattr(fcntl, "F_SETLEASE"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    def _lease(self) -> bool:
        """Take or keep a lease; return whether the file still has its size."""
        status = os.fstat(self._file.fileno())
        if not hasattr(fcntl, "F_SETLEASE") or not os.major(status.st_dev):
            return False
        # The kernel announces a lease break by a signal: choose one that is ignored by default.
        fcntl.fcntl(self._file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        return os.fstat(self._file.fileno()).st_size == self._size
