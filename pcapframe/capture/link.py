"""Compiled decoders of the commonest headers before the network header: Ethernet, 802.2, PPP and VLAN tags.

They return the EtherType of the network header and its place; other protocols have a code above 0xFFFF (``CODE_…``).
"""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.jit import inner_jit

__all__ = ["CODE_NAMES", "behind_vlan", "by_version", "ethernet", "llc", "ppp", "snap"]

ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6, ETHERTYPE_IPX, ETHERTYPE_CDP = 0x0800, 0x0806, 0x86DD, 0x8137, 0x2000
ETHERTYPE_VLAN, ETHERTYPE_SERVICE_VLAN = 0x8100, 0x88A8
ETHERTYPE_OLD_VLAN, ETHERTYPE_OLDER_VLAN = 0x9100, 0x9200  # service tags before 802.1ad
VLAN_TYPES = (ETHERTYPE_VLAN, ETHERTYPE_SERVICE_VLAN, ETHERTYPE_OLD_VLAN, ETHERTYPE_OLDER_VLAN)
ETHERTYPE_OLDEST_VLAN, ETHERTYPE_SWITCH_VLAN = 0x9300, 0xDADB  # the last one: Linux's tag_8021q of switch chips
RARE_VLAN_TYPES = (ETHERTYPE_OLDEST_VLAN, ETHERTYPE_SWITCH_VLAN)
ETHERTYPE_MPLS, ETHERTYPE_MPLS_UPSTREAM, ETHERTYPE_PPPOE = 0x8847, 0x8848, 0x8864
ETHERTYPE_BRIDGED, ETHERTYPE_FABRICPATH = 0x6558, 0x8903
FIRST_ETHERTYPE = 0x600  # a smaller number in its place is the length of an 802.3 frame
# Link types that are not in the registry, whose numbers are shorter: a frame of an aggregate, a transfer without one.
SUBFRAME, NO_SUBFRAME = 1 << 30, (1 << 30) + 1
WITHIN = (1 << 30) + 2  # no link type: the frame is one of an aggregate in a tunnel
UNKNOWN_LINK = 0x20000  # an undecoded link type is this code + its number
NESTED_LINK = 1 << 32  # this code + the number of a link type: a frame of that type follows

PPP_ADDRESS, PPP_IPV4, PPP_IPV6, PPP_MPLS, PPP_MPLS_MULTICAST = 0xFF, 0x21, 0x57, 0x281, 0x283
PPP_MULTILINK, WHOLE_PIECE, LONG_NUMBER, SHORT_NUMBER = 0x3D, 0xC0, 4, 2  # RFC 1990: begins and ends a packet
PPP_BRIDGING, BRIDGING_BYTES, BRIDGING_HAS_LAN_ID, BRIDGING_ETHERNET = 0x31, 2, 0x40, 1  # RFC 3518 section 4.2
PPP_WITH_IP = (PPP_IPV4, PPP_IPV6, PPP_MPLS, PPP_MPLS_MULTICAST)
# TCP and IP header compression (VJ, ROHC, IPHC), other bridging, multilink, encryption, compression.
PPP_HIDING = (
    0x03, 0x05, 0x2D, 0x2F, PPP_BRIDGING, PPP_MULTILINK, 0x4F, 0x53, 0x55, 0x61, 0x63, 0x65, 0x2063, 0xFB, 0xFD
)  # fmt: skip
SAP_IP, SAP_SNAP, SAP_STP = 0x06, 0xAA, 0x42
OUI_ETHERNET, OUI_802_1H, OUI_APPLE, OUI_BRIDGED = 0, 0xF8, 0x080007, 0x0080C2  # an Ethernet type, or a frame follows
BRIDGED_ETHERNET = (1, 7)  # with and without its checksum (RFC 2684)
FIRST_BRIDGED_BPDU = 0x0E  # smaller numbers are frames of other networks, or fragments

