"""The captures of a cluster: files on a folder that all machines have, and objects that fsspec opens.

What is needed to open an object (credentials, endpoints) goes to the workers with the tasks. No text that is made here
holds it: messages, provenance and logs name a capture without it.
"""

import glob
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pcapframe.analysis.provenance import CaptureFile, files_of
from pcapframe.capture.folders import as_list, captures_in, check_count, in_order
from pcapframe.capture.remote import is_url, masked_url
from pcapframe.capture.source import STANDARD_INPUT, CaptureStream, open_capture
from pcapframe.errors import CaptureError, CaptureNotFoundError, ParameterError, needs_extra

__all__ = ["Listed", "Source", "list_sources", "opened", "size_of"]

BLOCK_BYTES = 8 << 20  # asked for at a time


@dataclass(frozen=True)
class Source:
    """A capture, as every worker finds it.

    Parameters
    ----------
    path : str
        Of a file on a folder that all of them have, absolute; or a URL that fsspec opens.
    name : str
        As its user called it, without credentials.
    size : int or None
        Length as stored, None where it is not known. [bytes]
    options : mapping
        For fsspec, such as credentials.
    """

    path: str = field(repr=False)
    name: str
    size: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_remote(self) -> bool:
        """Whether fsspec opens it."""
        return is_remote(self.path)


class Listed(NamedTuple):
    """The captures that are read as one."""

    sources: list[Source]
    name: str | None  # of all, where one folder or pattern holds them
    files: tuple[CaptureFile, ...]  # of the provenance


def is_remote(path: object) -> bool:
    """Whether fsspec opens a path: a URL of anything but the web, whose captures `read_pcap` fetches.

    Parameters
    ----------
    path : object
        As given to `analyze`.

    Returns
    -------
    bool
        False for anything but a URL.

    Examples
    --------
    >>> is_remote("s3://captures/monday.pcap"), is_remote("/captures/monday.pcap")
    (True, False)
    """
    return isinstance(path, str) and "://" in path and not is_url(path)


def list_sources(captures: Any, options: Mapping[str, Any] | None = None) -> Listed:
    """List the captures that a cluster is to read.

    Parameters
    ----------
    captures : path, URL, folder, pattern, or a list of these
        Objects as ``s3://bucket/day/*.pcap``.
    options : mapping, optional
        For fsspec.

    Returns
    -------
    Listed
        At least one.

    Raises
    ------
    CaptureNotFoundError
        A folder or a pattern without captures.
    ParameterError
        Something that a worker cannot open, such as bytes or standard input.
    """
    sources: list[Source] = []
    files: list[CaptureFile] = []
    names: list[str | None] = []
    for one in as_list(captures):
        if is_remote(one):
            found, name = _objects(one, options or {})
            sources += found
            files += [CaptureFile(each.name, each.size or 0, "") for each in found]
            names.append(name)
            continue
        if not isinstance(one, str | os.PathLike) or one == STANDARD_INPUT:
            raise ParameterError(
                "a cluster reads files and URLs: expected paths that every worker has, not "
                f"{'standard input' if one == STANDARD_INPUT else type(one).__name__}"
            )
        listed = captures_in(one)
        sources += [_of_path(os.fspath(path)) for path in listed.captures]
        files += files_of(listed.captures)
        names.append(listed.name)
    check_count(sources)
    return Listed(sources, names[0] if len(names) == 1 else None, tuple(files))


def _of_path(path: str) -> Source:
    if is_url(path):
        return Source(path, masked_url(path))
    try:
        size = os.stat(path).st_size
    except (OSError, ValueError):
        size = None  # the workers may have it all the same
    return Source(os.path.abspath(path), path, size)


def _objects(url: str, options: Mapping[str, Any]) -> tuple[list[Source], str | None]:
    """Return the objects that a URL names, and its name where it is a folder or a pattern."""
    name = masked_url(url)
    with needs_extra(f"{url.partition('://')[0]}:// URLs need", "cluster"):
        import fsspec  # an extra
    with _told(name):
        files, path = fsspec.core.url_to_fs(url, **options)
        found = [path]
        several = glob.has_magic(path) or files.isdir(path)
        if several:
            listed = files.glob(path) if glob.has_magic(path) else files.ls(path, detail=False)
            found = sorted((each for each in listed if files.isfile(each)), key=in_order)
        if not found:
            raise CaptureNotFoundError(name, "no object matches")
        if not several:
            return [Source(url, name, files.size(path) if files.exists(path) else None, options)], None
        urls = [files.unstrip_protocol(each) for each in found]
        sizes = [files.size(each) for each in found]
    sources = [Source(one, masked_url(one), size, options) for one, size in zip(urls, sizes, strict=True)]
    return sources, name if len(sources) > 1 else None


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what fsspec and the libraries behind it raise into an error without what they say, which may be secret."""
    try:
        yield
    except CaptureError:
        raise
    except FileNotFoundError:
        raise CaptureNotFoundError(name, "there is no such object") from None
    except Exception as error:  # each library raises its own kind
        raise CaptureNotFoundError(name, f"cannot be opened ({type(error).__name__})") from None


@contextmanager
def opened(source: Source) -> Iterator[CaptureStream]:
    """Open a capture on a worker.

    Parameters
    ----------
    source : Source
        The capture.

    Yields
    ------
    CaptureStream
        Its bytes.

    Raises
    ------
    CaptureError
        It cannot be opened.
    """
    if not source.is_remote:
        with open_capture(source.path) as stream:
            stream.name = source.name
            yield stream
        return
    import fsspec  # an extra

    with _told(source.name):
        files, path = fsspec.core.url_to_fs(source.path, **source.options)
        with files.open(path, "rb", block_size=BLOCK_BYTES) as file:
            yield CaptureStream(source.name, file, files.size(path))


def size_of(source: Source) -> int | None:
    """Return how long a capture is where this runs, None where it is not there.

    Parameters
    ----------
    source : Source
        The capture; one of the web is taken to be there.

    Returns
    -------
    int or None
        Length as stored. [bytes]
    """
    if source.is_remote:
        try:
            with opened(source) as stream:
                return stream.size or 0
        except CaptureError:
            return None
    if is_url(source.path):
        return 0
    try:
        return os.stat(source.path).st_size
    except (OSError, ValueError):
        return None
