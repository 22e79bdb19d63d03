"""One TCP segment behind every link header and inside every tunnel that is decoded."""

import struct

from tests.builders import (
    GRE,
    IPIP,
    IPV4,
    IPV6,
    MACS,
    SIX_IN_FOUR,
    TCP,
    UDP,
    ethernet,
    ipv4,
    ipv6,
    tcp,
    udp,
)

CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::2"
SEGMENT = tcp(CLIENT, SERVER, 40000, 80, "PA", payload=b"x" * 10)
SEGMENT6 = tcp(CLIENT6, SERVER6, 40000, 80, "PA", payload=b"x" * 10)
PACKET = ipv4(CLIENT, SERVER, TCP, SEGMENT, ttl=33, ip_id=1234)
PACKET6 = ipv6(CLIENT6, SERVER6, TCP, SEGMENT6, hop_limit=44)
OUTER, OUTER6 = ("203.0.113.1", "203.0.113.2"), ("2001:db8:f::1", "2001:db8:f::2")
DESTINATION_OPTIONS = 60


def label(value: int, bottom: bool) -> bytes:
    """MPLS label with a TTL of 64."""
    return struct.pack(">I", value << 12 | bottom << 8 | 64)


def sll(protocol: int, arphrd: int = 1) -> bytes:
    return struct.pack(">HHH8sH", 0, arphrd, 6, bytes(8), protocol)


def sll2(protocol: int) -> bytes:
    return struct.pack(">HHIHBB8s", protocol, 0, 3, 1, 0, 6, bytes(8))


def pppoe(protocol: bytes, length: int = 100) -> bytes:
    return struct.pack(">BBHH", 0x11, 0, 7, length) + protocol


def wlan(control: str) -> bytes:
    """802.11 header with three addresses, by its frame control."""
    return bytes.fromhex(control) + bytes(2) + MACS + MACS[:6] + bytes(2)


SNAP = bytes.fromhex("aaaa03 000000")
# Link headers. Name: link type, what stands before the IP header (of IPv4, of IPv6), VLAN id
HEADERS = {
    "Ethernet": (1, ethernet(b""), ethernet(b"", IPV6), None),
    "VLAN": (1, ethernet(b"", vlans=[100]), ethernet(b"", IPV6, vlans=[100]), 100),
    "VLAN of the highest priority": (1, MACS + bytes.fromhex("8100 e064 0800"), None, 100),
    "VLAN 0": (1, ethernet(b"", vlans=[0]), ethernet(b"", IPV6, vlans=[0]), 0),
    "two VLANs": (1, ethernet(b"", vlans=[100, 4094]), None, 4094),
    "QinQ": (1, MACS + bytes.fromhex("88a8 0005 8100 0006 0800"), None, 6),
    "QinQ with its old type": (1, MACS + bytes.fromhex("9100 0005 8100 0006 0800"), None, 6),
    "MPLS": (1, ethernet(label(16, True), 0x8847), ethernet(label(16, True), 0x8847), None),
    "three MPLS labels": (
        1, ethernet(label(16, False) + label(17, False) + label(18, True), 0x8847), None, None,
    ),
    "MPLS pseudowire with a control word": (
        1, ethernet(label(16, True) + bytes(4) + ethernet(b"", vlans=[9]), 0x8847), None, 9,
    ),
    "PPPoE": (1, ethernet(pppoe(b"\x00\x21"), 0x8864), ethernet(pppoe(b"\x00\x57"), 0x8864), None),
    "PPPoE in a VLAN": (1, ethernet(pppoe(b"\x00\x21"), 0x8864, vlans=[7]), None, 7),
    "PPPoE with MPLS": (1, ethernet(pppoe(b"\x02\x81") + label(16, True), 0x8864), None, None),
    "SNAP": (1, ethernet(SNAP + b"\x08\x00", 58), ethernet(SNAP + b"\x86\xdd", 78), None),
    "LLC": (1, ethernet(bytes.fromhex("060603"), 53), None, None),
    "cooked v1": (113, sll(IPV4), sll(IPV6), None),
    "cooked v1 with a VLAN": (113, sll(0x8100) + bytes.fromhex("0064 0800"), None, 100),
    "cooked v2": (276, sll2(IPV4), sll2(IPV6), None),
    "null, little-endian": (0, bytes.fromhex("02000000"), bytes.fromhex("1e000000"), None),
    "null, big-endian": (0, bytes.fromhex("00000002"), bytes.fromhex("0000001c"), None),
    "null, IPv6 of NetBSD": (0, bytes.fromhex("02000000"), bytes.fromhex("18000000"), None),
    "loop": (108, bytes.fromhex("00000002"), bytes.fromhex("00000018"), None),
    "raw IP": (101, b"", b"", None),
    "raw IP of OpenBSD": (14, b"", b"", None),
    "raw IP of others": (12, b"", b"", None),
    "raw IPv4": (228, b"", None, None),
    "raw IPv6": (229, None, b"", None),
    "PPP": (9, bytes.fromhex("ff030021"), bytes.fromhex("ff030057"), None),
    "PPP without address and control": (9, bytes.fromhex("0021"), bytes.fromhex("0057"), None),
    "PPP with a short protocol": (9, bytes.fromhex("ff0321"), bytes.fromhex("ff0357"), None),
    "PPP in HDLC-like framing": (50, bytes.fromhex("ff030021"), bytes.fromhex("ff030057"), None),
    "Cisco HDLC": (104, bytes.fromhex("0f000800"), bytes.fromhex("0f0086dd"), None),
    "Cisco HDLC as PPP in HDLC-like framing": (50, bytes.fromhex("0f000800"), None, None),
    "PPPoE without Ethernet": (51, pppoe(b"\x00\x21"), pppoe(b"\x00\x57"), None),
    "Frame Relay": (107, bytes.fromhex("184103cc"), bytes.fromhex("1841038e"), None),
    "Frame Relay with SNAP": (107, bytes.fromhex("18410300 80000000 0800"), None, None),
    "Frame Relay, Cisco's": (107, bytes.fromhex("18410800"), None, None),
    "IP over InfiniBand": (242, bytes(40) + bytes.fromhex("08000000"), None, None),
    "ARCNET, RFC 1201": (129, bytes.fromhex("0102 0000 d4 00 0001"), None, None),
    "ARCNET, RFC 1051": (129, bytes.fromhex("0102 0000 f0"), None, None),
    "802.11": (105, wlan("0801") + SNAP + b"\x08\x00", wlan("0802") + SNAP + b"\x86\xdd", None),
    "802.11 with QoS": (105, wlan("8801") + bytes(2) + SNAP + b"\x08\x00", None, None),
    "802.11 with QoS and HT control": (105, wlan("8881") + bytes(6) + SNAP + b"\x08\x00", None, None),
    "802.11 between access points": (105, wlan("0803") + MACS[:6] + SNAP + b"\x08\x00", None, None),
    "802.11 with radiotap": (127, bytes.fromhex("0000 0800 00000000") + wlan("0801") + SNAP + b"\x08\x00", None, None),
    "802.11 with radiotap, padded": (
        127,
        bytes.fromhex("0000 1900 030000a0 00000000 00000000 0102030405060708 20")
        + wlan("8801") + bytes(4) + SNAP + b"\x08\x00",
        None,
        None,
    ),
    "Juniper Ethernet": (
        178, bytes.fromhex("4d4743 80 0003 030101") + ethernet(b""), b"MGC\0" + ethernet(b"", IPV6), None,
    ),
}  # fmt: skip


