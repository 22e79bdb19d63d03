"""How the three-way handshake went (RFC 9293 section 3.5), as far as the capture shows.

=============  ==================================================================================================
complete       a SYN, and an acknowledgement of the client's after it (and after the SYN-ACK, where that was seen)
refused        a SYN, no SYN-ACK, and a RST from the server
unanswered     a SYN, and nothing from the server
half_open      a SYN that the server answered, and no acknowledgement of the client's
not_captured   no SYN
=============  ==================================================================================================

Copies made on the way (``capture_duplicate``) do not count.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.connections.rows import ACK, RST, SYN, Array, Rows
from pcapframe.jit import jit
from pcapframe.schema import HANDSHAKES

__all__ = ["Establishment", "measure_establishment"]

COMPLETE, REFUSED, UNANSWERED, HALF_OPEN, NOT_CAPTURED = (
    HANDSHAKES.index(name) for name in ("complete", "refused", "unanswered", "half_open", "not_captured")
)


class Establishment(NamedTuple):
    """By connection; a time difference is negative where it was not seen, or time ran backwards."""

    handshake: Array  # int8, place in HANDSHAKES
    syn_count: Array
    syn_ack_count: Array
    handshake_rtt_ns: Array
    initial_rtt_ns: Array


@jit
def _follow(rows: Any, out: Any, seen: Any, first_syn: Any, first_answer: Any, latest_syn: Any) -> None:
    """Fill `out`; `seen` has bits: 1 the client's ACK, 2 anything from the server, 4 a RST from it."""
    place, from_client, times, tcp_flags = rows.place, rows.from_client, rows.time, rows.tcp_flags
    header, copies = rows.header, rows.copy
    syn_count, syn_ack_count, initial = out.syn_count, out.syn_ack_count, out.initial_rtt_ns
    for i in range(place.size):
        at = place[i]
        flags = np.int64(tcp_flags[i]) & (SYN | ACK | RST)
        if flags == ACK and initial[at] != 0 and seen[at] & 3 == 3:
            continue  # nearly every packet: the handshake is over
        time = times[i]
        # Wireshark's initial RTT: from the latest SYN to the first ACK without SYN, whoever sends it, at another time.
        if header[i] >= 20:
            if flags & (SYN | ACK) == SYN:
                latest_syn[at] = time
            elif flags & (SYN | ACK) == ACK and initial[at] == 0 and latest_syn[at] != NO_TIME:
                initial[at] = time - latest_syn[at]
        if copies[i]:
            continue
        if from_client[i]:
            if flags & SYN:
                if not flags & ACK:
                    syn_count[at] += 1
                    if first_syn[at] == NO_TIME:
                        first_syn[at] = time
            elif flags == ACK and first_syn[at] != NO_TIME:
                seen[at] |= 1
        else:
            seen[at] |= 2
            if flags & RST:
                seen[at] |= 4
            elif flags & SYN:
                if flags & ACK:
                    syn_ack_count[at] += 1
                    if first_answer[at] == NO_TIME:
                        first_answer[at] = time
                        seen[at] &= ~1  # an ACK before it did not answer it
                else:
                    syn_count[at] += 1


def measure_establishment(rows: Rows, connections: int) -> Establishment:
    """Judge the handshakes.

    Parameters
    ----------
    rows : Rows
        Segments in capture order.
    connections : int
        How many connections there are.

    Returns
    -------
    Establishment
        One row a connection.
    """
    counts: list[Array] = [np.zeros(connections, np.int64) for _ in range(2)]
    out = Establishment._make(
        [np.zeros(connections, np.int8), *counts, np.full(connections, -1), np.zeros(connections, np.int64)]
    )
    first_syn, first_answer, latest_syn = (np.full(connections, NO_TIME) for _ in range(3))
    seen = np.zeros(connections, np.uint8)
    _follow(rows, out, seen, first_syn, first_answer, latest_syn)
    has_syn, answered = first_syn != NO_TIME, first_answer != NO_TIME
    out.handshake[:] = np.select(
        [~has_syn, seen & 1 != 0, answered, seen & 4 != 0, seen & 2 != 0],
        [NOT_CAPTURED, COMPLETE, HALF_OPEN, REFUSED, HALF_OPEN],
        default=UNANSWERED,
    )
    both = has_syn & answered
    out.initial_rtt_ns[out.initial_rtt_ns == 0] = -1
    out.handshake_rtt_ns[both] = (first_answer - first_syn)[both]
    return out
