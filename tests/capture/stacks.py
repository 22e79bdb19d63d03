"""What can stand between a link header and an IP packet, each a function of bytes, built from its document.

Every wrapper takes random numbers for its own fields, the Ethernet type of what it carries, and that; it returns the
Ethernet type of what it made, and that. `SHIMS` stay within a frame, `TUNNELS` make IP packets; link types are in
``links``. ``carries`` says which Ethernet types can be carried; an Ethernet frame has the type `BRIDGED`.
"""

import ipaddress
import struct
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.builders import FRAGMENT, MACS, checksum, ethernet, ipv4, ipv6, udp

IPV4, IPV6, VLAN, SERVICE_VLAN, OLD_VLAN = 0x0800, 0x86DD, 0x8100, 0x88A8, 0x9100
MPLS, PPPOE, BRIDGED = 0x8847, 0x8864, 0x6558
CMD, VN_TAG, E_TAG, HSR, R_TAG, MACSEC = 0x8909, 0x8926, 0x893F, 0x892F, 0xF1C1, 0x88E5
PBB, TRILL, NSH, BATMAN = 0x88E7, 0x22F3, 0x894F, 0x4305
FABRICPATH, ARISTA, REALTEK, EDSA, BROADCOM, RENESAS = 0x8903, 0xD28B, 0x8899, 0xDADA, 0x8874, 0xE001
SWITCH_TAGS = {REALTEK, EDSA, BROADCOM, RENESAS}
IP = {IPV4, IPV6}
TAGGED = {VLAN, SERVICE_VLAN, OLD_VLAN}
ETHERNET = (
    IP
    | TAGGED
    | SWITCH_TAGS
    | {MPLS, PPPOE, CMD, VN_TAG, E_TAG, HSR, R_TAG, MACSEC, PBB, TRILL, NSH, BATMAN, FABRICPATH, ARISTA}
)  # what an Ethernet header can name
ANY = ETHERNET | {BRIDGED}
PPP_NUMBERS = {IPV4: 0x21, IPV6: 0x57, MPLS: 0x281}
HOP_BY_HOP = 0
SNAP = bytes.fromhex("aaaa03 000000")

Packet = tuple[int, bytes]  # Ethernet type, bytes


class Wrapper(NamedTuple):
    """What it can carry, the function that wraps, and whether tshark 4.0 follows it by itself."""

    carries: set[int]
    wrap: Callable[[Random, int, bytes], Packet]
    in_tshark: bool = True


def in_ip(rng: Random, protocol: int, payload: bytes) -> Packet:
    """IPv4 with or without options, or IPv6 with or without extension headers (RFC 791, RFC 8200)."""
    if rng.random() < 0.5:
        options = rng.choice([b"", b"", b"\x94\x04\0\0", b"\x01" * 8])  # router alert; no operation
        ends = f"10.1.{rng.randrange(256)}.1", f"10.2.{rng.randrange(256)}.2"
        return IPV4, ipv4(*ends, protocol, payload, ip_id=rng.randrange(65536), options=options)
    extensions = rng.choice(
        [[], [], [(0, bytes(2) + b"\x05\x02" + bytes(2) + b"\x01\0")], [(60, b"\0\0\x01\x04" + bytes(4))]]
    )
    ends = f"2001:db8:1::{rng.randrange(65536):x}", f"2001:db8:2::{rng.randrange(65536):x}"
    return IPV6, ipv6(*ends, protocol, payload, extensions=extensions)


def in_udp(rng: Random, port: int, payload: bytes, source: int | None = None) -> Packet:
    """UDP to a port, in IPv4 or IPv6 (RFC 768)."""
    source = rng.randrange(49152, 65536) if source is None else source
    return in_ip(rng, 17, udp("10.0.0.1", "10.0.0.2", source, port, payload))


# Within a frame.


