"""Juniper's link types: a header of its own, then what the line carries, as Wireshark and tcpdump read them."""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte, u32
from pcapframe.capture.link import (
    CODE_CUT,
    CODE_LLC,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    NESTED_LINK,
    PPP_WITH_IP,
    UNKNOWN_LINK,
    by_version,
    ethernet,
    ppp,
)
from pcapframe.capture.wan import (
    Q922_UNNUMBERED,
    atm_llc,
    by_nlpid,
    cisco_hdlc,
    frame_relay,
    frame_relay_multilink,
)
from pcapframe.jit import inner_jit

__all__ = [
    "juniper_atm1",
    "juniper_atm2",
    "juniper_encryption",
    "juniper_ethernet",
    "juniper_frame_relay",
    "juniper_frf_16",
    "juniper_ggsn",
    "juniper_hdlc",
    "juniper_ip",
    "juniper_multilink_frame_relay",
    "juniper_multilink_ppp",
    "juniper_ppp",
    "juniper_services",
    "juniper_typed",
    "juniper_voice",
]

MAGIC = 0x4D4743
INCOMING, WITHOUT_LINK_LAYER, EXTENDED = 1, 2, 0x80  # flags
PAYLOAD_IPV4, PAYLOAD_IPV6, PAYLOAD_MPLS = (2, 3), (6, 7), (4, 5, 8)
PAYLOAD_PPP, PAYLOAD_LLC, PAYLOAD_ETHERNET, PAYLOAD_FRAME_RELAY, PAYLOAD_HDLC = 200, (202, 203), 204, 207, 208
LINK_ETHERNET, LINK_ATM, LINK_FRAME_RELAY, LINK_HDLC, LINK_PPP, LINK_ENCRYPTION = 1, 100, 107, 104, 9, 132
LLC_UNNUMBERED = (0xAAAA03, 0xFEFE03)
ATM2_GAP_MASK = 0x3F
COOKIE_LS, COOKIES_AS = 0x54, (0x40, 0x47)  # of the link services and adaptive services cards
COOKIE_IPV4, COOKIE_IPV6, COOKIE_MPLS = 0x00, 0x10, 0x20
UNNUMBERED_FILLED = (0x0003, 0x0300)  # with a byte of padding before it or behind it
OF_A_LINK = 0xC0  # begin and end of a fragment of FRF.16: no cookie has both bits
ENCRYPTION_SINGLE, ENCRYPTION_BYTES = (3, 4, 5), 16  # types that are no bundles of several ways to protect
UNKNOWN = -2  # in place of an Ethernet type: the link layer of the line follows


@inner_jit
def _payload(kind: Any, at: Any) -> Any:
    """Type of what a number of Juniper's says."""
    if kind in PAYLOAD_IPV4:
        return ETHERTYPE_IPV4, at
    if kind in PAYLOAD_IPV6:
        return ETHERTYPE_IPV6, at
    if kind in PAYLOAD_MPLS:
        return ETHERTYPE_MPLS, at
    if kind == PAYLOAD_PPP:
        return NESTED_LINK + LINK_PPP, at
    if kind == PAYLOAD_ETHERNET:
        return NESTED_LINK + LINK_ETHERNET, at
    if kind in PAYLOAD_LLC:
        return NESTED_LINK + LINK_ATM, at
    if kind == PAYLOAD_FRAME_RELAY:
        return NESTED_LINK + LINK_FRAME_RELAY, at
    return (NESTED_LINK + LINK_HDLC if kind == PAYLOAD_HDLC else CODE_LLC), at


