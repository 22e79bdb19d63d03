"""GRE (RFC 2784, 2890): what it carries that has no Ethernet type is a function and a row of ``GRE_PAYLOADS`` each.

A decoder takes the buffer, where the payload of the GRE header begins, and where the captured bytes end.
"""

from typing import Any

from pcapframe.capture.bits import be16, byte
from pcapframe.capture.link import ETHERTYPE_BRIDGED, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ppp
from pcapframe.capture.shims import ip_version
from pcapframe.capture.tables import NO_PAYLOAD, Layer
from pcapframe.capture.wan import frame_relay
from pcapframe.capture.wireless import wlan
from pcapframe.jit import inner_jit

__all__ = ["GRE_PAYLOADS", "gre"]

HAS_CHECKSUM, HAS_ROUTING, HAS_KEY, HAS_SEQUENCE, HAS_ACKNOWLEDGEMENT = 0x8000, 0x4000, 0x2000, 0x1000, 0x80
VERSION, ENHANCED = 7, 1  # bits of the version; the version of RFC 2637
GRE_PPP, GRE_WCCP, GRE_ERSPAN_2, GRE_ERSPAN_3, GRE_EOIP = 0x880B, 0x883E, 0x88BE, 0x22EB, 0x6400
GRE_FRAME_RELAY = 0x6559
GRE_ERSPAN_1 = 0x10000 | GRE_ERSPAN_2  # not a number of the wire: type I, which has the type of II
GRE_ARUBA = (*range(0x8200, 0x8380, 0x10), 0x9000)
ANY_VERSION = (ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_BRIDGED, GRE_ERSPAN_2, GRE_ERSPAN_3)  # likely whatever it is
ERSPAN_3_VERSION, ERSPAN_FRAME, ERSPAN_IP = 2, 0, 2  # the last two: what type III carries


@inner_jit
def gre(buffer: Any, at: Any, end: Any) -> Any:
    """GRE header: type of the payload, which is a row of ``GRE_PAYLOADS`` or an Ethernet type, and its place."""
    if at + 4 > end:
        return NO_PAYLOAD, at
    flags, kind = be16(buffer, at), be16(buffer, at + 2)
    if flags & VERSION == ENHANCED and kind in (GRE_PPP, GRE_EOIP):  # of PPTP, and of MikroTik
        if not flags & HAS_KEY:
            return NO_PAYLOAD, at
        return kind, at + 8 + (4 if flags & HAS_SEQUENCE else 0) + (4 if flags & HAS_ACKNOWLEDGEMENT else 0)
    if flags & VERSION and kind not in ANY_VERSION:
        return NO_PAYLOAD, at
    at += 4 + (4 if flags & (HAS_CHECKSUM | HAS_ROUTING) else 0)
    at += (4 if flags & HAS_KEY else 0) + (4 if flags & HAS_SEQUENCE else 0)
    if flags & HAS_ROUTING:  # source routes, each with its length; a length of 0 ends them
        while at + 4 <= end:
            length = byte(buffer, at + 3)
            at += 4 + length
            if length == 0:
                break
    return GRE_ERSPAN_1 if kind == GRE_ERSPAN_2 and not flags & HAS_SEQUENCE else kind, at


@inner_jit
def _ppp(buffer: Any, at: Any, end: Any) -> Any:
    """PPP of PPTP (RFC 2637), neither compressed nor encrypted."""
    return ppp(buffer, at, end)


@inner_jit
def _wccp(buffer: Any, at: Any, end: Any) -> Any:
    """WCCP: IPv4; version 2 has a redirect header."""
    return ETHERTYPE_IPV4, at if at < end and byte(buffer, at) >> 4 == 4 else at + 4


@inner_jit
def _frame(buffer: Any, at: Any, end: Any) -> Any:
    """A frame without a header: ERSPAN type I, EoIP."""
    return ETHERTYPE_BRIDGED, at


@inner_jit
def _erspan(buffer: Any, at: Any, end: Any) -> Any:
    """ERSPAN of type II, a header of eight bytes; or of type III, of 12, which may have another of eight."""
    if at + 12 > end:
        return NO_PAYLOAD, at
    if byte(buffer, at) >> 4 != ERSPAN_3_VERSION:
        return ETHERTYPE_BRIDGED, at + 8
    carried = byte(buffer, at + 10) >> 2 & 0x1F
    place = at + (20 if byte(buffer, at + 11) & 1 else 12)
    if carried == ERSPAN_IP:
        return ip_version(buffer, place, end), place
    return ETHERTYPE_BRIDGED if carried == ERSPAN_FRAME else NO_PAYLOAD, place


@inner_jit
def _aruba(buffer: Any, at: Any, end: Any) -> Any:
    """802.11 between access points and controllers of Aruba."""
    return wlan(buffer, at, end, 0, False)


GRE_PAYLOADS = {  # by GRE's protocol type; those that are not Ethernet types
    GRE_PPP: Layer("PPTP", _ppp),
    GRE_WCCP: Layer("WCCP", _wccp),
    GRE_ERSPAN_1: Layer("ERSPAN", _frame),
    GRE_ERSPAN_2: Layer("ERSPAN", _erspan),
    GRE_ERSPAN_3: Layer("ERSPAN", _erspan),
    GRE_EOIP: Layer("EoIP", _frame),
    GRE_FRAME_RELAY: Layer("Frame Relay", frame_relay),
    **dict.fromkeys(GRE_ARUBA, Layer("Aruba", _aruba)),
}
