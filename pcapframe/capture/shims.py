"""The tags and labels between MAC addresses and IP: one function and one row of ``SHIMS`` each.

A decoder takes the buffer, where the bytes behind its Ethernet type begin, and where the captured bytes end. It returns
the Ethernet type of what follows (or a code of ``link``) and its place; its own type and `at` where it is not followed:
encrypted, of an unknown version, or cut off.
"""

from typing import Any

from pcapframe.capture.bits import be16, byte
from pcapframe.capture.link import (
    CODE_BATMAN_DATA,
    CODE_CAPWAP_WLAN,
    CODE_CUT,
    CODE_FIRST_PIECE,
    CODE_ISL,
    CODE_LLC,
    ETHERTYPE_ARP,
    ETHERTYPE_BRIDGED,
    ETHERTYPE_FABRICPATH,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_MPLS_UPSTREAM,
    ETHERTYPE_PPPOE,
    FIRST_ETHERTYPE,
    RARE_VLAN_TYPES,
    VLAN_TYPES,
    by_version,
    ethernet,
    llc,
    ppp,
)
from pcapframe.capture.tables import Layer
from pcapframe.capture.wan import by_nlpid, frame_relay
from pcapframe.capture.wireless import capwap_wlan
from pcapframe.jit import inner_jit

__all__ = ["SHIMS", "frame_strength", "ip_version", "mpls", "typed"]

ETHERTYPE_CMD, ETHERTYPE_VN_TAG, ETHERTYPE_E_TAG, ETHERTYPE_R_TAG = 0x8909, 0x8926, 0x893F, 0xF1C1
ETHERTYPE_PBB, ETHERTYPE_MACSEC, ETHERTYPE_HSR, ETHERTYPE_TRILL = 0x88E7, 0x88E5, 0x892F, 0x22F3
ETHERTYPE_NSH, ETHERTYPE_ARISTA, ETHERTYPE_BATMAN = 0x894F, 0xD28B, 0x4305
ETHERTYPE_PPP, ETHERTYPE_JUMBO = 0x880B, 0x8870
ETHERTYPE_REALTEK, ETHERTYPE_EDSA, ETHERTYPE_BROADCOM, ETHERTYPE_RENESAS = 0x8899, 0xDADA, 0x8874, 0xE001

MACSEC_VERSION, MACSEC_HAS_SCI, MACSEC_CHANGED = 0x80, 0x20, 0x0C  # of the first byte; changed: encrypted, at least
NSH_NEXT = (0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_BRIDGED, ETHERTYPE_NSH, ETHERTYPE_MPLS)  # RFC 8300 section 9.1
NSH_IPV4, NSH_MPLS = 1, 5
ARISTA_TIMES, ARISTA_48_BITS, ARISTA_64_BITS = 1, 0x20, 0x10
# Packet types of version 14, and of version 15, which numbers them in another way.
BATMAN_OLD_UNICAST, BATMAN_OLD_BROADCAST, BATMAN_OLD_FRAGMENT, BATMAN_OLD_4_ADDRESSES = 0x03, 0x04, 0x06, 0x09
BATMAN_OLD_CODED = 0x0A
BATMAN_BROADCAST, BATMAN_CODED, BATMAN_MULTICAST = 0x01, 0x02, 0x05
BATMAN_UNICAST, BATMAN_FRAGMENT, BATMAN_4_ADDRESSES = 0x40, 0x41, 0x42
REALTEK_4, REALTEK_OLD_4, REALTEK_8 = 0xA0, 0x90, 0x04  # tags of four and eight bytes; other protocols share the type
LABEL_BYTES, LIKELY_TAGS = 4, 3
HDLC_ADDRESSES, UNNUMBERED = (0x0F, 0x8F), 0x03  # of Cisco: unicast, broadcast; control of frame relay
MOST_TYPES_BEGIN, MOST_TYPES_END, LONGEST_802_3 = 0x8000, 0xA000, 1500  # of Ethernet types
OTHER_TYPES = (
    ETHERTYPE_TRILL, ETHERTYPE_ARISTA, ETHERTYPE_BATMAN, ETHERTYPE_R_TAG, ETHERTYPE_EDSA, ETHERTYPE_RENESAS,
    ETHERTYPE_BRIDGED, *RARE_VLAN_TYPES,
)  # fmt: skip
LIKELY_TYPES = (ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_ARP, *VLAN_TYPES, ETHERTYPE_MPLS, ETHERTYPE_PPPOE)


