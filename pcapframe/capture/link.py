"""Compiled decoders of the link layer: from a frame to the network header in it.

Kinds of network header are Ethernet types; what has none gets a code above 0xFFFF: ``CODE_…`` below, or
``UNKNOWN_LINK`` + the link type. The numbers of link types are those of the pcap registry.
"""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte, u16, u32
from pcapframe.jit import inner_jit

__all__ = [
    "CODE_NAMES",
    "LINK_NAMES",
    "OTHER_LINKS",
    "UNKNOWN_LINK",
    "is_undecoded",
    "link_name",
    "network_header",
    "ppp",
    "skip_shims",
    "wlan",
]

CODE_LLC = 0x10000  # 802.2 without an Ethernet type
CODE_CUT = 0x10001  # cut off before the type
CODE_PPP = 0x10002  # a PPP control or other protocol
CODE_STP = 0x10003
CODE_WLAN = 0x10004  # an 802.11 frame without data, or with encrypted data
UNKNOWN_LINK = 0x20000
OTHER_LINKS = "other link types"  # protocol of the packets of link types beyond those that are named one by one

CODE_NAMES = {
    CODE_LLC: "LLC",
    CODE_CUT: "short frame",
    CODE_PPP: "PPP",
    CODE_STP: "STP",
    CODE_WLAN: "802.11",
    0x0800: "IPv4",
    0x0806: "ARP",
    0x0842: "WoL",
    0x2000: "CDP",
    0x6003: "DECnet",
    0x8035: "RARP",
    0x809B: "AppleTalk",
    0x80F3: "AARP",
    0x8100: "VLAN",
    0x8137: "IPX",
    0x86DD: "IPv6",
    0x8808: "Ethernet flow control",
    0x8809: "Slow Protocols",
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x8863: "PPPoED",
    0x8864: "PPPoE",
    0x887B: "HomePlug",
    0x888E: "EAPOL",
    0x8892: "PROFINET",
    0x88A4: "EtherCAT",
    0x88A8: "VLAN",
    0x88B8: "GOOSE",
    0x88CC: "LLDP",
    0x88E1: "HomePlug AV",
    0x88E5: "MACsec",
    0x88F7: "PTP",
    0x8902: "CFM",
    0x8906: "FCoE",
    0x8914: "FIP",
    0x9000: "Loopback",
}

LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_PPP_HDLC, LINK_PPPOE = 0, 1, 9, 50, 51
LINK_RAW, LINK_CHDLC, LINK_FRELAY, LINK_LOOP, LINK_SLL = 101, 104, 107, 108, 113
LINK_RAW4, LINK_RAW6, LINK_SLL2 = 228, 229, 276
LINK_ARCNET_LINUX, LINK_IPOIB = 129, 242
LINK_WLAN, LINK_RADIOTAP, LINK_JUNIPER_ETHERNET = 105, 127, 178

LINK_NAMES = {
    LINK_NULL: "BSD loopback",
    LINK_ETHERNET: "Ethernet",
    LINK_PPP: "PPP",
    LINK_PPP_HDLC: "PPP in HDLC-like framing",
    LINK_PPPOE: "PPPoE",
    LINK_RAW: "raw IP",
    LINK_CHDLC: "Cisco HDLC",
    LINK_FRELAY: "Frame Relay",
    LINK_LOOP: "OpenBSD loopback",
    LINK_SLL: "Linux cooked v1",
    LINK_RAW4: "raw IPv4",
    LINK_RAW6: "raw IPv6",
    LINK_SLL2: "Linux cooked v2",
    LINK_ARCNET_LINUX: "ARCNET (Linux)",
    LINK_IPOIB: "IP over InfiniBand",
    LINK_WLAN: "802.11",
    LINK_RADIOTAP: "802.11 with radiotap",
    LINK_JUNIPER_ETHERNET: "Juniper Ethernet",
}


def link_name(link_type: int) -> str:
    """Name of a link type; those without a decoder by their number."""
    return LINK_NAMES.get(link_type, f"link type {link_type}")


def is_undecoded(protocol: str) -> bool:
    """Whether packets of this protocol are of a link type without a decoder, so that nothing else is known of them."""
    return protocol == OTHER_LINKS or protocol.startswith("link type ")


@inner_jit
def _by_version(buffer: Any, at: Any, end: Any) -> Any:
    """Type of a bare IP header, by its version."""
    if at >= end:
        return CODE_CUT
    version = byte(buffer, at) >> 4
    if version == 4:
        return 0x0800
    if version == 6:
        return 0x86DD
    return CODE_LLC


