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


def sll2(protocol: int, arphrd: int = 1) -> bytes:
    return struct.pack(">HHIHBB8s", protocol, 0, 3, arphrd, 0, 6, bytes(8))


def pppoe(protocol: bytes, length: int = 100) -> bytes:
    return struct.pack(">BBHH", 0x11, 0, 7, length) + protocol


def wlan(control: str) -> bytes:
    """802.11 header with three addresses, by its frame control."""
    return bytes.fromhex(control) + bytes(2) + MACS + MACS[:6] + bytes(2)


SNAP = bytes.fromhex("aaaa03 000000")
QOS = wlan("8801") + b"\x80\0"  # the bit for an aggregate


def aggregate(*payloads: bytes, header: bytes = QOS) -> bytes:
    """A-MSDU of these 802.2 frames; all but the last are filled up to four bytes."""
    frames = [MACS + struct.pack(">H", len(payload)) + payload for payload in payloads]
    return header + b"".join(frame + bytes(-len(frame) % 4) for frame in frames[:-1]) + b"".join(frames[-1:])


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
    "PPP with another control field": (9, bytes.fromhex("ff730021"), bytes.fromhex("ff000057"), None),
    "PPP with a short protocol": (9, bytes.fromhex("ff0321"), bytes.fromhex("ff0357"), None),
    "PPP in HDLC-like framing": (50, bytes.fromhex("ff030021"), bytes.fromhex("ff030057"), None),
    "Cisco HDLC": (104, bytes.fromhex("0f000800"), bytes.fromhex("0f0086dd"), None),
    "Cisco HDLC as PPP in HDLC-like framing": (50, bytes.fromhex("0f000800"), None, None),
    "Cisco HDLC of Linux": (112, bytes.fromhex("0f000800"), bytes.fromhex("0f0086dd"), None),
    "MPLS without Ethernet": (219, label(16, False) + label(17, True), label(16, True), None),
    "TZSP without UDP": (
        128, bytes.fromhex("01000001 0a0180 00 01") + ethernet(b"", vlans=[7]), None, 7,
    ),
    "TZSP of 802.11": (128, bytes.fromhex("01000012 0a0180 00 01") + wlan("0801") + SNAP + b"\x08\x00", None, None),
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


JUNIPER = b"MGC\1"
JUNIPER_EXTENDED = bytes.fromhex("4d4743 81 0003 030101")
LLC_SNAP = SNAP + b"\x08\x00"
RADIO = wlan("0801") + LLC_SNAP
RADIO6 = wlan("0802") + SNAP + b"\x86\xdd"
QOS_RADIO = wlan("8801") + bytes(2) + LLC_SNAP
RADIOTAP = bytes.fromhex("0000 0800 00000000")
RING = bytes.fromhex("1040") + MACS
ERF = bytes(8) + bytes.fromhex("02 04 0060 0000 0060")


def avs(inner: bytes) -> bytes:
    return struct.pack(">II", 0x80211001, 64) + bytes(56) + inner


def prism(order: str, inner: bytes) -> bytes:
    return struct.pack(order + "II", 0x44, 144) + bytes(136) + inner


def nflog(order: str, family: int) -> bytes:
    """NFLOG header with two attributes before that of the packet."""
    attributes = [(1, bytes(4)), (10, b"in\0")]
    packed = b"".join(
        struct.pack(order + "HH", 4 + len(value), kind) + value + bytes(-len(value) % 4) for kind, value in attributes
    )
    return struct.pack(">BBH", family, 0, 7) + packed + struct.pack(order + "HH", 4 + (50 if family == 2 else 70), 9)


def pktap(link_type: int, inner: bytes) -> bytes:
    return struct.pack("<III", 108, 1, link_type) + bytes(96) + inner


def pdu(name: bytes) -> bytes:
    """Wireshark's exported PDU with a name and another tag."""
    name += bytes(-len(name) % 4)
    return struct.pack(">HH", 12, len(name)) + name + struct.pack(">HHI", 25, 4, 6) + bytes(4)


def pdu_by_number(table: bytes, number: int) -> bytes:
    """The same, by a number in one of Wireshark's tables."""
    table += bytes(4 - len(table) % 4)
    name = struct.pack(">HH", 14, len(table)) + table
    return name + struct.pack(">HHI", 32, 4, number) + bytes(4)


def pad_enc(order: str, family: int) -> bytes:
    return struct.pack(order + "I", family) + bytes(8)


