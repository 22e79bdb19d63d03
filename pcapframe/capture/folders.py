"""Which captures a folder or a pattern holds: whoever names a ring buffer's folder means all of its files as one."""

import glob
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any, NamedTuple

from pcapframe.capture import pcap, pcapng, snoop
from pcapframe.capture.remote import is_url
from pcapframe.capture.source import STANDARD_INPUT, CaptureStream
from pcapframe.errors import CaptureNotFoundError, ParameterError, PcapframeError

__all__ = [
    "MOST_CAPTURES", "Listed", "as_list", "begins_as_capture", "captures_in", "check_count", "in_order",
    "names_several",
]  # fmt: skip

MOST_CAPTURES = 1 << 16  # read as one: `source` numbers them in 16 bits
MAGIC_BYTES = 8
FIRST_BYTES = 64 << 20  # decompressed at most to see how a file begins
ERF = ".erf"  # has no magic number
# As programs name captures, with the number that tcpdump adds to those of a ring buffer, and compressed or not.
NAMED = re.compile(r"\.(pcap|pcapng|ntar|cap|dmp|snoop|erf)[.\d]*(\.(gz|bz2|xz|zst|lz4))?$", re.IGNORECASE)
DIGITS = re.compile(r"(\d+)")


class Listed(NamedTuple):
    """The captures that are read as one."""

    captures: list[Any]
    found: list[bool]  # those of folders and patterns, where one that cannot be read does not stop the others
    name: str | None  # of all, where one folder or pattern holds them


def names_several(source: Any) -> bool:
    """Tell whether a source is a folder, or a pattern that is no file's name.

    Parameters
    ----------
    source : path, or anything else
        As given to `read_pcap`.

    Returns
    -------
    bool
        False for anything but a path.
    """
    if not isinstance(source, str | os.PathLike) or is_url(source) or source == STANDARD_INPUT:
        return False
    path = os.fspath(source)
    return os.path.isdir(path) or (isinstance(path, str) and glob.has_magic(path) and not os.path.exists(path))


def captures_in(source: Any) -> Listed:
    """List the captures of a source, those of a folder or a pattern by their names, numbers in them as numbers.

    Of a folder these are the files directly in it, except hidden ones, that begin as a capture or are named like one.
    Of a pattern (``*``, ``?``, ``[``; ``**`` for folders at any depth) they are all files that it matches.

    Parameters
    ----------
    source : capture, or a list of these
        As given to `read_pcap`.

    Returns
    -------
    Listed
        At least one.

    Raises
    ------
    CaptureNotFoundError
        A folder or a pattern without captures, or a folder that cannot be opened.
    ParameterError
        No capture is given, or more than ``MOST_CAPTURES``.
    """
    given = as_list(source)
    captures: list[Any] = []
    found: list[bool] = []
    for one in given:
        several = names_several(one)
        files = _files(os.fspath(one)) if several else [one]
        captures += files
        found += [several] * len(files)
    check_count(captures)
    return Listed(captures, found, str(given[0]) if len(given) == 1 and found[0] and len(captures) > 1 else None)


def as_list(source: Any) -> Sequence[Any]:
    """Return what was given as a list.

    Parameters
    ----------
    source : capture, or a list of these
        As given to `read_pcap`.

    Returns
    -------
    sequence
        Of one, or those of the list.
    """
    return source if isinstance(source, list | tuple) else [source]


def check_count(captures: Sequence[Any]) -> None:
    """Refuse no captures, and more than can be read as one.

    Parameters
    ----------
    captures : sequence
        All of them.

    Raises
    ------
    ParameterError
        There are none, or more than `MOST_CAPTURES`.
    """
    if not captures:
        raise ParameterError("no capture was given: expected one or more")
    if len(captures) > MOST_CAPTURES:
        raise ParameterError(f"these are {len(captures):,} captures: expected at most {MOST_CAPTURES:,}")


def _files(path: str) -> list[str]:
    """List the captures of a folder or a pattern."""
    problem = "the folder has no capture"
    if not os.path.isdir(path):
        problem = "no file matches"
        files = [file for file in glob.iglob(path, recursive=True) if os.path.isfile(file)]
    else:
        try:
            with os.scandir(path) as entries:
                names = [entry.path for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            raise CaptureNotFoundError(path, f"cannot be opened ({error.strerror})") from None
        # Not `entry.is_file()`, which raises for a link that leads back to itself.
        files = [file for file in names if os.path.isfile(file) and (NAMED.search(file) or _begins(file))]
    if not files:
        raise CaptureNotFoundError(path, problem)
    return sorted(files, key=in_order)


def in_order(file: str) -> list[tuple[int, str]]:
    """Return the sort key of a name, with the numbers in it as numbers: a.pcap, a.pcap2, a.pcap10.

    Parameters
    ----------
    file : str
        The name.

    Returns
    -------
    list of tuple
        For ``sorted``.
    """
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in DIGITS.split(file)]


def _begins(file: str) -> bool:
    with suppress(OSError), open(file, "rb") as content:
        return begins_as_capture(content, file)
    return False


def begins_as_capture(file: IO[bytes], name: str) -> bool:
    """Tell whether a file begins as a capture that is read here; a compressed one by what is in it.

    Parameters
    ----------
    file : binary file
        At its beginning.
    name : str
        A capture of Endace shows only in its name.

    Returns
    -------
    bool
        False for any other file.
    """
    start = bytearray(MAGIC_BYTES)
    with suppress(PcapframeError):
        filled = CaptureStream(name, file, None, FIRST_BYTES).read_into(memoryview(start))
        is_erf = os.path.splitext(name)[1].lower() == ERF and filled > 0
        return is_erf or start[:4] == pcapng.SECTION_MAGIC or bytes(start[:4]) in pcap.MAGICS or start == snoop.MAGIC
    return False
