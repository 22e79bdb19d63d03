"""Open a capture from a path, a URL, a stream, bytes or standard input, and decompress it.

Compression is recognised by content, never by name.
"""

import bz2
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any, TypeAlias

from pcapframe.capture.fetching import BoundedCapture, fetch
from pcapframe.capture.mapped import MappedFile, Piece
from pcapframe.capture.remote import RemoteCapture, is_url
from pcapframe.errors import CaptureFormatError, CaptureNotFoundError
from pcapframe.memory import Claim

__all__ = ["STANDARD_INPUT", "ByteRange", "CaptureSource", "CaptureStream", "claims_of", "open_capture", "source_name"]

CaptureSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | RemoteCapture | BoundedCapture
)

STANDARD_INPUT = "-"
MAGIC_BYTES = 6
READ_BYTES = 1 << 18
STEP_BYTES = 4096  # decompressed at a time, so that one step yields some 100 MB at most, whatever the bytes
XZ_MEMORY = 1 << 28  # most that an xz header may ask for; xz -9 needs a quarter of it [bytes]


def _zstd() -> Any:
    import zstandard  # loaded only for such files

    return zstandard.ZstdDecompressor().decompressobj()


def _lz4() -> Any:
    import lz4.frame

    return lz4.frame.LZ4FrameDecompressor()