@inner_jit
def _llc(buffer: Any, at: Any, end: Any) -> Any:
    """802.2 (and SNAP) header: type and where what follows begins."""
    if at + 3 > end:
        return CODE_CUT, at
    dsap, ssap = byte(buffer, at), byte(buffer, at + 1)
    if dsap == 0xAA and ssap == 0xAA and at + 8 <= end:
        organisation = be32(buffer, at + 2) & 0xFFFFFF
        kind = be16(buffer, at + 6)
        if organisation in (0, 0xF8) or kind == 0x2000:
            return kind, at + 8
        return CODE_LLC, at
    if dsap == 0x06 and ssap == 0x06:
        return 0x0800, at + 3
    if dsap == 0x42 and ssap == 0x42:
        return CODE_STP, at
    return CODE_LLC, at


@inner_jit
def ppp(buffer: Any, at: Any, end: Any) -> Any:
    """PPP protocol field (one byte where compressed): type and where what follows begins."""
    if at + 2 <= end and byte(buffer, at) == 0xFF and byte(buffer, at + 1) == 0x03:
        at += 2
    if at + 2 > end:
        return CODE_CUT, at
    protocol = be16(buffer, at)
    if byte(buffer, at) & 1:
        protocol = protocol >> 8
        at += 1
    else:
        at += 2
    if protocol == 0x21:
        return 0x0800, at
    if protocol == 0x57:
        return 0x86DD, at
    if protocol in (0x281, 0x283):
        return 0x8847, at
    return CODE_PPP, at


@inner_jit
def _family(family: Any, at: Any) -> Any:
    """BSD loopback's address family: type and where what follows begins."""
    if family == 2:
        return 0x0800, at
    if family in (10, 23, 24, 28, 30):
        return 0x86DD, at
    return CODE_LLC, at