HEADERS |= {
    "SNAP of 802.1H": (1, ethernet(bytes.fromhex("aaaa03 0000f8 0800"), 58), None, None),
    "SNAP with bridged Ethernet": (1, ethernet(bytes.fromhex("aaaa03 0080c2 0007") + ethernet(b""), 80), None, None),
    "SNAP with bridged Ethernet and its checksum": (
        1, ethernet(bytes.fromhex("aaaa03 0080c2 0001") + ethernet(b"", vlans=[8]), 88), None, 8,
    ),
    "cooked v1 of a line": (113, sll(IPV4, 512), sll(IPV6, 513), None),
    "cooked v1 of a device without link layer": (113, sll(IPV4, 0xFFFE), sll(IPV6, 0xFFFE), None),
    "cooked v1 with radiotap": (113, sll(4, 803) + RADIOTAP + RADIO, sll(25, 803) + RADIOTAP + RADIO6, None),
    "cooked v2 with radiotap": (276, sll2(4, 803) + RADIOTAP + RADIO, None, None),
    "cooked v1 with radiotap left out": (113, sll(IPV4, 803), sll(IPV6, 803), None),
    "cooked v1 of 802.11": (113, sll(4, 801) + RADIO, None, None),
    "cooked v1 of frame relay": (113, sll(0, 770) + bytes.fromhex("184103cc"), None, None),
    "cooked v1 with Ethernet": (113, sll(3) + ethernet(b"", vlans=[5]), None, 5),
    "cooked v1 with LLC": (113, sll(4) + LLC_SNAP, None, None),
    "PPP with direction": (204, bytes.fromhex("01 ff030021"), bytes.fromhex("00 0057"), None),
    "PPP with direction in place of the address": (166, bytes.fromhex("01030021"), bytes.fromhex("00030057"), None),
    "Cisco HDLC with direction": (205, bytes.fromhex("01 0f000800"), bytes.fromhex("00 8f0086dd"), None),
    "Frame Relay with direction": (206, bytes.fromhex("01 184103cc"), None, None),
    "Frame Relay with an address of three bytes": (
        107, bytes.fromhex("184041 03 00 cc"), bytes.fromhex("184041 03 00 8e"), None,
    ),
    "Frame Relay with an address of four bytes": (107, bytes.fromhex("18404041 03cc"), None, None),
    "Frame Relay with bridged Ethernet": (
        107, bytes.fromhex("18410300 80 0080c2 0007") + ethernet(b""), None, None,
    ),
    "Frame Relay with PPP": (107, bytes.fromhex("1841 03 cf 0021"), None, None),
    "multilink Frame Relay": (182, bytes.fromhex("c101 184103cc"), None, None),
    "token ring": (6, RING + LLC_SNAP, RING + SNAP + b"\x86\xdd", None),
    "token ring with a route": (
        6, RING[:8] + b"\x82" + RING[9:] + bytes.fromhex("0610 0011 0020") + LLC_SNAP, None, None,
    ),
    "FDDI": (10, b"\x54" + MACS + LLC_SNAP, b"\x50" + MACS + SNAP + b"\x86\xdd", None),
    "LLC over ATM": (100, LLC_SNAP, SNAP + b"\x86\xdd", None),
    "LLC over ATM with an OSI number": (100, bytes.fromhex("fefe03cc"), bytes.fromhex("fefe038e"), None),
    "LLC over ATM with PPP": (11, bytes.fromhex("fefe03cf 0021"), bytes.fromhex("fefe03cf 0057"), None),
    "Ethernet over ATM": (100, bytes.fromhex("aaaa03 0080c2 0007 0000") + ethernet(b""), None, None),
    "classical IP over ATM": (106, b"", b"", None),
    "classical IP over ATM with LLC": (106, LLC_SNAP, None, None),
    "SunATM": (123, bytes.fromhex("02000123") + LLC_SNAP, None, None),
    "SunATM, LAN emulation": (123, bytes.fromhex("01000123 0001") + ethernet(b""), None, None),
    "ARCNET of BSD": (7, bytes.fromhex("0102 d4 00 0001"), None, None),
    "ARCNET of BSD, exception": (7, bytes.fromhex("0102 d4 ff 0000 01 00 0001"), None, None),
    "ARCNET of BSD, RFC 1051": (7, bytes.fromhex("0102 f0"), None, None),
    "AX.25": (3, b"\x82" * 6 + b"\x60" + b"\x84" * 6 + b"\x61" + b"\x03\xcc", None, None),
    "AX.25 with a repeater and KISS": (
        202, b"\0" + b"\x82" * 6 + b"\x60" + b"\x84" * 6 + b"\x60" + b"\x86" * 6 + b"\x61" + b"\x03\xcc", None, None,
    ),
    "SLIP": (8, bytes(16), b"\1" + bytes(15), None),
    "FireWire": (138, bytes(16) + b"\x08\x00", bytes(16) + b"\x86\xdd", None),
    "Fibre Channel": (122, bytes(16) + LLC_SNAP, None, None),
    "DOCSIS": (143, bytes.fromhex("00 00 0040 dabe") + ethernet(b""), None, None),
    "DOCSIS with an extended header": (
        143, bytes.fromhex("01 05 0049 3400001234 9e64") + ethernet(b"", vlans=[6]), None, 6,
    ),
    "802.11 with radiotap and a checksum": (
        127, bytes.fromhex("0000 0900 02000000 10") + RADIO, bytes.fromhex("0000 0900 02000000 10") + RADIO6, None,
    ),
    "AVS": (163, avs(RADIO), avs(RADIO6), None),
    "AVS as Prism": (119, avs(QOS_RADIO), None, None),
    "Prism": (119, prism("<", RADIO), prism("<", RADIO6), None),
    "Prism with a length beyond its frame": (
        119, prism("<", b"")[:4] + b"\0\0\1\0" + prism("<", RADIO)[8:], None, None,
    ),
    "Prism, big-endian": (119, prism(">", QOS_RADIO), None, None),
    "PPI with 802.11": (192, struct.pack("<BBHI", 0, 0, 8, 105) + RADIO, None, None),
    "PPI with fields and Ethernet": (192, struct.pack("<BBHIHHI", 0, 1, 16, 1, 2, 4, 0) + ethernet(b""), None, None),
    "Juniper PPP": (179, JUNIPER + bytes.fromhex("ff030021"), JUNIPER_EXTENDED + bytes.fromhex("ff030057"), None),
    "Juniper without link layer": (
        179, b"MGC\x03" + struct.pack("<I", 2), b"MGC\x83\0\3\3\1\1" + struct.pack("<I", 6), None,
    ),
    "Juniper Frame Relay": (180, JUNIPER + bytes.fromhex("184103cc"), None, None),
    "Juniper Cisco HDLC": (181, JUNIPER + bytes.fromhex("0f000800"), JUNIPER + bytes.fromhex("0f0086dd"), None),
    "Juniper PPPoE": (167, JUNIPER + ethernet(pppoe(b"\x00\x21"), 0x8864), None, None),
    "Juniper ATM1": (137, JUNIPER + bytes.fromhex("00000064") + LLC_SNAP, None, None),
    "Juniper ATM1, IP alone": (137, JUNIPER + bytes.fromhex("00000064"), JUNIPER + bytes.fromhex("00000064"), None),
    "Juniper ATM2": (135, JUNIPER + bytes(8) + LLC_SNAP, None, None),
    "Juniper ATM2 with PPP": (135, JUNIPER + bytes(8) + b"\0\x21", None, None),
    "Juniper ATM2 with Ethernet": (135, b"MGC\0" + bytes.fromhex("00000001 00000000") + ethernet(b""), None, None),
    "Juniper multilink PPP": (130, JUNIPER + bytes.fromhex("ff03 0021"), None, None),
    "Juniper multilink PPP of the link services": (130, JUNIPER + bytes.fromhex("54000001 0021"), None, None),
    "Juniper multilink PPP of the adaptive services": (
        130, b"MGC\0" + bytes.fromhex("47000000 00000000"), JUNIPER + bytes.fromhex("47000000 00100000"), None,
    ),
    "Juniper multilink Frame Relay": (
        131, JUNIPER + bytes.fromhex("0001 03cc"), JUNIPER + bytes.fromhex("0001 038e"), None,
    ),
    "Juniper multilink Frame Relay, filled": (131, JUNIPER + bytes.fromhex("0001 0300 cc"), None, None),
    "Juniper multilink Frame Relay of the link services": (
        131, JUNIPER + bytes.fromhex("54000001 03cc"), JUNIPER + bytes.fromhex("54000001 0300 8e"), None,
    ),
    "Juniper multilink Frame Relay of the adaptive services": (
        131, b"MGC\0" + bytes.fromhex("47000000 00000000"), JUNIPER + bytes.fromhex("47000000 00100000"), None,
    ),
    "Juniper services": (136, JUNIPER + bytes(16), None, None),
    "Juniper services, outgoing": (136, b"MGC\0" + bytes(12), None, None),
    "Juniper GGSN": (133, JUNIPER + struct.pack("<HH", 2, 7), JUNIPER + struct.pack("<HH", 6, 7), None),
    "Juniper voice": (183, JUNIPER + bytes(18), None, None),
    "NFLOG": (239, nflog("<", 2), nflog("<", 10), None),
    "NFLOG, big-endian": (239, nflog(">", 2), nflog(">", 10), None),
    "PKTAP with Ethernet": (258, pktap(1, ethernet(b"")), pktap(1, ethernet(b"", IPV6)), None),
    "PKTAP with raw IP of Apple's number": (258, pktap(12, b""), pktap(12, b""), None),
    "PKTAP with loopback, as its old link type": (149, pktap(0, bytes.fromhex("02000000")), None, None),
    "pflog": (117, bytes.fromhex("3d 02 0000") + bytes(60), bytes.fromhex("3d 18 0000") + bytes(60), None),
    "pflog of a later version": (117, bytes.fromhex("45 02 0000") + bytes(68), None, None),
    "enc": (109, pad_enc("<", 2), pad_enc("<", 24), None),
    "enc, big-endian": (109, pad_enc(">", 2), pad_enc(">", 30), None),
    "ERF": (197, ERF + bytes(2) + ethernet(b""), ERF + bytes(2) + ethernet(b"", IPV6), None),
    "ERF with a VLAN": (197, ERF + bytes(2) + ethernet(b"", vlans=[4]), None, 4),
    "ERF with extension headers": (
        197, ERF[:8] + b"\x82" + ERF[9:] + b"\x84" + bytes(7) + b"\x05" + bytes(9) + ethernet(b""), None, None,
    ),
    "ERF with PPP": (197, ERF[:8] + b"\x01" + ERF[9:] + bytes.fromhex("ff030021"), None, None),
    "ERF with Cisco HDLC of a channel": (
        197, ERF[:8] + b"\x05" + ERF[9:] + bytes.fromhex("00000000 0f000800"), None, None,
    ),
    "ERF with IP": (197, ERF[:8] + b"\x16" + ERF[9:], ERF[:8] + b"\x17" + ERF[9:], None),
    "exported IP": (252, pdu(b"ip"), pdu(b"ipv6"), None),
    "exported IP by its protocol": (252, pdu_by_number(b"ip.proto", 4), pdu_by_number(b"ip.proto", 41), None),
    "exported IP by its Ethernet type": (
        252, pdu_by_number(b"ethertype", IPV4), pdu_by_number(b"ethertype", IPV6), None,
    ),
    "exported IP by its number in PPP": (
        252, pdu_by_number(b"ppp.protocol", 0x21), pdu_by_number(b"ppp.protocol", 0x57), None,
    ),
    "exported Ethernet": (252, pdu(b"eth") + ethernet(b""), pdu(b"eth_withoutfcs") + ethernet(b"", IPV6), None),
    "IPNET": (226, b"\1\2" + bytes(5) + b"\x32" + bytes(16), b"\1\x1a" + bytes(5) + b"\x46" + bytes(16), None),
    "netANALYZER": (240, bytes(4) + ethernet(b""), None, None),
    "netANALYZER, transparent": (241, bytes(4) + b"\x55" * 7 + b"\xd5" + ethernet(b""), None, None),
    "mPacket": (274, b"\x55" * 7 + b"\xd5" + ethernet(b""), None, None),
    "EPON": (259, b"\x55\x55\xd5\x55\x55\0\1\x99" + ethernet(b""), None, None),
    "Symantec": (99, bytes(6) + b"\x08\x00" + bytes(36), None, None),
    "Symantec, version 3": (99, bytes(20) + b"\x08\x00" + bytes(34), None, None),
    "Broadcom's tag": (281, MACS + bytes(4) + b"\x08\x00", MACS + bytes(4) + b"\x86\xdd", None),
    "Broadcom's tag before the addresses": (282, bytes(4) + ethernet(b""), None, None),
    "Marvell's tag": (284, MACS + bytes.fromhex("c0080000 0800"), None, None),
    "Marvell's tag with a type": (285, MACS + bytes.fromhex("dada 0000 c0080000 0800"), None, None),
}  # fmt: skip
# Wireshark 4.0 does not decode these at all, or not as RFC 2684, FRF.16 and libpcap's list of link types have them.
UNKNOWN_TO_WIRESHARK = {
    "MPLS without Ethernet",
    "MPLS pseudowire with a control word",
    "SNAP with bridged Ethernet",
    "SNAP with bridged Ethernet and its checksum",
    "cooked v1 of 802.11",
    "PPP with direction in place of the address",
    "Cisco HDLC with direction",
    "Frame Relay with direction",
    "multilink Frame Relay",
    "classical IP over ATM with LLC",
    "SLIP",
    "NFLOG, big-endian",
    "enc, big-endian",
    "exported Ethernet",
    "netANALYZER",
    "netANALYZER, transparent",
    "mPacket",
    "Symantec, version 3",
    "Broadcom's tag",
    "Broadcom's tag before the addresses",
    "Marvell's tag",
    "Marvell's tag with a type",
}
WITH_CHECKSUM = ("ERF", "radiotap and a checksum")  # names of those with a frame check sequence


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
