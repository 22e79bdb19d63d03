"""Which files the server may read: regular files under its folders, and nothing said about others."""

import os
import stat
from pathlib import Path
from typing import IO

from pcapframe.errors import CaptureNotFoundError, ParameterError

__all__ = ["Folders"]

# Neither waits for a FIFO's writer nor follows a link put there since the path was resolved.
OPEN_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))


class Folders:
    """The folders whose captures may be read.

    Parameters
    ----------
    roots : tuple of Path
        Folders; a relative path is looked for in each.

    Raises
    ------
    ParameterError
        One of them is not a folder.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        for root in roots:
            if not root.is_dir():
                raise ParameterError(f"{root} is not a folder: expected one whose captures may be read")
        self.roots = tuple(Path(os.path.realpath(root)) for root in roots)

    def open(self, name: str) -> IO[bytes]:
        """Open a capture.

        Parameters
        ----------
        name : str
            Path, absolute or under one of the folders; links are followed as long as they stay there.

        Returns
        -------
        binary file
            Unbuffered; its ``name`` is the one given.

        Raises
        ------
        CaptureNotFoundError
            Not under a folder that may be read, whether it exists or not; or not there, or not a regular file.
        """
        path = self._find(name)
        try:
            descriptor = os.open(path, OPEN_FLAGS)
        except FileNotFoundError:
            raise CaptureNotFoundError(name, "there is no such file") from None
        except (OSError, ValueError) as error:
            raise CaptureNotFoundError(name, f"cannot be opened ({getattr(error, 'strerror', error)})") from None
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise CaptureNotFoundError(name, f"is {what}, expected a capture file")
        file = open(descriptor, "rb", buffering=0)
        file.name = name  # what messages and answers call it
        return file

    def _find(self, name: str) -> Path:
        """Return where a path leads, if that is under one of the folders."""
        inside = []
        if name and "\0" not in name:
            leads_to = [Path(os.path.realpath(root / name)) for root in self.roots]
            inside = [path for path in leads_to if any(path.is_relative_to(root) for root in self.roots)]
        if not inside:
            raise CaptureNotFoundError(name, "is not in a folder that this server may read (--root names them)")
        return next((path for path in inside if path.exists()), inside[0])
