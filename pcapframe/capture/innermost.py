"""The way down to the innermost IP header of a record: link layer and shims, IP, tunnel, shims, IP and so on."""

from typing import Any

import numpy as np

from pcapframe.capture import ip
from pcapframe.capture.bits import be16, byte
from pcapframe.capture.gre import GRE_PAYLOADS
from pcapframe.capture.ip import IP_PAYLOAD, NO_IP, TCP, UDP, decode_extensions, decode_ipv4, decode_ipv6
from pcapframe.capture.link import (
    CODE_AGGREGATE,
    CODE_CUT,
    CODE_FIRST_PIECE,
    CODE_ISL,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    RARE_VLAN_TYPES,
    VLAN_TYPES,
    behind_vlan,
    llc,
)
from pcapframe.capture.shims import ETHERTYPE_MACSEC, SHIMS, ip_version, isl_vlan
from pcapframe.capture.tables import NO_MORE, NO_PAYLOAD, dispatcher
from pcapframe.capture.tunnels import GRE_STEP, IP_TUNNELS, PROTOCOL_GRE, SHIM_STEP, UDP_STEP, step_of, way_on
from pcapframe.capture.udp_tunnels import (
    IS_PIECE,
    MUST_FIT,
    PORT_GRE,
    PORT_GTP_U,
    UDP_BYTES,
    UDP_TUNNELS,
    capwap_piece,
    fitting_gtp,
    is_fitting,
    is_gtp,
    payload_end,
)
from pcapframe.capture.wireless import SUBFRAME_BYTES, next_subframe
from pcapframe.jit import inner_jit

__all__ = [
    "AGGREGATE", "DATAGRAM", "DEPTH", "HEADERS", "INSIDE", "LEFT", "LONGEST_DATAGRAM", "OUTER", "PART", "PIECE",
    "PIECE_AT", "PIECE_IDENT", "PIECE_WAY", "SLICED", "SLOTS", "STOP", "innermost", "without_finds",
]  # fmt: skip

LONGEST_DATAGRAM = 0xFFFF
DEPTH = 16  # nested tunnels that are followed
MOST_SHIMS = 64  # that are skipped before an IP header
DATAGRAM = -2  # in place of an Ethernet type: a datagram whose IP header is in `header` already
NO_ROW = -3
# In `header`: the outermost addresses and their family, as the first five slots, and how many IP headers there are.
OUTER = ip.HEADER_SLOTS
HEADERS = OUTER + 5
# Beside them: where the captured bytes of what holds the innermost header end, whether an IP header says more than its
# frame had, and what the last tunnel holds instead of IP (its type or code + 1; 0 where it was not opened).
STOP, SLICED, INSIDE = HEADERS + 1, HEADERS + 2, HEADERS + 3
# The outermost aggregate in a tunnel: which of its frames to follow, 1 + where that begins in it (0 for the first one
# with IP), and 1 + where the aggregate begins (0 for none); and whether frames with IP are left, of that or of another.
PART, AGGREGATE, LEFT = HEADERS + 4, HEADERS + 5, HEADERS + 6
# Of a tunnel's fragment: what it carries (0 for no fragment), where that begins, the way into the tunnel, and its
# identification; its offset and whether more follow stand in the place of those of IP.
PIECE, PIECE_AT, PIECE_WAY, PIECE_IDENT = HEADERS + 7, HEADERS + 8, HEADERS + 9, HEADERS + 10
SLOTS = HEADERS + 11
NAMED_SHIMS = tuple(kind for kind, shim in SHIMS.items() if shim.is_tunnel)
MACSEC_TRAILER = SHIMS[ETHERTYPE_MACSEC].trailer


@inner_jit
def without_finds(header: Any, part: Any) -> None:
    """Prepare `header` for a record, of which `part` is to be followed."""
    for k in range(HEADERS, SLOTS):
        header[k] = np.uint64(0)
    header[PART] = np.uint64(part)


_shim = dispatcher(SHIMS, "number, at")
_ip_tunnel = dispatcher(IP_TUNNELS, f"{NO_PAYLOAD}, at")
_gre_payload = dispatcher(GRE_PAYLOADS, f"{NO_ROW}, at")
_udp_tunnel = dispatcher(UDP_TUNNELS, f"{NO_PAYLOAD}, at")


