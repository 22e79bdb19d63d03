"""Frames of lines and older networks that no IP packet is behind; those with one are in ``frames``."""

import pytest

from tests.builders import MACS, ethernet
from tests.capture.frames import PACKET, RING, SNAP
from tests.capture.rows import pick, row

BEHIND = SNAP + b"\x08\x00" + PACKET


@pytest.mark.parametrize(
    ("link", "frame", "protocol"),
    [
        (3, b"\x82" * 7 * 40 + PACKET, "LLC"),  # addresses without end
        (3, b"\x82" * 6 + b"\x61" + b"\x03\xf0" + PACKET, "LLC"),  # no layer 3
        (6, b"\x10\x00" + MACS + BEHIND, "LLC"),  # a MAC frame
        (6, RING[:8] + b"\x82" + RING[9:] + b"\x1f", "short frame"),  # a route beyond the frame
        (7, bytes.fromhex("0102 dd 00 0001") + PACKET, "LLC"),  # AppleTalk
        (7, bytes.fromhex("0102 d5 00 0001") + PACKET, "ARP"),
        (10, b"\x41" + MACS + BEHIND, "LLC"),  # a MAC frame
        (100, b"\xfe\xfe\x03" + PACKET, "LLC"),  # OSI
        (107, bytes(4) + PACKET, "IPv4"),  # no address of four bytes ends
        (107, bytes.fromhex("1841 03 08") + PACKET, "LLC"),  # Q.933
        (107, bytes.fromhex("1841 03 80 123456 2004") + PACKET, "LLC"),  # another organisation
        (107, bytes.fromhex("1841 03 80 123456 0800") + PACKET, "frame of another kind"),  # which may mean IP by it
        (123, bytes.fromhex("05000123") + PACKET, "LLC"),  # ILMI
        (123, bytes.fromhex("00000004") + PACKET, "LLC"),  # an OAM cell
        (123, bytes.fromhex("00000123") + PACKET, "frame of another kind"),  # nobody says what
        (143, bytes.fromhex("c0 00 0040 1234") + ethernet(PACKET), "LLC"),  # a MAC message
        (143, bytes.fromhex("01 05 0049 4400808034 1234") + ethernet(PACKET), "encrypted frame"),
        (143, bytes.fromhex("01 ff 0049 3400001234 1234") + ethernet(PACKET), "short frame"),
        (182, bytes.fromhex("8101 184103cc") + PACKET, "fragment of a frame"),  # the first of several
        (182, bytes.fromhex("e101 03") + PACKET, "LLC"),  # of the bundle itself
        (143, bytes.fromhex("c7 06 0049 351000000000 1234") + ethernet(PACKET), "fragment of a frame"),
        (143, bytes.fromhex("f8 01 0049 1234 00000043 1234") + ethernet(PACKET), "frame of another kind"),
        (107, bytes.fromhex("1841 03 b1 c000") + PACKET, "fragment of a frame"),  # FRF.12
        (107, bytes.fromhex("1841 03 b0") + PACKET, "frame of another kind"),  # compressed
        (100, SNAP[:3] + bytes.fromhex("0080c2 0003 00") + RING + BEHIND, "frame of another kind"),  # bridged 802.5
        (204, b"\0", "short frame"),
    ],
)
def test_frames_without_a_packet(link, frame, protocol):
    if protocol == "IPv4":
        protocol = "Ethernet type 0x4500"
    assert pick(row(frame, link), "protocol src seq") == [protocol, None, None]
