"""Compiled decoders of IPv4 and IPv6, down to the innermost IP header of a frame.

Lengths come from the headers, never from what was captured. An IPv4 total length of 0 (segmentation offload) means the
rest of the frame on the wire; a total length beyond the frame is limited to it; one below the header's own length stops
decoding. Wireshark does the same (RFC 791 section 3.1, RFC 8200 section 4).
"""

from typing import Any

import numpy as np

from pcapframe.capture.bits import be16, be32, be64, byte
from pcapframe.capture.link import (
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    PPP_IPV4,
    PPP_IPV6,
    ppp,
    skip_shims,
    wlan,
)
from pcapframe.jit import inner_jit

__all__ = ["IP_FRAGMENT", "IP_PAYLOAD", "NO_IP", "PROTOCOL_NAMES", "innermost_ip"]

NO_IP, IP_ENDS, IP_FRAGMENT, IP_PAYLOAD = 0, 1, 2, 3
DEPTH = 16  # nested tunnels that are followed

# Slots of `header`, which `innermost_ip` fills: addresses as two halves of 64 bits, IPv4 in the lower one.
SRC_HIGH, SRC_LOW, DST_HIGH, DST_LOW, FAMILY, TTL, IDENT, FRAGMENT_OFFSET, MORE_FRAGMENTS = range(9)
HEADER_SLOTS = 9

TCP, UDP = 6, 17
IPV4_IN_IP, IPV6_IN_IP, GRE, IPIP, MPLS_IN_IP = 4, 41, 47, 94, 137  # tunnels
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS = 0, 43, 44, 51, 60  # extension headers
MOBILITY, HIP, SHIM6 = 135, 139, 140
MOST_EXTENSIONS = 64  # that are skipped
JUMBO_OPTION = 0xC2
MORE, OFFSET_MASK = 0x2000, 0x1FFF  # of IPv4's fragment field
GRE_PPP, GRE_WCCP, GRE_ERSPAN_2, GRE_ERSPAN_3 = 0x880B, 0x883E, 0x88BE, 0x22EB
PORT_L2TP, PORT_GTP_U, PORT_TEREDO, PORT_VXLAN, PORT_CAPWAP, PORT_GENEVE = 1701, 2152, 3544, 4789, 5247, 6081
PROTOCOL_NAMES = {
    0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPIP", 5: "ST", TCP: "TCP", 8: "EGP", 9: "IGP", UDP: "UDP", 33: "DCCP",
    41: "6in4", 43: "IPv6-Route", 44: "IPv6-Frag", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6",
    59: "IPv6-NoNxt", 60: "IPv6-Opts", 88: "EIGRP", 89: "OSPF", 94: "IPIP", 97: "EtherIP", 103: "PIM",
    108: "IPComp", 112: "VRRP", 113: "PGM", 115: "L2TP", 124: "IS-IS", 132: "SCTP", 135: "Mobility",
    136: "UDPLite", 137: "MPLS-in-IP", 139: "HIP", 140: "Shim6",
}  # fmt: skip


@inner_jit
def _gre(buffer: Any, at: Any, end: Any) -> Any:
    """GRE (RFC 2784, 2890; version 1 RFC 2637): EtherType and place of the payload; type -1 for none."""
    if at + 4 > end:
        return -1, at
    flags = be16(buffer, at)
    kind = be16(buffer, at + 2)
    version = flags & 7
    if version == 1:
        if not flags & 0x2000 or kind != GRE_PPP:
            return -1, at
        at += 8 + (4 if flags & 0x1000 else 0) + (4 if flags & 0x80 else 0)
        if at + 2 > end:
            return -1, at
        if byte(buffer, at) == 0xFF and byte(buffer, at + 1) == 0x03:
            at += 2
        if at + 2 > end:
            return -1, at
        protocol = be16(buffer, at)
        at += 2
        if byte(buffer, at - 2) & 1:
            protocol, at = protocol >> 8, at - 1
        return (ETHERTYPE_IPV4 if protocol == PPP_IPV4 else ETHERTYPE_IPV6 if protocol == PPP_IPV6 else -1), at
    if version != 0:
        return -1, at
    sequence = flags & 0x1000
    at += 4 + (4 if flags & 0xC000 else 0) + (4 if flags & 0x2000 else 0) + (4 if sequence else 0)
    if flags & 0x4000:  # source routes, each with its length; a length of 0 ends them
        while at + 4 <= end:
            length = byte(buffer, at + 3)
            at += 4 + length
            if length == 0:
                break
    if kind == GRE_ERSPAN_2:  # ERSPAN: type II has a header of 8 bytes, type I none
        return ETHERTYPE_BRIDGED, at + (8 if sequence else 0)
    if kind == GRE_WCCP and at < end:  # WCCP: version 2 has a redirect header
        return ETHERTYPE_IPV4, at if byte(buffer, at) >> 4 == 4 else at + 4
    if kind == GRE_ERSPAN_3 and at + 12 <= end:  # ERSPAN type III
        return ETHERTYPE_BRIDGED, at + 12 + (8 if byte(buffer, at + 11) & 1 else 0)
    return kind, at


