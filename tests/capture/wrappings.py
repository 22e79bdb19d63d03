"""What one packet is wrapped in: every shim between MAC addresses and IP, and every tunnel that is followed."""

import struct

from tests.builders import GRE, IPIP, IPV6, MACS, SIX_IN_FOUR, UDP, ethernet, ipv4, ipv6, udp
from tests.capture.frames import OUTER, OUTER6, PACKET, PACKET6, SNAP, gtp, label, wlan

TRILL_HEAD = "0001 0002"  # nicknames of the switches


def tag(kind: int, hexadecimal: str) -> bytes:
    """Ethernet header with a tag whose last two bytes are the type of what follows."""
    return MACS + struct.pack(">H", kind) + bytes.fromhex(hexadecimal)


def before_frame(kind: int, hexadecimal: str) -> bytes:
    """Ethernet header, a header behind it, and an Ethernet header within for IPv4."""
    return MACS + struct.pack(">H", kind) + bytes.fromhex(hexadecimal) + ethernet(b"")


# What stands before an IPv4 header. Name: bytes, and whether tshark 4.0 follows it too
SHIMS = {
    "VLAN 0x9300": (tag(0x9300, "0007 0800"), False),
    "VLAN of a switch chip": (tag(0xDADB, "0007 0800"), False),
    "seven VLANs": (ethernet(b"", vlans=[7] * 7), True),
    "VLAN with LLC": (tag(0x8100, "0007 0040 aaaa03 000000 0800"), True),
    "CMD": (tag(0x8909, "01 01 0001 0002 0800"), True),
    "CMD with two options": (tag(0x8909, "01 02 0001 0002 0001 0003 0800"), False),
    "CMD in a VLAN": (tag(0x8100, "0007 8909 01 01 0001 0002 0800"), True),
    "VLAN in CMD": (tag(0x8909, "01 01 0001 0002 8100 0007 0800"), True),
    "VN-Tag": (tag(0x8926, "80010002 0800"), True),
    "VN-Tag with a VLAN": (tag(0x8926, "00010002 8100 0007 0800"), True),
    "E-Tag": (tag(0x893F, "e000 0001 0000 0800"), True),
    "E-Tag with a VLAN": (tag(0x893F, "e000 0001 0000 8100 0007 0800"), True),
    "PBB": (before_frame(0x88E7, "00000064"), True),
    "PBB in a backbone VLAN, customer VLAN": (
        tag(0x88A8, "0005 88e7 00000064") + ethernet(b"", vlans=[7]), True,
    ),
    "MACsec": (tag(0x88E5, "00 00 00000001 0800"), True),
    "MACsec with SCI": (tag(0x88E5, "20 00 00000001 0200000000010001 0800"), True),
    "MACsec with SCI and a VLAN": (tag(0x88E5, "20 00 00000001 0200000000010001 8100 0007 0800"), True),
    "VLAN in clear, then MACsec": (tag(0x8100, "0007 88e5 20 00 00000001 0200000000010001 0800"), True),
    "TRILL": (before_frame(0x22F3, "003f" + TRILL_HEAD), True),
    "TRILL with options": (before_frame(0x22F3, "00bf" + TRILL_HEAD + "00000000 00000000"), True),
    "FabricPath": (before_frame(0x8903, "1fc1"), False),
    "NSH": (tag(0x894F, "0fc2 02 01 00000101"), True),
    "NSH of type 1": (tag(0x894F, "0fc6 01 01 00000101") + bytes(16), True),
    "NSH with Ethernet": (before_frame(0x894F, "0fc2 02 03 00000101"), True),
    "NSH with MPLS": (tag(0x894F, "0fc2 02 05 00000101") + label(16, True), True),
    "Arista, 64 bits": (tag(0xD28B, "0001 0010 0000000000000000 0800"), True),
    "Arista, 48 bits": (tag(0xD28B, "0001 0020 000000000000 0800"), True),
    "Arista, 64 bits of UTC, then a VLAN": (tag(0xD28B, "0001 0110 0000000000000000 8100 0007 0800"), True),
    "Arista, 48 bits, a later version": (tag(0xD28B, "0001 0121 000000000000 0800"), False),
    "HSR": (tag(0x892F, "1034 0001 0800"), True),
    "HSR with a VLAN": (tag(0x892F, "1034 0001 8100 0007 0800"), True),
    "R-Tag": (tag(0xF1C1, "0000 0001 0800"), True),
    "batman-adv unicast": (before_frame(0x4305, "40 0f 32 01 020000000009"), True),
    "batman-adv unicast with four addresses": (
        before_frame(0x4305, "42 0f 32 01 020000000009 020000000008 01 00"), True,
    ),
    "batman-adv broadcast": (before_frame(0x4305, "01 0f 32 00 00000001 020000000009"), True),
    "batman-adv multicast": (before_frame(0x4305, "05 0f 32 00 0004 06010000"), False),
    "batman-adv unicast, version 14": (before_frame(0x4305, "03 0e 32 01 020000000009"), True),
    "batman-adv broadcast, version 14": (before_frame(0x4305, "04 0e 32 00 00000001 020000000009"), True),
    "Realtek, four bytes": (tag(0x8899, "a002 0800"), False),
    "Realtek, eight bytes": (tag(0x8899, "0400 0000 0002 0800"), False),
    "EDSA": (tag(0xDADA, "0000 c0000001 0800"), False),
    "Broadcom": (tag(0x8874, "00000001 0800"), False),
    "Renesas": (tag(0xE001, "0001 0000 0001 0800"), False),
    "MPLS pseudowire of a VLAN without a control word": (
        ethernet(label(16, True) + ethernet(b"", vlans=[7]), 0x8847), True,
    ),
    "MPLS pseudowire without a control word, no VLAN": (
        ethernet(label(16, True) + bytes.fromhex("28d244000001") + MACS[:6] + b"\x08\x00", 0x8847), False,
    ),
    "MPLS pseudowire of PPP": (ethernet(label(16, True) + bytes.fromhex("00000007 0021"), 0x8847), False),
    "MPLS pseudowire of PPP with its address": (
        ethernet(label(16, True) + bytes.fromhex("00000000 ff03 0021"), 0x8847), False,
    ),
    "MPLS pseudowire of PPP without a control word": (
        ethernet(label(16, True) + bytes.fromhex("ff03 0021"), 0x8847), False,
    ),
    "MPLS pseudowire of HDLC": (ethernet(label(16, True) + bytes.fromhex("00000007 0f00 0800"), 0x8847), False),
    "MPLS pseudowire of HDLC without a control word": (
        ethernet(label(16, True) + bytes.fromhex("8f00 0800"), 0x8847), False,
    ),
    "MPLS pseudowire of frame relay": (ethernet(label(16, True) + bytes.fromhex("00000007 03cc"), 0x8847), False),
    "MPLS pseudowire of a frame relay port": (
        ethernet(label(16, True) + bytes.fromhex("00000007 1841 03cc"), 0x8847), False,
    ),
    "PPPoE, a whole packet of multilink PPP": (tag(0x8864, "1100 0001 0064 003d c0000007 0021"), True),
    "PPPoE, multilink PPP with short numbers": (tag(0x8864, "1100 0001 0064 003d c007 21"), False),
    "MPLS multicast": (ethernet(label(16, True), 0x8848), True),
    "802.2 in a jumbo frame": (tag(0x8870, "aaaa03 000000 0800"), True),
    "PPP": (tag(0x880B, "ff03 0021"), False),
    "PPP with bridged Ethernet": (before_frame(0x880B, "ff03 0031 0001"), False),
    "PPP with bridged Ethernet of a numbered network": (before_frame(0x880B, "0031 4001 00000007"), False),
}  # fmt: skip