def vlan(rng: Random, kind: int, payload: bytes) -> Packet:
    """A VLAN tag of any of its types (IEEE 802.1Q clause 9)."""
    tag = rng.randrange(8) << 13 | rng.randrange(4096)
    return rng.choice(sorted(TAGGED)), struct.pack(">HH", tag, kind) + payload


def mpls(rng: Random, kind: int, payload: bytes) -> Packet:
    """An MPLS label (RFC 3032), the last one of its stack unless it carries another."""
    label = rng.randrange(100, 1 << 20) << 12 | (kind != MPLS) << 8 | 64
    return MPLS, struct.pack(">I", label) + payload


def pseudowire(rng: Random, _kind: int, payload: bytes) -> Packet:
    """An MPLS label and a control word before an Ethernet frame (RFC 4448 section 4.6)."""
    return MPLS, struct.pack(">IHH", rng.randrange(16, 100) << 12 | 1 << 8 | 64, 0, rng.randrange(65536)) + payload


def line_pseudowire(rng: Random, kind: int, payload: bytes) -> Packet:
    """An MPLS label, mostly a control word, and PPP, Cisco HDLC or frame relay (RFC 4618, RFC 4619)."""
    number = rng.randrange(16, 100) << 12 | 1 << 8 | 64
    starts = [struct.pack(">H", PPP_NUMBERS[kind]), struct.pack(">HH", 0x0F00, kind)]
    starts += [b"\3" + (b"\xcc" if kind == IPV4 else b"\x8e")]
    word = rng.choice([bytes(2) + struct.pack(">H", rng.randrange(65536)), bytes(4), b""])
    return MPLS, struct.pack(">I", number) + word + rng.choice(starts) + payload


def pppoe(rng: Random, kind: int, payload: bytes) -> Packet:
    """A PPPoE session header and PPP (RFC 2516)."""
    protocol = struct.pack(">H", PPP_NUMBERS[kind])
    return PPPOE, struct.pack(">BBHH", 0x11, 0, rng.randrange(65536), 2 + len(payload)) + protocol + payload


def bridged(_rng: Random, kind: int, payload: bytes) -> Packet:
    """An Ethernet frame."""
    return BRIDGED, ethernet(payload, kind)


def before_type(kind: int, tag: Callable[[Random], bytes]) -> Callable[[Random, int, bytes], Packet]:
    """A tag of this Ethernet type before the type of what it carries."""
    return lambda rng, carried, payload: (kind, tag(rng) + struct.pack(">H", carried) + payload)


def macsec(rng: Random, kind: int, payload: bytes) -> Packet:
    """MACsec (IEEE 802.1AE clause 9) that only protects integrity, with a channel identifier or without."""
    has_channel = rng.random() < 0.5
    tag = struct.pack(">BBI", 0x20 if has_channel else 0, 0, rng.randrange(1, 1 << 32))
    return MACSEC, tag + (rng.randbytes(8) if has_channel else b"") + struct.pack(">H", kind) + payload + rng.randbytes(
        16
    )


def pbb(rng: Random, _kind: int, payload: bytes) -> Packet:
    """A backbone service tag before the customer's frame (IEEE 802.1Q clause 9.7)."""
    return PBB, struct.pack(">I", rng.randrange(1 << 24)) + payload


def trill(rng: Random, _kind: int, payload: bytes) -> Packet:
    """A TRILL header (RFC 6325 section 3.3) before a frame."""
    return TRILL, struct.pack(">HHH", rng.randrange(1, 64), rng.randrange(1, 65536), rng.randrange(1, 65536)) + payload


def nsh(rng: Random, kind: int, payload: bytes) -> Packet:
    """A network service header of either type (RFC 8300 section 2)."""
    words, metadata = rng.choice([(6, 1), (2, 2)])
    base = struct.pack(">HBB", 63 << 6 | words, metadata, {IPV4: 1, IPV6: 2, BRIDGED: 3, MPLS: 5}[kind])
    return NSH, base + struct.pack(">I", rng.randrange(1 << 24) << 8 | 255) + rng.randbytes(4 * words - 8) + payload