@inner_jit
def _header(buffer: Any, at: Any, end: Any) -> Any:
    """Skip Juniper's header, which may have an extension: type of the payload or `UNKNOWN`, its place, the flags.

    Old systems write no header.
    """
    if at + 4 > end:
        return CODE_CUT, at, 0
    if be32(buffer, at) >> 8 != MAGIC:
        return UNKNOWN, at, 0
    flags = byte(buffer, at + 3)
    if flags & EXTENDED:
        if at + 6 > end:
            return CODE_CUT, at, flags
        at += 6 + be16(buffer, at + 4)
    else:
        at += 4
    if flags & WITHOUT_LINK_LAYER:
        if at + 4 > end:
            return CODE_CUT, at, flags
        kind, at = _payload(u32(buffer, at, False), at + 4)
        return kind, at, flags
    return UNKNOWN, at, flags


@inner_jit
def juniper_ethernet(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet behind Juniper's header."""
    kind, at, _flags = _header(buffer, at, end)
    return (kind, at) if kind != UNKNOWN else ethernet(buffer, at, end)


@inner_jit
def juniper_ppp(buffer: Any, at: Any, end: Any) -> Any:
    """PPP behind Juniper's header."""
    kind, at, _flags = _header(buffer, at, end)
    return (kind, at) if kind != UNKNOWN else ppp(buffer, at, end)


@inner_jit
def juniper_frame_relay(buffer: Any, at: Any, end: Any) -> Any:
    """Frame relay behind Juniper's header."""
    kind, at, _flags = _header(buffer, at, end)
    return (kind, at) if kind != UNKNOWN else frame_relay(buffer, at, end)


@inner_jit
def juniper_hdlc(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco HDLC behind Juniper's header."""
    kind, at, _flags = _header(buffer, at, end)
    return (kind, at) if kind != UNKNOWN else cisco_hdlc(buffer, at, end)


@inner_jit
def juniper_ip(buffer: Any, at: Any, end: Any) -> Any:
    """IP behind Juniper's header."""
    kind, at, _flags = _header(buffer, at, end)
    return (kind if kind != UNKNOWN else by_version(buffer, at, end)), at


@inner_jit
def juniper_services(buffer: Any, at: Any, end: Any) -> Any:
    """IP behind Juniper's header and a cookie of the services card, which is longer for incoming packets."""
    kind, at, flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    at += 16 if flags & INCOMING else 12
    return by_version(buffer, at, end), at


@inner_jit
def juniper_voice(buffer: Any, at: Any, end: Any) -> Any:
    """IP behind Juniper's header and 18 empty bytes of the voice card."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    return by_version(buffer, at + 18, end), at + 18


@inner_jit
def juniper_ggsn(buffer: Any, at: Any, end: Any) -> Any:
    """A payload number and a VLAN id behind Juniper's header."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    if at + 4 > end:
        return CODE_CUT, at
    return _payload(byte(buffer, at) | byte(buffer, at + 1) << 8, at + 4)


@inner_jit
def _adaptive_services(buffer: Any, at: Any, end: Any) -> Any:
    """What the cookie of an adaptive services card at `at` says, ``CODE_LLC`` for something else, and its place."""
    what = byte(buffer, at + 5) & 0xF0
    if what == COOKIE_IPV4:
        return by_version(buffer, at + 8, end), at + 8
    return (ETHERTYPE_IPV6 if what == COOKIE_IPV6 else ETHERTYPE_MPLS if what == COOKIE_MPLS else CODE_LLC), at + 8


@inner_jit
def juniper_multilink_frame_relay(buffer: Any, at: Any, end: Any) -> Any:
    """Multilink frame relay (FRF.15) behind Juniper's header and a cookie, whose length depends on the card."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    if at + 8 > end:
        return CODE_CUT, at
    cookie = byte(buffer, at)
    if cookie in COOKIES_AS:
        kind, at = _adaptive_services(buffer, at, end)
        if kind == CODE_LLC and at < end and byte(buffer, at) == Q922_UNNUMBERED:
            return by_nlpid(buffer, at + 1, end)
        return kind, at
    at += 4 if cookie == COOKIE_LS else 2
    if be16(buffer, at) in UNNUMBERED_FILLED:
        return by_nlpid(buffer, at + 2, end)
    if byte(buffer, at) == Q922_UNNUMBERED:
        return by_nlpid(buffer, at + 1, end)
    return by_nlpid(buffer, at, end) if cookie == COOKIE_LS else (CODE_LLC, at)


@inner_jit
def juniper_frf_16(buffer: Any, at: Any, end: Any) -> Any:
    """Multilink frame relay (FRF.16) behind Juniper's header: with a cookie, but for the links of the bundle."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    if at + 8 > end:
        return CODE_CUT, at
    cookie = byte(buffer, at)
    if cookie & OF_A_LINK == OF_A_LINK:
        return frame_relay_multilink(buffer, at, end)
    if cookie in COOKIES_AS:
        return _adaptive_services(buffer, at, end)
    at += 6 if cookie == COOKIE_LS else 4
    return by_nlpid(buffer, at + 1, end) if byte(buffer, at) == Q922_UNNUMBERED else (CODE_LLC, at)


@inner_jit
def juniper_encryption(buffer: Any, at: Any, end: Any) -> Any:
    """IP behind Juniper's header and, but for bundles, 16 bytes of the encryption services card."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    if at + 4 > end:
        return CODE_CUT, at
    at += ENCRYPTION_BYTES if byte(buffer, at + 3) in ENCRYPTION_SINGLE else 0
    kind = by_version(buffer, at, end)
    return (kind if kind != CODE_LLC else UNKNOWN_LINK + LINK_ENCRYPTION), at


@inner_jit
def juniper_typed(buffer: Any, at: Any, end: Any) -> Any:
    """An Ethernet type behind Juniper's header, and what it says."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    return (be16(buffer, at), at + 2) if at + 2 <= end else (CODE_CUT, at)


@inner_jit
def juniper_multilink_ppp(buffer: Any, at: Any, end: Any) -> Any:
    """Multilink PPP behind Juniper's header: the card may write a cookie, which says what follows."""
    kind, at, _flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    if at + 8 > end:
        return CODE_CUT, at
    if byte(buffer, at) == COOKIE_LS:
        return ppp(buffer, at + 4, end)
    if byte(buffer, at) in COOKIES_AS:
        return _adaptive_services(buffer, at, end)
    if be16(buffer, at + 2) in PPP_WITH_IP:  # a cookie of two bytes
        at += 2
    return ppp(buffer, at, end)


@inner_jit
def _juniper_atm(buffer: Any, at: Any, end: Any) -> Any:
    """What may follow an ATM cookie: LLC, PPP or IP, told by how it begins."""
    if at + 4 > end:
        return CODE_CUT, at
    if be32(buffer, at) >> 8 in LLC_UNNUMBERED:
        return atm_llc(buffer, at, end)
    if be16(buffer, at) in PPP_WITH_IP:
        return ppp(buffer, at, end)
    return by_version(buffer, at, end), at


@inner_jit
def juniper_atm1(buffer: Any, at: Any, end: Any) -> Any:
    """ATM behind Juniper's header and a cookie of four bytes."""
    kind, at, _flags = _header(buffer, at, end)
    return (kind, at) if kind != UNKNOWN else _juniper_atm(buffer, at + 4, end)


@inner_jit
def juniper_atm2(buffer: Any, at: Any, end: Any) -> Any:
    """ATM behind Juniper's header and a cookie of eight bytes, which may say that Ethernet follows."""
    kind, at, flags = _header(buffer, at, end)
    if kind != UNKNOWN:
        return kind, at
    if at + 11 > end:
        return CODE_CUT, at
    is_llc = be32(buffer, at + 7) & 0xFFFFFF in LLC_UNNUMBERED
    if not is_llc and not flags & INCOMING and byte(buffer, at + 3) & ATM2_GAP_MASK:
        return ethernet(buffer, at + 8, end)
    return _juniper_atm(buffer, at + 8, end)
