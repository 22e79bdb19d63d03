"""Where the rows of a capture are kept: columns that grow by pieces, so that growing does not hold each row twice."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture import transport
from pcapframe.capture.decoding import DTYPES, Columns
from pcapframe.capture.strips import STRIP, Strip
from pcapframe.disk import expect_memory, give_back_after
from pcapframe.jit import jit, unchecked
from pcapframe.memory import block_of, bytes_to_analyze, columns_in

__all__ = ["ROW_BYTES", "Place", "Rows"]

Array = npt.NDArray[Any]

KINDS = [DTYPES[name] for name in Columns._fields]
ROW_BYTES = sum(np.dtype(dtype).itemsize for dtype in KINDS)
SMALLEST_PIECE = 1 << 14
# Of a capture of unknown length. At 40 MB, malloc gives a freed piece back to the system at once. [rows]
LARGEST_PIECE = 1 << 19

# Columns that are 0 in a row without this bit of `has`. Where no packet of a strip has it, the zeroed memory of the
# column stays untouched, and the system need not provide it.
_TCP_FIELDS = ("seq", "ack", "payload_bytes", "tcp_flags", "window", "tcp_checksum", "tcp_header_bytes")
NEEDED_BITS = {
    "ttl": transport.HAS_IP,
    "ip_id": transport.HAS_IP_ID,
    "src_port": transport.HAS_PORTS,
    "dst_port": transport.HAS_PORTS,
    **dict.fromkeys(_TCP_FIELDS, transport.IS_TCP),
    "mss": transport.HAS_MSS,
    "window_scale": transport.HAS_SCALE,
    "tsval": transport.HAS_TIMESTAMPS,
    "tsecr": transport.HAS_TIMESTAMPS,
    "vlan": transport.HAS_VLAN,
    "interface": transport.HAS_INTERFACE,
}
ALWAYS = 1 << 16  # beyond the bits of `has`
ANY = -1
_NEEDED = np.array([NEEDED_BITS.get(name, ALWAYS) for name in Columns._fields])
_SIZES = np.array([np.dtype(dtype).itemsize for dtype in KINDS])
_IN_STRIP = np.array([STRIP.fields[name][1] for name in Columns._fields])  # type: ignore[index]


class Piece(NamedTuple):
    """Room for rows: all columns in one block of bytes."""

    block: Array
    begins: Array  # int64, by column [bytes]
    rows: int

    @property
    def columns(self) -> Columns:
        """The columns, views of the block."""
        return Columns(*columns_in(self.block, self.begins.tolist(), self.rows, KINDS))


class Place(NamedTuple):
    """Where the first rows of a strip go."""

    piece: Piece
    row: int
    rows: int
    bits: int  # of columns to be written


@jit
def _copy(
    target: Any, begins: Any, row: Any, source: Any, source_begins: Any, count: Any, sizes: Any, needed: Any, bits: Any
) -> None:  # fmt: skip
    """Copy the first `count` rows to `row` and beyond, of columns that need any of these bits."""
    out, data = unchecked(target), unchecked(source)
    for column in range(sizes.size):
        if needed[column] & bits:
            size = sizes[column]
            to, since = np.uint64(begins[column] + row * size), np.uint64(source_begins[column])
            for k in range(np.uint64(count * size)):
                out[to + k] = data[since + k]


def new_piece(rows: int) -> Piece:
    """Return room for `rows` packets, to be filled; zeroed if there are many."""
    zeroed = rows >= LARGEST_PIECE  # new from the system, so zero anyway; zeroing memory used before would take time
    block, begins = block_of(rows, KINDS, zeroed=zeroed)
    return Piece(block, np.array(begins), rows)


class Rows:
    """Owns the columns while they grow."""

    def __init__(self) -> None:
        self.expected = 0  # in all, estimated while reading; 0 where unknown
        self.count = 0
        self.before_moving: Callable[[], object] | None = None  # called before rows are moved
        self._pieces = [new_piece(SMALLEST_PIECE)]
        self._starts = [0]  # the first row of each piece
        self._bits = 0  # of `has`, in any row

    def place(self, has: Array) -> Place:
        """Make room for rows with these bits.

        Parameters
        ----------
        has : ndarray of uint16
            Of each row.

        Returns
        -------
        Place
            Theirs, valid until rows are moved.
        """
        if self.count + has.size > self._starts[-1] + self._pieces[-1].rows:
            self._add_piece(self.count + has.size)
        bits, piece = int(np.bitwise_or.reduce(has)), self._pieces[-1]
        self._bits |= bits
        row = self.count - self._starts[-1]
        self.count += has.size
        give_back_after(self.count, has.size)
        return Place(piece, row, has.size, _bits_to_write(piece, bits))

    def filled(self) -> Columns:
        """Return the columns, exactly `count` rows."""
        if len(self._pieces) > 1:
            whole = new_piece(self.count)
            ends = [*self._starts[1:], self.count]
            for start, end in zip(self._starts, ends, strict=True):
                self._move(self._pieces.pop(0), end - start, whole, start)  # freed when copied
            self._pieces, self._starts = [whole], [0]
        return Columns(*(column[: self.count] for column in self._pieces[0].columns))

    def _move(self, piece: Piece, rows: int, target: Piece, start: int) -> None:
        """Copy the first rows of a piece to another one."""
        bits = _bits_to_write(target, self._bits)
        _copy(target.block, target.begins, start, piece.block, piece.begins, rows, _SIZES, _NEEDED, bits)

    def _add_piece(self, needed: int) -> None:
        """Make room for `needed` rows in all, and for those expected; without an estimate, for half as many again."""
        kept, expected = self.count, self.expected * 102 // 100
        rows = max(expected, needed)
        if not expect_memory(bytes_to_analyze(rows, rows, 0), bytes_to_analyze(needed, 0, 0)):
            expected = 0  # there may be fewer: room for these then, as they come
        rows = min(max(kept // 2, SMALLEST_PIECE), LARGEST_PIECE)
        if expected < needed:
            self._pieces.append(new_piece(rows))
            self._starts.append(kept)
            return
        is_most = expected >= 4 * kept  # then move the few rows so far, so that one piece holds all
        try:
            piece = new_piece(max(expected if is_most else expected - kept, SMALLEST_PIECE))
        except MemoryError:  # for rows that may never come
            is_most, piece = False, new_piece(rows)
        if is_most:
            if self.before_moving:
                self.before_moving()
            for start, old in zip(self._starts, self._pieces, strict=True):
                self._move(old, min(start + old.rows, kept) - start, piece, start)
            self._pieces, self._starts = [piece], [0]
        else:
            self._pieces.append(piece)
            self._starts.append(kept)


def _bits_to_write(target: Piece, bits: int) -> int:
    """Which columns of rows with these bits have to be written."""
    return bits | ALWAYS if target.rows >= LARGEST_PIECE else ANY


def write(strip: Strip, place: Place) -> None:
    """Copy rows of a strip to their place."""
    piece, row, rows, bits = place
    _copy(piece.block, piece.begins, row, strip.bytes, _IN_STRIP, rows, _SIZES, _NEEDED, bits)