@inner_jit
def _ethernet(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet header: type and where what follows begins."""
    if at + 14 > end:
        return CODE_CUT, at
    kind = be16(buffer, at + 12)
    if kind < 0x600:
        if at + 16 <= end and be16(buffer, at + 14) == 0xFFFF:
            return 0x8137, at + 14
        return _llc(buffer, at + 14, end)
    return kind, at + 14


@inner_jit
def wlan(buffer: Any, at: Any, end: Any, swapped: Any, padded: Any) -> Any:
    """802.11 header: type and where what follows begins.

    `swapped`: the two bytes of the frame control stand in the other order (Cisco's CAPWAP); `padded`: the header
    is filled up to a multiple of four bytes.
    """
    if at + 24 > end:
        return CODE_CUT, at
    control, flags = byte(buffer, at + swapped), byte(buffer, at + 1 - swapped)
    if control & 0x4F != 0x08 or flags & 0x40:  # not data, or protected
        return CODE_WLAN, at
    size = 30 if flags & 3 == 3 else 24
    if control & 0x80:
        if at + size + 2 > end or byte(buffer, at + size) & 0x80:  # several frames in one
            return CODE_WLAN, at
        size += 6 if flags & 0x80 else 2
    return _llc(buffer, at + (size + 3 & ~3 if padded else size), end)


@inner_jit
def _radiotap(buffer: Any, at: Any, end: Any) -> Any:
    """Radiotap header (radiotap.org) and the 802.11 frame behind it: type and where what follows begins."""
    if at + 8 > end:
        return CODE_CUT, at
    field, present = at + 8, u32(buffer, at + 4, False)
    more = present
    while more & 0x80000000 and field + 4 <= end:
        more = u32(buffer, field, False)
        field += 4
    if present & 1:
        field = at + (field - at + 7 & ~7) + 8
    padded = present & 2 != 0 and field < end and byte(buffer, field) & 0x20 != 0
    return wlan(buffer, at + u16(buffer, at + 2, False), end, 0, padded)


@inner_jit
def _frame_relay(buffer: Any, at: Any, end: Any) -> Any:
    """Frame Relay (RFC 2427) with a two-byte address: type and where what follows begins."""
    if at + 4 > end:
        return CODE_CUT, at
    if byte(buffer, at + 2) != 0x03:  # Cisco encapsulation: an Ethernet type
        return be16(buffer, at + 2), at + 4
    at += 3
    if byte(buffer, at) == 0 and at + 1 < end:
        at += 1
    if byte(buffer, at) == 0xCC:
        return 0x0800, at + 1
    if byte(buffer, at) == 0x8E:
        return 0x86DD, at + 1
    if byte(buffer, at) == 0x80 and at + 6 <= end and be32(buffer, at) & 0xFFFFFF == 0:
        return be16(buffer, at + 4), at + 6
    return CODE_LLC, at


@inner_jit
def skip_shims(buffer: Any, kind: Any, at: Any, end: Any, vlan: Any) -> Any:
    """Skip VLAN tags, MPLS labels, PPPoE, FabricPath and bridged Ethernet.

    Returns
    -------
    tuple of int
        Type and place of what lies beneath, and the innermost VLAN id (-1 for none).
    """
    for _ in range(16):
        if kind in (0x8100, 0x88A8, 0x9100, 0x9200):
            if at + 4 > end:
                return CODE_CUT, at, vlan
            vlan = be16(buffer, at) & 0xFFF
            kind = be16(buffer, at + 2)
            at += 4
            if kind < 0x600:
                kind, at = _llc(buffer, at, end)
        elif kind in (0x8847, 0x8848):
            bottom = False
            while not bottom and at + 4 <= end:
                bottom = byte(buffer, at + 2) & 1 == 1
                at += 4
            if not bottom or at >= end:
                return 0x8847, at, vlan
            kind = _by_version(buffer, at, end)
            if kind == CODE_LLC:
                if byte(buffer, at) >> 4 != 0 or at + 18 > end:
                    return 0x8847, at, vlan
                kind, at = _ethernet(buffer, at + 4, end)  # pseudowire with a control word (RFC 4448)
        elif kind == 0x8864:
            if at + 8 > end:
                return CODE_CUT, at, vlan
            kind, at = ppp(buffer, at + 6, end)
        elif kind == 0x6558:
            kind, at = _ethernet(buffer, at, end)
        elif kind == 0x8903:
            # Cisco FabricPath: a tag of two bytes. Wireshark 4.0 also takes four bytes off the end (its issue 19989).
            kind, at = _ethernet(buffer, at + 2, end)
        else:
            break
    return kind, at, vlan


@inner_jit
def network_header(buffer: Any, at: Any, end: Any, link: Any) -> Any:
    """Find the network header of the frame at `at`.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the frame's captured bytes.
    at, end : int
        Where they begin and end.
    link : int
        Link type of the pcap registry.

    Returns
    -------
    tuple of int
        Ethernet type (or a code of this module), where the header begins, innermost VLAN id (-1 for none).
    """
    if link == LINK_ETHERNET:
        kind, at = _ethernet(buffer, at, end)
    elif link == LINK_SLL:
        if at + 16 > end:
            return CODE_CUT, at, -1
        kind = be16(buffer, at + 14)
        at += 16
        if kind == 4:
            kind, at = _llc(buffer, at, end)
        elif kind < 0x600:
            kind = CODE_LLC
    elif link == LINK_SLL2:
        if at + 20 > end:
            return CODE_CUT, at, -1
        kind = be16(buffer, at)
        at += 20
        if kind == 4:
            kind, at = _llc(buffer, at, end)
        elif kind < 0x600:
            kind = CODE_LLC
    elif link == LINK_RAW:
        kind = _by_version(buffer, at, end)
    elif link == LINK_RAW4:
        kind = 0x0800
    elif link == LINK_RAW6:
        kind = 0x86DD
    elif link in (LINK_NULL, LINK_LOOP):
        if at + 4 > end:
            return CODE_CUT, at, -1
        family = be32(buffer, at)
        if family > 0xFFFF:  # written in the capturing machine's byte order
            family = (family >> 24) | (family >> 8 & 0xFF00)
        kind, at = _family(family, at + 4)
    elif link in (LINK_PPP, LINK_PPP_HDLC):
        if at + 2 <= end and byte(buffer, at) in (0x0F, 0x8F) and byte(buffer, at + 1) == 0:
            link = LINK_CHDLC
        if link == LINK_CHDLC:
            if at + 4 > end:
                return CODE_CUT, at, -1
            kind, at = be16(buffer, at + 2), at + 4
        else:
            kind, at = ppp(buffer, at, end)
    elif link == LINK_PPPOE:
        kind = 0x8864
    elif link == LINK_CHDLC:
        if at + 4 > end:
            return CODE_CUT, at, -1
        kind, at = be16(buffer, at + 2), at + 4
    elif link == LINK_FRELAY:
        kind, at = _frame_relay(buffer, at, end)
    elif link == LINK_IPOIB:
        if at + 44 > end:
            return CODE_CUT, at, -1
        kind, at = be16(buffer, at + 40), at + 44
    elif link == LINK_ARCNET_LINUX:
        if at + 6 > end:
            return CODE_CUT, at, -1
        protocol = byte(buffer, at + 4)  # RFC 1201 has a fragmentation header of three bytes, RFC 1051 none
        at += 8 if protocol in (0xD4, 0xD5) else 5
        kind = 0x0800 if protocol in (0xD4, 0xF0) else (0x0806 if protocol in (0xD5, 0xF1) else CODE_LLC)
    elif link == LINK_WLAN:
        kind, at = wlan(buffer, at, end, 0, False)
    elif link == LINK_RADIOTAP:
        kind, at = _radiotap(buffer, at, end)
    elif link == LINK_JUNIPER_ETHERNET:
        if at + 6 > end:
            return CODE_CUT, at, -1
        flags = byte(buffer, at + 3)
        if flags & 2:  # without a link layer header
            return CODE_LLC, at, -1
        kind, at = _ethernet(buffer, at + (6 + be16(buffer, at + 4) if flags & 0x80 else 4), end)
    else:
        return UNKNOWN_LINK + link, at, -1
    if kind in (0x0800, 0x86DD):  # most packets: handing on what the call gives waits for all stores before it
        return kind, at, -1
    return skip_shims(buffer, kind, at, end, -1)
