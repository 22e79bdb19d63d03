"""Tunnels over UDP: what is none stays UDP."""

import random
import struct

import pytest

from pcapframe.capture.udp_tunnels import UDP_TUNNELS
from tests.builders import UDP, ethernet, ipv4, udp
from tests.capture.frames import CLIENT, OUTER, PACKET, PACKET6
from tests.capture.rows import pick, row, rows
from tests.capture.wrappings import AYIYA, FRAME, TUNNELS, over_udp

LEAST_UDP = 0.995  # of random payloads on a tunnel's port


def random_payloads(port: int, count: int) -> list[bytes]:
    """Frames of UDP to a port with random bytes, whose first bytes are often those that tunnels begin with."""
    draw = random.Random(port)
    starts = [
        "",
        "00",
        "08",
        "08000000",
        "0c000003",
        "30ff",
        "34ff0040",
        "0002",
        "0003",
        "01000001",
        "45",
        "4500",
        "60",
    ]
    frames = []
    for _ in range(count):
        payload = bytes.fromhex(draw.choice(starts)) + draw.randbytes(draw.randrange(120))
        frames.append(ethernet(ipv4(*OUTER, UDP, udp(*OUTER, draw.choice((port, 50000)), port, payload))))
    return frames


@pytest.mark.parametrize("port", UDP_TUNNELS)
def test_random_payloads_stay_udp(port):
    found = rows(random_payloads(port, 3000))
    stayed = sum(pick(one, "src dst protocol dst_port") == [*OUTER, "UDP", port] for one in found)
    assert stayed / len(found) >= LEAST_UDP


def test_whatever_is_not_followed_has_no_way():
    for one in rows(random_payloads(4789, 1000) + random_payloads(2152, 1000)):
        assert (one["tunnel"] is None) == (one["protocol"] == "UDP" and one["src"] == OUTER[0])
        assert (one["outer_src"] is None) == (one["tunnel"] is None)


def lengthened(packet: bytes, length: int) -> bytes:
    """IPv4 with another total length, and a wrong checksum."""
    return packet[:2] + struct.pack(">H", length) + packet[4:]


@pytest.mark.parametrize(
    "payload",
    [
        over_udp(4789, "00000000 00000700", ethernet(bytes(28), 0x0806)),  # no VNI, and no IP
        over_udp(4790, "3c000003 00000700", FRAME),  # another version
        over_udp(4790, "0c000009 00000700", FRAME),  # an unknown protocol
        over_udp(6081, "4000 6558 00000700", FRAME),  # another version
        over_udp(6081, "0000 1234 00000700", FRAME),
        over_udp(2152, "30 01 0000 00000000", b""),  # an echo request
        over_udp(2152, "30 ff ffff 00000001", FRAME),  # longer than the datagram, and no IP in it
        over_udp(2152, "34 ff 0040 00000001 0000 00 85 00", PACKET),  # an extension header without length
        over_udp(2152, "34 ff 0040 00000001 0000 00 85 ff", PACKET),  # or longer than the rest
        over_udp(2152, "50 ff 0032 00000001", PACKET),  # another version
        over_udp(4341, "82000001 00000001", PACKET),  # encrypted
        over_udp(5072, AYIYA.replace("11 29", "12 29"), PACKET6),  # an echo
        over_udp(5072, AYIYA.replace("11 29", "11 04"), PACKET6),  # said to be IPv4
        over_udp(5072, "ff f1 11 29 00000000", PACKET6),  # an identity longer than the rest
        over_udp(37008, "02 00 0001 01", FRAME),  # another version
        over_udp(37008, "01 04 0001 01", FRAME),  # a keep-alive
        over_udp(37008, "01 00 0001 0a ff", FRAME),  # a tag longer than the rest
        over_udp(1701, "8002 0008 0001 0002", PACKET),  # control
        over_udp(1701, "0004 0001 0002 ff03 0021", PACKET),  # another version
        over_udp(1701, "0202 0001 0002 ffff", PACKET),  # an offset beyond the rest
        over_udp(6635, "00064140", lengthened(PACKET, 9)),
        over_udp(30030, "00008000 00000001", lengthened(PACKET, 300)),
        over_udp(3544, "", b"\x60" + bytes(60)),
    ],
)
def test_headers_that_are_no_tunnel(payload):
    assert pick(row(ethernet(payload)), "src protocol tunnel outer_src") == [OUTER[0], "UDP", None, None]


def test_a_mirrored_packet_cut_by_the_tunnels_sender_is_followed():
    """As AWS traffic mirroring does: the inner lengths say more than the tunnel holds."""
    for port, header in ((4789, "08000000 00000700"), (4790, "0c000003 00000700"), (6081, "0000 6558 00000700")):
        found = row(ethernet(over_udp(port, header, FRAME[:-6])))
        assert pick(found, "src protocol src_port") == [CLIENT, "TCP", 40000]
    assert row(ethernet(over_udp(6635, "00064140", PACKET[:-6])))["src"] == CLIENT


def test_gtp_is_followed_on_any_port_that_says_so_and_only_if_its_lengths_fit():
    way, packet, _ = TUNNELS["GTP-U on another port"]
    assert row(ethernet(packet))["tunnel"] == way
    for other in (
        over_udp(31000, "30 ff 0033 00000001", PACKET),
        over_udp(31000, "30 ff 0031 00000001", PACKET),
        over_udp(31000, "30 fe 0032 00000001", PACKET),
        over_udp(31000, "30 ff 0032 00000001", lengthened(PACKET, 49)),
    ):
        assert row(ethernet(other))["tunnel"] is None
