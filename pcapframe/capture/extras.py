"""Side records: what only few rows have. The common columns do not hold it, so that other rows cost nothing more.

``deep`` appends a record for each row that has any of it; ``packets`` makes columns of them. A new column is a field
here, its values in ``deep`` and its row in ``packets``.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "ADDRESS_FIELDS",
    "EXTRA",
    "FIRST_EXTRAS",
    "FIRST_QUOTES",
    "IS_FRAGMENT",
    "IS_PART",
    "NOT_OPENED",
    "QUOTE",
    "SideRecords",
]

Array = npt.NDArray[Any]

# In place of what a tunnel holds: nothing to say, a fragment, or one of a datagram that is known well enough. Which of
# the latter two is told when its capture was read; until then `beyond` has the datagram's serial number.
NOT_OPENED, IS_FRAGMENT, IS_PART = -1, -2, -3
FIRST_EXTRAS, FIRST_QUOTES = 1 << 20, 1 << 12  # that have room at first: many packets may be in tunnels
# Of packets in tunnels, of lengths that lie and of fragments. Numbers of addresses are -1 for none.
EXTRA = np.dtype(
    [
        ("row", np.uint32),
        ("beyond", np.uint32),  # how much more an IP header says than the frame had [bytes]; 0 for a whole datagram
        ("outer_src", np.int32),
        ("outer_dst", np.int32),
        ("inside", np.int32),  # protocol code of what a tunnel holds instead of IP; or one of those above
        ("tunnel", np.uint8),  # the way there, see ``tunnels``; 0 for none
        ("sliced", np.bool_),  # whether an IP header says more than the frame had
    ],
    align=True,
)
# Of ICMP errors, and of the packet that each quotes; -1 for none.
QUOTE = np.dtype(
    [
        ("row", np.uint32),
        ("icmp_mtu", np.int64),
        ("quoted_seq", np.int64),
        ("icmp_error", np.int32),  # type * 256 + code
        ("quoted_src", np.int32),
        ("quoted_dst", np.int32),
        ("quoted_src_port", np.int32),
        ("quoted_dst_port", np.int32),
        ("quoted_flags", np.int32),  # -1 also where the quote ends before the window
    ],
    align=True,
)
ADDRESS_FIELDS = ("outer_src", "outer_dst", "quoted_src", "quoted_dst")


class SideRecords:
    """Owns the side records of a kind while captures are read, with room for so many at first."""

    def __init__(self, dtype: np.dtype[Any], first_room: int) -> None:
        self._first_room = first_room
        self.count = 0
        self.finished = 0  # how many are of captures that were read to their end
        self._records: Array = np.empty(0, dtype)

    @property
    def nbytes(self) -> int:
        """How many bytes of memory the records take, without unused room."""
        return self.count * self._records.itemsize

    def room(self, count: int, expected: int) -> Array:
        """Return where `count` further records can be written; `expected` are all rows that are likely to come.

        Memory that is never written is not taken from the system.
        """
        if self.count + count > self._records.size:
            size = max(self.count + count, 4 * self.count, self._first_room)
            records = np.empty(max(size, expected if self.count < expected else 0), self._records.dtype)
            records[: self.count] = self._records[: self.count]
            self._records = records
        return self._records[self.count :]

    def records(self) -> Array:
        """Return the records, by their rows."""
        return self._records[: self.count]