def batman(rng: Random, _kind: int, payload: bytes) -> Packet:
    """A unicast packet of B.A.T.M.A.N. advanced, version 15 (Linux net/batman-adv/packet.h) before a frame."""
    return BATMAN, struct.pack(">BBBB", 0x40, 15, rng.randrange(50), 1) + MACS[:6] + payload


def arista(rng: Random) -> bytes:
    """Arista's time stamp of either length."""
    form, size = rng.choice([(0x0010, 8), (0x0020, 6)])
    return struct.pack(">HH", 1, form) + rng.randbytes(size)


def realtek(rng: Random) -> bytes:
    """A tag of a Realtek switch chip (Linux net/dsa/tag_rtl4_a.c, tag_rtl8_4.c), without its Ethernet type."""
    return rng.choice([b"\xa0\x02", b"\x04\0\0\0\0" + bytes([rng.randrange(8)])])


SHIMS = {
    "VLAN": Wrapper(ETHERNET, vlan),
    # Cisco's CMD: version, length, an option that holds a security group tag.
    "CMD": Wrapper(ETHERNET, before_type(CMD, lambda rng: b"\1\1\0\1" + rng.randbytes(2))),
    "VN-Tag": Wrapper(ETHERNET, before_type(VN_TAG, lambda rng: rng.randbytes(4))),
    "E-Tag": Wrapper(ETHERNET, before_type(E_TAG, lambda rng: rng.randbytes(6))),  # IEEE 802.1BR clause 7.5
    # HSR (IEC 62439-3): which way and how long, sequence number.
    "HSR": Wrapper(ETHERNET, before_type(HSR, lambda rng: struct.pack(">HH", 100, rng.randrange(65536)))),
    "R-Tag": Wrapper(ETHERNET, before_type(R_TAG, lambda rng: struct.pack(">HH", 0, rng.randrange(65536)))),  # 802.1CB
    "MACsec": Wrapper(ETHERNET, macsec),
    "PBB": Wrapper({BRIDGED}, pbb),
    "TRILL": Wrapper({BRIDGED}, trill),
    "NSH": Wrapper(IP | {BRIDGED, MPLS}, nsh),
    "batman-adv": Wrapper({BRIDGED}, batman),
    "MPLS": Wrapper(IP | {MPLS}, mpls),
    "pseudowire": Wrapper({BRIDGED}, pseudowire),
    "pseudowire of a line": Wrapper(IP, line_pseudowire, False),
    "PPPoE": Wrapper(set(PPP_NUMBERS), pppoe),
    "bridged": Wrapper(ETHERNET, bridged),
    "FabricPath": Wrapper({BRIDGED}, lambda rng, _kind, payload: (FABRICPATH, rng.randbytes(2) + payload), False),
    # Arista's time stamp: a subtype, then 64 or 48 bits.
    "Arista": Wrapper(ETHERNET, before_type(ARISTA, arista)),
    # Tags of switch chips (Linux net/dsa): of Realtek, with four or eight bytes; Marvell's with its Ethernet type …
    "Realtek": Wrapper(ETHERNET, before_type(REALTEK, realtek), False),
    "EDSA": Wrapper(ETHERNET, before_type(EDSA, lambda rng: bytes(2) + b"\xc0" + rng.randbytes(3)), False),
    "Broadcom tag": Wrapper(ETHERNET, before_type(BROADCOM, lambda rng: rng.randbytes(4)), False),
    "Renesas tag": Wrapper(ETHERNET, before_type(RENESAS, lambda rng: b"\0\1" + rng.randbytes(4)), False),
}