@inner_jit
def _capwap(buffer: Any, at: Any, end: Any) -> Any:
    """CAPWAP data (RFC 5415, 5416): EtherType and place of the payload; type -1 for none."""
    if byte(buffer, at) != 0:
        return -1, at
    bits = be32(buffer, at)
    at += 4 * (bits >> 19 & 0x1F)
    if bits & 0x88 or at + 2 > end:  # a fragment, or a keep-alive
        return -1, at
    if not bits & 0x100:
        return ETHERTYPE_BRIDGED, at
    if bits >> 9 & 0x1F != 1:
        return -1, at
    return wlan(buffer, at, end, 1 if byte(buffer, at + 1) & 0x0F == 0x08 else 0, False)


@inner_jit
def _l2tp(buffer: Any, at: Any, end: Any) -> Any:
    """L2TP data (RFC 2661): EtherType and place of the payload; type -1 for none."""
    flags = be16(buffer, at)
    if flags & 0x8000 or flags & 0xF != 2:
        return -1, at
    at += 6 + (2 if flags & 0x4000 else 0) + (4 if flags & ETHERTYPE_IPV4 else 0)
    if flags & 0x0200 and at + 2 <= end:
        at += 2 + be16(buffer, at)
    return ppp(buffer, at, end)


@inner_jit
def _udp_tunnel(buffer: Any, at: Any, end: Any) -> Any:
    """Find the payload of a tunnel whose UDP header is at `at`: EtherType and place; type -1 for none.

    VXLAN, Geneve, GTP-U, CAPWAP, Teredo and L2TP are recognised by their ports.
    """
    if at + 16 > end:
        return -1, at
    source, destination = be16(buffer, at), be16(buffer, at + 2)
    at += 8
    if destination == PORT_VXLAN and byte(buffer, at) & 0x08:  # RFC 7348
        return ETHERTYPE_BRIDGED, at + 8
    if destination == PORT_GENEVE and byte(buffer, at) >> 6 == 0:  # RFC 8926
        return be16(buffer, at + 2), at + 8 + 4 * (byte(buffer, at) & 0x3F)
    if PORT_CAPWAP in (source, destination):
        return _capwap(buffer, at, end)
    if PORT_TEREDO in (source, destination):  # RFC 4380
        if be16(buffer, at) == 1:
            at += 13 + byte(buffer, at + 2) + byte(buffer, at + 3)
        if at + 48 <= end and be16(buffer, at) == 0:
            at += 8
        if at < end and byte(buffer, at) >> 4 == 6:
            return ETHERTYPE_IPV6, at
        return -1, at
    if PORT_L2TP in (source, destination):
        return _l2tp(buffer, at, end)
    if (
        (PORT_GTP_U in (source, destination)) and byte(buffer, at) >> 5 == 1 and byte(buffer, at + 1) == 0xFF
    ):  # 3GPP TS 29.281
        extended = byte(buffer, at) & 0x07
        next_type = byte(buffer, at + 11) if extended and at + 12 <= end else 0
        if not byte(buffer, at) & 0x04:
            next_type = 0
        at += 12 if extended else 8
        while next_type and at + 4 <= end:
            length = 4 * byte(buffer, at)
            if length == 0 or at + length > end:
                return -1, at
            next_type = byte(buffer, at + length - 1)
            at += length
        if at < end and byte(buffer, at) >> 4 == 4:
            return ETHERTYPE_IPV4, at
        if at < end and byte(buffer, at) >> 4 == 6:
            return ETHERTYPE_IPV6, at
    return -1, at


@inner_jit
def _ipv6_extensions(buffer: Any, protocol: Any, at: Any, end: Any, wire_end: Any) -> Any:
    """Skip extension headers and AH: protocol, place, whether a fragment header is there, whether it was cut off.

    An atomic fragment (RFC 6946) counts as whole.
    """
    for _ in range(MOST_EXTENSIONS):
        if protocol in (HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS, MOBILITY, HIP, SHIM6):
            if at + 2 > end:
                return protocol, at, False, True
            protocol, at = byte(buffer, at), at + 8 + 8 * byte(buffer, at + 1)
        elif protocol == AUTHENTICATION:
            if at + 2 > end:
                return protocol, at, False, True
            protocol, at = byte(buffer, at), at + 8 + 4 * byte(buffer, at + 1)
        elif protocol == FRAGMENT:
            if at + 8 > end:
                return protocol, at, False, True
            if be16(buffer, at + 2) & 0xFFF9:
                return byte(buffer, at), at, True, False
            protocol, at = byte(buffer, at), at + 8
        else:
            break
        if at > wire_end:
            return protocol, at, False, True
    return protocol, at, False, False


@inner_jit
def _jumbo_length(buffer: Any, protocol: Any, at: Any, end: Any) -> Any:
    """Payload length by the jumbo option (RFC 2675) of a hop-by-hop header at `at`, 0 where there is none."""
    if protocol != HOP_BY_HOP or at + 8 > end:
        return np.int64(0)
    stop = min(at + 8 + 8 * byte(buffer, at + 1), end)
    at += 2
    while at + 6 <= stop:
        if byte(buffer, at) == JUMBO_OPTION:
            return be32(buffer, at + 2)
        at += 1 if byte(buffer, at) == 0 else 2 + byte(buffer, at + 1)
    return np.int64(0)


