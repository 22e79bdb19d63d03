"""The link types that can carry an IP packet and what it is wrapped in, each a function of bytes; see ``stacks``."""

import struct
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.builders import MACS, ethernet
from tests.capture.frames import HEADERS, UNKNOWN_TO_WIRESHARK, WITH_CHECKSUM
from tests.capture.stacks import ETHERNET, IP, IPV4, IPV6, MPLS, PPP_NUMBERS, SNAP, TAGGED, aggregate, mpls, wlan


class Link(NamedTuple):
    """A link type: what it can carry, the function that makes a frame, and whether tshark 4.0 follows it by itself."""

    number: int
    carries: set[int]
    frame: Callable[[Random, int, bytes], bytes]
    in_tshark: bool = True


def _with_type(before: str, after: str = "") -> Callable[[Random, int, bytes], bytes]:
    """A header with the Ethernet type between bytes that stay the same."""
    return lambda _rng, kind, payload: bytes.fromhex(before) + struct.pack(">H", kind) + bytes.fromhex(after) + payload


def ieee_802_3(_rng: Random, kind: int, payload: bytes) -> bytes:
    """An 802.3 frame with SNAP (RFC 1042)."""
    body = SNAP + struct.pack(">H", kind) + payload
    return MACS + struct.pack(">H", len(body)) + body if len(body) < 0x600 else ethernet(payload, kind)


def loopback(rng: Random, kind: int, payload: bytes) -> bytes:
    """BSD loopback: the address family, in either byte order (IPv6 has another number on each system)."""
    return struct.pack(rng.choice("<>") + "I", 2 if kind == IPV4 else rng.choice([24, 28, 30])) + payload


def ppp(rng: Random, kind: int, payload: bytes) -> bytes:
    """PPP (RFC 1661), with address and control (RFC 1662) or without."""
    return rng.choice([b"\xff\x03", b""]) + struct.pack(">H", PPP_NUMBERS[kind]) + payload


def frame_relay(_rng: Random, kind: int, payload: bytes) -> bytes:
    """Frame Relay (RFC 2427)."""
    return bytes.fromhex("184103") + (b"\xcc" if kind == IPV4 else b"\x8e") + payload


def radiotap(rng: Random, kind: int, payload: bytes) -> bytes:
    """802.11 behind a radiotap header (radiotap.org)."""
    header = rng.choice(["0000080000000000", "00000d0004800200" + "0000000000"])
    return bytes.fromhex(header) + wlan(rng, kind, payload)


def behind(header: str, link: Callable[[Random, int, bytes], bytes]) -> Callable[[Random, int, bytes], bytes]:
    """A frame of another link type behind a header that stays the same."""
    return lambda rng, kind, payload: bytes.fromhex(header) + link(rng, kind, payload)


def juniper(rng: Random) -> bytes:
    """Juniper's header of an incoming packet, with an extension or without."""
    return rng.choice([b"MGC\1", bytes.fromhex("4d4743 81 0003 030101")])


def behind_juniper(link: Callable[[Random, int, bytes], bytes], cookie: bytes = b"") -> Callable[..., bytes]:
    """A frame of another link type behind Juniper's header and a cookie."""
    return lambda rng, kind, payload: juniper(rng) + cookie + link(rng, kind, payload)


def juniper_ggsn(rng: Random, kind: int, payload: bytes) -> bytes:
    """A payload number and a VLAN id behind Juniper's header."""
    return juniper(rng) + struct.pack("<HH", 2 if kind == IPV4 else 6, rng.randrange(4096)) + payload


def nlpid(_rng: Random, kind: int, payload: bytes) -> bytes:
    """An identifier of the network layer protocol (RFC 2427 section 4)."""
    return (b"\xcc" if kind == IPV4 else b"\x8e") + payload


