"""How an analysis was made: version, parameters and capture files."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pcapframe.capture.folders import captures_in
from pcapframe.capture.source import CaptureSource
from pcapframe.errors import CaptureError, CaptureNotFoundError

__all__ = ["CaptureFile", "Provenance", "files_of", "installed_version"]


@dataclass(frozen=True)
class CaptureFile:
    """A capture file, as it was when it was read.

    Parameters
    ----------
    path : str
        Absolute.
    size : int
        Length as stored. [bytes]
    mtime : str
        Time of the last change: ISO 8601, UTC.
    """

    path: str
    size: int
    mtime: str

    def sha256(self) -> str:
        """Return the SHA-256 of the file.

        Returns
        -------
        str
            Hexadecimal.

        Raises
        ------
        CaptureError
            The file is gone, or has changed since it was read.
        """
        try:
            with open(self.path, "rb") as file:
                if _described(self.path, os.fstat(file.fileno())) != self:
                    raise CaptureError(
                        self.path, "has changed since it was read, so its hash would not be that capture's"
                    )
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise CaptureNotFoundError(self.path, f"cannot be read again ({error.strerror or error})") from None


@dataclass(frozen=True)
class Provenance:
    """How an analysis was made, and from what.

    Parameters
    ----------
    version : str
        Of pcapframe.
    parameters : dict
        Filter and thresholds that were given to `analyze`, ready for ``json.dumps``.
    files : tuple of CaptureFile
        The captures that are files; empty for a stream, bytes or a frame.
    """

    version: str
    parameters: dict[str, Any]
    files: tuple[CaptureFile, ...] = ()

    @property
    def path(self) -> str | None:
        """Absolute path of the capture; None unless it is one file."""
        return self.files[0].path if len(self.files) == 1 else None

    @property
    def size(self) -> int | None:
        """Length of the capture as stored [bytes]; None unless it is one file."""
        return self.files[0].size if len(self.files) == 1 else None

    @property
    def mtime(self) -> str | None:
        """Last change of the capture: ISO 8601, UTC; None unless it is one file."""
        return self.files[0].mtime if len(self.files) == 1 else None

    def sha256(self) -> str | None:
        """Return the SHA-256 of the capture, computed now; None unless it is one file.

        Returns
        -------
        str or None
            Hexadecimal; for several files, use `CaptureFile.sha256` of each.

        Raises
        ------
        CaptureError
            The file is gone, or has changed since it was read.
        """
        return self.files[0].sha256() if len(self.files) == 1 else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything except hashes, ready for ``json.dumps``.

        Returns
        -------
        dict
            The fields by name.
        """
        return {**asdict(self), "files": [asdict(file) for file in self.files]}


def files_of(source: CaptureSource | Sequence[CaptureSource]) -> tuple[CaptureFile, ...]:
    """Describe the files among capture sources, as they are now.

    Parameters
    ----------
    source : path, bytes, binary file, or a list of these
        As for `read_pcap`.

    Returns
    -------
    tuple of CaptureFile
        The regular files among them. A missing file is left out: reading it will raise the error.
    """
    found = []
    for one in captures_in(source).captures:
        if isinstance(one, str | os.PathLike) and os.path.isfile(one):
            path = os.path.abspath(os.fspath(one))
            found.append(_described(path, os.stat(path)))
    return tuple(found)


def _described(path: str, status: os.stat_result) -> CaptureFile:
    seconds, rest = divmod(status.st_mtime_ns, 10**9)
    changed = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}+00:00"
    return CaptureFile(path, status.st_size, changed)


@cache
def installed_version() -> str:
    """Return the installed version of pcapframe, ``unknown`` for a checkout that is not installed.

    Returns
    -------
    str
        Such as ``0.1.0``.
    """
    try:
        return version("pcapframe")
    except PackageNotFoundError:
        return "unknown"
