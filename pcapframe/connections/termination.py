"""How a connection ended (RFC 9293 sections 3.6 and 3.5.2), as far as the capture shows.

============  =======================================================================
fin           both sides sent FIN before any RST
reset         a RST came before both sides had sent FIN
half_closed   one side sent FIN, and no RST came
open          neither: it was still open, or its end was not captured
============  =======================================================================

Copies made on the way (``capture_duplicate``) do not count; repeats of the sender do.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.connections.rows import Rows, by_side, category
from pcapframe.jit import jit
from pcapframe.schema import ENDINGS, FIN, RESET_BY, RST

__all__ = ["Termination"]

CLOSED, HALF_CLOSED, RESET, OPEN = (ENDINGS.index(name) for name in ("fin", "half_closed", "reset", "open"))


class Closing(NamedTuple):
    """By connection; counts by connection and sender (column 0: the client, 1: the server)."""

    ending: Array  # int8, place in ENDINGS
    fins: Array
    rsts: Array


@jit
def _follow(rows: Any, out: Any) -> None:
    """Add to `out`."""
    place, from_client, tcp_flags, copies = rows.place, rows.from_client, rows.tcp_flags, rows.capture_duplicate
    ending, fins, rsts = out.ending, out.fins, out.rsts
    for i in range(place.size):
        flags = tcp_flags[i] & (FIN | RST)
        if flags == 0 or copies[i]:
            continue
        at = place[i]
        side = 0 if from_client[i] else 1
        if flags & RST:
            rsts[at, side] += 1
            if ending[at] != CLOSED:
                ending[at] = RESET
        if flags & FIN:
            fins[at, side] += 1
            if ending[at] != RESET:
                ending[at] = CLOSED if fins[at, 1 - side] else HALF_CLOSED


class Termination:
    """The columns of endings."""

    def __init__(self, connections: int) -> None:
        counts = [np.zeros((connections, 2), np.int64) for _ in range(2)]
        self._out = Closing(np.full(connections, OPEN, np.int8), *counts)

    def feed(self, rows: Rows) -> None:
        """Look for FIN and RST in the next chunk."""
        _follow(rows, self._out)

    def columns(self) -> dict[str, Any]:
        """Return the columns made."""
        client, server = (self._out.rsts > 0).T
        places = [RESET_BY.index(name) for name in ("both", "client", "server")]
        reset_by = np.select([client & server, client, server], places, default=RESET_BY.index("none"))
        return {
            "ending": category(self._out.ending, ENDINGS),
            "reset_by": category(reset_by, RESET_BY),
            **by_side("fins", self._out.fins),
            **by_side("rsts", self._out.rsts),
        }