@inner_jit
def typed(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet type at `at` and what follows it; a smaller number is the length of an 802.2 header."""
    if at + 2 > end:
        return CODE_CUT, at
    kind = be16(buffer, at)
    if kind < FIRST_ETHERTYPE:
        return llc(buffer, at + 2, end)
    return kind, at + 2


@inner_jit
def ip_version(buffer: Any, at: Any, end: Any) -> Any:
    """EtherType of a whole IP header at `at` whose version and length go together; ``CODE_LLC`` if it is none."""
    if at + 20 > end:
        return CODE_LLC
    version = byte(buffer, at) >> 4
    if version == 4:
        header, length = 4 * (byte(buffer, at) & 15), be16(buffer, at + 2)
        return ETHERTYPE_IPV4 if header >= 20 and (length == 0 or length >= header) else CODE_LLC
    return ETHERTYPE_IPV6 if version == 6 and at + 40 <= end else CODE_LLC


@inner_jit
def _cisco_cmd(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco meta data with a security group tag: version, length [4 bytes], options."""
    if at + 6 > end:
        return CODE_CUT, at
    return typed(buffer, at + 2 + 4 * max(byte(buffer, at + 1), 1), end)


@inner_jit
def _four(buffer: Any, at: Any, end: Any) -> Any:
    """A tag of four bytes: VN-Tag, HSR (IEC 62439-3), R-Tag (802.1CB), Broadcom's tag."""
    return typed(buffer, at + 4, end)


@inner_jit
def _six(buffer: Any, at: Any, end: Any) -> Any:
    """A tag of six bytes: E-Tag (802.1BR), EDSA (Marvell), Renesas."""
    return typed(buffer, at + 6, end)


@inner_jit
def _pbb(buffer: Any, at: Any, end: Any) -> Any:
    """Backbone service tag (802.1ah), and the customer's frame."""
    return ETHERTYPE_BRIDGED, at + 4


@inner_jit
def _macsec(buffer: Any, at: Any, end: Any) -> Any:
    """MACsec (802.1AE) that only protects integrity."""
    if at + 6 > end or byte(buffer, at) & (MACSEC_VERSION | MACSEC_CHANGED):
        return ETHERTYPE_MACSEC, at
    return typed(buffer, at + (14 if byte(buffer, at) & MACSEC_HAS_SCI else 6), end)


@inner_jit
def _trill(buffer: Any, at: Any, end: Any) -> Any:
    """TRILL (RFC 6325) and the frame behind its options."""
    if at + 6 > end or byte(buffer, at) >> 6 != 0:
        return ETHERTYPE_TRILL, at
    return ETHERTYPE_BRIDGED, at + 6 + 4 * (be16(buffer, at) >> 6 & 0x1F)


@inner_jit
def _fabricpath(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco FabricPath: Wireshark 4.0 also takes four bytes off the end (its issue 19989)."""
    return ETHERTYPE_BRIDGED, at + 2


@inner_jit
def _nsh(buffer: Any, at: Any, end: Any) -> Any:
    """Network service header (RFC 8300), and what its next protocol says."""
    if at + 8 > end or byte(buffer, at) >> 6 != 0:
        return ETHERTYPE_NSH, at
    words, protocol = byte(buffer, at + 1) & 0x3F, byte(buffer, at + 3)
    if words < 2 or not NSH_IPV4 <= protocol <= NSH_MPLS:
        return ETHERTYPE_NSH, at
    return NSH_NEXT[protocol], at + 4 * words


@inner_jit
def _arista(buffer: Any, at: Any, end: Any) -> Any:
    """Arista's time stamp of 64 or 48 bits, behind a subtype and a version."""
    if at + 4 > end or be16(buffer, at) != ARISTA_TIMES:
        return ETHERTYPE_ARISTA, at
    form = byte(buffer, at + 3) & 0xF0
    if form not in (ARISTA_64_BITS, ARISTA_48_BITS):
        return ETHERTYPE_ARISTA, at
    return typed(buffer, at + (12 if form == ARISTA_64_BITS else 10), end)


@inner_jit
def _batman(buffer: Any, at: Any, end: Any) -> Any:
    """B.A.T.M.A.N. advanced, versions 14 and 15: the frames that it carries whole."""
    if at + 6 > end:
        return CODE_CUT, at
    kind, version = byte(buffer, at), byte(buffer, at + 1)
    if version == 14:
        is_split, multicast = kind in (BATMAN_OLD_FRAGMENT, BATMAN_OLD_CODED), False
        unicast, broadcast, four = BATMAN_OLD_UNICAST, BATMAN_OLD_BROADCAST, BATMAN_OLD_4_ADDRESSES
    else:
        is_split, multicast = version != 15 or kind in (BATMAN_FRAGMENT, BATMAN_CODED), kind == BATMAN_MULTICAST
        unicast, broadcast, four = BATMAN_UNICAST, BATMAN_BROADCAST, BATMAN_4_ADDRESSES
    if is_split:
        return CODE_BATMAN_DATA, at
    if multicast:
        return ETHERTYPE_BRIDGED, at + 6 + be16(buffer, at + 4)
    if kind == unicast:
        return ETHERTYPE_BRIDGED, at + 10
    if kind == broadcast:
        return ETHERTYPE_BRIDGED, at + 14
    return (ETHERTYPE_BRIDGED, at + 18) if kind == four else (ETHERTYPE_BATMAN, at)


@inner_jit
def _realtek(buffer: Any, at: Any, end: Any) -> Any:
    """Tag of a Realtek switch chip."""
    if at + 2 <= end and byte(buffer, at) & 0xF0 in (REALTEK_4, REALTEK_OLD_4):
        return typed(buffer, at + 2, end)
    if at + 6 <= end and byte(buffer, at) == REALTEK_8:
        return typed(buffer, at + 6, end)
    return ETHERTYPE_REALTEK, at


@inner_jit
def _pppoe(buffer: Any, at: Any, end: Any) -> Any:
    """PPPoE session (RFC 2516)."""
    if at + 8 > end:
        return CODE_CUT, at
    return ppp(buffer, at + 6, end)


@inner_jit
def isl_vlan(buffer: Any, at: Any) -> Any:
    """VLAN id of an ISL header whose SNAP begins at `at`."""
    return be16(buffer, at + 6) >> 1


@inner_jit
def _isl(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco's ISL, from its SNAP header on: 12 bytes, then the frame."""
    return ethernet(buffer, at + 12, end) if at + 12 <= end else (CODE_ISL, at)


@inner_jit
def frame_strength(buffer: Any, at: Any, end: Any) -> Any:
    """How much speaks for an Ethernet frame at `at`: 2 with an IP header, 1 with another likely type, 0 nothing."""
    if at + 14 > end:
        return 0
    kind, inner = be16(buffer, at + 12), at + 14
    for _ in range(LIKELY_TAGS):
        if kind in VLAN_TYPES and inner + 4 <= end:
            kind, inner = be16(buffer, inner + 2), inner + 4
    if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) and ip_version(buffer, inner, end) == kind:
        return 2
    return 1 if kind in LIKELY_TYPES else 0


@inner_jit
def _line(buffer: Any, at: Any, end: Any) -> Any:
    """What a pseudowire of a line carries at `at`: Cisco HDLC, or IP in PPP or frame relay; else ``CODE_LLC``."""
    if at + 4 > end:
        return CODE_LLC, at
    if byte(buffer, at) in HDLC_ADDRESSES and byte(buffer, at + 1) == 0:
        return be16(buffer, at + 2), at + 4
    for form in range(3):  # frame relay with its address and without (RFC 4619)
        if form == 0:
            kind, place = ppp(buffer, at, end)
        elif form == 1:
            kind, place = frame_relay(buffer, at, end)
        else:
            kind, place = by_nlpid(buffer, at + 1, end) if byte(buffer, at) == UNNUMBERED else (CODE_LLC, at)
        if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) and ip_version(buffer, place, end) == kind:
            return kind, place
    return CODE_LLC, at


@inner_jit
def _may_be_frame(buffer: Any, at: Any, end: Any) -> Any:
    """Whether an Ethernet frame may be at `at`: with a type like most, or a length that it has room for."""
    if at + 14 > end:
        return False
    kind = be16(buffer, at + 12)
    is_type = MOST_TYPES_BEGIN <= kind < MOST_TYPES_END or kind in LIKELY_TYPES or kind in OTHER_TYPES
    return is_type or kind <= min(end - at - 14, LONGEST_802_3)


@inner_jit
def mpls(buffer: Any, at: Any, end: Any) -> Any:
    """MPLS labels (RFC 3032) and what they carry: IP, or a pseudowire, with a control word (RFC 4385) or without.

    The packet does not say which: Ethernet (RFC 4448) is told by its type, PPP, HDLC (RFC 4618) and frame relay
    (RFC 4619) by the IP header in them.
    """
    begin = at
    bottom = False
    while not bottom and at + LABEL_BYTES <= end:
        bottom = byte(buffer, at + 2) & 1 == 1
        at += LABEL_BYTES
    if not bottom or at >= end:
        return ETHERTYPE_MPLS, begin
    strength = frame_strength(buffer, at, end)
    kind = by_version(buffer, at, end)
    if kind != CODE_LLC and strength < 2:
        return kind, at
    inner = at + LABEL_BYTES if byte(buffer, at) >> 4 == 0 else at  # behind a control word, or what looks like one
    if inner > at and frame_strength(buffer, inner, end) > strength:
        return ethernet(buffer, inner, end)
    if strength:
        return ethernet(buffer, at, end)
    for place in (at, inner):
        kind, behind = _line(buffer, place, end)
        if kind != CODE_LLC:
            return kind, behind
    if inner > at and _may_be_frame(buffer, inner, end):
        return ethernet(buffer, inner, end)
    return ETHERTYPE_MPLS, begin


# By Ethernet type. Trailers are told by the length of the IP packet, but for the few that have none.
SHIMS = {  # the first ones are found first
    ETHERTYPE_BRIDGED: Layer("Ethernet", ethernet),
    **dict.fromkeys((ETHERTYPE_MPLS, ETHERTYPE_MPLS_UPSTREAM), Layer("MPLS", mpls, is_tunnel=True)),
    ETHERTYPE_PPPOE: Layer("PPPoE", _pppoe),
    ETHERTYPE_PPP: Layer("PPP", ppp),
    ETHERTYPE_JUMBO: Layer("802.2 in jumbo frames", llc),
    ETHERTYPE_FABRICPATH: Layer("FabricPath", _fabricpath),
    ETHERTYPE_CMD: Layer("CMD", _cisco_cmd),
    ETHERTYPE_VN_TAG: Layer("VNTAG", _four),
    ETHERTYPE_E_TAG: Layer("802.1BR E-Tag", _six),
    ETHERTYPE_PBB: Layer("PBB", _pbb, is_tunnel=True),
    ETHERTYPE_MACSEC: Layer("MACsec", _macsec, trailer=16),
    ETHERTYPE_TRILL: Layer("TRILL", _trill),
    ETHERTYPE_NSH: Layer("NSH", _nsh),
    ETHERTYPE_ARISTA: Layer("Arista timestamp", _arista),
    ETHERTYPE_HSR: Layer("HSR", _four),
    ETHERTYPE_R_TAG: Layer("802.1CB R-Tag", _four),
    ETHERTYPE_BATMAN: Layer("batman-adv", _batman),
    CODE_ISL: Layer("ISL", _isl),
    CODE_CAPWAP_WLAN: Layer("802.11", capwap_wlan),
    CODE_FIRST_PIECE: Layer("802.11", llc),
    ETHERTYPE_REALTEK: Layer("Realtek", _realtek),
    ETHERTYPE_EDSA: Layer("EDSA", _six),
    ETHERTYPE_BROADCOM: Layer("Broadcom tag", _four),
    ETHERTYPE_RENESAS: Layer("Renesas tag", _six),
}
