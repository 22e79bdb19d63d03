"""The tunnels over UDP: one function and one row of ``UDP_TUNNELS`` each.

A decoder takes the buffer, where the payload of the UDP header begins, and where the captured bytes end. It returns the
Ethernet type of what the tunnel carries and its place, ``NO_PAYLOAD`` where it is none. A port alone makes no tunnel: a
decoder looks for what the tunnel's header must hold; one whose header says little returns ``MUST_FIT`` with the type,
so that an IP header must be there with the length that the UDP header leaves for it.
"""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.capture.gre import gre
from pcapframe.capture.link import (
    CODE_CAPWAP_WLAN,
    CODE_LLC,
    CODE_PPP,
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ppp,
)
from pcapframe.capture.shims import ETHERTYPE_NSH, frame_strength, ip_version, mpls
from pcapframe.capture.tables import NO_PAYLOAD, Layer
from pcapframe.capture.wireless import prism, wlan
from pcapframe.capture.wrappers import TZSP_ETHERNET, TZSP_RADIO, TZSP_WLAN, tzsp_fields
from pcapframe.jit import inner_jit

__all__ = [
    "IS_PIECE",
    "MUST_FIT",
    "OTHERS_TOO",
    "PORT_GRE",
    "PORT_GTP_U",
    "UDP_BYTES",
    "UDP_TUNNELS",
    "VXLAN_PORTS",
    "capwap_piece",
    "fitting_gtp",
    "is_fitting",
    "is_gtp",
    "l2tp_v3",
    "payload_end",
    "vxlan",
]

UDP_BYTES = 8
MUST_FIT = 1 << 20  # beside an Ethernet type: `is_fitting` must be true of it
IS_PIECE = 1 << 21  # beside what it carries: a fragment, see `capwap_piece`
CAPWAP_NATIVE, CAPWAP_FRAGMENT, CAPWAP_LAST, CAPWAP_KEEP_ALIVE = 0x100, 0x80, 0x40, 0x08
CAPWAP_WLAN = 1  # wireless binding
VXLAN_HAS_ID, VXLAN_HAS_PROTOCOL, VXLAN_VERSION = 0x08, 0x04, 0x30
# Next protocols of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe) and LISP-GPE (RFC 9305).
GPE_NEXT = (0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_BRIDGED, ETHERTYPE_NSH, ETHERTYPE_MPLS)
GTP_MASK, GTP_PDU = 0xF8FF, 0x30FF  # version 1, any options, a user's packet
GTP_VERSION_1, GTP_G_PDU, GTP_OPTIONS, GTP_EXTENSION = 0x30, 0xFF, 0x07, 0x04
LISP_HAS_PROTOCOL, LISP_ENCRYPTED = 0x04, 0x03
AYIYA_FORWARD = 1
IP_IN_IP, IPV6_IN_IP = 4, 41  # protocols
L2TP_CONTROL, L2TP_LENGTH, L2TP_SEQUENCE, L2TP_OFFSET, L2TP_VERSION = 0x8000, 0x4000, 0x0800, 0x0200, 0x000F
HDLC_ADDRESSES = (0x0F, 0x8F)  # of Cisco: unicast, broadcast
PEEK_MAGIC, PEEK_BYTES, MOST_PEEK_BYTES = 0x00FFABCD, 20, 200
GTP_0, GTP_0_BYTES = 0x10, 20
GUE_CONTROL, GUE_WORDS = 0x20, 0x1F
MIP_TUNNEL_DATA = 4
LWAPP_BYTES, LWAPP_NOT_WHOLE = 6, 0x06  # bits: control, fragment
PROTOCOLS = (0, 1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 89, 103, 112, 132, 135)  # likely inside


@inner_jit
def payload_end(buffer: Any, at: Any, end: Any) -> Any:
    """Where the payload at `at` of a UDP header ends by its length, captured or not."""
    length = be16(buffer, at - UDP_BYTES + 4)
    return at - UDP_BYTES + length if length >= UDP_BYTES else end


