"""The link types that are decoded: one function and one row of ``LINK_TYPES`` each.

A decoder takes the buffer, where a frame begins and where its captured bytes end. It returns the Ethernet type of the
network header (or a code of ``link``) and where that header begins; shims such as VLAN tags are skipped later.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pcapframe.capture.bits import be16, be32, byte, u16, u32
from pcapframe.capture.link import (
    CODE_CUT,
    CODE_LLC,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_PPPOE,
    FIRST_ETHERTYPE,
    by_version,
    ethernet,
    llc,
    ppp,
    wlan,
)
from pcapframe.jit import inner_jit

__all__ = [
    "LINK_ETHERNET",
    "LINK_TYPES",
    "NESTED_LINK",
    "OTHER_LINKS",
    "UNKNOWN_LINK",
    "LinkType",
    "is_undecoded",
    "link_name",
]

UNKNOWN_LINK = 0x20000  # an undecoded link type is this code + its number
NESTED_LINK = 1 << 32  # this code + the number of a link type: a frame of that type follows
OTHER_LINKS = "other link types"  # protocol of the packets of link types beyond those that are named one by one

BSD_INET = 2  # address families in the header of BSD loopback
BSD_INET6 = (10, 23, 24, 28, 30)  # by operating system
SLL_802_2 = 4  # in place of an Ethernet type
Q922_UNNUMBERED, NLPID_IPV4, NLPID_IPV6, NLPID_SNAP = 0x03, 0xCC, 0x8E, 0x80  # RFC 2427
ARCNET_IP, ARCNET_ARP, ARCNET_OLD_IP, ARCNET_OLD_ARP = 0xD4, 0xD5, 0xF0, 0xF1  # RFC 1201, RFC 1051


class LinkType(NamedTuple):
    """A link type: its name for readers, and the compiled function that finds the network header of a frame.

    Frames of a common one are decoded without ``deep``, where nothing else calls for it.
    """

    name: str
    decoder: Callable[..., Any]
    common: bool = False


@inner_jit
def _raw(buffer: Any, at: Any, end: Any) -> Any:
    """IPv4 or IPv6 without a link layer."""
    return by_version(buffer, at, end), at


@inner_jit
def _raw_4(buffer: Any, at: Any, end: Any) -> Any:
    """IPv4 without a link layer."""
    return ETHERTYPE_IPV4, at


@inner_jit
def _raw_6(buffer: Any, at: Any, end: Any) -> Any:
    """IPv6 without a link layer."""
    return ETHERTYPE_IPV6, at


@inner_jit
def _pppoe(buffer: Any, at: Any, end: Any) -> Any:
    """A PPPoE header, which is skipped like that within Ethernet."""
    return ETHERTYPE_PPPOE, at


@inner_jit
def _loopback(buffer: Any, at: Any, end: Any) -> Any:
    """BSD loopback: an address family in the byte order of the capturing machine, or in network byte order."""
    if at + 4 > end:
        return CODE_CUT, at
    family = be32(buffer, at)
    if family > 0xFFFF:
        family = (family >> 24) | (family >> 8 & 0xFF00)
    if family == BSD_INET:
        return ETHERTYPE_IPV4, at + 4
    if family in BSD_INET6:
        return ETHERTYPE_IPV6, at + 4
    return CODE_LLC, at + 4


@inner_jit
def _cooked_type(buffer: Any, kind: Any, at: Any, end: Any) -> Any:
    """Type in a Linux cooked header that ends at `at`."""
    if kind == SLL_802_2:
        return llc(buffer, at, end)
    return CODE_LLC if kind < FIRST_ETHERTYPE else kind, at


@inner_jit
def _cooked_1(buffer: Any, at: Any, end: Any) -> Any:
    """Linux cooked capture."""
    if at + 16 > end:
        return CODE_CUT, at
    return _cooked_type(buffer, be16(buffer, at + 14), at + 16, end)


@inner_jit
def _cooked_2(buffer: Any, at: Any, end: Any) -> Any:
    """Linux cooked capture, version 2."""
    if at + 20 > end:
        return CODE_CUT, at
    return _cooked_type(buffer, be16(buffer, at), at + 20, end)


@inner_jit
def _cisco_hdlc(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco HDLC: an Ethernet type behind an address and a zero."""
    if at + 4 > end:
        return CODE_CUT, at
    return be16(buffer, at + 2), at + 4