def usb_ncm(rng: Random, kind: int, payload: bytes) -> bytes:
    """A USB bulk transfer as Linux captures it (usbmon), with a block of NCM that has one frame (NCM 1.0 section 3)."""
    frame, table = ethernet(payload, kind), b"NCM0" + struct.pack("<HHHHHH", 16, 0, 28, 14 + len(payload), 0, 0)
    block = b"NCMH" + struct.pack("<HHHH", 12, rng.randrange(65536), 28 + len(frame), 12) + table + frame
    start = struct.pack(
        "<QBBBBHBBqiiII", rng.getrandbits(63), 67, 3, 0x81, 2, 1, 45, 0, 0, 0, 0, len(block), len(block)
    )
    return start + bytes(24) + block


def bare(_rng: Random, _kind: int, payload: bytes) -> bytes:
    """IP without a link layer."""
    return payload


def fixed(four: bytes, six: bytes | None, after: bytes) -> Callable[[Random, int, bytes], bytes]:
    """A header that stays the same, for IPv4 and for IPv6, and what is behind the packet."""
    return lambda _rng, kind, payload: (four if kind == IPV4 else six or b"") + payload + after


def in_ppp(_rng: Random, kind: int, payload: bytes) -> bytes:
    """PPP with address and control."""
    return b"\xff\x03" + struct.pack(">H", PPP_NUMBERS[kind]) + payload


def in_ethernet(_rng: Random, kind: int, payload: bytes) -> bytes:
    """An Ethernet frame."""
    return ethernet(payload, kind)


def nflog(_rng: Random, kind: int, payload: bytes) -> bytes:
    """Netfilter's log (LINKTYPE_NFLOG): family, then attributes, of which 9 is the packet and 1 its header."""
    packet = struct.pack("<HH", 4 + len(payload), 9) + payload
    start = struct.pack(">BBH", 2 if kind == IPV4 else 10, 0, 0)
    return start + struct.pack("<HHHBB", 8, 1, 0x0008, 1, 0) + packet + bytes(-len(packet) % 4)


def enc(rng: Random, kind: int, payload: bytes) -> bytes:
    """OpenBSD's enc: address family in the byte order of the host, SPI, flags."""
    return struct.pack("<I", 2 if kind == IPV4 else 24) + rng.randbytes(4) + struct.pack("<I", 0) + payload


def snap(_rng: Random, kind: int, payload: bytes) -> bytes:
    """LLC and SNAP (RFC 1042)."""
    return SNAP + struct.pack(">H", kind) + payload


def usb(data: bytes, *, mapped: bool) -> bytes:
    """A USB bulk transfer as Linux captures it, with its longer header or without."""
    start = struct.pack("<QBBBBHBBqiiII", 1, 67, 3, 0x81, 2, 1, 45, 0, 0, 0, 0, len(data), len(data))
    return start + bytes(24 if mapped else 8) + data


def usb_rndis(_rng: Random, kind: int, payload: bytes) -> bytes:
    """A message of RNDIS with an Ethernet frame (MS-RNDIS 2.2.14)."""
    frame = ethernet(payload, kind)
    return usb(struct.pack("<IIII", 1, 44 + len(frame), 36, len(frame)) + bytes(28) + frame, mapped=False)


def usb_mbim(rng: Random, _kind: int, payload: bytes) -> bytes:
    """A block of MBIM with an IP packet (MBIM 1.0 section 7)."""
    table = b"IPS\0" + struct.pack("<HHHHHH", 16, 0, 28, len(payload), 0, 0)
    block = b"NCMH" + struct.pack("<HHHH", 12, rng.randrange(65536), 28 + len(payload), 12) + table + payload
    return usb(block, mapped=True)


def usb_pcap(_rng: Random, kind: int, payload: bytes) -> bytes:
    """A transfer of CDC ECM, which is an Ethernet frame alone, as USBPcap has it."""
    frame = ethernet(payload, kind)
    return struct.pack("<HQIHBHHBBI", 27, 1, 0, 9, 1, 1, 2, 0x81, 3, len(frame)) + frame


def pflog(rng: Random, kind: int, payload: bytes) -> bytes:
    """OpenBSD's pflog: length without padding, family, then the rest of its header."""
    size = rng.choice([0x3D, 0x45])
    return struct.pack(">BBH", size, 2 if kind == IPV4 else 24, 0) + bytes(size + 3 & ~3)[4:] + payload