@inner_jit
def is_fitting(buffer: Any, kind: Any, at: Any, end: Any, stop: Any) -> Any:
    """Whether an IP header of the EtherType `kind` is at `at` that fills the bytes up to `stop`, or is well-formed.

    A packet cut by the tunnel's sender has a length beyond `stop`, so a header of IPv4 with the right checksum will do,
    and one of IPv6 with a likely protocol and source.
    """
    if ip_version(buffer, at, end) != kind:
        return False
    if kind == ETHERTYPE_IPV4:
        if at + be16(buffer, at + 2) == stop and byte(buffer, at + 8):
            return True
        words, total = 2 * (byte(buffer, at) & 15), 0
        for k in range(words):
            total += be16(buffer, at + 2 * k) if at + 2 * k + 2 <= end else 0
        return total != 0 and total % 0xFFFF == 0
    if byte(buffer, at + 6) not in PROTOCOLS or byte(buffer, at + 7) == 0:
        return False
    first = byte(buffer, at + 8)
    return at + 40 + be16(buffer, at + 4) == stop or first >> 5 == 1 or first in (0, 0xFC, 0xFD, 0xFE)


@inner_jit
def _ip_in(protocol: Any, at: Any) -> Any:
    """IP by the protocol that a header names, and where it begins."""
    if protocol == IP_IN_IP:
        return MUST_FIT | ETHERTYPE_IPV4, at
    return (MUST_FIT | ETHERTYPE_IPV6 if protocol == IPV6_IN_IP else NO_PAYLOAD), at


@inner_jit
def vxlan(buffer: Any, at: Any, end: Any) -> Any:
    """VXLAN (RFC 7348), also without the bit for its number where a frame with IP follows."""
    if at + 8 > end or not (byte(buffer, at) & VXLAN_HAS_ID or frame_strength(buffer, at + 8, end) == 2):
        return NO_PAYLOAD, at
    return ETHERTYPE_BRIDGED, at + 8


@inner_jit
def _vxlan_gpe(buffer: Any, at: Any, end: Any) -> Any:
    """VXLAN-GPE: with the protocol of what follows."""
    if at + 8 > end or not byte(buffer, at) & VXLAN_HAS_ID or byte(buffer, at) & VXLAN_VERSION:
        return NO_PAYLOAD, at
    if not byte(buffer, at) & VXLAN_HAS_PROTOCOL:
        return ETHERTYPE_BRIDGED, at + 8
    protocol = byte(buffer, at + 3)
    return (GPE_NEXT[protocol] if 1 <= protocol < len(GPE_NEXT) else NO_PAYLOAD), at + 8


@inner_jit
def _geneve(buffer: Any, at: Any, end: Any) -> Any:
    """Geneve (RFC 8926)."""
    if at + 8 > end or byte(buffer, at) >> 6 != 0:
        return NO_PAYLOAD, at
    return be16(buffer, at + 2), at + 8 + 4 * (byte(buffer, at) & 0x3F)


@inner_jit
def is_gtp(buffer: Any, at: Any, end: Any) -> Any:
    """Whether what follows the UDP header at `at` may be GTP-U, whatever the ports."""
    return at + 10 <= end and be16(buffer, at + UDP_BYTES) & GTP_MASK == GTP_PDU


@inner_jit
def fitting_gtp(buffer: Any, at: Any, end: Any) -> Any:
    """GTP-U on a port of another protocol: its length and that of the IP packet in it must be what UDP leaves."""
    kind, place = gtp(buffer, at, end)
    if kind not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) or at + 8 + be16(buffer, at + 2) != payload_end(buffer, at, end):
        return NO_PAYLOAD, at
    return MUST_FIT | kind, place


