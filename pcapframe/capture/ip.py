"""Compiled decoders of the headers of IPv4 and IPv6, with all that is rare in them.

Lengths come from the headers, never from what was captured (RFC 791 section 3.1, RFC 8200 section 4). A length of 0
(segmentation offload; in IPv6 without the jumbo option) means the rest of the frame on the wire. A length beyond the
frame holds too: the frame was cut before it was recorded, by a packet broker or a mirror port. Wireshark limits it to
the frame. An IPv4 length below the header's own stops decoding.
"""

from typing import Any

import numpy as np

from pcapframe.capture.bits import be16, be32, be64, byte
from pcapframe.capture.link import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from pcapframe.jit import inner_jit

__all__ = ["IP_FRAGMENT", "IP_PAYLOAD", "NO_IP", "PROTOCOL_NAMES", "decode_extensions", "decode_ipv4", "decode_ipv6"]

NO_IP, IP_ENDS, IP_FRAGMENT, IP_PAYLOAD = 0, 1, 2, 3

# Slots of `header`: addresses as two halves of 64 bits, IPv4 in the lower one.
SRC_HIGH, SRC_LOW, DST_HIGH, DST_LOW, FAMILY, TTL, IDENT, FRAGMENT_OFFSET, MORE_FRAGMENTS = range(9)
HEADER_SLOTS = 9

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS = 0, 43, 44, 51, 60  # extension headers
MOBILITY, HIP, SHIM6 = 135, 139, 140
EXTENSION_HEADERS = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS, MOBILITY, HIP, SHIM6)
ICMP_ERRORS, FIRST_ICMPV6_QUERY = (3, 4, 5, 11, 12), 128  # types: RFC 792, RFC 4443
MOST_EXTENSIONS = 64  # that are skipped
JUMBO_OPTION = 0xC2
MORE, OFFSET_MASK, IS_FRAGMENT = 0x2000, 0x1FFF, 0x3FFF  # of IPv4's fragment field
PROTOCOL_NAMES = {
    0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPIP", 5: "ST", TCP: "TCP", 8: "EGP", 9: "IGP", UDP: "UDP", 33: "DCCP",
    41: "6in4", 43: "IPv6-Route", 44: "IPv6-Frag", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6",
    59: "IPv6-NoNxt", 60: "IPv6-Opts", 88: "EIGRP", 89: "OSPF", 94: "IPIP", 97: "EtherIP", 103: "PIM",
    108: "IPComp", 112: "VRRP", 113: "PGM", 115: "L2TP", 124: "IS-IS", 132: "SCTP", 135: "Mobility",
    136: "UDPLite", 137: "MPLS-in-IP", 139: "HIP", 140: "Shim6",
}  # fmt: skip


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
def decode_extensions(buffer: Any, protocol: Any, at: Any, end: Any, wire_end: Any) -> Any:
    """Skip the extension headers of a reassembled datagram; returns what `decode_ipv4` does."""
    protocol, at, is_fragment, cut = _ipv6_extensions(buffer, protocol, at, end, wire_end)
    return IP_ENDS if cut or is_fragment else IP_PAYLOAD, protocol, at, wire_end


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
def decode_ipv4(buffer: Any, at: Any, end: Any, wire_end: Any, header: Any) -> Any:
    """Decode the IPv4 header at `at`.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the frame.
    at, end, wire_end : int
        Where the header begins, where the captured bytes end, where what holds it ended on the wire.
    header : ndarray of uint64, shape (HEADER_SLOTS,)
        Filled: source and destination (high and low half each), family, hop limit, identification, and of a fragment
        its offset [bytes] and whether more follow (0, 1). Left alone where no header was found.

    Returns
    -------
    tuple of int
        What was found (``NO_IP`` and so on), the protocol, where its payload begins and where it ends on the wire.
    """
    if at + 20 > end or byte(buffer, at) >> 4 != 4 or byte(buffer, at) & 15 < 5:
        return NO_IP, np.int64(ETHERTYPE_IPV4), at, wire_end
    length = be16(buffer, at + 2)
    header_bytes = 4 * (byte(buffer, at) & 15)
    header[SRC_HIGH] = header[DST_HIGH] = np.uint64(0)
    header[SRC_LOW], header[DST_LOW] = np.uint64(be32(buffer, at + 12)), np.uint64(be32(buffer, at + 16))
    header[FAMILY], header[TTL] = np.uint64(4), np.uint64(byte(buffer, at + 8))
    header[IDENT] = np.uint64(be16(buffer, at + 4))
    protocol = byte(buffer, at + 9)
    if length == 0:
        length = wire_end - at
    elif length < header_bytes:
        return IP_ENDS, protocol, at, wire_end
    header_says = at + length
    fragment = be16(buffer, at + 6)
    at += header_bytes
    if fragment & IS_FRAGMENT:
        header[FRAGMENT_OFFSET] = np.uint64(8 * (fragment & OFFSET_MASK))
        header[MORE_FRAGMENTS] = np.uint64(1 if fragment & MORE else 0)
        return IP_FRAGMENT, protocol, at, header_says  # may be beyond the frame: then the fragment is incomplete
    if protocol == AUTHENTICATION:
        protocol, at, _fragment, cut = _ipv6_extensions(buffer, protocol, at, end, header_says)
        if cut:
            return IP_ENDS, protocol, at, header_says
    return IP_PAYLOAD, protocol, at, header_says


@inner_jit
def decode_ipv6(buffer: Any, at: Any, end: Any, wire_end: Any, header: Any) -> Any:
    """Decode the IPv6 header at `at`, and its extension headers; as `decode_ipv4`."""
    if at + 40 > end or byte(buffer, at) >> 4 != 6:
        return NO_IP, np.int64(ETHERTYPE_IPV6), at, wire_end
    length = be16(buffer, at + 4)
    header[SRC_HIGH], header[SRC_LOW] = be64(buffer, at + 8), be64(buffer, at + 16)
    header[DST_HIGH], header[DST_LOW] = be64(buffer, at + 24), be64(buffer, at + 32)
    header[FAMILY], header[TTL] = np.uint64(6), np.uint64(byte(buffer, at + 7))
    protocol = byte(buffer, at + 6)
    if length == 0:
        length = _jumbo_length(buffer, protocol, at + 40, end)
    at += 40
    header_says = at + length if length else wire_end
    protocol, at, is_fragment, cut = _ipv6_extensions(buffer, protocol, at, end, header_says)
    if cut:
        return IP_ENDS, protocol, at, header_says
    if is_fragment:
        offset = be16(buffer, at + 2)
        header[IDENT] = np.uint64(be32(buffer, at + 4))
        header[FRAGMENT_OFFSET], header[MORE_FRAGMENTS] = np.uint64(offset & 0xFFF8), np.uint64(offset & 1)
        return IP_FRAGMENT, protocol, at + 8, header_says
    return IP_PAYLOAD, protocol, at, header_says