def wlan(rng: Random, kind: int, payload: bytes) -> bytes:
    """802.11 data (IEEE 802.11 clause 9.2.3) with SNAP, with QoS or without."""
    control = rng.choice(["0801", "0802", "8801", "8802"])
    start = bytes.fromhex(control) + bytes(2) + MACS + MACS[:6] + bytes(2)
    return start + (bytes(2) if control[0] == "8" else b"") + SNAP + struct.pack(">H", kind) + payload


def aggregate(rng: Random, kind: int, payload: bytes) -> bytes:
    """An aggregate of 802.11 (A-MSDU, IEEE 802.11 clause 9.3.2.2) with one frame, behind a QoS field that says so."""
    start = bytes.fromhex(rng.choice(["8801", "8802"])) + bytes(2) + MACS + MACS[:6] + bytes(2) + b"\x80\0"
    body = SNAP + struct.pack(">H", kind) + payload
    return start + MACS + struct.pack(">H", len(body)) + body


# Tunnels.


def ip_in_ip(rng: Random, kind: int, payload: bytes) -> Packet:
    """IP in IP (RFC 2003, RFC 2473, RFC 4213)."""
    return in_ip(rng, 4 if kind == IPV4 else 41, payload)


def gre(rng: Random, kind: int, payload: bytes) -> Packet:
    """GRE (RFC 2784, RFC 2890), with a checksum, a key and a sequence number or without."""
    flags, fields = 0, b""
    for bit in (0x8000, 0x2000, 0x1000):
        if rng.random() < 0.5:
            flags, fields = flags | bit, fields + (bytes(4) if bit == 0x8000 else rng.randbytes(4))
    return in_ip(rng, 47, struct.pack(">HH", flags, kind) + fields + payload)


def pptp(rng: Random, kind: int, payload: bytes) -> Packet:
    """GRE of PPTP (RFC 2637 section 4.1), with PPP, the address and control fields of which may be left out."""
    acknowledges = rng.random() < 0.5
    start = rng.choice([b"\xff\x03", b""]) + struct.pack(">H", PPP_NUMBERS[kind])
    fields = struct.pack(">HHI", len(start) + len(payload), rng.randrange(65536), rng.randrange(1 << 32))
    flags = 0x3081 if acknowledges else 0x3001
    return in_ip(
        rng, 47, struct.pack(">HH", flags, 0x880B) + fields + (bytes(4) if acknowledges else b"") + start + payload
    )


def erspan_1(rng: Random, _kind: int, payload: bytes) -> Packet:
    """ERSPAN type I: GRE without a sequence number, no header (draft-foschiano-erspan section 4.1)."""
    return in_ip(rng, 47, struct.pack(">HH", 0, 0x88BE) + payload)


def erspan_2(rng: Random, _kind: int, payload: bytes) -> Packet:
    """ERSPAN type II: a header of eight bytes (draft-foschiano-erspan section 4.2)."""
    header = struct.pack(">HHI", 0x1000 | rng.randrange(4096), rng.randrange(1024), rng.randrange(1 << 20))
    return in_ip(rng, 47, struct.pack(">HHI", 0x1000, 0x88BE, rng.randrange(1 << 32)) + header + payload)


def erspan_3(rng: Random, _kind: int, payload: bytes) -> Packet:
    """ERSPAN type III: twelve bytes, and eight more where its last bit says so (draft-foschiano-erspan section 4.3)."""
    more = rng.randrange(2)
    header = struct.pack(">HHIHH", 0x2000 | rng.randrange(4096), rng.randrange(1024), rng.randrange(1 << 32), 0, more)
    start = struct.pack(">HHI", 0x1000, 0x22EB, rng.randrange(1 << 32))
    return in_ip(rng, 47, start + header + (b"\x04" + bytes(7) if more else b"") + payload)


def vxlan(rng: Random, _kind: int, payload: bytes) -> Packet:
    """VXLAN (RFC 7348), on its port or on that of Linux before it."""
    return in_udp(rng, rng.choice([4789, 8472]), struct.pack(">II", 0x08000000, rng.randrange(1 << 24) << 8) + payload)


