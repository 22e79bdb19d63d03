"""The bytes of a stream that are being decoded: read into a buffer, or mapped from the file."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pcapframe.capture.mapped import LOOK_BYTES, Piece
from pcapframe.capture.source import ByteRange, CaptureStream
from pcapframe.errors import CaptureError

__all__ = ["Buffer", "Work"]

Array = npt.NDArray[Any]

BUFFER_BYTES = 1 << 21  # with the columns decoded from it, this fits the caches, and calls take little of the time
ROOM_BEFORE = 1 << 16  # in what is read ahead, for the unread bytes before it
LOOKS_AHEAD = 3  # stretches of a mapped piece that are made ready meanwhile
PIECE_BYTES = 1 << 26  # of a mapped file, of which only the headers are touched


class Work(Protocol):
    """Who decodes the bytes, perhaps later, in other threads."""

    def needs(self, buffer: Array) -> bool:
        """Whether something has yet to be decoded from these bytes."""

    def drain(self) -> None:
        """Return when the bytes so far are not needed any more."""

    def ahead(self, work: Callable[[], int]) -> Callable[[], int]:
        """Have work done by whoever is free; return what waits for its result."""


class _Coming:
    """The next bytes of a file, which any thread may read."""

    def __init__(self, stream: CaptureStream, offset: int, room: Array) -> None:
        self.room, self.end = room, offset + room.size - ROOM_BEFORE
        self._stream, self._offset = stream, offset
        self._error: CaptureError | None = None

    def read(self) -> int:
        """Read them; return how many there are, fewer than there is room for only at the end."""
        try:
            return self._stream.read_at(self._offset, memoryview(self.room[ROOM_BEFORE:]))  # type: ignore[arg-type]
        except CaptureError as error:
            self._error = error
            return 0

    def check(self) -> None:
        """Raise what reading them ended with, when what comes before them is decoded."""
        if self._error:
            raise self._error


class Buffer:
    """The part of a stream that is being decoded.

    Parameters
    ----------
    stream : CaptureStream or ByteRange
        The capture's bytes.
    work : Work
        Decodes the bytes.
    """

    def __init__(self, stream: CaptureStream | ByteRange, work: Work) -> None:
        self._stream = stream
        self._work = work
        self._spare: list[Array] = []
        self._piece: Piece | None = None  # of the mapped file
        self._coming: deque[tuple[_Coming, Callable[[], int]]] = deque()  # what is read ahead, and how much that is
        self._ahead: deque[tuple[int, Callable[[], int]]] = deque()  # up to where it will be ready next, and whether
        self.bytes: Array = np.empty(BUFFER_BYTES, np.uint8)
        self.base = stream.begin  # where the buffer begins in the capture
        self.start = 0
        self.end = 0
        self.at_end = False

    @property
    def offset(self) -> int:
        """Where the unread part begins in the capture."""
        return self.base + self.start

    @property
    def unread(self) -> int:
        """How many bytes are there and not decoded yet."""
        return self.end - self.start

    @property
    def is_within_piece(self) -> bool:
        """Whether the piece of the mapped file has more bytes, so that its lease is to be kept."""
        return self._piece is not None and self.end < self._piece.bytes.size

    def fill(self) -> None:
        """Read more, keeping unread bytes; the buffer grows only when it is full of them."""
        if self._grow():
            return
        unread = self.unread
        if self._piece:
            self._work.drain()
        piece = self._stream.piece(self.offset, max(PIECE_BYTES, 2 * unread), max(LOOK_BYTES, 2 * unread))
        if piece is not None:
            self.start = self.offset - piece.base
            self.bytes, self.base, self.end = piece.bytes, piece.base, piece.ready
            self._piece = piece
            self._look_ahead()
            return
        if self._piece:  # from here on, the stream is read
            self.base, self.start, self.end = self.offset, 0, 0
            self.bytes, self._piece = np.empty(BUFFER_BYTES, np.uint8), None
            unread = 0
        if self._coming:
            self._go_on(*self._coming.popleft())
            return
        if self.start:
            rest = self.bytes[self.start : self.end]
            if self._work.needs(self.bytes):
                self._change()
                self.bytes[:unread] = rest
            else:
                self.bytes[:unread] = rest.copy()
            self.base += self.start
            self.start, self.end = 0, unread
        if unread == self.bytes.size:
            larger = np.empty(2 * unread, np.uint8)
            larger[:unread] = self.bytes
            self.bytes = larger
        view = memoryview(self.bytes)  # type: ignore[arg-type]
        while self.end < self.bytes.size and not self.at_end:
            count = self._stream.read_into(view[self.end :])
            self.end += count
            self.at_end = count == 0
        self._read_ahead()

    def _read_ahead(self) -> None:
        """Have the next bytes read."""
        stream = self._stream
        if self.at_end or not isinstance(stream, CaptureStream) or not stream.may_be_read_ahead:
            return
        while len(self._coming) < LOOKS_AHEAD:
            begin = self._coming[-1][0].end if self._coming else self.base + self.end
            coming = _Coming(stream, begin, self._spare_of(ROOM_BEFORE + BUFFER_BYTES))
            self._coming.append((coming, self._work.ahead(coming.read)))

    def _go_on(self, begun: _Coming, read: Callable[[], int]) -> None:
        """Go on in what was read ahead, with the unread bytes before it."""
        unread, offset = self.bytes[self.start : self.end], self.offset
        coming, count = begun.room, read()
        begun.check()
        start, end = ROOM_BEFORE - unread.size, ROOM_BEFORE + count
        self.at_end = end < coming.size
        if start < 0:
            coming = self._joined(unread, coming[ROOM_BEFORE:end])
            start, end = 0, coming.size
        else:
            coming[start:ROOM_BEFORE] = unread
        self._spare.append(self.bytes)
        self.bytes, self.base, self.start, self.end = coming, offset - start, start, end
        self._read_ahead()

    def _joined(self, unread: Array, first: Array) -> Array:
        """Return the beginning of a long record with as much as it has so far of what was read ahead."""
        parts, size = [unread, first], first.size
        while size < unread.size and not self.at_end:
            self._read_ahead()
            begun, read = self._coming.popleft()
            more = begun.room[ROOM_BEFORE : ROOM_BEFORE + read()]
            begun.check()
            self.at_end = ROOM_BEFORE + more.size < begun.room.size
            parts.append(more)
            size += more.size
        return np.concatenate(parts)

    def _grow(self) -> bool:
        """Go on in the piece of the mapped file; return whether there is more of it."""
        if not self._ahead:
            return False
        end, is_ready = self._ahead.popleft()
        if not is_ready():
            self._ahead.clear()
            return False
        self.end = end
        self._look_ahead()
        return True

    def _look_ahead(self) -> None:
        """Have the next bytes of the piece made ready."""
        piece = self._piece
        assert piece is not None
        self.at_end = piece.is_last and self.end == piece.bytes.size
        begin = self._ahead[-1][0] if self._ahead else self.end
        while len(self._ahead) < LOOKS_AHEAD and begin < piece.bytes.size:
            end = min(begin + LOOK_BYTES, piece.bytes.size)
            self._ahead.append((end, self._work.ahead(partial(piece.make_ready, begin, end))))
            begin = end

    def _change(self) -> None:
        """Take another array of the same length."""
        self._spare.append(self.bytes)
        self.bytes = self._spare_of(self.bytes.size)

    def _spare_of(self, size: int) -> Array:
        """Return an array of this length that nobody needs."""
        for number, spare in enumerate(self._spare):
            if spare.size == size and not self._work.needs(spare):
                return self._spare.pop(number)
        self._spare = [spare for spare in self._spare if spare.size == size]
        return np.empty(size, np.uint8)

    def close(self) -> None:
        """Release the bytes, so that a stored traceback cannot keep them alive."""
        self._stream.give_back()
        self.bytes, self._spare, self._piece, self._ahead = np.empty(0, np.uint8), [], None, deque()
        self._coming.clear()

    def need(self, count: int) -> bool:
        """Whether `count` unread bytes are there, after reading more where needed."""
        while self.unread < count and not self.at_end:
            self.fill()
        return self.unread >= count

    def peek(self, count: int) -> bytes:
        """Return the next bytes, which stay unread."""
        return self.bytes[self.start : self.start + min(count, self.unread)].tobytes()
