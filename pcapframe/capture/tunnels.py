"""The tunnels over IP: one function and one row of ``IP_TUNNELS`` each; and the ways through all tunnels.

The payloads of GRE and the tunnels over UDP have tables of their own. The way to a row's innermost IP header has a
number: that of its last step and of the way before that.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.capture.gre import GRE_PAYLOADS, gre
from pcapframe.capture.ip import EXTENSION_HEADERS
from pcapframe.capture.link import ETHERTYPE_BRIDGED, ETHERTYPE_IPV4, ETHERTYPE_IPV6, RARE_VLAN_TYPES, VLAN_TYPES
from pcapframe.capture.shims import ETHERTYPE_NSH, SHIMS, mpls
from pcapframe.capture.tables import NO_PAYLOAD, Layer
from pcapframe.capture.udp_tunnels import UDP_BYTES, UDP_TUNNELS, VXLAN_PORTS, l2tp_v3, vxlan
from pcapframe.jit import inner_jit

__all__ = ["IP_TUNNELS", "Rare", "has_segment_routing", "new_ways", "rare", "udp_ports", "way_names", "way_on"]

Array = npt.NDArray[Any]

PROTOCOL_IPV4, PROTOCOL_IPV6, PROTOCOL_GRE, PROTOCOL_IPIP, PROTOCOL_ETHERIP = 4, 41, 47, 94, 97
PROTOCOL_L2TP, PROTOCOL_UDP_LITE, PROTOCOL_MPLS, PROTOCOL_ETHERNET, PROTOCOL_NSH = 115, 136, 137, 143, 145
ROUTED = (PROTOCOL_IPV4, PROTOCOL_IPV6, PROTOCOL_ETHERNET)  # that SRv6 carries
ROUTING_HEADER, SEGMENT_ROUTING = 43, 4  # RFC 8754
ETHERIP_VERSION = 3
TYPES = 0x10100  # Ethernet types, and the codes of ``link``


@inner_jit
def _ipv4(buffer: Any, at: Any, end: Any) -> Any:
    """IPv4 in IP (RFC 2003)."""
    return ETHERTYPE_IPV4, at


@inner_jit
def _ipv6(buffer: Any, at: Any, end: Any) -> Any:
    """IPv6 in IP (RFC 4213, RFC 2473)."""
    return ETHERTYPE_IPV6, at


@inner_jit
def _etherip(buffer: Any, at: Any, end: Any) -> Any:
    """EtherIP (RFC 3378); some senders have its version in the other half of the byte, and a number beside it."""
    if at + 2 > end or ETHERIP_VERSION not in (byte(buffer, at) >> 4, byte(buffer, at) & 0x0F):
        return NO_PAYLOAD, at
    return ETHERTYPE_BRIDGED, at + 2


@inner_jit
def _l2tp(buffer: Any, at: Any, end: Any) -> Any:
    """L2TPv3 over IP (RFC 3931); session 0 is its control connection."""
    if at + 4 > end or be32(buffer, at) == 0:
        return NO_PAYLOAD, at
    return l2tp_v3(buffer, at, end, end)


@inner_jit
def _mpls(buffer: Any, at: Any, end: Any) -> Any:
    """MPLS in IP (RFC 4023)."""
    return mpls(buffer, at, end)


@inner_jit
def _ethernet(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet in IPv6 (RFC 8986)."""
    return ETHERTYPE_BRIDGED, at


@inner_jit
def _nsh(buffer: Any, at: Any, end: Any) -> Any:
    """Network service header in IP."""
    return ETHERTYPE_NSH, at


@inner_jit
def _udp_lite(buffer: Any, at: Any, end: Any) -> Any:
    """VXLAN over UDP-Lite (RFC 3828), on a port of VXLAN."""
    if at + UDP_BYTES > end or be16(buffer, at + 2) not in VXLAN_PORTS:
        return NO_PAYLOAD, at
    return vxlan(buffer, at + UDP_BYTES, end)


IP_TUNNELS = {  # by IP protocol
    PROTOCOL_IPV4: Layer("IPIP", _ipv4),
    PROTOCOL_IPV6: Layer("6in4", _ipv6),
    PROTOCOL_GRE: Layer("GRE", gre),
    PROTOCOL_IPIP: Layer("IPIP", _ipv4),
    PROTOCOL_ETHERIP: Layer("EtherIP", _etherip),
    PROTOCOL_L2TP: Layer("L2TP", _l2tp),
    PROTOCOL_UDP_LITE: Layer("VXLAN", _udp_lite),
    PROTOCOL_MPLS: Layer("MPLS", _mpls),
    PROTOCOL_ETHERNET: Layer("SRv6", _ethernet),
    PROTOCOL_NSH: Layer("NSH", _nsh),
}


@inner_jit
def has_segment_routing(buffer: Any, at: Any, end: Any) -> Any:
    """Whether an IPv6 header at `at`, whose payload begins at `end`, has a segment routing header."""
    if at + 48 > end:
        return False
    following, at = byte(buffer, at + 6), at + 40
    while at + 8 <= end:
        if following == ROUTING_HEADER and byte(buffer, at + 2) == SEGMENT_ROUTING:
            return True
        following, at = byte(buffer, at), at + 8 + 8 * byte(buffer, at + 1)
    return False


@inner_jit
def step_of(buffer: Any, protocol: Any, family: Any, at: Any, payload: Any) -> Any:
    """Step into a tunnel over an IP header at `at`: its protocol, or that of the row with its name."""
    if family == 4 or protocol not in ROUTED:
        return protocol
    if has_segment_routing(buffer, at, payload):
        return np.int64(PROTOCOL_ETHERNET)
    return np.int64(PROTOCOL_IPV4) if protocol == PROTOCOL_IPV6 else protocol


# The ways: number, then a parent way and a step for each; way 0 is none.
MOST_WAYS = 200  # that have a number of their own; the others share OTHER_WAY
OTHER_WAY = MOST_WAYS + 1
UDP_STEP, GRE_STEP, SHIM_STEP = (
    0x100,
    0x10100,
    0x30000,
)  # step: a protocol, or UDP_STEP + a port, GRE_STEP + a type of payload,
# or SHIM_STEP + an Ethernet type


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
    if step >= SHIM_STEP:
        return SHIMS[step - SHIM_STEP].name
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
    ndarray of uint16, shape (65536,)
        By the port of either side.
    """
    rows = np.zeros(1 << 16, np.uint16)
    for port, row in {**{port: port for port in UDP_TUNNELS}, **(others or {})}.items():
        rows[port] = row
    return rows


class Rare(NamedTuple):
    """What makes a record one for ``deep``: derived from the tables of shims and tunnels."""

    types: Array  # uint8, 1 by Ethernet type or code
    protocols: Array  # uint8, 1 by IP protocol
    ports: Array  # uint16, rows of ``UDP_TUNNELS`` by port; 0 for none


def rare(ports: Array | None = None) -> Rare:
    """Return what makes a record one for ``deep``.

    Parameters
    ----------
    ports : ndarray of uint16, shape (65536,), optional
        As from ``udp_ports``, for tunnels on ports of one's own.
    """
    types, protocols = np.zeros(TYPES, np.uint8), np.zeros(256, np.uint8)
    types[[*SHIMS, *VLAN_TYPES, *RARE_VLAN_TYPES]] = 1
    protocols[[*IP_TUNNELS, *EXTENSION_HEADERS]] = 1
    return Rare(types, protocols, udp_ports() if ports is None else ports)
