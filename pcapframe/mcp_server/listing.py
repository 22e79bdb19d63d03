"""The captures below the root folders: which there are, and what each is.

Hidden files and folders and links are left out, and so is what does not begin as a capture. Folders are opened one
beneath the other without following links, as ``folders`` opens files, so that nothing outside the roots is listed.
"""

import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TypedDict

from pcapframe.capture.fetching import BoundedCapture
from pcapframe.capture.folders import begins_as_capture
from pcapframe.errors import CaptureError, CaptureFormatError, PcapframeError
from pcapframe.facts import capture_info
from pcapframe.mcp_server.folders import Folders, key_of
from pcapframe.mcp_server.room import Key
from pcapframe.packets import read_pcap
from pcapframe.wording import printable, shortened

__all__ = ["CaptureEntry", "Listing", "Looked"]

READ_BYTES = 64 << 20  # of the captures of one page, read to describe them
READ_S = 5.0  # for all of them
MEMORY_BYTES = 512 << 20  # of one of them while it is read
KEPT = 2_000  # descriptions
LONGEST_NAME, TEXT = 1_000, 200  # of a file that is listed, and of a problem [characters]


class CaptureEntry(TypedDict):
    """One capture below the roots: `file` is what other tools take as pcap_file, `damaged` and others null if unread.

    `damaged`: packets after some point are missing. `problem` says what is wrong, or why the file was not read.
    """

    file: str
    bytes: int | None
    modified: str | None
    format: str | None
    compression: str | None
    packets: int | None
    first_time: str | None
    last_time: str | None
    damaged: bool | None
    problem: str | None
    standout: str | None


@dataclass(frozen=True)
class Looked:
    """What was found below the roots.

    Parameters
    ----------
    names : tuple of str
        Captures, as `Folders.open` takes them, in order of their names.
    is_whole : bool
        Nothing was left out because there is too much.
    """

    names: tuple[str, ...]
    is_whole: bool

    @property
    def identity(self) -> str:
        """What identifies the list, for cursors."""
        return hashlib.sha256(repr(self.names).encode()).hexdigest()[:16]


class Listing:
    """Lists captures, and keeps what it read of them.

    Parameters
    ----------
    folders : Folders
        The root folders.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._kept: OrderedDict[Key, CaptureEntry] = OrderedDict()

    def find(self, contains: str = "") -> Looked:
        """Find the captures.

        Parameters
        ----------
        contains : str, optional
            Part of their names, in capitals or not.

        Returns
        -------
        Looked
            Their names relative to the first root that has them.
        """
        found: dict[str, None] = {}
        walked = self._folders.walk()
        for root, path in walked:
            if contains and contains.casefold() not in printable(path).casefold():
                continue
            name = str(root / path) if path in found else path  # an earlier root has the same
            if len(printable(name)) > LONGEST_NAME:
                walked.is_whole = False
                continue
            with suppress(PcapframeError), self._folders.open(name) as file:
                if begins_as_capture(file, name):
                    found[name] = None
        return Looked(tuple(sorted(found)), walked.is_whole)

    def describe(self, names: tuple[str, ...]) -> Iterator[tuple[Key | None, CaptureEntry]]:
        """Describe captures, reading those that are not too large, and not too long in all.

        Parameters
        ----------
        names : tuple of str
            From `find`.

        Yields
        ------
        tuple
            What identifies its content (None for one that is gone by now), and the description.
        """
        left, end = READ_BYTES, time.monotonic() + READ_S
        for name in names:
            try:
                with self._folders.open(name) as file:
                    key, status = key_of(file), os.fstat(file.fileno())
                    known = self._kept.get(key)
                    if known is None and status.st_size <= left and time.monotonic() < end:
                        left -= status.st_size
                        known = self._keep(key, _read(name, file, status, end))
                    yield key, {**(known or _unread(status)), "file": printable(name)}
            except CaptureError as error:
                yield None, {**_unread(None), "file": printable(name), "problem": error.problem}

    def _keep(self, key: Key, entry: CaptureEntry) -> CaptureEntry:
        self._kept[key] = entry
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return entry


def _read(name: str, file: IO[bytes], status: os.stat_result, end: float) -> CaptureEntry:
    """Read a capture until `end` at most, and describe it."""

    def claim(nbytes: int, _packets: int) -> None:
        if nbytes > MEMORY_BYTES:
            raise CaptureError(name, "too large to be read for this list")

    def progress(_done: int, _size: int | None) -> None:
        if time.monotonic() > end:
            raise CaptureError(name, "takes too long to be read for this list")

    file.seek(0)
    entry = _unread(status)
    try:
        bounded = BoundedCapture(name, file, status.st_size, None, claim)
        info = capture_info(read_pcap(bounded, progress=progress))
    except CaptureError as error:
        damaged = True if isinstance(error, CaptureFormatError) else None
        return {**entry, "damaged": damaged, "problem": shortened(printable(error.problem), TEXT)}
    return {
        **entry,
        "format": info.format,
        "compression": info.compression,
        "packets": info.packets,
        "first_time": info.first_time,
        "last_time": info.last_time,
        "damaged": info.truncated,
        "problem": shortened(printable(info.notes[0]), TEXT) if info.truncated and info.notes else None,
    }


def _unread(status: os.stat_result | None) -> CaptureEntry:
    """Describe a capture by its file alone."""
    return CaptureEntry(
        file="",
        bytes=None if status is None else status.st_size,
        modified=None if status is None else datetime.fromtimestamp(int(status.st_mtime), UTC).isoformat(),
        format=None,
        compression=None,
        packets=None,
        first_time=None,
        last_time=None,
        damaged=None,
        problem="not read for this list",
        standout=None,
    )
