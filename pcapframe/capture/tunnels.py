"""The tunnels that are followed: one function and one row of ``IP_TUNNELS``, ``GRE_PAYLOADS`` or ``UDP_TUNNELS`` each.

The way through them to a row's innermost IP header has a number: that of its last step and of the way before that.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.capture.link import (
    ETHERTYPE_BRIDGED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    PPP_IPV4,
    PPP_IPV6,
    ppp,
    wlan,
)
from pcapframe.capture.tables import NO_PAYLOAD, Layer
from pcapframe.jit import inner_jit

__all__ = [
    "GRE_PAYLOADS",
    "IP_TUNNELS",
    "UDP_TUNNELS",
    "new_ways",
    "udp_ports",
    "way_names",
    "way_on",
]

Array = npt.NDArray[Any]

PROTOCOL_IPV4, PROTOCOL_IPV6, PROTOCOL_GRE, PROTOCOL_IPIP, PROTOCOL_MPLS = 4, 41, 47, 94, 137
GRE_PPP, GRE_WCCP, GRE_ERSPAN_2, GRE_ERSPAN_3 = 0x880B, 0x883E, 0x88BE, 0x22EB
GRE_ERSPAN_1 = 0x10000 | GRE_ERSPAN_2  # not a number of the wire: type I, which has the type of II
PORT_L2TP, PORT_GTP_U, PORT_TEREDO, PORT_VXLAN, PORT_CAPWAP, PORT_GENEVE = 1701, 2152, 3544, 4789, 5247, 6081


@inner_jit
def _ipv4(buffer: Any, at: Any, end: Any) -> Any:
    """IPv4 in IP (RFC 2003)."""
    return ETHERTYPE_IPV4, at


@inner_jit
def _ipv6(buffer: Any, at: Any, end: Any) -> Any:
    """IPv6 in IP (RFC 4213)."""
    return ETHERTYPE_IPV6, at


@inner_jit
def _mpls(buffer: Any, at: Any, end: Any) -> Any:
    """MPLS in IP (RFC 4023)."""
    return ETHERTYPE_MPLS, at


@inner_jit
def _gre(buffer: Any, at: Any, end: Any) -> Any:
    """GRE (RFC 2784, 2890; version 1 RFC 2637): type of the payload, a row of ``GRE_PAYLOADS`` or an Ethernet type."""
    if at + 4 > end:
        return NO_PAYLOAD, at
    flags = be16(buffer, at)
    kind = be16(buffer, at + 2)
    version = flags & 7
    if version == 1:
        if not flags & 0x2000 or kind != GRE_PPP:
            return NO_PAYLOAD, at
        return GRE_PPP, at + 8 + (4 if flags & 0x1000 else 0) + (4 if flags & 0x80 else 0)
    if version != 0:
        return NO_PAYLOAD, at
    sequence = flags & 0x1000
    at += 4 + (4 if flags & 0xC000 else 0) + (4 if flags & 0x2000 else 0) + (4 if sequence else 0)
    if flags & 0x4000:  # source routes, each with its length; a length of 0 ends them
        while at + 4 <= end:
            length = byte(buffer, at + 3)
            at += 4 + length
            if length == 0:
                break
    return GRE_ERSPAN_1 if kind == GRE_ERSPAN_2 and not sequence else kind, at


@inner_jit
def _gre_ppp(buffer: Any, at: Any, end: Any) -> Any:
    """PPP of PPTP (RFC 2637)."""
    if at + 2 > end:
        return NO_PAYLOAD, at
    if byte(buffer, at) == 0xFF and byte(buffer, at + 1) == 0x03:
        at += 2
    if at + 2 > end:
        return NO_PAYLOAD, at
    protocol = be16(buffer, at)
    at += 2
    if byte(buffer, at - 2) & 1:
        protocol, at = protocol >> 8, at - 1
    return (ETHERTYPE_IPV4 if protocol == PPP_IPV4 else ETHERTYPE_IPV6 if protocol == PPP_IPV6 else NO_PAYLOAD), at


@inner_jit
def _wccp(buffer: Any, at: Any, end: Any) -> Any:
    """WCCP: IPv4; version 2 has a redirect header."""
    return ETHERTYPE_IPV4, at if at < end and byte(buffer, at) >> 4 == 4 else at + 4


@inner_jit
def _erspan_1(buffer: Any, at: Any, end: Any) -> Any:
    """ERSPAN type I: no header."""
    return ETHERTYPE_BRIDGED, at


@inner_jit
def _erspan_2(buffer: Any, at: Any, end: Any) -> Any:
    """ERSPAN type II: a header of eight bytes."""
    return ETHERTYPE_BRIDGED, at + 8


@inner_jit
def _erspan_3(buffer: Any, at: Any, end: Any) -> Any:
    """ERSPAN type III: a header of 12 bytes, which may have another of eight."""
    if at + 12 > end:
        return NO_PAYLOAD, at
    return ETHERTYPE_BRIDGED, at + 12 + (8 if byte(buffer, at + 11) & 1 else 0)


@inner_jit
def _vxlan(buffer: Any, at: Any, end: Any) -> Any:
    """VXLAN (RFC 7348)."""
    return ETHERTYPE_BRIDGED if byte(buffer, at) & 0x08 else NO_PAYLOAD, at + 8


@inner_jit
def _geneve(buffer: Any, at: Any, end: Any) -> Any:
    """Geneve (RFC 8926)."""
    if byte(buffer, at) >> 6:
        return NO_PAYLOAD, at
    return be16(buffer, at + 2), at + 8 + 4 * (byte(buffer, at) & 0x3F)


@inner_jit
def _capwap(buffer: Any, at: Any, end: Any) -> Any:
    """CAPWAP data (RFC 5415, 5416)."""
    if byte(buffer, at) != 0:
        return NO_PAYLOAD, at
    bits = be32(buffer, at)
    at += 4 * (bits >> 19 & 0x1F)
    if bits & 0x88 or at + 2 > end:  # a fragment, or a keep-alive
        return NO_PAYLOAD, at
    if not bits & 0x100:
        return ETHERTYPE_BRIDGED, at
    if bits >> 9 & 0x1F != 1:
        return NO_PAYLOAD, at
    return wlan(buffer, at, end, 1 if byte(buffer, at + 1) & 0x0F == 0x08 else 0, False)


@inner_jit
def _teredo(buffer: Any, at: Any, end: Any) -> Any:
    """Teredo (RFC 4380), which may have an authentication and an origin."""
    if be16(buffer, at) == 1:
        at += 13 + byte(buffer, at + 2) + byte(buffer, at + 3)
    if at + 48 <= end and be16(buffer, at) == 0:
        at += 8
    return ETHERTYPE_IPV6 if at < end and byte(buffer, at) >> 4 == 6 else NO_PAYLOAD, at


@inner_jit
def _l2tp(buffer: Any, at: Any, end: Any) -> Any:
    """L2TP data (RFC 2661)."""
    flags = be16(buffer, at)
    if flags & 0x8000 or flags & 0xF != 2:
        return NO_PAYLOAD, at
    at += 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200 and at + 2 <= end:
        at += 2 + be16(buffer, at)
    return ppp(buffer, at, end)


@inner_jit
def _gtp_u(buffer: Any, at: Any, end: Any) -> Any:
    """GTP-U (3GPP TS 29.281)."""
    if byte(buffer, at) >> 5 != 1 or byte(buffer, at + 1) != 0xFF:
        return NO_PAYLOAD, at
    extended = byte(buffer, at) & 0x07
    next_type = byte(buffer, at + 11) if extended and at + 12 <= end else 0
    if not byte(buffer, at) & 0x04:
        next_type = 0
    at += 12 if extended else 8
    while next_type and at + 4 <= end:
        length = 4 * byte(buffer, at)
        if length == 0 or at + length > end:
            return NO_PAYLOAD, at
        next_type = byte(buffer, at + length - 1)
        at += length
    version = byte(buffer, at) >> 4 if at < end else 0
    return ETHERTYPE_IPV4 if version == 4 else ETHERTYPE_IPV6 if version == 6 else NO_PAYLOAD, at


IP_TUNNELS = {  # by IP protocol
    PROTOCOL_IPV4: Layer("IPIP", _ipv4),
    PROTOCOL_IPIP: Layer("IPIP", _ipv4),
    PROTOCOL_IPV6: Layer("6in4", _ipv6),
    PROTOCOL_GRE: Layer("GRE", _gre),
    PROTOCOL_MPLS: Layer("MPLS", _mpls),
}
GRE_PAYLOADS = {  # by GRE's protocol type; those that are not Ethernet types
    GRE_PPP: Layer("PPTP", _gre_ppp),
    GRE_WCCP: Layer("WCCP", _wccp),
    GRE_ERSPAN_1: Layer("ERSPAN", _erspan_1),
    GRE_ERSPAN_2: Layer("ERSPAN", _erspan_2),
    GRE_ERSPAN_3: Layer("ERSPAN", _erspan_3),
}
UDP_TUNNELS = {  # by the destination's port; functions may read eight bytes
    PORT_VXLAN: Layer("VXLAN", _vxlan),
    PORT_GENEVE: Layer("Geneve", _geneve),
    PORT_GTP_U: Layer("GTP-U", _gtp_u),
    PORT_CAPWAP: Layer("CAPWAP", _capwap),
    PORT_TEREDO: Layer("Teredo", _teredo),
    PORT_L2TP: Layer("L2TP", _l2tp),
}
FROM_PORTS = (PORT_GTP_U, PORT_CAPWAP, PORT_TEREDO, PORT_L2TP)  # rows that hold for the source's port too

# The ways: number, then a parent way and a step for each; way 0 is none.
MOST_WAYS = 200  # that have a number of their own; the others share OTHER_WAY
OTHER_WAY = MOST_WAYS + 1
UDP_STEP, GRE_STEP = 0x100, 0x10100  # step: a protocol, or UDP_STEP + a port, or GRE_STEP + a type of payload


def new_ways() -> Array:
    """Return an empty table of ways."""
    return np.zeros(2 * (MOST_WAYS + 1), np.int64)


@inner_jit
def way_on(ways: Any, way: Any, step: Any) -> Any:
    """Return the number of the way that goes one step on from `way`."""
    count = ways[0]
    if way == OTHER_WAY:
        return np.int64(OTHER_WAY)
    for number in range(1, count + 1):
        if ways[2 * number] == way and ways[2 * number + 1] == step:
            return np.int64(number)
    if count == MOST_WAYS:
        return np.int64(OTHER_WAY)
    ways[0] = count + 1
    ways[2 * count + 2], ways[2 * count + 3] = way, step
    return count + 1


def way_names(ways: Array) -> list[str]:
    """Names of the ways by their number, from outside to inside: ``GRE/ERSPAN``; the first one is no way."""
    names = [""]
    for way, step in ways[2 : 2 * int(ways[0]) + 2].reshape(-1, 2).tolist():
        names.append(f"{names[way]}/{_step_name(step)}".strip("/"))
    return [*names, *["other"] * (OTHER_WAY + 1 - len(names))]


def _step_name(step: int) -> str:
    """Name of a step."""
    if step >= GRE_STEP:
        return GRE_PAYLOADS[step - GRE_STEP].name
    return UDP_TUNNELS[step - UDP_STEP].name if step >= UDP_STEP else IP_TUNNELS[step].name


def udp_ports(others: Mapping[int, int] | None = None) -> Array:
    """Return which row of ``UDP_TUNNELS`` each port stands for, 0 for none.

    Parameters
    ----------
    others : mapping of int to int, optional
        Rows by further ports.

    Returns
    -------
    ndarray of uint16, shape (2, 65536)
        By the port of the destination, and by that of the source.
    """
    rows = np.zeros((2, 1 << 16), np.uint16)
    for port, row in {**{port: port for port in UDP_TUNNELS}, **(others or {})}.items():
        rows[0, port] = row
        if row in FROM_PORTS:
            rows[1, port] = row
    return rows