def vxlan_gpe(rng: Random, kind: int, payload: bytes) -> Packet:
    """VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe section 3)."""
    header = struct.pack(">BHBI", 0x0C, 0, {IPV4: 1, IPV6: 2, BRIDGED: 3, NSH: 4}[kind], rng.randrange(1 << 24) << 8)
    return in_udp(rng, 4790, header + payload)


def gre_in_udp(rng: Random, kind: int, payload: bytes) -> Packet:
    """GRE in UDP (RFC 8086)."""
    return in_udp(rng, 4754, struct.pack(">HHI", 0x2000, kind, rng.randrange(1 << 32)) + payload)


def mpls_in_udp(rng: Random, _kind: int, payload: bytes) -> Packet:
    """MPLS in UDP (RFC 7510)."""
    return in_udp(rng, 6635, payload)


def lisp(rng: Random, _kind: int, payload: bytes) -> Packet:
    """LISP data (RFC 9300 section 5)."""
    return in_udp(rng, 4341, struct.pack(">BBHI", 0x80, 0, rng.randrange(65536), 1) + payload)


def tzsp(rng: Random, _kind: int, payload: bytes) -> Packet:
    """TZSP: version 1, a received tag list, Ethernet, and the end of the tags."""
    return in_udp(rng, 37008, bytes.fromhex("01 00 0001 01") + payload)


def etherip(rng: Random, _kind: int, payload: bytes) -> Packet:
    """EtherIP (RFC 3378)."""
    return in_ip(rng, 97, b"\x30\0" + payload)


def eoip(rng: Random, _kind: int, payload: bytes) -> Packet:
    """MikroTik's EoIP: GRE version 1 with a length and a tunnel's number (little-endian)."""
    return in_ip(rng, 47, struct.pack(">HHH", 0x2001, 0x6400, len(payload)) + rng.randbytes(2) + payload)


def srv6(rng: Random, kind: int, payload: bytes) -> Packet:
    """SRv6: a segment routing header (RFC 8754 section 2) before an IP packet or an Ethernet frame (RFC 8986)."""
    last = f"2001:db8:5::{rng.randrange(65536):x}"
    protocol = {IPV4: 4, IPV6: 41, BRIDGED: 143}[kind]
    segments = ipaddress.IPv6Address(last).packed + rng.randbytes(16)
    header = struct.pack(">BBBBBBH", protocol, 4, 4, 0, 1, 0, 0) + segments
    return IPV6, ipv6("2001:db8:5::1", last, protocol, payload, extensions=[(43, header)])


