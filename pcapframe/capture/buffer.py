"""The bytes of a stream that are being decoded: read into a buffer, or mapped from the file."""

import numpy as np

from pcapframe.capture.source import CaptureStream

__all__ = ["Buffer"]

BUFFER_BYTES = 1 << 19  # with the columns decoded from it, this fits the second-level cache of a core
PIECE_BYTES = 1 << 22  # of a mapped file, of which only the headers are touched


class Buffer:
    """The part of a stream that is being decoded."""

    def __init__(self, stream: CaptureStream) -> None:
        self._stream = stream
        self.bytes = np.empty(BUFFER_BYTES, np.uint8)
        self._is_mapped = False  # whether these are the mapped file itself
        self.base = 0  # where the buffer begins in the capture
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

    def fill(self) -> None:
        """Read more, keeping unread bytes; the buffer grows only when it is full of them."""
        unread = self.unread
        piece = self._stream.piece(self.offset, max(PIECE_BYTES, 2 * unread))
        if piece is not None:
            self.start = self.offset - piece.base
            self.bytes, self.base, self.end = piece.bytes, piece.base, piece.bytes.size
            self.at_end, self._is_mapped = piece.is_last, True
            return
        if self._is_mapped:  # from here on, the stream is read
            self.base, self.start, self.end = self.offset, 0, 0
            self.bytes, self._is_mapped = np.empty(BUFFER_BYTES, np.uint8), False
            unread = 0
        if self.start:
            self.bytes[:unread] = self.bytes[self.start : self.end].copy()
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

    def close(self) -> None:
        """Release the bytes, so that a stored traceback cannot keep them alive."""
        self._stream.give_back()
        self.bytes = np.empty(0, np.uint8)

    def need(self, count: int) -> bool:
        """Whether `count` unread bytes are there, after reading more where needed."""
        while self.unread < count and not self.at_end:
            self.fill()
        return self.unread >= count

    def peek(self, count: int) -> bytes:
        """Return the next bytes, which stay unread."""
        return self.bytes[self.start : self.start + min(count, self.unread)].tobytes()
