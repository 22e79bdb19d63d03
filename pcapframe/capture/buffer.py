"""The bytes of a stream that are being decoded: read into a buffer, or mapped from the file."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pcapframe.capture.mapped import LOOK_BYTES, Piece
from pcapframe.capture.source import ByteRange, CaptureStream

__all__ = ["Buffer", "Work"]

Array = npt.NDArray[Any]

BUFFER_BYTES = 1 << 19  # with the columns decoded from it, this fits the second-level cache of a core
LOOKS_AHEAD = 3  # stretches of a mapped piece that are made ready meanwhile
PIECE_BYTES = 1 << 26  # of a mapped file, of which only the headers are touched


class Work(Protocol):
    """Who decodes the bytes, perhaps later, in other threads."""

    def needs(self, buffer: Array) -> bool:
        """Whether something has yet to be decoded from these bytes."""

    def drain(self) -> None:
        """Return when the bytes so far are not needed any more."""

    def ahead(self, work: Callable[[], bool]) -> Callable[[], bool]:
        """Have work done by whoever is free; return what waits for its result."""


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
        self._ahead: deque[tuple[int, Callable[[], bool]]] = deque()  # up to where it will be ready next, and whether
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
        size = self.bytes.size
        self._spare.append(self.bytes)
        for number, spare in enumerate(self._spare):
            if spare.size == size and not self._work.needs(spare):
                self.bytes = self._spare.pop(number)
                return
        self._spare = [spare for spare in self._spare if spare.size == size]
        self.bytes = np.empty(size, np.uint8)

    def close(self) -> None:
        """Release the bytes, so that a stored traceback cannot keep them alive."""
        self._stream.give_back()
        self.bytes, self._spare, self._piece, self._ahead = np.empty(0, np.uint8), [], None, deque()

    def need(self, count: int) -> bool:
        """Whether `count` unread bytes are there, after reading more where needed."""
        while self.unread < count and not self.at_end:
            self.fill()
        return self.unread >= count

    def peek(self, count: int) -> bytes:
        """Return the next bytes, which stay unread."""
        return self.bytes[self.start : self.start + min(count, self.unread)].tobytes()