@inner_jit
def _in_aggregate(buffer: Any, first: Any, end: Any, header: Any) -> Any:
    """Type and place of what is in the frame to be followed, of the aggregate whose first one is at `first`."""
    state, is_chosen = np.int64(0), False
    if header[AGGREGATE] == 0:
        header[AGGREGATE], is_chosen = np.uint64(first + 1), header[PART] != 0
        if is_chosen:
            state = np.int64(header[PART]) - 1
    at, size, _link, state = next_subframe(buffer, first, state, end)
    if size != NO_MORE and not is_chosen:
        _at, size, _link, state = next_subframe(buffer, first, state, end)
        if size != NO_MORE:
            header[LEFT] = np.uint64(1)
    return llc(buffer, at + SUBFRAME_BYTES, end)


@inner_jit
def _skip_shims(buffer: Any, kind: Any, at: Any, end: Any, vlan: Any, ways: Any, way: Any, header: Any) -> Any:
    """Skip VLAN tags and other shims.

    Returns
    -------
    tuple of int
        Type and place of what lies beneath, the innermost VLAN id (`vlan` where there is no tag), the way there, and
        how many bytes at the end belong to shims (-1 where more of the packet follows in other frames).
    """
    trailer = np.int64(0)
    for _ in range(MOST_SHIMS):
        if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            break
        if kind == CODE_AGGREGATE:
            kind, at = _in_aggregate(buffer, at, end, header)
        elif kind in VLAN_TYPES or kind in RARE_VLAN_TYPES:
            if at + 4 > end:
                return np.int64(CODE_CUT), at, vlan, way, trailer
            vlan = be16(buffer, at) & 0xFFF
            kind, at = behind_vlan(buffer, at, end)
        else:
            begin, before = at, kind
            kind, at = _shim(kind, buffer, at, end)
            if kind == before and at == begin:
                break
            if before in NAMED_SHIMS:
                way = way_on(ways, way, SHIM_STEP + before)
            elif before == ETHERTYPE_MACSEC:
                trailer += MACSEC_TRAILER
            elif before == CODE_FIRST_PIECE:
                trailer = np.int64(-1)
            elif before == CODE_ISL:
                vlan = isl_vlan(buffer, begin)
    return kind, at, vlan, way, trailer


@inner_jit
def _udp_payload(buffer: Any, at: Any, end: Any, ports: Any) -> Any:
    """Find what the tunnel over the UDP header at `at` carries: its type and place, and the row of the tunnel."""
    if at + 16 > end:
        return np.int64(NO_PAYLOAD), at, np.int64(0)
    for side in range(3):  # by the destination's port, by the source's, and by what GTP-U says of itself
        row = np.int64(ports[be16(buffer, at + 2 - 2 * side)]) if side < 2 else np.int64(PORT_GTP_U)
        kind, place = np.int64(NO_PAYLOAD), at
        if side == 2:
            if is_gtp(buffer, at, end):
                kind, place = fitting_gtp(buffer, at + 8, end)
        elif row:
            kind, place = _udp_tunnel(row, buffer, at + 8, end)
        if kind > 0 and kind & MUST_FIT:
            kind -= MUST_FIT
            if not is_fitting(buffer, kind, place, end, payload_end(buffer, at + 8, end)):
                continue
        if kind != NO_PAYLOAD:
            return kind, place, row
    return np.int64(NO_PAYLOAD), at, np.int64(0)


@inner_jit
def _follow(
    buffer: Any, protocol: Any, family: Any, begin: Any, at: Any, end: Any, ports: Any, ways: Any, way: Any
) -> Any:
    """Follow the tunnel at `at`, over the IP header at `begin`: type and place of its payload, and the way there."""
    is_gre = protocol == PROTOCOL_GRE
    if protocol == UDP:
        kind, at, row = _udp_payload(buffer, at, end, ports)
        is_gre = row == PORT_GRE
        step = UDP_STEP + row
    else:
        step = step_of(buffer, protocol, family, begin, at)
        kind, at = _ip_tunnel(protocol, buffer, at, end)
    if kind == NO_PAYLOAD:
        return kind, at, way
    way = way_on(ways, way, step)
    if is_gre:
        inner, place = _gre_payload(kind, buffer, at, end)
        if inner != NO_ROW:
            return inner, place, way_on(ways, way, GRE_STEP + kind)
    return kind, at, way


@inner_jit
def _note_piece(buffer: Any, kind: Any, tunnel: Any, at: Any, way: Any, header: Any) -> None:
    """Note a fragment of the tunnel that begins at `tunnel`: `kind` is what begins at `at`."""
    ident, offset, more = capwap_piece(buffer, tunnel)
    header[PIECE], header[PIECE_AT], header[PIECE_WAY] = np.uint64(kind), np.uint64(at), np.uint64(way)
    header[PIECE_IDENT] = np.uint64(ident)
    header[ip.FRAGMENT_OFFSET], header[ip.MORE_FRAGMENTS] = np.uint64(offset), np.uint64(more)


