"""Files that the server may read: regular files under its root folders. Nothing is disclosed about others.

A path is first resolved, with all its links. It is then opened from its root down, one folder at a time, without
following links: if a folder is swapped for a link in between, the result is an error, not a file from outside. This
needs ``openat``. On Windows, which has none, the path is opened as a whole: do not serve a root that others can write.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pcapframe.errors import CaptureNotFoundError, ParameterError
from pcapframe.mcp_server.room import Key
from pcapframe.wording import printable

__all__ = ["Folders", "Walk", "key_of"]


def _flags(*names: str) -> int:
    """Combine those flags of ``open`` that the platform has."""
    return sum(getattr(os, name, 0) for name in names)


BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")
# O_PATH, where it exists, opens folders that may be searched but not listed.
FOLDER_FLAGS = os.O_RDONLY | _flags("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_PATH")
FILE_FLAGS = os.O_RDONLY | _flags(
    "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"
)  # does not wait for the writer of a FIFO
LIST_FLAGS = os.O_RDONLY | _flags("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC")
MOST_LOOKED_AT = 20_000  # files and folders, when captures are searched
DEEPEST = 12  # folders below a root
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

    def walk(self) -> "Walk":
        """Go through the files below the roots.

        Returns
        -------
        Walk
            Yields each root, and the path of each regular file relative to it; links and hidden names are left out.
        """
        inner = {root for root in self.roots for of in self.roots if root != of and root.is_relative_to(of)}
        return Walk(tuple(root for root in dict.fromkeys(self.roots) if root not in inner))

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
        if "\\" in name:  # perhaps a name as it is written in answers, with its control characters escaped
            for root, inner in self.walk():
                if name in (printable(inner), printable(str(root / inner))) and inner != name:
                    return self._descriptor(str(root / inner))
        raise CaptureNotFoundError(name, "there is no such file")


class Walk:
    """Files below some roots, as far as they are looked at.

    Parameters
    ----------
    roots : tuple of Path
        Resolved, none within another.

    Attributes
    ----------
    is_whole : bool
        Nothing was left out so far because there is too much or it lies too deep.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._left = MOST_LOOKED_AT
        self.is_whole = True

    def __iter__(self) -> Iterator[tuple[Path, str]]:
        for root in self._roots:
            waiting = [Path()]
            while waiting:
                folder = waiting.pop()
                for entry in self._entries(root, folder):
                    if entry.is_dir(follow_symlinks=False):
                        if len(folder.parts) < DEEPEST:
                            waiting.append(folder / entry.name)
                        else:
                            self.is_whole = False
                    elif entry.is_file(follow_symlinks=False):
                        yield root, str(folder / entry.name)

    def _entries(self, root: Path, folder: Path) -> list["os.DirEntry[str]"]:
        """List a folder, except what is hidden; nothing of one that cannot be opened."""
        found: list[os.DirEntry[str]] = []
        try:
            where = _open_beneath(root, root / folder, LIST_FLAGS) if BY_DESCRIPTOR else root / folder
        except OSError:
            return found
        try:
            with os.scandir(where) as entries:
                for entry in entries:
                    if self._left == 0:
                        self.is_whole = False
                        break
                    self._left -= 1
                    if not entry.name.startswith("."):
                        found.append(entry)
        except OSError:
            pass
        finally:
            if isinstance(where, int):
                os.close(where)
        return found


def key_of(file: IO[bytes]) -> Key:
    """Return what identifies the content of an open file.

    Parameters
    ----------
    file : binary file
        From `Folders.open`.

    Returns
    -------
    tuple
        Device, inode, size and time of modification.
    """
    status = os.fstat(file.fileno())
    return ("file", status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _open_beneath(root: Path, path: Path, flags: int = FILE_FLAGS) -> int:
    """Open a file below a root without following links; both paths are resolved."""
    if not BY_DESCRIPTOR:
        return os.open(path, flags)
    *folders, file = path.relative_to(root).parts or (".",)
    at = os.open(root, FOLDER_FLAGS)
    try:
        for folder in folders:
            inner = os.open(folder, FOLDER_FLAGS, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(file, flags, dir_fd=at)
    finally:
        os.close(at)