def erf(rng: Random, kind: int, payload: bytes) -> bytes:
    """Endace's record of Ethernet, with extension headers or without, and a checksum (EDM11-01)."""
    extended = rng.choice([b"", b"\x04" + bytes(7), b"\x84" + bytes(7) + b"\x05" + bytes(7)])
    frame = ethernet(payload, kind) + bytes(4)
    size = min(18 + len(extended) + len(frame), 0xFFFF)
    start = bytes(8) + bytes([0x82 if extended else 2, 4]) + struct.pack(">HHH", size, 0, min(len(frame), 0xFFFF))
    return start + extended + bytes(2) + frame


def erf_pos(_rng: Random, kind: int, payload: bytes) -> bytes:
    """Endace's record of PPP in HDLC-like framing, and a checksum."""
    frame = b"\xff\x03" + struct.pack(">H", PPP_NUMBERS[kind]) + payload + bytes(4)
    return bytes(8) + b"\1\4" + struct.pack(">HHH", 16 + len(frame), 0, len(frame)) + frame


def prism(rng: Random, kind: int, payload: bytes) -> bytes:
    """802.11 behind a Prism header in either byte order."""
    return struct.pack(rng.choice("<>") + "II", 0x44, 144) + bytes(136) + wlan(rng, kind, payload)


def exported_ip(_rng: Random, kind: int, payload: bytes) -> bytes:
    """Wireshark's exported PDU: tags, the name of the protocol, and the packet."""
    name = b"ip\0\0" if kind == IPV4 else b"ipv6"
    return struct.pack(">HH", 12, 4) + name + struct.pack(">HHI", 25, 4, 6) + bytes(4) + payload


def juniper_typed(rng: Random, kind: int, payload: bytes) -> bytes:
    """An Ethernet type behind Juniper's header."""
    return juniper(rng) + struct.pack(">H", kind) + payload


def juniper_frf_16(rng: Random, kind: int, payload: bytes) -> bytes:
    """FRF.16 behind Juniper's header: of a link of the bundle, or with a cookie of either kind of card."""
    identifier = b"\xcc" if kind == IPV4 else b"\x8e"
    services = bytes.fromhex("47000000 00" + ("00" if kind == IPV4 else "10") + "0000")
    starts = [b"\xc0\1\x18\x41\3" + identifier, bytes.fromhex("540000010000 03") + identifier, services]
    return juniper(rng) + rng.choice(starts) + payload


def ipnet(_rng: Random, kind: int, payload: bytes) -> bytes:
    """Solaris' IPNET: version, family, which way, length of the packet, and numbers of interfaces and zones."""
    return struct.pack(">BBHI", 1, 2 if kind == IPV4 else 26, 0, len(payload)) + bytes(16) + payload


def isl(rng: Random, kind: int, payload: bytes) -> bytes:
    """Cisco's ISL: 26 bytes, then the frame and its checksum."""
    frame = ethernet(payload, kind) + bytes(4)
    start = bytes.fromhex("01000c0000 00") + MACS[:6] + struct.pack(">H", min(12 + len(frame), 0x5FF))
    return start + bytes.fromhex("aaaa03 000000") + struct.pack(">HI", rng.randrange(1024) << 1, 0) + frame


