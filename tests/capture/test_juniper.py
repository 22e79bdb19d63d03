"""Juniper's headers with what they rarely say; the usual ones are in ``frames``."""

import struct

import pytest

from tests.builders import ethernet
from tests.capture.frames import JUNIPER, PACKET, label
from tests.capture.rows import pick, row

FOUND = ["192.0.2.1", 40000, 10]


@pytest.mark.parametrize(
    ("number", "between"),
    [
        (3, b""),
        (5, label(16, True)),
        (200, b"\0\x21"),
        (203, bytes.fromhex("aaaa03 000000 0800")),
        (204, ethernet(b"")),
        (207, bytes.fromhex("184103cc")),
        (208, bytes.fromhex("0f000800")),
    ],
)
def test_payload_numbers(number, between):
    frame = b"MGC\x03" + struct.pack("<I", number) + between + PACKET
    assert pick(row(frame, 178), "src src_port payload_bytes") == FOUND


@pytest.mark.parametrize("link", [178, 179, 181])
def test_frames_of_old_systems_have_no_header(link):
    between = {178: ethernet(b""), 179: b"\xff\x03\0\x21", 181: b"\x0f\0\x08\0"}[link]
    assert pick(row(between + PACKET, link), "src src_port payload_bytes") == FOUND


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (178, b"MGC\x83\xff\xff" + ethernet(PACKET)),  # an extension beyond the frame
        (178, b"MGC\x81\xff\xff" + ethernet(PACKET)),
        (179, b"MGC\x03" + struct.pack("<I", 201) + PACKET),  # OSI
        (137, JUNIPER + bytes(4) + b"\x77" * 60),
        (130, JUNIPER + bytes.fromhex("47000000 00300000") + PACKET),  # OSI
        (133, JUNIPER + b"\2"),
    ],
)
def test_no_packet(link, frame):
    assert pick(row(frame, link), "src seq") == [None, None]


@pytest.mark.parametrize(
    ("link", "between"),
    [
        # Types 3 to 5: 16 bytes of the encryption services card; a bundle has none of them (tcpdump, print-juniper.c).
        (132, bytes.fromhex("0007 40 03 00001000 c0000201 c6336401")),
        (132, bytes.fromhex("0007 40 05 00001000 c0000201 c6336401")),
        (132, b""),
        (134, bytes.fromhex("c001 1841 03cc")),  # of a link of the bundle: FRF.16 alone
        (134, bytes.fromhex("00000001 03cc")),
        (134, bytes.fromhex("54000001 0000 03cc")),
        (134, bytes.fromhex("47000000 00000000")),
        (168, b"\x08\0"),
        (168, bytes.fromhex("8864 1100 0007 0034 0021")),
    ],
)
def test_link_types_that_wireshark_does_not_read(link, between):
    assert pick(row(JUNIPER + between + PACKET, link), "src src_port payload_bytes") == FOUND
    for cut in range(len(JUNIPER + between)):
        assert row((JUNIPER + between)[:cut], link)["src"] is None


def test_a_packet_of_the_encryption_services_that_is_not_ip_is_said():
    found = row(JUNIPER + bytes(3) + b"\4" + bytes(60), 132)
    assert found["undecoded"] == "Juniper encryption services without IP"