CODE_LLC = 0x10000  # 802.2 without an Ethernet type
CODE_CUT = 0x10001  # cut off before the type
CODE_PPP = 0x10002  # a PPP control or other protocol
CODE_STP = 0x10003
CODE_WLAN = 0x10004  # an 802.11 frame without data
CODE_WLAN_ENCRYPTED = 0x10007
CODE_PPP_DATA = 0x10008  # compressed, encrypted or split over several links
CODE_BATMAN_DATA = 0x10009  # split or coded
CODE_USB = 0x1000A  # a transfer of no network adapter
CODE_USB_NETWORK = 0x1000B  # frames of a network adapter, of which none was captured
# Several frames in one, which ``framing`` takes apart: of 802.11 (A-MSDU), of CDC NCM and MBIM, of RNDIS.
CODE_AGGREGATE, CODE_NCM, CODE_RNDIS = 0x10006, 0x1000C, 0x1000D
CODE_INNER_AGGREGATE = 0x1000E  # in a tunnel
CODE_LEFT = 0x1000F  # frames of an aggregate that are not followed
CODE_CAPWAP_WLAN = 0x10010  # 802.11 in CAPWAP
CODE_FIRST_PIECE = 0x10014  # the first fragment of an 802.11 frame, which begins as the frame does
# Frames that may carry IP and are not followed: encrypted, split, of another kind.
CODE_ENCRYPTED, CODE_PIECE, CODE_UNFOLLOWED = 0x10011, 0x10012, 0x10013

CODE_ISL = 0x10005  # Cisco's ISL, which begins with an address of its own: 01000c0000 or 03000c0000
ISL_FIRST, ISL_OTHER, ISL_ADDRESS = 0x03, 0x02, 0x000C0000