@inner_jit
def innermost(
    buffer: Any,
    kind: Any,
    protocol: Any,
    at: Any,
    end: Any,
    wire_end: Any,
    vlan: Any,
    way: Any,
    header: Any,
    ports: Any,
    ways: Any,
) -> Any:
    """Go down to the innermost IP header.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the bytes.
    kind : int
        What begins at `at`: an Ethernet type, a code, or `DATAGRAM`.
    protocol : int
        Of a `DATAGRAM`.
    at, end, wire_end : int
        Where it begins, where the captured bytes end, where it ended on the wire.
    vlan, way : int
        Innermost VLAN id so far (-1 for none), and the way through tunnels so far.
    header : ndarray of uint64, shape (SLOTS,)
        Filled: the innermost IP header, the outermost addresses, and to the number of IP headers those found are added;
        then what follows them, which is 0 at first, but for `PART`.
    ports, ways : ndarray
        See ``tunnels``.

    Returns
    -------
    tuple of int
        What was found (``NO_IP`` and so on), the protocol (of the IP header, or the code of what is not IP), where its
        payload begins, where it ends on the wire, the VLAN id, the way.
    """
    found, found_protocol, payload, payload_end = NO_IP, np.int64(0), at, wire_end
    inner_vlan, inner_way = vlan, way
    for _ in range(DEPTH):
        trailer = np.int64(0)
        if kind not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            kind, at, inner_vlan, inner_way, trailer = _skip_shims(
                buffer, kind, at, end, inner_vlan, ways, inner_way, header
            )
        if trailer < 0:
            wire_end = max(wire_end, at + LONGEST_DATAGRAM)
        elif trailer and at + 6 <= end and be16(buffer, at + (2 if kind == ETHERTYPE_IPV4 else 4)) == 0:
            wire_end -= trailer  # which any other IP length tells
            end = min(end, wire_end)
        if kind == ETHERTYPE_IPV4 and at < end and byte(buffer, at) >> 4 == 6:  # some senders know one type for both
            if ip_version(buffer, at, end) == ETHERTYPE_IPV6 and at + 40 + be16(buffer, at + 4) <= wire_end:
                kind = np.int64(ETHERTYPE_IPV6)
        begin = at
        above, place, ip_end = np.int64(kind), at, wire_end
        now = NO_IP
        if header[HEADERS] and kind != DATAGRAM and ip_version(buffer, at, end) != kind:
            header[INSIDE] = np.uint64(kind + 1)
            break  # what is in the tunnel is not IP, or not whole
        if header[HEADERS] == 1 and kind != DATAGRAM:
            for k in range(5):  # only now: to copy at once what was just written takes long
                header[OUTER + k] = header[k]
        if kind == ETHERTYPE_IPV4:
            now, above, place, ip_end = decode_ipv4(buffer, at, end, wire_end, header)
        elif kind == ETHERTYPE_IPV6:
            now, above, place, ip_end = decode_ipv6(buffer, at, end, wire_end, header)
        elif kind == DATAGRAM:
            now, above, place, ip_end = decode_extensions(buffer, protocol, at, end, wire_end)
        if now == NO_IP:
            if found == NO_IP:
                found_protocol, vlan = above, inner_vlan
            break
        if now == IP_PAYLOAD and kind != DATAGRAM and ip_end > wire_end:
            header[SLICED] = np.uint64(1)
        header[STOP] = np.uint64(end)
        found, found_protocol, payload, payload_end, vlan, way = now, above, place, ip_end, inner_vlan, inner_way
        if kind != DATAGRAM:  # whose header was counted with its fragments
            header[HEADERS] += np.uint64(1)
        if found != IP_PAYLOAD or found_protocol == TCP:
            break
        at, wire_end, end = payload, payload_end, min(end, payload_end)
        kind, at, inner_way = _follow(buffer, found_protocol, header[ip.FAMILY], begin, at, end, ports, ways, way)
        if kind == NO_PAYLOAD:
            break
        if kind > 0 and kind & IS_PIECE:
            _note_piece(buffer, kind - IS_PIECE, payload + UDP_BYTES, at, inner_way, header)
            break
    return found, found_protocol, payload, payload_end, vlan, way
