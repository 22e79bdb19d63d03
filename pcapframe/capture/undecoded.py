"""What may hold TCP and is not decoded: named, so that nothing says that there is none.

A packet counts where decoding ended at something that carries IP, or that is unknown: a link type or Ethernet type
without a decoder, a tunnel that is not followed, encrypted or compressed data, a header that cannot be read. What is
known to hold no TCP (ARP, 802.11 management, routing protocols …) does not count.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pcapframe.capture.extras import IS_FRAGMENT, NOT_OPENED
from pcapframe.capture.interning import protocol_name
from pcapframe.capture.link_types import is_undecoded
from pcapframe.capture.udp_tunnels import OTHERS_TOO
from pcapframe.memory import computed, stretches

Array: TypeAlias = npt.NDArray[Any]

__all__ = ["PORTS", "is_readable", "undecoded_codes", "undecoded_name"]

# Ethernet types without a name in ``link.CODE_NAMES`` that carry no IP (IEEE and IANA registries).
NOT_IP = (
    0x0000, 0x00FE, 0x6001, 0x6002, 0x6004,
    0x6005, 0x6006, 0x6007, 0x8038, 0x803C, 0x803D, 0x803E, 0x803F, 0x8138, 0x814C, 0x8191,
    0x8819, 0x886F, 0x8888, 0x889A, 0x88A2, 0x88AB, 0x88AD, 0x88AE, 0x88B7, 0x88B9, 0x88BA, 0x88BF, 0x88C7,
    0x88CD, 0x88D9, 0x88DC, 0x88E3, 0x88EA, 0x88EE, 0x88F5, 0x88F6, 0x88F8, 0x88FB, 0x890F, 0x8915, 0x8917, 0x8940,
    0x893A, 0x894C, 0x8999, 0x9003, 0x9998, 0x99FE, 0x22EA, 0x22F0, 0x22F4, 0x2004, 0xCAFE, 0xFEFE,
    0x2001, 0x8947, 0x88CA, 0x0600, 0x0BAD, 0x0842,
)  # fmt: skip
UNKNOWN_PROTOCOLS = (34, 55, 61, 63, 68, 98, 99, 114, *range(133, 256))  # carry IP, or what nobody says
ENCRYPTED, COMPRESSED, CUT_OFF, NOT_COMPLETE = "encrypted", "compressed", "cut off", "that are not complete"
# By the name of a packet's protocol: as which it is named, where it carries IP and was not followed.
NAMES = {
    "MPLS": "MPLS without an IP header in it",
    "PPPoE": "PPPoE",
    "PPP data": "PPP, compressed, encrypted or split",
    "VLAN": "a VLAN tag",
    "MACsec": f"MACsec, {ENCRYPTED}",
    **{name: f"{name} that is not followed" for name in ("TRILL", "NSH", "Arista timestamp", "ISL", "batman-adv data")},
    "USB network adapter": f"transfers of a USB network adapter that are {CUT_OFF}",
    "802.11 (encrypted)": f"802.11, {ENCRYPTED}",
    "encrypted frame": f"frames that are {ENCRYPTED}",
    "fragment of a frame": f"fragments of frames of the link layer {NOT_COMPLETE}",
    "frame of another kind": "frames of a kind that is not followed",
    "Juniper encryption services": "Juniper encryption services without IP",
    "802.11 aggregate": "frames behind the first of an 802.11 aggregate",
    "short frame": "frames cut off before the network layer",
    "IPv4": "IPv4 headers that cannot be read",
    "IPv6": "IPv6 headers that cannot be read",
    "HOPOPT": "IPv6 extension headers that are cut off",
    "IPv6-Route": "IPv6 extension headers that are cut off",
    "IPv6-Frag": "IPv6 extension headers that are cut off",
    "IPv6-Opts": "IPv6 extension headers that are cut off",
    "AH": "AH that is cut off",
    "GRE": "GRE",
    "IPIP": "IP in IP",
    "6in4": "6in4",
    "MPLS-in-IP": "MPLS in IP",
    "EtherIP": "EtherIP",
    "L2TP": "L2TP",
    "ESP": f"ESP, {ENCRYPTED}",
    "IPComp": f"IPComp, {COMPRESSED}",
    "other": "other Ethernet types",
    **{f"IP protocol {number}": f"IP protocol {number}" for number in UNKNOWN_PROTOCOLS},
}
SERVICES = 1024  # a port below it says more of a UDP packet than one of a tunnel, which may be a client's
MOST_NAMES = 1000  # of what is not decoded; the rest are one
MOST_PORTS = 200  # of tunnels, that are named
# UDP ports whose payload is encrypted and may hold TCP, at either end.
PORTS = {
    655: "tinc", 1194: "OpenVPN", 4500: "IPsec in UDP", 4501: "GlobalProtect", 9993: "ZeroTier",
    41641: "Tailscale", 51820: "WireGuard",
}  # fmt: skip


def undecoded_name(protocol: str) -> str | None:
    """Name what may hold TCP of packets that were decoded as far as a protocol.

    Parameters
    ----------
    protocol : str
        As in the packets frame.

    Returns
    -------
    str or None
        None where it is known to hold none.

    Examples
    --------
    >>> undecoded_name("Ethernet type 0x1234"), undecoded_name("ESP"), undecoded_name("ARP")
    ('Ethernet type 0x1234', 'ESP, encrypted', None)
    """
    if is_undecoded(protocol):
        return protocol
    if protocol.startswith("Ethernet type "):
        return None if int(protocol.rpartition(" ")[2], 16) in NOT_IP else protocol
    return NAMES.get(protocol)


def _name_of_pieces(protocol: str) -> str | None:
    """Name fragments of a protocol whose datagram is not complete; None where they hold no TCP."""
    may_hold = protocol in ("TCP", "UDP") or undecoded_name(protocol) is not None
    return f"fragments of {protocol} {NOT_COMPLETE}" if may_hold else None


def is_readable(name: str) -> bool:
    """Tell whether another program may read what was not decoded: nothing of it is encrypted, compressed or missing.

    Parameters
    ----------
    name : str
        As from `undecoded_name`.

    Examples
    --------
    >>> is_readable("ESP, encrypted"), is_readable("Ethernet type 0x1234")
    (False, True)
    """
    return not name.endswith((ENCRYPTED, COMPRESSED, NOT_COMPLETE)) and CUT_OFF not in name


def _port_table(tunnels: Array) -> tuple[Array, list[str]]:
    """Return what a UDP packet may hold: places by its ports (uint8, 0 for nothing), and the names (the first is none).

    `tunnels` are rows of ``UDP_TUNNELS`` by port, 0 for none.
    """
    names = [""]
    table = np.zeros(1 << 16, np.uint8)
    for port in np.flatnonzero(tunnels * ~np.isin(tunnels, OTHERS_TOO))[:MOST_PORTS].tolist():
        names.append(f"UDP port {port}, a tunnel that cannot be followed")
        table[port] = len(names) - 1
    for port, name in PORTS.items():
        names.append(f"{name} (UDP port {port}), {ENCRYPTED}")
        table[port] = len(names) - 1
    return table, names


def _writable(codes: Array) -> Array:
    """Return a column that may be one value for all rows as one that can be written to."""
    return codes if codes.flags.writeable else computed(codes.size, codes.dtype, lambda _rows: codes[:1])


def undecoded_codes(
    protocols: list[str], protocol: Array, src_port: Array, dst_port: Array, tunnels: Array, extras: Array
) -> tuple[Array, list[str]]:
    """Tell what may hold TCP and was not decoded: by protocol, by UDP port, and by what a tunnel holds instead of IP.

    Parameters
    ----------
    protocols : list of str
        Names of protocols by their number; several numbers may share one.
    protocol, src_port, dst_port : ndarray of uint16
        Number of the protocol, and ports, of each packet.
    tunnels : ndarray of int, shape (65536,)
        Rows of ``UDP_TUNNELS`` by port; 0 for none.
    extras : ndarray of EXTRA
        Side records of the packets.

    Returns
    -------
    ndarray of int16
        Place in the names of each packet, -1 for none; takes no memory where no packet has one.
    list of str
        The names.
    """
    names: dict[str, int] = {}

    def place_of(name: str | None) -> int:
        return -1 if name is None else names.setdefault(name if len(names) < MOST_NAMES else "other", len(names))

    by_protocol = np.array([place_of(undecoded_name(name)) for name in protocols], np.int16)
    codes = np.broadcast_to(np.full(1, -1, np.int16), protocol.size)
    if names:
        codes = computed(codes.size, np.int16, lambda rows: by_protocol.take(protocol[rows]))
    if "UDP" in protocols:
        table, texts = _port_table(tunnels)

        def by_port(rows: slice) -> tuple[Array, Array]:
            udp = np.flatnonzero(protocol[rows] == protocols.index("UDP"))
            source, destination = src_port[rows][udp], dst_port[rows][udp]
            places = np.where(table[destination] > 0, table[destination], table[source])
            places[np.minimum(source, destination) < SERVICES] = 0
            return udp, places

        numbers, is_there = np.full(len(texts), -1, np.int16), np.zeros(len(texts), np.bool_)
        for rows in stretches(codes.size):
            is_there[by_port(rows)[1]] = True
        for place in np.flatnonzero(is_there[1:]) + 1:
            numbers[place] = place_of(texts[place])
        if is_there[1:].any():
            codes = _writable(codes)
            for rows in stretches(codes.size):
                udp, places = by_port(rows)
                codes[rows][udp] = numbers[places]
    opened = extras[extras["inside"] != NOT_OPENED]
    if opened.size:
        codes = _writable(codes)
        inside, which = np.unique(opened["inside"], return_inverse=True)
        found = [undecoded_name(protocol_name(code)) if code >= 0 else None for code in inside.tolist()]
        codes[opened["row"]] = np.array([place_of(name) for name in found], np.int16)[which]
        pieces = opened["row"][opened["inside"] == IS_FRAGMENT]
        for number in np.unique(protocol[pieces]).tolist():
            codes[pieces[protocol[pieces] == number]] = place_of(_name_of_pieces(protocols[number]))
    return codes, list(names)