CODE_NAMES = {
    CODE_BATMAN_DATA: "batman-adv data",
    CODE_LLC: "LLC",
    CODE_CUT: "short frame",
    CODE_PPP: "PPP",
    CODE_STP: "STP",
    CODE_WLAN: "802.11",
    CODE_WLAN_ENCRYPTED: "802.11 (encrypted)",
    CODE_PPP_DATA: "PPP data",
    CODE_AGGREGATE: "802.11",
    CODE_FIRST_PIECE: "802.11",
    CODE_LEFT: "802.11 aggregate",
    CODE_ENCRYPTED: "encrypted frame",
    CODE_PIECE: "fragment of a frame",
    CODE_UNFOLLOWED: "frame of another kind",
    CODE_USB: "USB",
    CODE_USB_NETWORK: "USB network adapter",
    ETHERTYPE_IPV4: "IPv4",
    ETHERTYPE_ARP: "ARP",
    0x0842: "WoL",
    ETHERTYPE_CDP: "CDP",
    0x6003: "DECnet",
    0x8035: "RARP",
    0x809B: "AppleTalk",
    0x80F3: "AARP",
    ETHERTYPE_VLAN: "VLAN",
    ETHERTYPE_IPX: "IPX",
    ETHERTYPE_IPV6: "IPv6",
    0x8808: "Ethernet flow control",
    0x8809: "Slow Protocols",
    ETHERTYPE_MPLS: "MPLS",
    ETHERTYPE_MPLS_UPSTREAM: "MPLS",
    0x8863: "PPPoED",
    ETHERTYPE_PPPOE: "PPPoE",
    0x887B: "HomePlug",
    0x888E: "EAPOL",
    0x8892: "PROFINET",
    0x88A4: "EtherCAT",
    ETHERTYPE_SERVICE_VLAN: "VLAN",
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


@inner_jit
def by_version(buffer: Any, at: Any, end: Any) -> Any:
    """EtherType of an IP header without a link layer, by its version."""
    if at >= end:
        return CODE_CUT
    version = byte(buffer, at) >> 4
    if version == 4:
        return ETHERTYPE_IPV4
    if version == 6:
        return ETHERTYPE_IPV6
    return CODE_LLC


@inner_jit
def snap(buffer: Any, at: Any, end: Any) -> Any:
    """SNAP header behind 802.2's: EtherType and place of the payload.

    Bridged Ethernet has two bytes of padding before it on ATM, none on frame relay (RFC 2684, RFC 2427), and either
    elsewhere.
    """
    if at + 5 > end:
        return CODE_LLC, at
    organisation = be16(buffer, at) << 8 | byte(buffer, at + 2)
    kind = be16(buffer, at + 3)
    if organisation in (OUI_ETHERNET, OUI_802_1H, OUI_APPLE) or kind == ETHERTYPE_CDP:
        return kind, at + 5
    if organisation == OUI_BRIDGED and kind in BRIDGED_ETHERNET:
        padded = at + 21 <= end and be16(buffer, at + 5) == 0 and be16(buffer, at + 19) >= FIRST_ETHERTYPE
        return ETHERTYPE_BRIDGED, at + (7 if padded and be16(buffer, at + 17) != ETHERTYPE_IPV4 else 5)
    if (organisation == OUI_BRIDGED and kind < FIRST_BRIDGED_BPDU) or kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return CODE_UNFOLLOWED, at  # bridged, or of an organisation whose numbers only look like those of IP
    return CODE_LLC, at


@inner_jit
def llc(buffer: Any, at: Any, end: Any) -> Any:
    """802.2 (and SNAP) header: EtherType and place of the payload."""
    if at + 3 > end:
        return CODE_CUT, at
    dsap, ssap = byte(buffer, at), byte(buffer, at + 1)
    if dsap == SAP_SNAP and ssap == SAP_SNAP:
        return snap(buffer, at + 3, end)
    if dsap == SAP_IP and ssap == SAP_IP:
        return ETHERTYPE_IPV4, at + 3
    if dsap == SAP_STP and ssap == SAP_STP:
        return CODE_STP, at
    return CODE_LLC, at


@inner_jit
def _ppp_protocol(buffer: Any, at: Any, end: Any) -> Any:
    """PPP's number of what it carries, of one byte where compressed (-1 where cut off), and where that begins."""
    if at + 2 > end:
        return -1, at
    return (byte(buffer, at), at + 1) if byte(buffer, at) & 1 else (be16(buffer, at), at + 2)


@inner_jit
def ppp(buffer: Any, at: Any, end: Any) -> Any:
    """PPP protocol field: EtherType and place of the payload, also of multilink PPP that holds a whole packet."""
    if at + 2 <= end and byte(buffer, at) == PPP_ADDRESS:  # then a control field follows, whatever it says
        at += 2
    protocol, at = _ppp_protocol(buffer, at, end)
    if protocol == PPP_MULTILINK and at < end and byte(buffer, at) & WHOLE_PIECE == WHOLE_PIECE:
        begin = at
        protocol, at = _ppp_protocol(buffer, begin + LONG_NUMBER, end)
        if byte(buffer, begin) != WHOLE_PIECE or protocol not in PPP_WITH_IP:
            protocol, at = _ppp_protocol(buffer, begin + SHORT_NUMBER, end)
        if protocol not in PPP_WITH_IP:
            return CODE_PPP_DATA, begin
    if protocol < 0:
        return CODE_CUT, at
    if protocol == PPP_IPV4:
        return ETHERTYPE_IPV4, at
    if protocol == PPP_IPV6:
        return ETHERTYPE_IPV6, at
    if protocol in (PPP_MPLS, PPP_MPLS_MULTICAST):
        return ETHERTYPE_MPLS, at
    if protocol == PPP_BRIDGING and at + BRIDGING_BYTES <= end and byte(buffer, at + 1) == BRIDGING_ETHERNET:
        has_id = byte(buffer, at) & BRIDGING_HAS_LAN_ID != 0
        return ETHERTYPE_BRIDGED, at + BRIDGING_BYTES + (4 if has_id else 0)
    return CODE_PPP_DATA if protocol in PPP_HIDING else CODE_PPP, at


@inner_jit
def ethernet(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet header: EtherType and place of the payload."""
    if at + 14 > end:
        return CODE_CUT, at
    kind = be16(buffer, at + 12)
    if kind < FIRST_ETHERTYPE:
        if at + 16 <= end and be16(buffer, at + 14) == 0xFFFF:
            return ETHERTYPE_IPX, at + 14
        if at + 22 <= end and be32(buffer, at + 1) == ISL_ADDRESS and byte(buffer, at) | ISL_OTHER == ISL_FIRST:
            return CODE_ISL, at + 14
        return llc(buffer, at + 14, end)
    return kind, at + 14


@inner_jit
def behind_vlan(buffer: Any, at: Any, end: Any) -> Any:
    """VLAN tag at `at`, whole: EtherType and place of the payload."""
    kind = be16(buffer, at + 2)
    if kind < FIRST_ETHERTYPE:
        return llc(buffer, at + 4, end)
    return kind, at + 4
