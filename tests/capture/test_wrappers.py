"""Headers of capturing systems that say something wrong or rare; the usual ones are in ``frames``."""

import struct

import pytest

from tests.builders import MACS, ethernet
from tests.capture.frames import ERF, PACKET, SNAP, nflog, pdu, pdu_by_number, pktap, sll, wlan
from tests.capture.rows import pick, row


@pytest.mark.parametrize(
    ("link", "frame", "protocol"),
    [
        (0, bytes.fromhex("00000007") + PACKET, "LLC"),  # another address family
        (0, bytes.fromhex("00000021") + PACKET, "LLC"),
        (113, sll(0x0C) + PACKET, "LLC"),  # a CAN frame
        (113, sll(0x19, 513) + PACKET, "frame of another kind"),  # of a line
        (197, ERF[:8] + b"\x15" + ERF[9:] + PACKET, "frame of another kind"),  # InfiniBand
        (252, struct.pack(">HH", 12, 4) + b"wlab" + bytes(4) + PACKET, "LLC"),
        (113, sll(4, 801) + SNAP + b"\x08\x06" + bytes(28), "ARP"),  # LLC all the same
        (117, bytes.fromhex("3d 07 0000") + bytes(60) + PACKET, "LLC"),
        (117, bytes.fromhex("ff 02 0000") + bytes(60) + PACKET, "IPv4"),  # a length beyond the frame
        (197, ERF[:8] + b"\x30" + ERF[9:] + PACKET, "LLC"),  # padding
        (197, ERF[:8] + b"\x82" + ERF[9:] + b"\x84" * 8 * 90, "LLC"),  # extension headers without end
        (226, b"\1\7" + bytes(22) + PACKET, "LLC"),
        (239, nflog("<", 2)[:12] + b"\0\0\0\0" * 20 + PACKET, "short frame"),  # an attribute of length 0
        (239, nflog("<", 2)[:4] + struct.pack("<HH", 0xFFFF, 1) + PACKET, "short frame"),
        (252, struct.pack(">HH", 12, 0xFFFF) + b"ip", "short frame"),
        (252, struct.pack(">HH", 12, 4) + b"ipx\0" + bytes(4) + PACKET, "LLC"),
        (252, struct.pack(">HH", 99, 0) * 90 + bytes(4) + PACKET, "LLC"),
        (252, pdu(b"tcp") + PACKET[20:], "frame of another kind"),  # TCP without IP
        (252, pdu_by_number(b"ip.proto", 6) + PACKET[20:], "frame of another kind"),
        (252, struct.pack(">HHI", 24, 4, 2) + pdu(b"http") + b"GET", "frame of another kind"),  # what TCP carried
        (252, struct.pack(">HHI", 24, 4, 3) + pdu(b"dns") + bytes(9), "LLC"),  # what UDP carried
        (252, pdu_by_number(b"udp.port", 53) + bytes(9), "LLC"),
        (258, pktap(1, b"")[:11], "short frame"),
        (258, struct.pack("<III", 0xFFFFFFFF, 1, 1) + ethernet(PACKET), "short frame"),
        (258, struct.pack("<III", 12, 2, 1) + ethernet(PACKET), "LLC"),  # not a packet
        (258, struct.pack("<III", 12, 1, 147) + PACKET, "link type 147"),
        (284, MACS + bytes.fromhex("c0080000 0806") + bytes(28), "ARP"),
        (284, MACS + bytes.fromhex("c0080000 0026 424203") + bytes(35), "STP"),
    ],
)
def test_frames_without_a_packet(link, frame, protocol):
    assert pick(row(frame, link), "protocol src seq") == [protocol, None, None]


@pytest.mark.parametrize(
    ("link", "header"),
    [
        (0, "ff030021"),  # PPP
        (0, "00020000"),  # IRIX
        (0, "00000200"),
        (0, "00000800"),  # an Ethernet type
        (0, "00080000"),
        (252, "000c0006 7261775f6970 00000000"),  # raw_ip
        (252, "000c0004 70707000 00000000 ff03 0021"),  # ppp
        (252, "000c0004 776c616e 00000000" + wlan("0801").hex() + SNAP.hex() + "0800"),
        (197, "0000000000000001 0900 0040 0000 0040 00000001 00000640" + SNAP.hex() + "0800"),  # a channel of AAL5
    ],
)
def test_rare_forms_as_in_wireshark(link, header):
    assert pick(row(bytes.fromhex(header) + PACKET, link), "protocol src seq") == ["TCP", "192.0.2.1", 0]