LINKS = {
    "PPI": Link(192, ETHERNET, behind("00 00 0800 69000000", wlan)),
    "AVS": Link(163, ETHERNET, behind("80211001 00000040" + "00" * 56, wlan)),
    "NFLOG": Link(239, IP, nflog),
    "enc": Link(109, IP, enc),
    "token ring": Link(6, IP, behind("1040" + MACS.hex(), snap)),
    "FDDI": Link(10, IP, behind("50" + MACS.hex(), snap)),
    "PPP with direction": Link(204, set(PPP_NUMBERS), behind("01", ppp)),
    "Ethernet": Link(1, ETHERNET, lambda _rng, kind, payload: ethernet(payload, kind)),
    "802.3": Link(1, ETHERNET, ieee_802_3),
    "cooked v1": Link(113, ETHERNET, _with_type("0000 0001 0006" + "02" * 6 + "0000")),
    "cooked v2": Link(
        276, ETHERNET, lambda _rng, kind, payload: struct.pack(">HHIHBB8s", kind, 0, 3, 1, 0, 6, bytes(8)) + payload
    ),
    "null": Link(0, IP, loopback),
    "raw IP": Link(101, IP, lambda _rng, _kind, payload: payload),
    "PPP": Link(9, set(PPP_NUMBERS), ppp),
    "Cisco HDLC": Link(104, IP | {MPLS}, _with_type("0f00")),
    "Frame Relay": Link(107, IP, frame_relay),
    "IP over InfiniBand": Link(242, IP, _with_type("00" * 40, "0000")),
    "802.11": Link(105, ETHERNET, wlan),
    "radiotap": Link(127, ETHERNET, radiotap),
    "A-MSDU": Link(105, IP | TAGGED, aggregate),
    "Juniper Ethernet": Link(178, ETHERNET, behind_juniper(in_ethernet)),
    "Juniper PPPoE": Link(167, ETHERNET, behind_juniper(in_ethernet)),
    "Juniper PPP": Link(179, set(PPP_NUMBERS), behind_juniper(in_ppp)),
    "Juniper Frame Relay": Link(180, IP, behind_juniper(frame_relay)),
    "Juniper Cisco HDLC": Link(181, IP | {MPLS}, behind_juniper(_with_type("0f00"))),
    "Juniper ATM1": Link(137, IP, behind_juniper(snap, bytes.fromhex("00000064"))),
    "Juniper ATM2": Link(135, IP, behind_juniper(snap, bytes(8))),
    "Juniper multilink Frame Relay": Link(131, IP, behind_juniper(nlpid, bytes.fromhex("54000001 03"))),
    "USB NCM": Link(220, ETHERNET, usb_ncm),
    "Juniper services": Link(136, IP, behind_juniper(bare, bytes(16))),
    "Juniper GGSN": Link(133, IP, juniper_ggsn),
    "Juniper encryption services": Link(132, IP, behind_juniper(bare, bytes(3) + b"\4" + bytes(12)), False),
    "Juniper FRF.16": Link(134, IP, juniper_frf_16, False),
    "Juniper PPPoE over ATM": Link(168, ETHERNET, juniper_typed, False),
    "TZSP": Link(128, ETHERNET, behind("01000001 0a0180 00 01", in_ethernet)),
    "TZSP of 802.11": Link(128, ETHERNET, behind("01000012 01", wlan)),
    "MPLS without Ethernet": Link(219, IP | {MPLS}, lambda rng, kind, payload: mpls(rng, kind, payload)[1], False),
    "Cisco HDLC of Linux": Link(112, IP | {MPLS}, _with_type("0f00")),
    "RNDIS": Link(189, ETHERNET, usb_rndis, False),
    "MBIM": Link(220, IP, usb_mbim, False),
    "CDC ECM": Link(249, IP, usb_pcap, False),
    "pflog": Link(117, IP, pflog),
    "ERF": Link(197, ETHERNET, erf),
    "ERF, Ethernet alone": Link(175, ETHERNET, erf, False),
    "ERF, PPP alone": Link(176, set(PPP_NUMBERS), erf_pos, False),
    "Prism": Link(119, ETHERNET, prism),
    "exported IP": Link(252, IP, exported_ip),
    "exported Ethernet": Link(252, ETHERNET, behind("000c0004 65746800 00000000", in_ethernet), False),
    "IPNET": Link(226, IP, ipnet),
    "ISL": Link(1, ETHERNET, isl),
}
# Of the link types that are not among these: every header of ``frames`` without a tag.
LINKS |= {
    f"{name} (fixed)": Link(
        number,
        {IPV4} | ({IPV6} if six is not None else set()),
        fixed(four, six, bytes(4 if any(word in name for word in WITH_CHECKSUM) else 0)),
        name not in UNKNOWN_TO_WIRESHARK,
    )
    for name, (number, four, six, vlan) in HEADERS.items()
    if four is not None and vlan is None and number not in {link.number for link in LINKS.values()}
}