@inner_jit
def _ppp_or_hdlc(buffer: Any, at: Any, end: Any) -> Any:
    """PPP, or Cisco HDLC, told by its address (unicast or broadcast)."""
    if at + 2 <= end and byte(buffer, at) in (0x0F, 0x8F) and byte(buffer, at + 1) == 0:
        return _cisco_hdlc(buffer, at, end)
    return ppp(buffer, at, end)


@inner_jit
def _infiniband(buffer: Any, at: Any, end: Any) -> Any:
    """IP over InfiniBand (RFC 4391), behind a pseudo-header with addresses."""
    if at + 44 > end:
        return CODE_CUT, at
    return be16(buffer, at + 40), at + 44


@inner_jit
def _arcnet(buffer: Any, at: Any, end: Any) -> Any:
    """ARCNET as Linux captures it: RFC 1201 has a fragmentation header of three bytes, RFC 1051 none."""
    if at + 6 > end:
        return CODE_CUT, at
    protocol = byte(buffer, at + 4)
    at += 8 if protocol in (ARCNET_IP, ARCNET_ARP) else 5
    if protocol in (ARCNET_IP, ARCNET_OLD_IP):
        return ETHERTYPE_IPV4, at
    return ETHERTYPE_ARP if protocol in (ARCNET_ARP, ARCNET_OLD_ARP) else CODE_LLC, at


@inner_jit
def _wlan(buffer: Any, at: Any, end: Any) -> Any:
    """802.11 without a header of the radio."""
    return wlan(buffer, at, end, 0, False)


@inner_jit
def _juniper_ethernet(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet behind Juniper's header, which may have an extension; bit 2 says that no link layer follows."""
    if at + 6 > end:
        return CODE_CUT, at
    flags = byte(buffer, at + 3)
    if flags & 2:
        return CODE_LLC, at
    return ethernet(buffer, at + (6 + be16(buffer, at + 4) if flags & 0x80 else 4), end)


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
    if byte(buffer, at + 2) != Q922_UNNUMBERED:  # Cisco encapsulation: an Ethernet type
        return be16(buffer, at + 2), at + 4
    at += 3
    if byte(buffer, at) == 0 and at + 1 < end:
        at += 1
    if byte(buffer, at) == NLPID_IPV4:
        return ETHERTYPE_IPV4, at + 1
    if byte(buffer, at) == NLPID_IPV6:
        return ETHERTYPE_IPV6, at + 1
    if byte(buffer, at) == NLPID_SNAP and at + 6 <= end and be32(buffer, at) & 0xFFFFFF == 0:
        return be16(buffer, at + 4), at + 6
    return CODE_LLC, at


LINK_ETHERNET = 1
LINK_TYPES = {  # numbers of the pcap registry; the first ones are found first
    LINK_ETHERNET: LinkType("Ethernet", ethernet, common=True),
    113: LinkType("Linux cooked v1", _cooked_1, common=True),
    276: LinkType("Linux cooked v2", _cooked_2, common=True),
    101: LinkType("raw IP", _raw, common=True),
    228: LinkType("raw IPv4", _raw_4),
    229: LinkType("raw IPv6", _raw_6),
    0: LinkType("BSD loopback", _loopback, common=True),
    108: LinkType("OpenBSD loopback", _loopback, common=True),
    9: LinkType("PPP", _ppp_or_hdlc),
    50: LinkType("PPP in HDLC-like framing", _ppp_or_hdlc),
    51: LinkType("PPPoE", _pppoe),
    104: LinkType("Cisco HDLC", _cisco_hdlc),
    107: LinkType("Frame Relay", _frame_relay),
    129: LinkType("ARCNET (Linux)", _arcnet),
    242: LinkType("IP over InfiniBand", _infiniband),
    105: LinkType("802.11", _wlan),
    127: LinkType("802.11 with radiotap", _radiotap),
    178: LinkType("Juniper Ethernet", _juniper_ethernet),
}


def link_name(number: int) -> str:
    """Name of a link type; those that are not decoded by their number."""
    return LINK_TYPES[number].name if number in LINK_TYPES else f"link type {number}"


def is_undecoded(protocol: str) -> bool:
    """Whether packets of this protocol are of a link type without a decoder, so that nothing else is known of them."""
    return protocol == OTHER_LINKS or protocol.startswith("link type ")
