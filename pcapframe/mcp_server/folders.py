"""Files that the server may read: regular files under its root folders. Nothing is disclosed about others.

A path is first resolved, with all its links. It is then opened from its root down, one folder at a time, without
following links: if a folder is swapped for a link in between, the result is an error, not a file from outside. This
needs ``openat``. On Windows, which has none, the path is opened as a whole: do not serve a root that others can write.
"""

import os
import stat
from pathlib import Path
from typing import IO

from pcapframe.errors import CaptureNotFoundError, ParameterError

__all__ = ["Folders"]


def _flags(*names: str) -> int:
    """Combine those flags of ``open`` that the platform has."""
    return sum(getattr(os, name, 0) for name in names)


BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")
# O_PATH, where it exists, opens folders that may be searched but not listed.
FOLDER_FLAGS = os.O_RDONLY | _flags("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_PATH")
FILE_FLAGS = os.O_RDONLY | _flags(
    "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"
)  # does not wait for the writer of a FIFO
LONGEST = 4096  # path; the time to resolve one grows with the square of its length [characters]


class Folders:
    """The root folders whose captures may be read.

    Parameters
    ----------
    roots : tuple of Path
        Root folders; a relative path is searched in each.

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
            Absolute path, or one relative to a root. Links are followed as long as they lead to a root.

        Returns
        -------
        binary file
            Unbuffered; its ``name`` is `name`.

        Raises
        ------
        CaptureNotFoundError
            The path is outside the roots, whether it exists or not; or there is no such file, or it is not a regular
            file.
        """
        descriptor = self._descriptor(name)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise CaptureNotFoundError(name, f"is {what}, expected a capture file")
        file = open(descriptor, "rb", buffering=0)
        file.name = name  # for messages and answers
        return file

    def _descriptor(self, name: str) -> int:
        """Open a path in the first root that has it."""
        if len(name) > LONGEST:
            raise CaptureNotFoundError(name, f"is longer than {LONGEST:,} characters, the most for a path")
        try:
            resolved = [Path(os.path.realpath(root / name)) for root in self.roots] if name and "\0" not in name else []
        except (OSError, ValueError):  # a character that no file name can have
            resolved = []
        # From the outermost root: an inner one is a folder of it, which may be swapped like any other.
        holders = [(path, [root for root in self.roots if path.is_relative_to(root)]) for path in resolved]
        places = [(min(roots, key=lambda root: len(root.parts)), path) for path, roots in holders if roots]
        if not places:
            raise CaptureNotFoundError(name, "is not in a folder that this server may read (--root names them)")
        for root, path in places:
            try:
                return _open_beneath(root, path)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                raise CaptureNotFoundError(name, f"cannot be opened ({getattr(error, 'strerror', error)})") from None
        raise CaptureNotFoundError(name, "there is no such file")


def _open_beneath(root: Path, path: Path) -> int:
    """Open a file below a root without following links; both paths are resolved."""
    if not BY_DESCRIPTOR:
        return os.open(path, FILE_FLAGS)
    *folders, file = path.relative_to(root).parts or (".",)
    at = os.open(root, FOLDER_FLAGS)
    try:
        for folder in folders:
            inner = os.open(folder, FOLDER_FLAGS, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(file, FILE_FLAGS, dir_fd=at)
    finally:
        os.close(at)