def over_ip(protocol: int, header: str, inner: bytes) -> bytes:
    """IPv4 with a header of a tunnel and what it carries."""
    return ipv4(*OUTER, protocol, bytes.fromhex(header) + inner)


def over_ip6(protocol: int, header: str, inner: bytes) -> bytes:
    """IPv6 with a header of a tunnel and what it carries."""
    return ipv6(*OUTER6, protocol, bytes.fromhex(header) + inner)


def over_udp(port: int, header: str, inner: bytes) -> bytes:
    """IPv4 and UDP with a header of a tunnel and what it carries."""
    return ipv4(*OUTER, UDP, udp(*OUTER, port ^ 0x8000, port, bytes.fromhex(header) + inner))


def over_udp6(port: int, header: str, inner: bytes) -> bytes:
    """IPv6 and UDP with a header of a tunnel and what it carries."""
    return ipv6(*OUTER6, UDP, udp(*OUTER6, port ^ 0x8000, port, bytes.fromhex(header) + inner))


def segment_routing(next_header: int, inner: bytes) -> bytes:
    """IPv6 with a segment routing header (RFC 8754) of one segment."""
    header = bytes([0, 2, 4, 0, 0, 0, 0, 0]) + bytes(15) + b"\1"
    return ipv6(*OUTER6, next_header, inner, extensions=[(43, header)])


