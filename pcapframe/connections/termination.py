"""How a connection ended (RFC 9293 sections 3.6 and 3.5.2), as far as the capture shows.

============  =======================================================================
fin           both sides sent FIN before any RST
reset         a RST came before both sides had sent FIN
half_closed   one side sent FIN, and no RST came
open          neither: it was still open, or its end was not captured
============  =======================================================================

``first_fin_by`` says who closed first (RFC 9293 section 3.6): the side whose FIN the other's FIN acknowledges, or the
only side that sent one; ``both`` if neither FIN acknowledges the other, since they crossed (simultaneous close). If
each acknowledges the other, which no correct sender does, the order of capture decides. It is null if the capture has
packets of one side only and these acknowledge the other side's. A FIN before the capture is not seen.

A RST or FIN that ended nothing (``rst_ignored``, ``fin_ignored``) does not count, nor does a RST that refused a SYN
whose retry was answered by a SYN-ACK. Copies made on the way (``capture_duplicate``) do not count; the
sender's retransmissions do.
"""

from collections import namedtuple
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.connections.rows import Rows, by_side, category
from pcapframe.jit import jit
from pcapframe.schema import ACK, ENDINGS, FIN, FIRST_FIN_BY, RESET_BY, RST, SYN

__all__ = ["Termination"]

CLOSED, HALF_CLOSED, RESET, OPEN = (ENDINGS.index(name) for name in ("fin", "half_closed", "reset", "open"))


SENT_PACKETS, SENT_ACKS = 1, 2
NOT_ACKED = np.iinfo(np.int64).min
NOT_KNOWN = -1
# By who sent a RST that counts: the client (1), the server (2).
RESET_PLACES = np.array([RESET_BY.index(name) for name in ("none", "client", "server", "both")], np.int8)


class Closing(NamedTuple):
    """By connection; counts by connection and sender (column 0: the client, 1: the server)."""

    ending: Array  # int8, place in ENDINGS
    fins: Array
    rsts: Array
    seen: Array  # uint8: SENT_PACKETS, SENT_ACKS
    closes: Array  # bool, it sent a FIN that counts
    fin_end: Array  # int64, relative, of the first of these
    fin_ack: Array  # int64, what it acknowledges
    first: Array  # int8, by connection: the side whose first of these was captured first
    resets: Array  # bool, it sent a RST that counts
    opens_again: Array  # bool, by connection: a SYN came after a RST


Read = namedtuple(
    "Read",
    "place from_client tcp_flags capture_duplicate payload_bytes rel_seq rel_ack rst_ignored fin_ignored",
)


@jit
def _follow(rows: Any, out: Any) -> None:
    """Add to `out`."""
    place, from_client, tcp_flags, copies = rows.place, rows.from_client, rows.tcp_flags, rows.capture_duplicate
    payload, rel_seq, rel_ack = rows.payload_bytes, rows.rel_seq, rows.rel_ack
    rst_ignored, fin_ignored = rows.rst_ignored, rows.fin_ignored
    ending, fins, rsts, seen, closes, fin_end, fin_ack, first, resets, opens_again = out
    for i in range(place.size):
        if copies[i]:
            continue
        at, flags = place[i], np.int64(tcp_flags[i])
        side = 0 if from_client[i] else 1
        seen[at, side] |= SENT_PACKETS | SENT_ACKS if flags & (ACK | RST) == ACK else SENT_PACKETS
        if flags & (FIN | RST | SYN) == 0:
            continue
        if flags & RST:
            rsts[at, side] += 1
            if not rst_ignored[i]:
                resets[at, side] = True
                ending[at] = CLOSED if ending[at] == CLOSED else RESET
        elif flags & SYN:
            if not flags & ACK:
                opens_again[at] = ending[at] == RESET
            elif opens_again[at]:
                opens_again[at], ending[at] = False, OPEN
                resets[at, 0] = resets[at, 1] = False
        if flags & FIN:
            fins[at, side] += 1
            if fin_ignored[i]:
                continue
            if not closes[at, side]:
                closes[at, side] = True
                fin_end[at, side] = rel_seq[i] + max(payload[i], 0) + (flags & SYN != 0) + 1
                fin_ack[at, side] = rel_ack[i]
                if not closes[at, 1 - side]:
                    first[at] = side
            if ending[at] != RESET:
                ending[at] = CLOSED if closes[at, 1 - side] else HALF_CLOSED


class Termination:
    """The columns of endings."""

    def __init__(self, connections: int) -> None:
        shape = connections, 2
        counts = [np.zeros(shape, np.uint32) for _ in range(2)]
        ends: list[Array] = [np.zeros(shape, np.int64), np.full(shape, NOT_ACKED)]
        first = np.zeros(connections, np.int8)
        ending, seen = np.full(connections, OPEN, np.int8), np.zeros(shape, np.uint8)
        closes, resets = (np.zeros(shape, np.bool_) for _ in range(2))
        opens_again = np.zeros(connections, np.bool_)
        self._out = Closing._make([ending, *counts, seen, closes, *ends, first, resets, opens_again])

    def feed(self, rows: Rows) -> None:
        """Look for FIN and RST in the next chunk."""
        _follow(rows.pick(Read), self._out)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        resets = self._out.resets.view(np.uint8)
        return {
            "ending": category(self._out.ending, ENDINGS),
            "reset_by": category(RESET_PLACES[resets[:, 0] | resets[:, 1] << 1], RESET_BY),
            "first_fin_by": category(self._first_fin_by(), FIRST_FIN_BY),
            **by_side("fins", self._out.fins),
            **by_side("rsts", self._out.rsts),
        }

    def _first_fin_by(self) -> Array:
        """Return places in FIRST_FIN_BY, below 0 for null."""
        out = self._out
        client, server = out.closes.T
        client_acks, server_acks = out.fin_ack[:, 0] >= out.fin_end[:, 1], out.fin_ack[:, 1] >= out.fin_end[:, 0]
        is_one_sided, acks = (out.seen == 0), (out.seen & SENT_ACKS != 0)
        is_cut = (is_one_sided[:, 0] | is_one_sided[:, 1]) & (acks[:, 0] | acks[:, 1])
        shown = np.zeros(client.size, np.uint8)
        for bit, fact in enumerate((is_cut, client, server, client_acks, server_acks, out.first == 0)):
            shown |= fact.view(np.uint8) << np.uint8(bit)
        return _first_closers()[shown]


@cache
def _first_closers() -> Array:
    """Return places in FIRST_FIN_BY, below 0 for null, for each combination of facts as in `_first_fin_by`."""
    is_cut, client, server, client_acks, server_acks, client_first = (
        np.arange(1 << 6) >> bit & 1 == 1 for bit in range(6)
    )  # fmt: skip
    by_client, by_server, by_both, by_none = (
        FIRST_FIN_BY.index(name) for name in ("client", "server", "both", "none")
    )  # fmt: skip
    both = client & server
    return np.select(
        [is_cut, ~client & ~server, ~server, ~client, both & ~client_acks & ~server_acks,
         both & client_acks & ~server_acks, both & server_acks & ~client_acks],
        [NOT_KNOWN, by_none, by_client, by_server, by_both, by_server, by_client],
        default=np.where(client_first, by_client, by_server),
    ).astype(np.int8)  # fmt: skip
