"""IP fragments put together (RFC 791 section 3.2, RFC 8200 section 4.5).

A datagram counts at the frame that completes it, whatever the order, as in Wireshark; one that is never
completed has no transport header. Only the first bytes of a datagram are kept: enough for a TCP header, also where
several fragments share it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.jit import jit

__all__ = ["Assembled", "Fragments", "Pieces", "reassemble"]

Array = npt.NDArray[Any]

INCOMING = 32768  # one batch of records can hold no more fragments than this
HEAD_BYTES = 64
UNITS = 8192 + 8192  # of eight bytes: the largest offset plus the largest fragment


class Pieces(NamedTuple):
    """Fragments: one row each."""

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
    """Datagrams that were completed: the row that did it, their first bytes and their length."""

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
def reassemble(pieces: Any, order: Any, new_datagram: Any) -> Any:
    """Find which fragments complete a datagram.

    Parameters
    ----------
    pieces : Pieces
        The fragments.
    order : ndarray of int64
        Their numbers, datagram by datagram, in the order of their frames.
    new_datagram : ndarray of bool
        By place in `order`: another datagram begins.

    Returns
    -------
    tuple of ndarray
        Numbers of the completing fragments, the datagrams' lengths [bytes] and their first bytes.
    """
    most = order.size // 2  # a datagram has two fragments at least
    completing = np.empty(most, np.int64)
    lengths = np.empty(most, np.int64)
    heads = np.zeros((most, HEAD_BYTES), np.uint8)
    head = np.zeros(HEAD_BYTES, np.uint8)
    done = 0
    covered = np.zeros(UNITS, np.bool_)
    highest: Any = 0
    count = 0
    total: Any = -1
    for k in range(order.size):
        i = order[k]
        if new_datagram[k]:
            covered[:highest] = False
            highest = count = 0
            total = -1
        start: Any = np.int64(pieces.start[i])
        end = start + np.int64(pieces.length[i])
        for place in range(start, min(end, HEAD_BYTES)):
            head[place] = pieces.head[i, place - start]
        begin = start // 8
        stop = min((end + (0 if pieces.more[i] else 7)) // 8, UNITS)  # only the last one may end within a unit
        for unit in range(begin, stop):
            if not covered[unit]:
                covered[unit] = True
                count += 1
        highest = max(highest, stop)
        if pieces.more[i] == 0:
            total = end
        if total >= 0 and count == highest and highest == (total + 7) // 8 and done < most:
            completing[done], lengths[done] = i, total
            heads[done] = head
            done += 1
            covered[:highest] = False
            highest = count = 0
            total = -1
    return completing[:done], lengths[:done], heads[:done]


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

    def keep(self, count: int) -> None:
        """Keep the first `count` of the incoming fragments."""
        self._kept.append(Pieces(*(column[:count].copy() for column in self.incoming)))

    def assemble(self, find: Callable[..., tuple[Array, Array, Array]]) -> Assembled:
        """Return the completed datagrams of all fragments kept, and forget these."""
        kept, self._kept = self._kept, []
        pieces = Pieces(*(np.concatenate(columns) for columns in zip(*kept, strict=True))) if kept else _pieces(0)
        keys = (pieces.ident, pieces.protocol, pieces.dst, pieces.src)
        order = np.lexsort(keys)
        new = np.ones(order.size, np.bool_)
        if order.size:
            same = [column[order][1:] == column[order][:-1] for column in keys]
            new[1:] = ~np.logical_and.reduce(same)
        completing, lengths, heads = find(pieces, order, new)
        return Assembled(
            pieces.row[completing], pieces.protocol[completing], lengths, np.minimum(lengths, HEAD_BYTES), heads
        )