@inner_jit
def gtp(buffer: Any, at: Any, end: Any) -> Any:
    """GTP-U (3GPP TS 29.281) with its extension headers: IP, or the Ethernet of a 5G session."""
    if at + 8 > end or byte(buffer, at) & 0xF0 != GTP_VERSION_1 or byte(buffer, at + 1) != GTP_G_PDU:
        return NO_PAYLOAD, at
    is_longer = at + 8 + be16(buffer, at + 2) > payload_end(buffer, at, at + 8 + be16(buffer, at + 2))
    options = byte(buffer, at) & GTP_OPTIONS
    next_type = byte(buffer, at + 11) if options & GTP_EXTENSION and at + 12 <= end else 0
    at += 12 if options else 8
    while next_type:
        length = 4 * byte(buffer, at) if at < end else 0
        if length == 0 or at + length > end:
            return NO_PAYLOAD, at
        next_type = byte(buffer, at + length - 1)
        at += length
    kind = ip_version(buffer, at, end)
    if is_longer:  # than the packet, so that IP must fill it
        return (MUST_FIT | kind if kind != CODE_LLC else NO_PAYLOAD), at
    if kind != CODE_LLC:
        return kind, at
    return (ETHERTYPE_BRIDGED if frame_strength(buffer, at, end) == 2 else NO_PAYLOAD), at


@inner_jit
def _capwap(buffer: Any, at: Any, end: Any) -> Any:
    """CAPWAP data (RFC 5415, 5416)."""
    if at + 8 > end or byte(buffer, at) != 0:
        return NO_PAYLOAD, at
    bits = be32(buffer, at)
    header = 4 * (bits >> 19 & 0x1F)
    at += header
    is_wlan = bits & CAPWAP_NATIVE != 0
    if header < 8 or bits & CAPWAP_KEEP_ALIVE or at + 2 > end or (is_wlan and bits >> 9 & 0x1F != CAPWAP_WLAN):
        return NO_PAYLOAD, at
    kind = CODE_CAPWAP_WLAN if is_wlan else ETHERTYPE_BRIDGED
    return (IS_PIECE | kind if bits & CAPWAP_FRAGMENT else kind), at


@inner_jit
def capwap_piece(buffer: Any, at: Any) -> Any:
    """Of a CAPWAP fragment whose header is at `at`: its identification, its offset [bytes], and whether more follow."""
    return be16(buffer, at + 4), be16(buffer, at + 6) & 0xFFF8, be32(buffer, at) & CAPWAP_LAST == 0


@inner_jit
def _teredo(buffer: Any, at: Any, end: Any) -> Any:
    """Teredo (RFC 4380): IPv6 behind the indications of authentication and of the origin."""
    if at + 4 <= end and be16(buffer, at) == 1:
        at += 13 + byte(buffer, at + 2) + byte(buffer, at + 3)
    if at + 8 <= end and be16(buffer, at) == 0:
        at += 8
    return MUST_FIT | ETHERTYPE_IPV6, at


@inner_jit
def l2tp_v3(buffer: Any, at: Any, end: Any, stop: Any) -> Any:
    """What an L2TPv3 session (RFC 3931) carries behind its number at `at`, up to `stop` on the wire.

    Neither the cookie (0, 4 or 8 bytes) nor the sublayer (0 or 4) nor the kind of payload is told by the packet: the
    first combination is taken that gives an IP header of the right length, in Ethernet, PPP, HDLC, or bare.
    """
    for offset in range(4, 17, 4):
        place = at + offset
        if frame_strength(buffer, place, end) == 2:
            return ETHERTYPE_BRIDGED, place
        kind, inner = ip_version(buffer, place, end), place
        if kind == CODE_LLC:
            kind, inner = ppp(buffer, place, end)
        if kind == CODE_PPP and place + 4 <= end and byte(buffer, place) in HDLC_ADDRESSES:
            kind, inner = be16(buffer, place + 2), place + 4
        if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) and is_fitting(buffer, kind, inner, end, stop):
            return kind, inner
    return NO_PAYLOAD, at


