"""From a record down to its innermost IP header, through the fragments of IP and of tunnels that it completes."""

from typing import Any

import numpy as np

from pcapframe.capture import ip
from pcapframe.capture.bits import be16, be32
from pcapframe.capture.fragments import IP_PROTOCOLS, LATEST, add_fragment
from pcapframe.capture.innermost import (
    DATAGRAM,
    DEPTH,
    LEFT,
    LONGEST_DATAGRAM,
    PIECE,
    PIECE_AT,
    PIECE_IDENT,
    PIECE_WAY,
    innermost,
)
from pcapframe.capture.ip import IP_ENDS, IP_FRAGMENT, NO_IP, UDP
from pcapframe.jit import inner_jit

__all__ = ["COMPLETED", "CUT", "FRAGMENTED", "LONGEST_DATAGRAM", "NO_PORTS", "SEVERAL", "follow_down"]

NO_PORTS = -1
SEVERAL = 4  # in place of what was found (``NO_IP`` and so on)
# Of how a record was followed: through fragments, into a datagram that is completed, into a part that the capture cut.
FRAGMENTED, COMPLETED, CUT = 1, 2, 4


@inner_jit
def follow_down(
    data: Any, heads: Any, record: Any, kind: Any, at: Any, vlan: Any, table: Any, key: Any, seed: Any, header: Any,
    udp: Any, ways: Any, splits: Any,
) -> Any:  # fmt: skip
    """Go down to the innermost IP header of a record, through what its fragments complete.

    Returns
    -------
    tuple of int
        As `innermost`, or `SEVERAL` where the record is an aggregate to split; then `FRAGMENTED` and so on, the serial
        number of the datagram that the record is a piece of (-1 for none), and the UDP ports around fragments that
        hold no IP.
    """
    end = record.at + record.captured
    source, stop, whole, wire_end = data, end, end, record.at + record.wire  # `whole`: where the bytes were captured
    protocol, way, through = np.int64(0), np.int64(0), np.int64(0)
    way_cut, way_over, ports_over = np.int64(-1), np.int64(0), np.int64(NO_PORTS)
    bits, piece_of = np.int64(0), np.int64(-1)
    for _ in range(DEPTH):
        found, protocol, payload, payload_end, vlan, way = innermost(
            source, kind, protocol, at, stop, wire_end, vlan, through, header, udp, ways
        )
        if header[LEFT] and splits and bits == 0 and record.part == 0:
            found = np.int64(SEVERAL)
            break
        begin, ident = payload, header[ip.IDENT]
        protocol_on, through = protocol, way
        if header[PIECE]:
            begin, protocol_on, through = (
                np.int64(header[PIECE_AT]),
                np.int64(header[PIECE]),
                np.int64(header[PIECE_WAY]),
            )
            ports_over, way_over = be32(source, payload), way
            header[ip.IDENT] = header[PIECE_IDENT] | np.uint64(be16(source, payload)) << np.uint64(16)
            header[PIECE] = np.uint64(0)
        elif found != IP_FRAGMENT:
            break
        if payload_end <= begin:
            break
        bits |= FRAGMENTED
        kind = np.int64(DATAGRAM) if protocol_on <= IP_PROTOCOLS else protocol_on
        if payload_end <= whole:
            total, known, protocol_on, serial = add_fragment(
                table, key, seed, header, protocol_on, vlan, way, record.time, source, begin, stop, payload_end - begin
            )
            header[ip.IDENT] = ident
            if total < 0:
                piece_of = serial
                if header[ip.FRAGMENT_OFFSET] == 0 and protocol_on == UDP and begin + 4 <= stop:
                    if udp[be16(source, begin)] == 0 and udp[be16(source, begin + 2)] == 0:
                        table.known[serial] = 1
                break
            source, at = heads, np.int64(LATEST)
            bits |= COMPLETED
            stop, wire_end = at + known, at + total
            whole = wire_end
            kind = np.int64(DATAGRAM) if protocol_on <= IP_PROTOCOLS else protocol_on
        elif header[ip.FRAGMENT_OFFSET] == 0:
            # The capture cut it, so its datagram's length stays unknown, as in Wireshark; that of a packet in a
            # tunnel stands in its own header.
            header[ip.IDENT] = ident
            at, way_cut, wire_end = begin, way, begin + LONGEST_DATAGRAM
        else:
            header[ip.IDENT] = ident
            break
        protocol = protocol_on
    if found != NO_IP or ports_over == NO_PORTS:
        ports_over = np.int64(NO_PORTS)
    else:
        found, protocol, way = np.int64(IP_ENDS), np.int64(UDP), way_over
    if way == way_cut:
        bits |= CUT
    return found, protocol, payload, payload_end, vlan, way, bits, piece_of, ports_over
