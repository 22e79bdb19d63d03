"""Strips: the records of a batch with the rows that they are decoded to, by whichever thread is free.

What depends on all packets before is left out: each thread numbers addresses and protocols as it meets them (`Hand`),
and when the strips before are done, the numbers among all packets take their place (`Strip.renumber`). These are the
numbers that one thread alone would have given: of what is new in a strip, only what no strip before had is new among
all, and both are counted in the order of their first appearance.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pcapframe.capture.decoding import DTYPES, Columns, decode_batch, new_scratch
from pcapframe.capture.interning import (
    ADDRESSES,
    MOST_UNNAMED,
    PROTOCOLS,
    UNNAMED,
    Interner,
    intern_all,
    new_interner,
    with_room,
)
from pcapframe.capture.records import BATCH_RECORDS, new_batch
from pcapframe.capture.tunnels import Rare
from pcapframe.jit import jit

__all__ = ["STRIP", "Hand", "Strip"]

Array = npt.NDArray[Any]

# All columns of a strip as one record, because a kernel takes time for each array that it is given.
STRIP = np.dtype([(name, DTYPES[name], (BATCH_RECORDS,)) for name in Columns._fields])
NO_BYTES = np.empty(0, np.uint8)
MOST_OWN_ADDRESSES = 1 << 16  # of a hand, before it begins to count anew


@jit
def _renumber(rows: Any, count: Any, addresses: Any, protocols: Any, edges: Any) -> None:
    """Replace the numbers of addresses and protocols, and add the edges of SACK blocks before the strip."""
    columns = rows[0]
    for row in range(count):
        src, dst = columns.src[row], columns.dst[row]
        if src >= 0:
            columns.src[row] = addresses[src]
        if dst >= 0:
            columns.dst[row] = addresses[dst]
        columns.protocol[row] = protocols[columns.protocol[row]]
        columns.sack_end[row] += edges


class Hand:
    """What a thread numbers by itself: addresses and protocols, in the order in which it meets them.

    Attributes
    ----------
    interner : Interner
        Used by this thread alone.
    addresses, protocols : ndarray of int32 and of uint16
        Their numbers among all, of those in strips that were renumbered; the thread itself does not touch them.
    """

    def __init__(self) -> None:
        self.interner = new_interner()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget the numbers among all."""
        self.known_addresses = self.known_protocols = 0
        self.addresses, self.protocols = np.zeros(64, np.int32), np.zeros(64, np.uint16)

    def know(self, interner: Interner, addresses: Array, codes: Array) -> None:
        """Learn the numbers among all of what was new."""
        addresses_end, protocols_end = self.known_addresses + addresses.size // 3, self.known_protocols + codes.size
        if addresses_end > self.addresses.size:
            self.addresses = np.resize(self.addresses, 2 * addresses_end)
        if protocols_end > self.protocols.size:
            self.protocols = np.resize(self.protocols, 2 * protocols_end)
        new_addresses = self.addresses[self.known_addresses : addresses_end]
        new_protocols = self.protocols[self.known_protocols : protocols_end]
        intern_all(interner, addresses, codes, new_addresses, new_protocols)
        self.known_addresses, self.known_protocols = addresses_end, protocols_end


class Strip:
    """Room for a batch of records and their rows.

    Parameters
    ----------
    records : int
        How many, `BATCH_RECORDS` at most.

    Attributes
    ----------
    batch : ndarray of RECORD
        The records, of which `count` are filled.
    buffer, base : ndarray of uint8, int
        Holds the packets' bytes, and where that begins in the capture.
    rows : ndarray of STRIP, shape (1,)
        The columns.
    edges, waiting, rare_links : int
        What `decode_batch` returned.
    """

    def __init__(self, records: int = BATCH_RECORDS) -> None:
        self.batch = new_batch(records)
        self.count = 0
        self.buffer: Array = NO_BYTES
        self.base = 0
        self.rows = np.zeros(1, STRIP)
        self.bytes = self.rows.view(np.uint8)
        self.sack_pool = np.empty(BATCH_RECORDS * 20, np.uint32)
        self.scratch = new_scratch()
        self.edges = self.waiting = self.rare_links = 0
        self._hand: Hand | None = None  # whose numbers are in the rows; None for those among all
        self._begins_anew = self._is_unsure = False
        self._addresses: Array = np.empty(0, np.uint64)
        self._codes: Array = np.empty(0, np.int64)

    def fill(self, buffer: Array, base: int, count: int) -> None:
        """Take `count` records of `batch`, whose bytes are in `buffer`, which begins at `base` of the capture."""
        self.buffer, self.base, self.count = buffer, base, count

    def let_go(self) -> None:
        """Give up the packets' bytes, of which all is known."""
        self.buffer = NO_BYTES

    def decode(self, interner: Interner, edges_before: int, rare: Rare) -> Interner:
        """Decode the records, but for those that wait for ``deep``.

        Parameters
        ----------
        interner : Interner
            Has the addresses of all packets before.
        edges_before : int
            Edges of SACK blocks of all packets before.
        rare : Rare
            What makes a record one for ``deep``.

        Returns
        -------
        Interner
            The same, or a larger one.
        """
        interner = with_room(interner, 2 * self.count)
        edges, waiting, rare_links = decode_batch(
            self.buffer,
            self.base,
            self.batch,
            self.count,
            0,
            self.rows,
            interner,
            self.sack_pool,
            edges_before,
            self.scratch,
            rare,
        )
        self.edges, self.waiting, self.rare_links = int(edges), int(waiting), int(rare_links)
        self._hand = None
        return interner

    def decode_by(self, hand: Hand, rare: Rare) -> None:
        """Decode the records as `decode` does, by themselves: the strips before may not be decoded yet.

        Parameters
        ----------
        hand : Hand
            Of the thread; has decoded strips before this one only.
        rare : Rare
            What makes a record one for ``deep``.
        """
        addresses, protocols, unnamed = hand.interner.counts.tolist()
        # Which of many protocols without a name share a number depends on all packets before.
        self._begins_anew = addresses > MOST_OWN_ADDRESSES or unnamed == MOST_UNNAMED
        if self._begins_anew:
            hand.interner, addresses, protocols = new_interner(), 0, 0
        hand.interner = self.decode(hand.interner, 0, rare)
        counts = hand.interner.counts
        self._hand, self._is_unsure = hand, bool(counts[UNNAMED] == MOST_UNNAMED)
        self._addresses = hand.interner.addresses[3 * addresses : 3 * int(counts[ADDRESSES])].copy()
        self._codes = hand.interner.code_list[protocols : int(counts[PROTOCOLS])].copy()

    def renumber(self, interner: Interner, edges_before: int, rare: Rare) -> Interner:
        """Give addresses and protocols their numbers among all packets, when the strips before have theirs.

        Parameters
        ----------
        interner, edges_before, rare
            As for `decode`.

        Returns
        -------
        Interner
            The same, or a larger one.
        """
        hand, self._hand = self._hand, None
        if hand is None:
            return interner
        if self._begins_anew:
            hand.begin_anew()
        if self._is_unsure:
            return self.decode(interner, edges_before, rare)
        if self._addresses.size or self._codes.size:
            interner = with_room(interner, self._addresses.size // 3)
            hand.know(interner, self._addresses, self._codes)
        _renumber(self.rows, self.count, hand.addresses, hand.protocols, edges_before)
        return interner