@inner_jit
def _l2tp(buffer: Any, at: Any, end: Any) -> Any:
    """L2TP data, version 2 (RFC 2661) or 3."""
    begin = at
    if at + 6 > end:
        return NO_PAYLOAD, at
    flags = be16(buffer, at)
    if flags & L2TP_CONTROL:
        return NO_PAYLOAD, at
    if flags & L2TP_VERSION == 3:
        return l2tp_v3(buffer, at + 4, end, payload_end(buffer, begin, end))
    if flags & L2TP_VERSION != 2:
        return NO_PAYLOAD, at
    at += 6 + (2 if flags & L2TP_LENGTH else 0) + (4 if flags & L2TP_SEQUENCE else 0)
    if flags & L2TP_OFFSET and at + 2 <= end:
        at += 2 + be16(buffer, at)
    return ppp(buffer, at, end)


@inner_jit
def _mpls(buffer: Any, at: Any, end: Any) -> Any:
    """MPLS over UDP (RFC 7510)."""
    kind, place = mpls(buffer, at, end)
    if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) and byte(buffer, place - 2) & 1:  # a label, and no Ethernet type
        return MUST_FIT | kind, place
    return (NO_PAYLOAD if kind == ETHERTYPE_MPLS else kind), place


@inner_jit
def _lisp(buffer: Any, at: Any, end: Any) -> Any:
    """LISP data (RFC 9300), or LISP-GPE with the protocol of what follows (RFC 9305)."""
    if at + 8 > end or byte(buffer, at) & LISP_ENCRYPTED:
        return NO_PAYLOAD, at
    kind, protocol = ip_version(buffer, at + 8, end), byte(buffer, at + 3)
    if kind != CODE_LLC:
        return MUST_FIT | kind, at + 8
    if not byte(buffer, at) & LISP_HAS_PROTOCOL or not 1 <= protocol < len(GPE_NEXT):
        return NO_PAYLOAD, at
    return GPE_NEXT[protocol], at + 8


@inner_jit
def _ayiya(buffer: Any, at: Any, end: Any) -> Any:
    """AYIYA (draft-massar-v6ops-ayiya): IP behind an identity and a signature."""
    if at + 8 > end or byte(buffer, at + 2) & 0x0F != AYIYA_FORWARD:
        return NO_PAYLOAD, at
    header = 8 + (1 << (byte(buffer, at) >> 4)) + 4 * (byte(buffer, at + 1) >> 4)
    return _ip_in(byte(buffer, at + 3), at + header)


@inner_jit
def _tzsp(buffer: Any, at: Any, end: Any) -> Any:
    """TaZmen sniffer protocol: a frame of Ethernet or 802.11 behind tagged fields."""
    carried, at = tzsp_fields(buffer, at, end)
    if carried == TZSP_ETHERNET:
        return ETHERTYPE_BRIDGED, at
    if carried in TZSP_RADIO:
        _kind, at = prism(buffer, at, end)
    elif carried != TZSP_WLAN:
        return NO_PAYLOAD, at
    return wlan(buffer, at, end, 0, False)


@inner_jit
def _juniper_mirror(buffer: Any, at: Any, end: Any) -> Any:
    """Juniper's packet mirror: IP, or PPP in HDLC framing, behind the numbers of the mirror and of the session."""
    kind, place = ip_version(buffer, at + 8, end), at + 8
    if kind == CODE_LLC:
        kind, place = ppp(buffer, at + 8, end)
    return (MUST_FIT | kind if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) else NO_PAYLOAD), place


@inner_jit
def _gtp_0(buffer: Any, at: Any, end: Any) -> Any:
    """GTP of version 0 (3GPP TS 09.60): a header of 20 bytes."""
    if at + GTP_0_BYTES > end or byte(buffer, at) & 0xF0 != GTP_0 or byte(buffer, at + 1) != GTP_G_PDU:
        return NO_PAYLOAD, at
    kind = ip_version(buffer, at + GTP_0_BYTES, end)
    return (MUST_FIT | kind if kind != CODE_LLC else NO_PAYLOAD), at + GTP_0_BYTES


