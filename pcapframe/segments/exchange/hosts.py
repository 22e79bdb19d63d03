"""State of one host of a connection, as far as its packets show, and the bits that describe packets."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import jit

__all__ = [
    "ACKS_UNSENT", "ACK_EARLY", "FIN_IGNORED", "FIN_UNNUMBERED", "HOST", "KEEP_ALIVE", "LARGEST_STEP", "NOBODY",
    "OTHER_SYN_ACK", "OWN_NUMBERS_ANEW", "PEER_NUMBERS_ANEW", "RST_IGNORED", "WINDOW_PROBE", "Known", "Outcome",
    "take_over",
]  # fmt: skip

KEEP_ALIVE, WINDOW_PROBE, RST_IGNORED, ACKS_UNSENT, ACK_EARLY = 1, 2, 4, 8, 16
# A SYN-ACK with another number than its host's; and where that number turns out to count: on a segment of the host
# itself, or on its peer's acknowledgement.
OTHER_SYN_ACK, OWN_NUMBERS_ANEW, PEER_NUMBERS_ANEW = 32, 64, 128
FIN_IGNORED, FIN_UNNUMBERED = 256, 512  # of the latter the number is that of a byte
NOBODY = -1  # no row, or no place in a pool
LARGEST_STEP = 1 << 30  # an acknowledgement that jumps further is not believed


class Known(NamedTuple):
    """What the whole capture shows of the hosts of connections whose handshake it lacks, row 2 * connection + side.

    It holds from the beginning on. SACK is in use from the SYNs on or not at all (RFC 2018 section 2).
    """

    rtt: Array  # int64, smallest round trip [ns]; 0 where it is not known or the handshake was captured
    uses_sack: Array  # bool, it reported blocks; False where the handshake was captured


HOST = np.dtype(
    [
        ("is_odd", np.bool_),  # some of its packets are more than the next bytes or a new acknowledgement
        ("has_reset", np.bool_),
        ("has_fin", np.bool_),
        ("passes_fin", np.bool_),  # it sent bytes beyond a FIN of its own
        ("fin_end", np.uint32),  # of its lowest FIN
        ("started", np.bool_),
        ("has_acked", np.bool_),  # since its peer's numbers began
        ("syn_sent", np.uint8),  # 1: SYN, 2: SYN-ACK
        ("probe_bit", np.uint8),  # KEEP_ALIVE or WINDOW_PROBE while it waits for an answer to one, else 0
        ("isn", np.uint32),
        ("has_other_isn", np.bool_),  # of a later SYN-ACK, of which nothing shows yet that it counts
        ("other_isn", np.uint32),
        ("high", np.uint32),  # end of the highest byte that it sent: SND.NXT
        ("acked", np.uint32),  # highest ACK number that it sent: RCV.NXT
        ("probe_seq", np.uint32),
        ("window", np.int32),  # the last that it advertised, as in the header
        ("numbering", np.int32),  # how many times its sequence numbers restarted
        ("probe_row", np.int64),
        ("probe_time", np.int64),
        ("tsval", np.int64),  # its newest timestamp; 0: none yet
        ("first_rst", np.int64),  # of its RSTs that may have ended nothing, places in Resets, + 1; 0: none
        ("last_rst", np.int64),
        ("first_ack", np.int32),  # of its acknowledgements that wait, places in Waiting
        ("last_ack", np.int32),
        ("waiting", np.int32),
        ("unseen_from", np.uint32),  # what its peer had been seen to send when the first of them began to wait
        ("unseen_known", np.bool_),
        ("newest_id", np.int32),  # IPv4 identification of its newest packet; 0: none yet
        ("rtt", np.int64),  # smallest time to an acknowledgement seen; 0: none yet
        ("timed_end", np.uint32),
        ("timed_at", np.int64),  # 0: nothing is being timed
        ("reports_sack", np.bool_),  # in any of its packets
        ("echo_of", np.uint32),  # timestamp whose echo is waited for, in a capture that lacks the handshake
        ("echo_from", np.int64),  # when it was first captured; 0: none is waited for
    ]
)


class Outcome(NamedTuple):
    """What is known of hosts after their last packets; row 2 * connection + side, but for the first."""

    is_odd: Array  # bool, by connection: a packet is more than the next bytes or a new acknowledgement
    rtt: Array  # as in Known
    uses_sack: Array
    acked: Array  # uint32, highest ACK number that it sent
    has_acked: Array  # bool
    passes_fin: Array  # bool

    @classmethod
    def unknown(cls, connections: int) -> "Outcome":
        """Return room for connections of which nothing is known."""
        dtypes = (np.bool_, np.int64, np.bool_, np.uint32, np.bool_, np.bool_)
        return cls(*(np.zeros(connections * (1 + bool(i)), dtype) for i, dtype in enumerate(dtypes)))

    @classmethod
    def of(cls, hosts: Array) -> "Outcome":
        """Return what is known of records of HOST, two for each connection."""
        is_odd, syn_sent = hosts["is_odd"].reshape(-1, 2), hosts["syn_sent"].reshape(-1, 2)
        is_late = np.repeat((syn_sent[:, 0] == 0) | (syn_sent[:, 1] == 0), 2)
        return cls(
            is_odd[:, 0] | is_odd[:, 1],
            np.where(is_late, hosts["rtt"], 0),
            is_late & hosts["reports_sack"],
            hosts["acked"],
            hosts["has_acked"],
            hosts["passes_fin"],
        )


@jit
def take_over(hosts: Any, bits: Any, conn_ids: Any, rooms: Any, outcome: Any) -> None:
    """Write what is known of connections that are over into `outcome`, and clear their two records.

    Memory of what is zero is not touched. `bits` are the bytes of `hosts`.
    """
    size = 2 * bits.size // hosts.size  # of a connection
    for i in range(rooms.size):
        connection, room = np.int64(conn_ids[i]), np.int64(rooms[i])
        is_late = hosts[2 * room].syn_sent == 0 or hosts[2 * room + 1].syn_sent == 0
        for side in range(2):
            host, row = hosts[2 * room + side], 2 * connection + side
            if host.is_odd:
                outcome.is_odd[connection] = True
            if is_late and host.rtt != 0:
                outcome.rtt[row] = host.rtt
            if is_late and host.reports_sack:
                outcome.uses_sack[row] = True
            if host.acked != 0:
                outcome.acked[row] = host.acked
            if host.has_acked:
                outcome.has_acked[row] = True
            if host.passes_fin:
                outcome.passes_fin[row] = True
        bits[size * room : size * (room + 1)] = 0