def gtp(inner: bytes, flags: int = 0x30, extra: bytes = b"") -> bytes:
    """GTP-U header, its optional fields, and what it carries."""
    return struct.pack(">BBHI", flags, 0xFF, len(extra) + len(inner), 1) + extra + inner


VXLAN = bytes.fromhex("08000000 00000700")
GENEVE = bytes.fromhex("0200 86dd 00000700 0102 8001 00000000")
OPTIONS = [(DESTINATION_OPTIONS, b"\0\0\x01\x04" + bytes(4))]


def gre(header: str, inner: bytes) -> bytes:
    """IPv4 with a GRE header and what it carries."""
    return ipv4(*OUTER, GRE, bytes.fromhex(header) + inner)


def in_udp(port: int, payload: bytes) -> bytes:
    """IPv4 and UDP to a port."""
    return ipv4(*OUTER, UDP, udp(*OUTER, 50000, port, payload))


TUNNELS = {
    "IP in IP": ipv4(*OUTER, IPIP, PACKET),
    "6in4": ipv4(*OUTER, SIX_IN_FOUR, PACKET6),
    "IPv4 in IPv6": ipv6(*OUTER6, IPIP, PACKET),
    "IPv6 in IPv6": ipv6(*OUTER6, SIX_IN_FOUR, PACKET6, extensions=OPTIONS),
    "IP in IP in IP": ipv4(*OUTER, IPIP, ipv4(*OUTER, IPIP, PACKET)),
    "GRE": gre("0000 0800", PACKET),
    "GRE with checksum": gre("8000 0800 0000 0000", PACKET),
    "GRE with key": gre("2000 86dd 00000007", PACKET6),
    "GRE with key and sequence number": gre("3000 0800 00000007 00000001", PACKET),
    "GRE with Ethernet": gre("0000 6558", ethernet(PACKET)),
    "ERSPAN": gre("1000 88be 00000001 1001 0000 00000000", ethernet(PACKET)),
    "GRE of PPTP": gre("3001 880b 0040 0001 00000000 ff03 0021", PACKET),
    "VXLAN": in_udp(4789, VXLAN + ethernet(PACKET)),
    "Geneve": in_udp(6081, bytes.fromhex("0000 6558 00000700") + ethernet(PACKET)),
    "Geneve with options, bare IP": ipv6(*OUTER6, UDP, udp(*OUTER6, 50000, 6081, GENEVE + PACKET6)),
    "GTP-U": in_udp(2152, gtp(PACKET)),
    "GTP-U with a sequence number": in_udp(2152, gtp(PACKET6, 0x32, bytes(4))),
    "GTP-U with an extension header": in_udp(2152, gtp(PACKET, 0x34, bytes.fromhex("000000 85 01 1009 00"))),
    "MPLS in IP": ipv4(*OUTER, 137, bytes.fromhex("00010140") + PACKET),
    "WCCP": gre("0000 883e", PACKET),
    "WCCP version 2": gre("0000 883e 05590048", PACKET),
    "CAPWAP": in_udp(5247, bytes.fromhex("00100300 00000000") + wlan("0108") + SNAP + b"\x08\x00" + PACKET),
    "CAPWAP with Ethernet": in_udp(5247, bytes.fromhex("00100200 00000000") + ethernet(PACKET)),
    "Teredo": in_udp(3544, PACKET6),
    "Teredo with an origin": in_udp(3544, bytes.fromhex("0000 1234 00000000") + PACKET6),
    "Teredo with authentication": in_udp(3544, bytes.fromhex("0001 0102 11 2222") + bytes(9) + PACKET6),
    "L2TP": in_udp(1701, bytes.fromhex("0002 0001 0002 ff030021") + PACKET),
    "L2TP with everything": in_udp(1701, bytes.fromhex("4a02 0058 0001 0002 00000000 0002 0000 0057") + PACKET6),
    "VXLAN in GRE": gre("0000 0800", in_udp(4789, VXLAN + ethernet(PACKET))),
}
