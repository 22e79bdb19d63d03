"""How the three-way handshake went (RFC 9293 section 3.5), as far as the capture shows.

=============  ==================================================================================================
complete       a SYN, and an ACK from the client after it (and after the SYN-ACK, if that was captured)
refused        a SYN, no SYN-ACK, and a RST from the server
unanswered     a SYN, and nothing from the server
half_open      a SYN that the server answered, and nothing from the client after that
aborted        a SYN-ACK that the client answered with a RST, and no ACK from the client (RFC 9293 section 3.5.2: a
               host that does not want the connection, such as a health check, may reset it here)
not_captured   no SYN
=============  ==================================================================================================

A RST with ACK from the client shows that a SYN-ACK came, even if the capture has no packet of the server. In a
simultaneous open (RFC 9293 section 3.5, figure 7) both sides send SYN, and either may send a SYN-ACK. SYN-ACKs of both
count; ``handshake_rtt_s`` ends with the server's. Copies made on the way (``capture_duplicate``) do not count,
and an ACK of what was never sent (``acks_unsent``) completes nothing.
"""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.connections.rows import Rows, category, seconds
from pcapframe.jit import jit
from pcapframe.schema import ACK, HANDSHAKES, RST, SYN

__all__ = ["Establishment"]

COMPLETE, REFUSED, UNANSWERED, HALF_OPEN, ABORTED, NOT_CAPTURED = (
    HANDSHAKES.index(name) for name in ("complete", "refused", "unanswered", "half_open", "aborted", "not_captured")
)


CLIENT_ACKED, SERVER_SENT, SERVER_RESET, CLIENT_RESET, CLIENT_RESET_UNSEEN, CLIENT_OPENED, ANSWERED = (
    1, 2, 4, 8, 16, 32, 64,
)  # fmt: skip
NOT_SEEN = -1  # of a time difference
SHORTEST_HEADER = 20  # [bytes]


class Opening(NamedTuple):
    """What was seen of each handshake."""

    syn_count: Array
    syn_ack_count: Array
    initial_rtt: Array  # int64 [ns], 0 where not seen
    first_syn: Array  # int64 [ns], NO_TIME where not seen or without a time
    first_syn_ack: Array
    latest_syn: Array
    seen: Array  # uint8: CLIENT_ACKED and so on


Read = namedtuple("Read", "place from_client time tcp_flags tcp_header_bytes capture_duplicate acks_unsent")


@jit
def _follow(rows: Any, out: Any) -> None:
    """Add to `out`."""
    place, from_client, times, tcp_flags = rows.place, rows.from_client, rows.time, rows.tcp_flags
    header, copies, acks_unsent = rows.tcp_header_bytes, rows.capture_duplicate, rows.acks_unsent
    syn_count, syn_ack_count, initial, first_syn, first_answer, latest_syn, seen = out
    for i in range(place.size):
        at = place[i]
        flags = np.int64(tcp_flags[i]) & (SYN | ACK | RST)
        if flags == ACK and initial[at] != 0 and seen[at] & (CLIENT_ACKED | SERVER_SENT) == CLIENT_ACKED | SERVER_SENT:
            continue  # nearly every packet: the handshake is over
        time = times[i]
        # Wireshark's initial RTT: from the latest SYN to the first ACK without SYN, whoever sends it, at another time.
        if header[i] >= SHORTEST_HEADER:
            if flags & (SYN | ACK) == SYN:
                latest_syn[at] = time
            elif flags & (SYN | ACK) == ACK and initial[at] == 0 and latest_syn[at] != NO_TIME:
                initial[at] = time - latest_syn[at] if time != NO_TIME else 0
        if copies[i]:
            continue
        if from_client[i]:
            if flags & SYN:
                if flags & ACK:
                    syn_ack_count[at] += 1
                else:
                    syn_count[at] += 1
                    if not seen[at] & CLIENT_OPENED:
                        first_syn[at] = time
                    seen[at] |= CLIENT_OPENED
            elif flags == ACK and seen[at] & CLIENT_OPENED:
                seen[at] |= 0 if acks_unsent[i] else CLIENT_ACKED
            elif flags & RST and seen[at] & ANSWERED:
                seen[at] |= CLIENT_RESET
            elif flags & RST and flags & ACK:
                seen[at] |= CLIENT_RESET_UNSEEN
        else:
            seen[at] |= SERVER_SENT
            if flags & RST:
                seen[at] |= SERVER_RESET
            elif flags & SYN:
                if flags & ACK:
                    syn_ack_count[at] += 1
                    if not seen[at] & ANSWERED:
                        first_answer[at] = time
                        seen[at] &= ~CLIENT_ACKED  # an ACK before it did not answer it
                    seen[at] |= ANSWERED
                else:
                    syn_count[at] += 1


def _handshakes() -> Array:
    """Return the place in HANDSHAKES for each value of ``Opening.seen``."""
    seen = np.arange(1 << 8)
    return np.select(
        [seen & CLIENT_OPENED == 0, seen & CLIENT_ACKED != 0, seen & CLIENT_RESET != 0, seen & ANSWERED != 0,
         seen & SERVER_RESET != 0, seen & SERVER_SENT != 0, seen & CLIENT_RESET_UNSEEN != 0],
        [NOT_CAPTURED, COMPLETE, ABORTED, HALF_OPEN, REFUSED, HALF_OPEN, ABORTED],
        default=UNANSWERED,
    ).astype(np.int8)  # fmt: skip


class Establishment:
    """The columns of handshakes."""

    def __init__(self, connections: int) -> None:
        counts: list[Array] = [np.zeros(connections, np.uint32) for _ in range(2)]
        times: list[Array] = [np.full(connections, NO_TIME) for _ in range(3)]
        rtt, seen = np.zeros(connections, np.int64), np.zeros(connections, np.uint8)
        self._out = Opening._make([*counts, rtt, *times, seen])

    def feed(self, rows: Rows) -> None:
        """Follow the handshakes through the next chunk."""
        _follow(rows.pick(Read), self._out)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        out = self._out
        between = out.first_syn_ack - out.first_syn
        between[(out.first_syn == NO_TIME) | (out.first_syn_ack == NO_TIME)] = NOT_SEEN
        return {
            "handshake": category(_handshakes()[out.seen], HANDSHAKES),
            "syn_count": out.syn_count,
            "syn_ack_count": out.syn_ack_count,
            "handshake_rtt_s": seconds(between),
            "initial_rtt_s": seconds(np.where(out.initial_rtt == 0, NOT_SEEN, out.initial_rtt)),
        }