@inner_jit
def _gue(buffer: Any, at: Any, end: Any) -> Any:
    """Generic UDP encapsulation (draft-ietf-intarea-gue) of IP: version 0 has a header, version 1 none."""
    kind = ip_version(buffer, at, end)
    if kind != CODE_LLC:
        return MUST_FIT | kind, at
    if at + 4 > end or byte(buffer, at) & ~GUE_WORDS:
        return NO_PAYLOAD, at
    return _ip_in(byte(buffer, at + 1), at + 4 + 4 * (byte(buffer, at) & GUE_WORDS))


@inner_jit
def _mobile_ip(buffer: Any, at: Any, end: Any) -> Any:
    """Mobile IP through NAT (RFC 3519 section 3.3)."""
    if at + 4 > end or byte(buffer, at) != MIP_TUNNEL_DATA:
        return NO_PAYLOAD, at
    return _ip_in(byte(buffer, at + 1), at + 4)


@inner_jit
def _peek_remote(buffer: Any, at: Any, end: Any) -> Any:
    """802.11 from an access point to a sniffer of WildPackets: a header that says its length, or an older one."""
    if at + PEEK_BYTES > end:
        return NO_PAYLOAD, at
    if be32(buffer, at) == PEEK_MAGIC:
        size = be32(buffer, at + 5)
        return wlan(buffer, at + size, end, 0, False) if PEEK_BYTES <= size <= MOST_PEEK_BYTES else (NO_PAYLOAD, at)
    captured = at + PEEK_BYTES + be16(buffer, at + 4)
    if captured > payload_end(buffer, at, end) or be16(buffer, at + 4) > be16(buffer, at + 2):
        return NO_PAYLOAD, at
    kind, place = wlan(buffer, at + PEEK_BYTES, end, 0, False)
    return (kind if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) else NO_PAYLOAD), place


@inner_jit
def _lwapp(buffer: Any, at: Any, end: Any) -> Any:
    """LWAPP data (RFC 5412): a header of six bytes, and 802.11."""
    if at + LWAPP_BYTES > end or byte(buffer, at) & LWAPP_NOT_WHOLE:
        return NO_PAYLOAD, at
    fits = at + LWAPP_BYTES + be16(buffer, at + 2) == payload_end(buffer, at, end)
    return CODE_CAPWAP_WLAN if fits else NO_PAYLOAD, at + LWAPP_BYTES


# By port, of either side. The names are those of Wireshark, in any letter case those of ``--decode-as``.
VXLAN = Layer("VXLAN", vxlan)
PORT_GTP_U, PORT_GRE = 2152, 4754
VXLAN_PORTS = (4789, 8472)  # the latter of Linux before RFC 7348, and so of flannel
OTHERS_TOO = (434, 3386, 5000, 6080, 12222)  # ports that other protocols use: there, what is no tunnel is one of these
UDP_TUNNELS = {
    **dict.fromkeys(VXLAN_PORTS, VXLAN),
    4790: Layer("VXLAN-GPE", _vxlan_gpe),
    6081: Layer("Geneve", _geneve),
    PORT_GTP_U: Layer("GTP-U", gtp),
    5247: Layer("CAPWAP", _capwap),
    3544: Layer("Teredo", _teredo),
    1701: Layer("L2TP", _l2tp),
    6635: Layer("MPLS", _mpls),
    PORT_GRE: Layer("GRE", gre),  # RFC 8086
    4341: Layer("LISP", _lisp),
    5072: Layer("AYIYA", _ayiya),
    37008: Layer("TZSP", _tzsp),
    30030: Layer("Jmirror", _juniper_mirror),
    3386: Layer("GTP", _gtp_0),
    6080: Layer("GUE", _gue),
    434: Layer("MIP", _mobile_ip),
    5000: Layer("PEEKREMOTE", _peek_remote),
    12222: Layer("LWAPP", _lwapp),
}