@inner_jit
def innermost_ip(buffer: Any, kind: Any, at: Any, end: Any, wire_end: Any, vlan: Any, header: Any) -> Any:
    """Follow tunnels to the innermost IP header.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the frame.
    kind : int
        Ethernet type of the header at `at`.
    at, end, wire_end : int
        Where the header begins, where the captured bytes end, where the frame ended on the wire.
    vlan : int
        Innermost VLAN id so far, -1 for none.
    header : ndarray of uint64, shape (HEADER_SLOTS,)
        Filled with the innermost header: source and destination (high and low half each), family (4 or 6),
        hop limit, identification (of the fragment header for IPv6 fragments), fragment offset [bytes],
        more fragments (0, 1).

    Returns
    -------
    tuple of int
        What was found (``NO_IP`` and so on), the protocol (of the IP header, or the code of what is not IP),
        where its payload begins, where it ends on the wire, the VLAN id.
    """
    found, protocol, payload, payload_end = NO_IP, np.int64(kind), at, wire_end
    for _ in range(DEPTH):
        if kind == ETHERTYPE_IPV4:
            if at + 20 > end or byte(buffer, at) >> 4 != 4 or byte(buffer, at) & 15 < 5:
                break
            length = be16(buffer, at + 2)
            header_bytes = 4 * (byte(buffer, at) & 15)
            header[SRC_HIGH] = header[DST_HIGH] = np.uint64(0)
            header[SRC_LOW], header[DST_LOW] = np.uint64(be32(buffer, at + 12)), np.uint64(be32(buffer, at + 16))
            header[FAMILY], header[TTL] = np.uint64(4), np.uint64(byte(buffer, at + 8))
            header[IDENT] = np.uint64(be16(buffer, at + 4))
            found, protocol = IP_ENDS, byte(buffer, at + 9)
            if length == 0:
                length = wire_end - at
            elif length < header_bytes:
                break
            header_says = at + length
            ip_end = min(wire_end, header_says)
            fragment = be16(buffer, at + 6)
            at += header_bytes
            payload, payload_end = at, ip_end
            if fragment & (MORE | OFFSET_MASK):
                header[FRAGMENT_OFFSET] = np.uint64(8 * (fragment & OFFSET_MASK))
                header[MORE_FRAGMENTS] = np.uint64(1 if fragment & MORE else 0)
                payload_end = header_says  # may be beyond the frame: then the fragment is incomplete
                found = IP_FRAGMENT
                break
            if protocol == AUTHENTICATION:
                protocol, at, _fragment, cut = _ipv6_extensions(buffer, protocol, at, end, ip_end)
                payload = at
                if cut:
                    break
        elif kind == ETHERTYPE_IPV6:
            if at + 40 > end or byte(buffer, at) >> 4 != 6:
                break
            length = be16(buffer, at + 4)
            header[SRC_HIGH], header[SRC_LOW] = be64(buffer, at + 8), be64(buffer, at + 16)
            header[DST_HIGH], header[DST_LOW] = be64(buffer, at + 24), be64(buffer, at + 32)
            header[FAMILY], header[TTL] = np.uint64(6), np.uint64(byte(buffer, at + 7))
            found, protocol = IP_ENDS, byte(buffer, at + 6)
            if length == 0:
                length = _jumbo_length(buffer, protocol, at + 40, end)
            at += 40
            header_says = at + length
            ip_end = min(wire_end, header_says)
            payload, payload_end = at, ip_end
            if length == 0:
                break
            protocol, at, is_fragment, cut = _ipv6_extensions(buffer, protocol, at, end, ip_end)
            payload = at
            if cut:
                break
            if is_fragment:
                offset = be16(buffer, at + 2)
                header[IDENT] = np.uint64(be32(buffer, at + 4))
                header[FRAGMENT_OFFSET], header[MORE_FRAGMENTS] = np.uint64(offset & 0xFFF8), np.uint64(offset & 1)
                payload, payload_end = at + 8, header_says
                found = IP_FRAGMENT
                break
        else:
            break
        found = IP_PAYLOAD
        wire_end = ip_end
        end = min(end, ip_end)
        inner: Any = np.int64(-1)
        if protocol in (IPV4_IN_IP, IPIP):
            inner = ETHERTYPE_IPV4
        elif protocol == IPV6_IN_IP:
            inner = ETHERTYPE_IPV6
        elif protocol == GRE:
            inner, at = _gre(buffer, at, end)
        elif protocol == MPLS_IN_IP:
            inner = ETHERTYPE_MPLS
        elif protocol == UDP:
            inner, at = _udp_tunnel(buffer, at, end)
        if inner == -1:
            break
        inner, at, vlan_inside = skip_shims(buffer, inner, at, end, vlan)
        if inner not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            break
        kind, vlan = inner, vlan_inside
    return found, protocol, payload, payload_end, vlan