FRAME, FRAME6, VLAN_FRAME = ethernet(PACKET), ethernet(PACKET6, IPV6), ethernet(PACKET, vlans=[7])
SWAPPED_WLAN = wlan("0108") + SNAP + b"\x08\x00"
WLAN = wlan("0801") + SNAP + b"\x08\x00"
GTP_SESSION = bytes.fromhex("000000 85 01 1009 c0 02 aabbccddeeff 85 01 0009 00")  # three extension headers
AYIYA = "42 52 11 29 00000000" + "00" * 16 + "00" * 20  # an identity of 16 bytes, a signature of 20
NSH = "0fc2 02 03 00000101"
ERSPAN_2, ERSPAN_3 = "1000 88be 00000001 1001 0000 00000000", "1000 22eb 00000001 2001 0000 00000000"
VXLAN = "08000000 00000700"
# Tunnels. Name: its way, the outer IP packet, and whether tshark 4.0 follows it too
TUNNELS = {
    "IP in IP": ("IPIP", ipv4(*OUTER, IPIP, PACKET), True),
    "IPv4 in IPv6": ("IPIP", ipv6(*OUTER6, IPIP, PACKET), True),
    "IPv6 in IPv6": ("IPIP", ipv6(*OUTER6, SIX_IN_FOUR, PACKET6), True),
    "6in4": ("6in4", ipv4(*OUTER, SIX_IN_FOUR, PACKET6), True),
    "IP in IP in IP": ("IPIP/IPIP", ipv4(*OUTER, IPIP, ipv4("192.0.2.7", "192.0.2.8", IPIP, PACKET)), True),
    "GRE": ("GRE", over_ip(GRE, "0000 0800", PACKET), True),
    "GRE in IPv6": ("GRE", over_ip6(GRE, "0000 86dd", PACKET6), True),
    "GRE with checksum, key and sequence number": (
        "GRE", over_ip(GRE, "b000 0800 0000 0000 00000007 00000001", PACKET), True,
    ),
    "GRE with routing": ("GRE", over_ip(GRE, "4000 0800 0000 0000 0800 0004 c0000201 00000000", PACKET), True),
    "NVGRE": ("GRE", over_ip(GRE, "2000 6558 00000700", VLAN_FRAME), True),
    "GRE of another version": ("GRE", over_ip(GRE, "2001 0800 00000007", PACKET), True),
    "GRE with a VLAN": ("GRE", over_ip(GRE, "0000 8100 0007 0800", PACKET), False),
    "GRE with MPLS": ("GRE/MPLS", over_ip(GRE, "0000 8847", label(16, True) + PACKET), True),
    "GRE with NSH": ("GRE", over_ip(GRE, "0000 894f" + NSH, FRAME), True),
    "ERSPAN I": ("GRE/ERSPAN", over_ip(GRE, "0000 88be", FRAME), True),
    "ERSPAN II": ("GRE/ERSPAN", over_ip(GRE, ERSPAN_2, VLAN_FRAME), True),
    "ERSPAN III": ("GRE/ERSPAN", over_ip(GRE, ERSPAN_3 + "0000 0000", FRAME), True),
    "ERSPAN III with a subheader": (
        "GRE/ERSPAN", over_ip(GRE, ERSPAN_3 + "0000 0001 0c00000000000000", FRAME), True,
    ),
    "ERSPAN III with IP": ("GRE/ERSPAN", over_ip(GRE, ERSPAN_3 + "0000 0800", PACKET), False),
    "ERSPAN II in IPv6": ("GRE/ERSPAN", over_ip6(GRE, ERSPAN_2, FRAME6), True),
    "EoIP": ("GRE/EoIP", over_ip(GRE, f"2001 6400 {len(FRAME):04x} 0100", FRAME), True),
    "PPTP": ("GRE/PPTP", over_ip(GRE, "3081 880b 0040 0001 00000000 00000000 ff03 0021", PACKET), True),
    "PPTP with a short protocol": ("GRE/PPTP", over_ip(GRE, "3001 880b 0040 0001 00000000 21", PACKET), True),
    "Aruba": ("GRE/Aruba", over_ip(GRE, "0000 8200", WLAN + PACKET), True),
    "Aruba with a sequence number": ("GRE/Aruba", over_ip(GRE, "1000 8350 00000001", WLAN + PACKET), True),
    "EtherIP": ("EtherIP", over_ip(97, "3000", FRAME), True),
    "EtherIP in IPv6": ("EtherIP", over_ip6(97, "3000", VLAN_FRAME), True),
    "EtherIP with a number beside its version": ("EtherIP", over_ip6(97, "1307", FRAME), True),
    "MPLS in IP": ("MPLS", over_ip(137, "00010140", PACKET), True),
    "MPLS in IP, a pseudowire": ("MPLS", over_ip(137, "00010140 00000000", FRAME), False),
    "L2TPv3": ("L2TP", over_ip(115, "00000007", FRAME), False),
    "L2TPv3 with a sublayer": ("L2TP", over_ip(115, "00000007 40000001", FRAME), False),
    "L2TPv3 with both": ("L2TP", over_ip(115, "00000007 0102030405060708 40000001", VLAN_FRAME), False),
    "L2TPv3 with IP": ("L2TP", over_ip(115, "00000007 01020304", PACKET), False),
    "L2TPv3 with PPP": ("L2TP", over_ip(115, "00000007 01020304 ff030021", PACKET), False),
    "L2TPv3 with HDLC": ("L2TP", over_ip6(115, "00000007 0f0086dd", PACKET6), False),
    "L2TPv3 over UDP": ("L2TP", over_udp(1701, "0003 0000 00000007", FRAME), False),
    "L2TPv3 over UDP with a cookie": ("L2TP", over_udp(1701, "0003 0000 00000007 01020304", FRAME6), False),
    "L2TPv2": ("L2TP", over_udp(1701, "0002 0001 0002 ff03 0021", PACKET), True),
    "L2TPv2 with everything": ("L2TP", over_udp(1701, "4a02 0058 0001 0002 00000000 0002 0000 0057", PACKET6), True),
    "VXLAN": ("VXLAN", over_udp(4789, VXLAN, FRAME), True),
    "VXLAN in IPv6 with a VLAN": ("VXLAN", over_udp6(4789, VXLAN, VLAN_FRAME), True),
    "VXLAN with a group policy": ("VXLAN", over_udp(4789, "88000001 00000700", FRAME), True),
    "VXLAN without the bit for its number": ("VXLAN", over_udp(4789, "00000000 00000700", FRAME), True),
    "VXLAN of flannel": ("VXLAN", over_udp(8472, VXLAN, FRAME6), False),
    "VXLAN-GPE": ("VXLAN-GPE", over_udp(4790, "0c000001 00000700", PACKET), True),
    "VXLAN-GPE with IPv6": ("VXLAN-GPE", over_udp(4790, "0c000002 00000700", PACKET6), True),
    "VXLAN-GPE with Ethernet": ("VXLAN-GPE", over_udp(4790, "0c000003 00000700", VLAN_FRAME), True),
    "VXLAN-GPE with NSH": ("VXLAN-GPE", over_udp(4790, "0c000004 00000700" + NSH, FRAME), True),
    "Geneve": ("Geneve", over_udp(6081, "0000 6558 00000700", FRAME), True),
    "Geneve with options": ("Geneve", over_udp6(6081, "0200 86dd 00000700 0102 8001 00000000", PACKET6), True),
    "GTP-U": ("GTP-U", over_udp(2152, "", gtp(PACKET)), True),
    "GTP-U with a session's extension headers": ("GTP-U", over_udp(2152, "", gtp(PACKET, 0x34, GTP_SESSION)), True),
    "GTP-U with everything": ("GTP-U", over_udp6(2152, "", gtp(PACKET6, 0x37, GTP_SESSION)), True),
    "GTP-U that claims to be longer": (
        "GTP-U", over_udp(2152, "30ff" + f"{len(PACKET) + 500:04x}" + "00000001", PACKET), True,
    ),
    "GTP-U with Ethernet": ("GTP-U", over_udp(2152, "", gtp(VLAN_FRAME)), False),
    "GTP-U on another port": ("GTP-U", over_udp(31000, "", gtp(PACKET, 0x34, GTP_SESSION)), False),
    "Teredo": ("Teredo", over_udp(3544, "", PACKET6), True),
    "Teredo with authentication and origin": (
        "Teredo", over_udp(3544, "0001 0000" + "00" * 9 + "0000 1234 00000000", PACKET6), True,
    ),
    "MPLS over UDP": ("MPLS", over_udp(6635, "00064140", PACKET), True),
    "MPLS over UDP, a pseudowire": ("MPLS", over_udp(6635, "00064140 00000000", FRAME), False),
    "MPLS over UDP, two labels": ("MPLS", over_udp6(6635, "00064040 00064140", PACKET6), True),
    "GRE over UDP": ("GRE", over_udp(4754, "2000 0800 00000007", PACKET), True),
    "ERSPAN in GRE over UDP": ("GRE/ERSPAN", over_udp(4754, ERSPAN_2, FRAME), True),
    "LISP": ("LISP", over_udp(4341, "80000001 00000001", PACKET), True),
    "LISP in IPv6": ("LISP", over_udp6(4341, "88000001 00000700", PACKET6), True),
    "LISP with a protocol": ("LISP", over_udp(4341, "0c000003 00000700", FRAME), False),
    "AYIYA": ("AYIYA", over_udp(5072, AYIYA, PACKET6), True),
    "TZSP": ("TZSP", over_udp(37008, "01 00 0001 01", FRAME), True),
    "TZSP with tags": ("TZSP", over_udp(37008, "01 01 0001 00 0a 01 b5 28 04 00000001 01", VLAN_FRAME), True),
    "TZSP with 802.11": ("TZSP", over_udp(37008, "01 00 0012 0a 01 b5 01", WLAN + PACKET), True),
    "TZSP with 802.11 behind AVS": (
        "TZSP", over_udp(37008, "01 00 007f 01 80211001 00000040" + "00" * 56, WLAN + PACKET), True,
    ),
    "TZSP with 802.11 behind Prism": ("TZSP", over_udp(37008, "01 00 0077 01" + "00" * 144, WLAN + PACKET), False),
    "CAPWAP with Ethernet": ("CAPWAP", over_udp(5247, "00100200 00000000", FRAME), True),
    "CAPWAP with 802.11 and a radio's address": (
        "CAPWAP", over_udp(5247, "00200310 00000000 06020000000009 00", SWAPPED_WLAN + PACKET), True,
    ),
    "Juniper mirror": ("Jmirror", over_udp(30030, "00008000 00000001", PACKET), True),
    "Juniper mirror of IPv6": ("Jmirror", over_udp(30030, "00008000 00000001", PACKET6), True),
    "Juniper mirror of PPP": ("Jmirror", over_udp(30030, "00008000 00000001 ff030021", PACKET), True),
    "SRv6 with IPv4": ("SRv6", segment_routing(IPIP, PACKET), True),
    "SRv6 with IPv6": ("SRv6", segment_routing(SIX_IN_FOUR, PACKET6), True),
    "SRv6 with Ethernet": ("SRv6", segment_routing(143, FRAME), True),
    "GTP of version 0": ("GTP", over_udp(3386, f"1eff {len(PACKET):04x}" + "00" * 16, PACKET), True),
    "GUE": ("GUE", over_udp(6080, "00040000", PACKET), False),
    "GUE with a field": ("GUE", over_udp6(6080, "01290000 00000000", PACKET6), False),
    "GUE, version 1": ("GUE", over_udp(6080, "", PACKET), False),
    "Mobile IP": ("MIP", over_udp(434, "04040000", PACKET), True),
    # tshark takes the last four bytes for a checksum.
    "PEEKREMOTE": ("PEEKREMOTE", over_udp(5000, "00ffabcd 02 00000037" + "00" * 46, WLAN + PACKET), False),
    "PEEKREMOTE, older": (
        "PEEKREMOTE", over_udp(5000, "c9a1" + 2 * f"{len(WLAN + PACKET):04x}" + "00" * 14, WLAN + PACKET), False,
    ),
    "LWAPP": ("LWAPP", over_udp(12222, f"0000 {len(WLAN + PACKET):04x} 0000", WLAN + PACKET), True),
    "GRE with frame relay": ("GRE/Frame Relay", over_ip(GRE, "0000 6559 1841 03cc", PACKET), True),
    "IPv6 behind the number of IPv4": ("IPIP", ipv4(*OUTER, IPIP, PACKET6), True),
    "NSH in IP": ("NSH", over_ip(145, "0fc2 02 01 00000101", PACKET), False),
    "ERSPAN of VXLAN": (
        "GRE/ERSPAN/VXLAN",
        over_ip(GRE, ERSPAN_2, ethernet(over_udp(4789, VXLAN, VLAN_FRAME))),
        True,
    ),
    "GTP-U in VXLAN in GRE": (
        "GRE/VXLAN/GTP-U",
        over_ip(GRE, "0000 0800", over_udp(4789, VXLAN, ethernet(over_udp(2152, "", gtp(PACKET))))),
        True,
    ),
}  # fmt: skip
