"""Errors and warnings.

::

    PcapframeError
    ├── CaptureError            the capture cannot be read; its message names the file and the byte offset
    │   ├── CaptureNotFoundError    the file does not exist or is not a file
    │   ├── CaptureFormatError      the bytes are not a capture of a known format
    │   └── RemoteCaptureError      the URL is not allowed, cannot be fetched, or is too large or too slow
    ├── ClusterError            a cluster cannot be used: no scheduler, no workers, or one that is not alike
    ├── MissingExtraError       a package is missing that only an extra installs
    ├── TemporarySpaceError     a capture is too long for memory, and the disk has no room for its columns
    └── ParameterError          an argument is not valid (not an address, not a column, …)

    PcapframeWarning            the result stands, with a limit that the warning names
    └── CaptureWarning          part of the capture could not be read (cut off, damaged, unknown link type)

The workshop's ``AnswerError``, for a missing or wrong answer, is a PcapframeError too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

__all__ = [
    "CaptureError",
    "CaptureFormatError",
    "CaptureNotFoundError",
    "CaptureWarning",
    "ClusterError",
    "MissingExtraError",
    "ParameterError",
    "PcapframeError",
    "PcapframeWarning",
    "RemoteCaptureError",
    "TemporarySpaceError",
    "needs_extra",
]


class PcapframeError(Exception):
    """Base of every error that pcapframe raises on purpose."""


class CaptureError(PcapframeError):
    """A capture cannot be read.

    Parameters
    ----------
    name : str
        The capture, as its user called it.
    problem : str
        What was found and what was expected instead.
    offset : int, optional
        Where in the (decompressed) capture. [bytes]
    """

    def __init__(self, name: str, problem: str, offset: int | None = None) -> None:
        where = "" if offset is None else f" at byte {offset}"
        super().__init__(f"{name}{where}: {problem}")
        self.name = name
        self.problem = problem
        self.offset = offset

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, int | None]]:
        return type(self), (self.name, self.problem, self.offset)


class CaptureNotFoundError(CaptureError):
    """The capture does not exist, or is not a file that can be opened."""


class CaptureFormatError(CaptureError):
    """The bytes are not a packet capture, or not of a kind that pcapframe reads."""


class RemoteCaptureError(CaptureError):
    """The URL is not allowed, cannot be fetched, or exceeds a limit of size or time."""


class ClusterError(PcapframeError):
    """A cluster cannot be used: no scheduler answers, it has no workers, or one of them cannot do the same work."""


class TemporarySpaceError(PcapframeError):
    """A capture is too long for memory, and the disk has no room for its columns."""


class MissingExtraError(PcapframeError, ModuleNotFoundError):
    """A package is missing that only an extra installs.

    Parameters
    ----------
    what : str
        What needs it, with its verb: ``charts need``.
    package : str
        The package.
    extra : str
        The extra of pcapframe that installs it.
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f'{what} {package}: pip install "pcapframe[{extra}]"', name=package)
        self.what = what
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        return type(self), (self.what, self.package, self.extra)


class ParameterError(PcapframeError, ValueError):
    """An argument has a value that is not valid."""


class PcapframeWarning(UserWarning):
    """Base of every warning that pcapframe gives."""


class CaptureWarning(PcapframeWarning):
    """A capture was read in part; the message names the file, the byte offset and what was expected."""


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Import packages of an extra: a missing one becomes a `MissingExtraError`.

    Parameters
    ----------
    what : str
        What needs them, with its verb.
    extra : str
        The extra of pcapframe that installs them.

    Raises
    ------
    MissingExtraError
        A package cannot be found.

    Examples
    --------
    >>> with needs_extra("sundials need", "sun"):
    ...     import gnomon
    Traceback (most recent call last):
    pcapframe.errors.MissingExtraError: sundials need gnomon: pip install "pcapframe[sun]"
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "pcapframe"):  # a mistake of ours
            raise
        raise MissingExtraError(what, package, extra) from error