# First bytes, name, and a decompressor for one member (a file may have several).
COMPRESSIONS: tuple[tuple[bytes, str, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", "gzip", partial(zlib.decompressobj, wbits=31)),
    (b"BZh", "bz2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", partial(lzma.LZMADecompressor, memlimit=XZ_MEMORY)),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
    (b"\x50\x2a\x4d\x18", "zstd", _zstd),  # as pzstd begins
    (b"\x04\x22\x4d\x18", "lz4", _lz4),
)


class CaptureStream:
    """The decompressed bytes of a capture, in order.

    Attributes
    ----------
    name : str
        The capture, as the user named it.
    compression : str or None
        ``gzip``, ``zstd``, ``lz4``, ``xz``, ``bz2``.
    size : int or None
        Length of the stored file; None if it is unknown, as for streams. [bytes]
    claim : callable or None
        Called with the memory that its packets take [bytes] and how many they are; raises where that is too much.
    cut : str or None
        What was found if the compressed data ends early or is damaged.
    """

    begin = 0

    def __init__(
        self,
        name: str,
        raw: Any,
        size: int | None,
        most: int | None = None,
        claim: Claim | None = None,
        *,
        may_be_mapped: bool = False,
    ) -> None:
        self.name = name
        self.size = size
        self.claim = claim
        self._mapped = MappedFile(raw) if may_be_mapped else None
        self.may_be_read_ahead = may_be_mapped and hasattr(os, "preadv")
        self._looked_at = 0  # how far the mapped file was handed out [bytes]
        self._most = most  # limit of the decompressed length; None for no limit [bytes]
        self.cut: str | None = None
        self.compression: str | None = None
        self._raw = raw
        self._chunks: Iterator[bytes] | None = None
        head = b""
        while len(head) < MAGIC_BYTES and (more := self._read(MAGIC_BYTES - len(head))):
            head += more
        self._ready = memoryview(head)
        for magic, compression, new in COMPRESSIONS:
            if head.startswith(magic):
                self.compression = compression
                self._mapped, self.may_be_read_ahead = None, False
                self._ready = memoryview(b"")
                self._chunks = self._decompressed(head, new)

    def _read(self, size: int) -> bytes:
        """Read up to `size` bytes of the file; empty only at its end."""
        try:
            data = self._raw.read(size) or b""
        except (OSError, ValueError) as error:  # ValueError: it is closed
            raise CaptureNotFoundError(self.name, f"cannot be read ({error})") from error
        if not isinstance(data, bytes | bytearray | memoryview):
            raise CaptureFormatError(self.name, f"expected a binary file, got {type(data).__name__} from it")
        return bytes(data)

    def _decompressed(self, data: bytes, new: Callable[[], Any]) -> Iterator[bytes]:
        """Yield `data` and the rest of the file, decompressed; set `cut` where that ends early."""
        decompressor = new()
        at = 0
        length = 0
        while True:
            if decompressor.eof:  # padding zeros may follow, or another member
                at = len(data) - len(data[at:].lstrip(b"\0"))
            if at == len(data):
                data, at = self._read(READ_BYTES), 0
                if not data:
                    break
                continue
            if decompressor.eof:
                decompressor = new()
            step = data[at : at + STEP_BYTES]
            try:
                made = decompressor.decompress(step)
            except Exception as error:  # each library raises its own kind
                self.cut = f"the {self.compression} data is damaged or followed by something else ({error})"
                return
            at += len(step) - (len(decompressor.unused_data or b"") if decompressor.eof else 0)
            length += len(made)
            if self._most is not None and length > self._most:
                problem = f"is longer than {self._most:,} bytes when decompressed, the most allowed"
                raise CaptureFormatError(self.name, problem)
            if made:
                yield made
        if not decompressor.eof:
            self.cut = f"the {self.compression} data ends early"

    def piece(self, start: int, size: int, ready: int) -> Piece | None:
        """Return mapped bytes of the file, without a copy; valid until `give_back`.

        None if they have to be read: continue at `start` with `read_into`, which must not be called before that. See
        `MappedFile.piece`.
        """
        if self._mapped is None:
            return None
        is_worthwhile = self._looked_at > 0 or self._mapped.is_worthwhile()
        found = self._mapped.piece(start, size, ready) if is_worthwhile else None
        if found is None:
            self._mapped = None
            self._raw.seek(start)
            self._ready = memoryview(b"")
        else:
            self._looked_at = found.base + found.bytes.size
        return found

    @property
    def is_mapped(self) -> bool:
        """Whether the file is mapped, not read."""
        return self._mapped is not None

    def give_back(self) -> None:
        """Release the last piece, so that a process waiting to write the file can go on."""
        if self._mapped is not None:
            self._mapped.give_back()

    def read_into(self, view: memoryview) -> int:
        """Read bytes into `view`; return how many, 0 only at the end or where compressed data is damaged."""
        if not self._ready:
            if self._chunks is not None:
                self._ready = memoryview(next(self._chunks, b""))
            elif hasattr(self._raw, "readinto"):
                try:
                    return self._raw.readinto(view) or 0
                except (OSError, ValueError) as error:
                    raise CaptureNotFoundError(self.name, f"cannot be read ({error})") from error
            else:
                self._ready = memoryview(self._read(len(view)))
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def read_at(self, offset: int, view: memoryview) -> int:
        """Read bytes of a stream that `may_be_read_ahead` into `view`, in any order, in any thread.

        Returns
        -------
        int
            How many; fewer than there is room for only at the end.
        """
        count = 0
        try:
            while count < len(view) and (more := os.preadv(self._raw.fileno(), [view[count:]], offset + count)):
                count += more
        except (OSError, ValueError) as error:
            raise CaptureNotFoundError(self.name, f"cannot be read ({error})") from error
        if count:
            self._looked_at = max(self._looked_at, offset + count)
        return count

    def skip(self, count: int) -> None:
        """Skip `count` bytes, or to the end if there are fewer."""
        known = min(count, len(self._ready))
        self._ready = self._ready[known:]
        left = count - known
        if self._chunks is None and hasattr(self._raw, "seekable") and self._raw.seekable():
            self._raw.seek(left, io.SEEK_CUR)
            return
        passed = memoryview(bytearray(min(left, READ_BYTES)))
        while left and (read := self.read_into(passed[: min(left, READ_BYTES)])):
            left -= read

    def between(self, begin: int, end: int) -> "ByteRange":
        """Return some bytes of a file that is not compressed; this stream is not to be read beside them."""
        return ByteRange(self, self._raw, begin, end)

    def done(self) -> int | None:
        """Return how much of the stored file has been read [bytes], or None if it is unknown."""
        if self._looked_at:
            return self._looked_at
        try:
            return int(self._raw.tell())
        except (OSError, AttributeError, ValueError):
            return None


class ByteRange:
    """Some bytes of a file, read like a stream.

    Parameters
    ----------
    stream : CaptureStream
        Of the file.
    raw : binary file
        It can seek.
    begin, end : int
        Where they begin and end. [bytes]
    """

    cut = None
    is_mapped = False

    def __init__(self, stream: CaptureStream, raw: IO[bytes], begin: int, end: int) -> None:
        self.name, self.begin = stream.name, begin
        self._raw, self._left = raw, end - begin
        raw.seek(begin)

    def piece(self, _start: int, _size: int, _ready: int) -> None:
        """Return nothing: the bytes are read."""

    def give_back(self) -> None:
        """Do nothing: no bytes are mapped."""

    def read_into(self, view: memoryview) -> int:
        """Read bytes into `view`; return how many, 0 only at the end."""
        try:
            data = self._raw.read(min(len(view), self._left))
        except (OSError, ValueError) as error:
            raise CaptureNotFoundError(self.name, f"cannot be read ({error})") from error
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


def source_name(source: CaptureSource) -> str:
    """Return the name of a source for messages and answers."""
    if isinstance(source, RemoteCapture | BoundedCapture):
        return source.name
    if isinstance(source, str) and is_url(source):
        return RemoteCapture(source).name
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        return "standard input" if path == STANDARD_INPUT else str(path)
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{len(source)} bytes"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "stream"


def claims_of(source: Any) -> list[Claim]:
    """Return the bounds on memory of a source, or of several.

    Parameters
    ----------
    source : capture, list of captures, or anything else
        What is analysed.

    Returns
    -------
    list of callable
        One for each that has a bound; see `CaptureStream.claim`.
    """
    found = []
    for one in source if isinstance(source, list | tuple) else [source]:
        bounded = RemoteCapture(one) if is_url(one) else one
        if isinstance(bounded, RemoteCapture | BoundedCapture):
            found.append(bounded.claim)
    return found


@contextmanager
def open_capture(
    source: CaptureSource, progress: Callable[[int, int | None], object] | None = None
) -> Iterator[CaptureStream]:
    """Open a capture for reading.

    Parameters
    ----------
    source : str, PathLike, RemoteCapture, bytes or binary file
        A str may be a URL; ``"-"`` is standard input. An open file is read from its position and not closed.
    progress : callable, optional
        Called while a URL is fetched, with the bytes fetched so far and their total (None if unknown). [bytes]

    Yields
    ------
    CaptureStream
        Its decompressed bytes.

    Raises
    ------
    CaptureNotFoundError
        No such file, a directory, or no permission.
    CaptureFormatError
        A text stream instead of a binary one.
    RemoteCaptureError
        The URL may not be fetched, cannot be fetched, or exceeds a limit of size or time.
    """
    if isinstance(source, str) and is_url(source):
        source = RemoteCapture(source)
    if isinstance(source, RemoteCapture):
        with fetch(source, progress) as fetched, open_capture(fetched) as stream:
            yield stream
        return
    name = source_name(source)
    if isinstance(source, BoundedCapture):
        yield CaptureStream(name, source.file, source.size, source.max_decompressed_bytes, source.claim)
        return
    if isinstance(source, bytes | bytearray | memoryview):
        yield CaptureStream(name, io.BytesIO(source), len(source))
        return
    if not isinstance(source, str | os.PathLike):
        if isinstance(source, io.TextIOBase) or not hasattr(source, "read"):
            raise CaptureFormatError(name, f"expected a path, bytes or a binary file, got {type(source).__name__}")
        yield CaptureStream(name, source, None)
        return
    if name == "standard input":
        if sys.stdin is None:
            raise CaptureNotFoundError(name, "is closed, expected a capture")
        yield CaptureStream(name, sys.stdin.buffer, None)
        return
    try:
        file = open(source, "rb", buffering=0)  # the reader has its own buffer
    except FileNotFoundError:
        raise CaptureNotFoundError(name, "there is no such file") from None
    except IsADirectoryError:
        raise CaptureNotFoundError(name, "is a directory, expected a capture file") from None
    except (OSError, ValueError) as error:
        raise CaptureNotFoundError(name, f"cannot be opened ({error})") from None
    with file:
        status = os.fstat(file.fileno())
        stream = CaptureStream(name, file, status.st_size or None, may_be_mapped=stat.S_ISREG(status.st_mode))
        try:
            yield stream
        finally:
            stream.give_back()