def geneve(rng: Random, kind: int, payload: bytes) -> Packet:
    """Geneve (RFC 8926), with options or without."""
    options = rng.choice([b"", bytes.fromhex("0102 8001 00000000")])
    start = struct.pack(">BBHI", len(options) // 4, 0, kind, rng.randrange(1 << 24) << 8)
    return in_udp(rng, 6081, start + options + payload)


def gtp_u(rng: Random, _kind: int, payload: bytes) -> Packet:
    """GTP-U (3GPP TS 29.281), with a sequence number and an extension header or without."""
    flags, extra = rng.choice(
        [(0x30, b""), (0x32, bytes(4)), (0x34, bytes.fromhex("000000 85 01 1009 00"))]
    )  # the extension: PDU session container
    start = struct.pack(">BBHI", flags, 0xFF, len(extra) + len(payload), rng.randrange(1 << 32))
    return in_udp(rng, 2152, start + extra + payload, 2152)


def teredo(rng: Random, _kind: int, payload: bytes) -> Packet:
    """Teredo (RFC 4380), with an origin indication or without."""
    return in_udp(rng, 3544, rng.choice([b"", bytes.fromhex("0000 1234 3ffffdfe")]) + payload)


def capwap(rng: Random, _kind: int, payload: bytes) -> Packet:
    """CAPWAP data (RFC 5415 section 4.3) that carries Ethernet."""
    return in_udp(rng, 5247, bytes.fromhex("00100200 00000000") + payload)


def capwap_pieces(rng: Random, _kind: int, payload: bytes) -> list[Packet]:
    """The same in fragments (RFC 5415 section 3.4), in any order."""
    size, port, seed = rng.choice([48, 600]), rng.randrange(49152, 65536), rng.randrange(1 << 32)
    size = max(size, len(payload) // 320 * 8)
    made = []
    for at in range(0, len(payload), size):
        last = 0x40 if at + size >= len(payload) else 0
        header = struct.pack(">IHH", 0x00100200 | 0x80 | last, 7, at)
        made.append(in_udp(Random(seed), 5247, header + payload[at : at + size], port))
    rng.shuffle(made)
    return made


def capwap_wlan(rng: Random, kind: int, payload: bytes) -> Packet:
    """CAPWAP data with 802.11 (RFC 5416), with the bytes of the frame control as they are or swapped."""
    frame = wlan(rng, kind, payload) if kind not in IP or rng.random() < 0.5 else aggregate(rng, kind, payload)
    return in_udp(rng, 5247, bytes.fromhex("00100300 00000000") + rng.choice([frame, frame[1::-1] + frame[2:]]))


def tzsp_wlan(rng: Random, kind: int, payload: bytes) -> Packet:
    """TZSP with 802.11, behind a tagged field."""
    return in_udp(rng, 37008, bytes.fromhex("01 00 0012 0a 01 b5 01") + wlan(rng, kind, payload))


def l2tp(rng: Random, kind: int, payload: bytes) -> Packet:
    """L2TP data (RFC 2661 section 3.1) with PPP, with a length and a sequence number or without."""
    ppp = b"\xff\x03" + struct.pack(">H", PPP_NUMBERS[kind]) + payload
    ids = struct.pack(">HH", rng.randrange(1, 65536), rng.randrange(1, 65536))
    if rng.random() < 0.5:
        return in_udp(rng, 1701, b"\0\x02" + ids + ppp, 1701)
    length = struct.pack(">H", 12 + len(ppp))
    return in_udp(rng, 1701, b"\x48\x02" + length + ids + rng.randbytes(4) + ppp, 1701)


def ayiya(rng: Random, kind: int, payload: bytes) -> Packet:
    """AYIYA (draft-massar-v6ops-ayiya section 3): an identity, a signature or none, a time."""
    size, signature = rng.choice([4, 5]), rng.choice([0, 5])  # as exponent of two; in words
    head = struct.pack(">BBBB", size << 4 | 2, signature << 4 | 2, 0x11, 4 if kind == IPV4 else 41)
    return in_udp(rng, 5072, head + rng.randbytes(4 + (1 << size) + 4 * signature) + payload)


def l2tp_3(rng: Random, kind: int, payload: bytes) -> Packet:
    """L2TPv3 data (RFC 3931 section 4.1), over IP or UDP, with a cookie or none: of Ethernet or IP."""
    session = struct.pack(">I", rng.randrange(1, 1 << 32)) + bytes(rng.choice([0, 4, 8]))
    carried = ethernet(payload, kind) if rng.random() < 0.5 else payload
    if rng.random() < 0.5:
        return in_ip(rng, 115, session + carried)
    return in_udp(rng, 1701, b"\0\3\0\0" + session + carried, 1701)


def juniper_mirror(rng: Random, kind: int, payload: bytes) -> Packet:
    """Juniper's packet mirror: numbers of the mirror and of the session, then IP or PPP."""
    start = rng.choice([b"", b"\xff\x03" + struct.pack(">H", PPP_NUMBERS[kind])])
    return in_udp(rng, 30030, struct.pack(">II", 0x8000, rng.randrange(1 << 32)) + start + payload)


def wccp(rng: Random, _kind: int, payload: bytes) -> Packet:
    """WCCP's GRE, of version 1 or with the redirect header of version 2 (draft-wilson-wrec-wccp-v2 section 4.12)."""
    return in_ip(rng, 47, struct.pack(">HH", 0, 0x883E) + rng.choice([b"", b"\0\0\0\1"]) + payload)


def aruba(rng: Random, kind: int, payload: bytes) -> Packet:
    """802.11 in GRE, of Aruba's access points."""
    return in_ip(rng, 47, struct.pack(">HH", 0, 0x8200) + wlan(rng, kind, payload))


def vxlan_in_udp_lite(rng: Random, _kind: int, payload: bytes) -> Packet:
    """VXLAN over UDP-Lite (RFC 3828), whose checksum covers any number of bytes."""
    header = struct.pack(">HHHH", rng.randrange(49152, 65536), 4789, rng.choice([0, 8, 16]), rng.randrange(1, 65536))
    return in_ip(rng, 136, header + struct.pack(">II", 0x08000000, rng.randrange(1 << 24) << 8) + payload)


def gue(rng: Random, kind: int, payload: bytes) -> Packet:
    """Generic UDP encapsulation (draft-ietf-intarea-gue), with a header of version 0, or without of version 1."""
    words = rng.choice([0, 1, 3])
    header = struct.pack(">BBH", words, 4 if kind == IPV4 else 41, 0) + bytes(4 * words)
    return in_udp(rng, 6080, rng.choice([header, b""]) + payload)


def gtp_0(rng: Random, _kind: int, payload: bytes) -> Packet:
    """GTP of version 0 (3GPP TS 09.60)."""
    header = struct.pack(">BBHHH", 0x1E, 0xFF, len(payload), rng.randrange(65536), rng.randrange(65536))
    return in_udp(rng, 3386, header + b"\xff" * 4 + rng.randbytes(8) + payload, 3386)


def mobile_ip(rng: Random, kind: int, payload: bytes) -> Packet:
    """Mobile IP through NAT (RFC 3519 section 3.3)."""
    return in_udp(rng, 434, struct.pack(">BBH", 4, 4 if kind == IPV4 else 41, 0) + payload)


def peek_remote(rng: Random, kind: int, payload: bytes) -> Packet:
    """802.11 from an access point to a sniffer of WildPackets, with the header that says its length (55 bytes)."""
    header = bytes.fromhex("00ffabcd 02 00000037") + rng.randbytes(55 - 9)
    return in_udp(rng, 5000, header + wlan(rng, kind, payload))


def lwapp(rng: Random, kind: int, payload: bytes) -> Packet:
    """LWAPP data (RFC 5412 section 3.3) with 802.11."""
    frame = wlan(rng, kind, payload)
    return in_udp(rng, 12222, struct.pack(">BBHH", 0, 0, len(frame), rng.randrange(65536)) + frame)


def nsh_in_ip(rng: Random, kind: int, payload: bytes) -> Packet:
    """A network service header in IP, by its protocol number."""
    return in_ip(rng, 145, nsh(rng, kind, payload)[1])


def mpls_in_ip(rng: Random, _kind: int, payload: bytes) -> Packet:
    """MPLS in IP (RFC 4023)."""
    return in_ip(rng, 137, payload)


TUNNELS = {
    "IP in IP": Wrapper(IP, ip_in_ip),
    "GRE": Wrapper(ANY, gre),
    "PPTP": Wrapper(IP, pptp),
    "ERSPAN I": Wrapper({BRIDGED}, erspan_1),
    "ERSPAN II": Wrapper({BRIDGED}, erspan_2),
    "ERSPAN III": Wrapper({BRIDGED}, erspan_3),
    "VXLAN": Wrapper({BRIDGED}, vxlan),
    "Geneve": Wrapper(IP | {BRIDGED}, geneve),
    "GTP-U": Wrapper(IP, gtp_u),
    "Teredo": Wrapper({IPV6}, teredo),
    "CAPWAP": Wrapper({BRIDGED}, capwap),
    "CAPWAP of 802.11": Wrapper(ETHERNET, capwap_wlan, False),
    "TZSP of 802.11": Wrapper(ETHERNET, tzsp_wlan),
    "L2TP": Wrapper(IP, l2tp),
    "MPLS in IP": Wrapper({MPLS}, mpls_in_ip),
    "VXLAN-GPE": Wrapper(IP | {BRIDGED, NSH}, vxlan_gpe),
    "GRE in UDP": Wrapper(IP | {BRIDGED, MPLS}, gre_in_udp),
    "MPLS in UDP": Wrapper({MPLS}, mpls_in_udp),
    "LISP": Wrapper(IP, lisp),
    "TZSP": Wrapper({BRIDGED}, tzsp),
    "EtherIP": Wrapper({BRIDGED}, etherip),
    "EoIP": Wrapper({BRIDGED}, eoip),
    "SRv6": Wrapper(IP | {BRIDGED}, srv6),
    "AYIYA": Wrapper(IP, ayiya),
    "L2TPv3": Wrapper(IP, l2tp_3, False),
    "Juniper mirror": Wrapper(IP, juniper_mirror),
    "WCCP": Wrapper({IPV4}, wccp),
    "Aruba": Wrapper(ETHERNET, aruba),
    "VXLAN in UDP-Lite": Wrapper({BRIDGED}, vxlan_in_udp_lite, False),
    "GUE": Wrapper(IP, gue, False),
    "GTP version 0": Wrapper(IP, gtp_0),
    "Mobile IP": Wrapper(IP, mobile_ip, False),
    "PEEKREMOTE": Wrapper(ETHERNET, peek_remote, False),
    "LWAPP": Wrapper(ETHERNET, lwapp, False),
    "NSH in IP": Wrapper(IP | {BRIDGED, MPLS}, nsh_in_ip, False),
}


# Fragments.


def fragments(rng: Random, kind: int, packet: bytes) -> list[Packet]:
    """An IP packet cut into fragments (RFC 791 section 3.2, RFC 8200 section 4.5), in any order, some of them twice."""
    begin = 4 * (packet[0] & 15) if kind == IPV4 else 40
    if kind == IPV6 and packet[6] == HOP_BY_HOP:
        begin += 8 + 8 * packet[begin + 1]
    head, payload = packet[:begin], packet[begin:]
    step = rng.choice([8, 48, 256, 1280])
    step = max(step, len(payload) // 320 * 8)
    if len(payload) <= step:
        return [(kind, packet)]
    made = []
    for at in range(0, len(payload), step):
        piece, more = payload[at : at + step], at + step < len(payload)
        if kind == IPV4:
            changed = head[:2] + struct.pack(">H", begin + len(piece)) + head[4:6]
            changed += struct.pack(">H", at // 8 | more << 13) + head[8:10] + b"\0\0" + head[12:]
            changed = changed[:10] + struct.pack(">H", checksum(changed)) + changed[12:]
        else:
            place = 6 if begin == 40 else 40  # where the next header of the fragment header is named
            header = struct.pack(">BBHI", head[place], 0, at | more, 7)
            changed = head[:4] + struct.pack(">H", begin - 40 + 8 + len(piece)) + head[6:]
            changed = changed[:place] + bytes([FRAGMENT]) + changed[place + 1 :] + header
        made.append((kind, changed + piece))
    order = rng.choice(["forward", "backward", "shuffled", "twice"])
    if order == "shuffled":
        rng.shuffle(made)
    elif order == "twice":
        made = [piece for piece in made[:-1] for _ in range(2)] + made[-1:]
    return made[::-1] if order == "backward" else made


WRAPPERS = {**SHIMS, **TUNNELS}
