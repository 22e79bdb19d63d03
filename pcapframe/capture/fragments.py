"""Reassembly of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5).

A datagram belongs to the frame that completes it, in whatever order its fragments came, as in Wireshark; one that is
never complete has no transport header. Only the first bytes of a datagram are kept: enough for a TCP header, even if
it is spread over several fragments.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.jit import jit

__all__ = ["Assembled", "Fragments", "Pieces"]

Array = npt.NDArray[Any]

INCOMING = 32768  # more than the fragments of one batch of records
HEAD_BYTES = 64
UNITS = 8192 + 8192  # of eight bytes: up to the largest offset plus the largest fragment


class Pieces(NamedTuple):
    """Fragments, one row each."""

    row: Array
    src: Array
    dst: Array
    protocol: Array
    ident: Array
    start: Array
    length: Array
    more: Array
    head: Array


class Assembled(NamedTuple):
    """Complete datagrams: the row of the completing frame, their first bytes and their length."""

    row: Array
    protocol: Array
    length: Array
    head_bytes: Array
    head: Array


def _pieces(count: int) -> Pieces:
    dtypes = [np.int64, np.int32, np.int32, np.uint8, np.uint32, np.uint16, np.uint32, np.uint8]
    columns: list[Array] = [*(np.zeros(count, d) for d in dtypes), np.zeros((count, HEAD_BYTES), np.uint8)]
    return Pieces(*columns)


@jit
def reassemble(
    pieces: Any, order: Any, new_datagram: Any, covered: Any, head: Any, completing: Any, lengths: Any, heads: Any
) -> Any:
    """Find which fragments complete a datagram.

    Parameters
    ----------
    pieces : Pieces
        The fragments.
    order : ndarray of int64
        Their numbers, datagram by datagram, in the order of their frames.
    new_datagram : ndarray of bool
        By place in `order`: another datagram begins.
    covered, head : ndarray
        Scratch: which units of a datagram were seen (all False), and its first bytes.
    completing, lengths, heads : ndarray
        Filled: numbers of the completing fragments, the datagrams' lengths [bytes] and their first bytes.

    Returns
    -------
    int
        How many datagrams were completed.
    """
    # All memory comes from the caller: an allocation in a kernel takes seconds to compile.
    most = completing.size
    done = 0
    highest: Any = 0
    count = 0
    total: Any = -1
    for k in range(order.size):
        i = order[k]
        if new_datagram[k]:
            for unit in range(highest):
                covered[unit] = False
            highest = count = 0
            total = -1
        start: Any = np.int64(pieces.start[i])
        end = start + np.int64(pieces.length[i])
        for place in range(start, min(end, HEAD_BYTES)):
            head[place] = pieces.head[i, place - start]
        begin = start // 8
        stop = min((end + (0 if pieces.more[i] else 7)) // 8, UNITS)  # only the last fragment may end within a unit
        for unit in range(begin, stop):
            if not covered[unit]:
                covered[unit] = True
                count += 1
        highest = max(highest, stop)
        if pieces.more[i] == 0:
            total = end
        if total >= 0 and count == highest and highest == (total + 7) // 8 and done < most:
            completing[done], lengths[done] = i, total
            for place in range(HEAD_BYTES):
                heads[done, place] = head[place]
            done += 1
            for unit in range(highest):
                covered[unit] = False
            highest = count = 0
            total = -1
    return done


class Fragments:
    """The fragments of a capture until its end."""

    def __init__(self) -> None:
        self._incoming: Pieces | None = None
        self._kept: list[Pieces] = []

    @property
    def incoming(self) -> Pieces:
        """Room for the fragments of one batch; its 64 bytes a row are touched only by fragments."""
        if self._incoming is None:
            self._incoming = _pieces(INCOMING)
        return self._incoming

    @property
    def nbytes(self) -> int:
        """How many bytes of memory the fragments kept take."""
        return sum(column.nbytes for pieces in self._kept for column in pieces)

    def keep(self, count: int) -> None:
        """Keep the first `count` of the incoming fragments."""
        self._kept.append(Pieces(*(column[:count].copy() for column in self.incoming)))

    def assemble(self) -> Assembled | None:
        """Return the complete datagrams of all fragments kept, or None, and drop the fragments."""
        if not self._kept:
            return None
        kept, self._kept = self._kept, []
        pieces = Pieces(*(np.concatenate(columns) for columns in zip(*kept, strict=True)))
        keys = (pieces.ident, pieces.protocol, pieces.dst, pieces.src)
        order = np.lexsort(keys)
        new = np.ones(order.size, np.bool_)
        same = [column[order][1:] == column[order][:-1] for column in keys]
        new[1:] = ~np.logical_and.reduce(same)
        most = order.size // 2  # a datagram has two fragments at least
        completing, lengths = np.empty(most, np.int64), np.empty(most, np.int64)
        heads = np.zeros((most, HEAD_BYTES), np.uint8)
        scratch = np.zeros(UNITS, np.bool_), np.zeros(HEAD_BYTES, np.uint8)
        done = reassemble(pieces, order, new, *scratch, completing, lengths, heads)
        if not done:
            return None
        completing, lengths = completing[:done], lengths[:done]
        return Assembled(
            pieces.row[completing], pieces.protocol[completing], lengths, np.minimum(lengths, HEAD_BYTES), heads[:done]
        )
