"""Network adapters over USB."""

import struct

import pytest

from tests.builders import ethernet, packet
from tests.capture.frames import CLIENT, PACKET, SERVER
from tests.capture.rows import pick, row

FRAME = ethernet(PACKET)
SEGMENT = [CLIENT, SERVER, "TCP", 40000, 10, None]
USB, SEVERAL = [None, None, "USB", None, None, None], "several frames of a USB network adapter in one transfer"
BULK, INTERRUPT = 3, 1


def linux(data: bytes, transfer: int = BULK) -> bytes:
    """A transfer in Linux's format (Documentation/usb/usbmon.rst)."""
    start = struct.pack("<QBBBBHBBqiiII", 1, ord("C"), transfer, 0x81, 2, 1, 45, 0, 0, 0, 0, len(data), len(data))
    return start + bytes(8) + data


def linux_mapped(data: bytes, transfer: int = BULK) -> bytes:
    """The same with its longer header."""
    return linux(b"", transfer) + bytes(16) + data


def usb_pcap(data: bytes, transfer: int = BULK) -> bytes:
    """A transfer in the format of USBPcap (desowin.org/usbpcap/captureformat.html)."""
    return struct.pack("<HQIHBHHBBI", 27, 1, 0, 9, 1, 1, 2, 0x81, transfer, len(data)) + data


def rndis(frame: bytes) -> bytes:
    """A packet message of RNDIS (MS-RNDIS 2.2.14), whose offset counts from its own field."""
    return struct.pack("<IIII", 1, 44 + len(frame), 36, len(frame)) + bytes(28) + frame


LINKS = [(189, linux), (220, linux_mapped), (249, usb_pcap)]


@pytest.mark.parametrize(("number", "wrap"), LINKS)
def test_a_frame_in_a_transfer_is_followed(number, wrap):
    wanted = "src dst protocol src_port payload_bytes undecoded"
    assert pick(row(wrap(FRAME), number), wanted) == SEGMENT
    assert pick(row(wrap(rndis(FRAME)), number), wanted) == SEGMENT
    assert pick(row(wrap(ethernet(PACKET, vlans=[7])), number), "src vlan") == [CLIENT, 7]


@pytest.mark.parametrize(("number", "wrap"), LINKS)
def test_other_transfers_hold_no_tcp(number, wrap):
    wanted = "src dst protocol src_port payload_bytes undecoded"
    for data, transfer in ((FRAME, INTERRUPT), (b"", BULK), (bytes(64), BULK), (b"USBS" + bytes(60), BULK)):
        assert pick(row(wrap(data, transfer), number), wanted) == USB
    assert row(wrap(b"")[:20], number)["protocol"] == "short frame"


@pytest.mark.parametrize(("number", "wrap"), LINKS)
def test_transfers_of_several_frames_are_said_to_be_undecoded(number, wrap):
    for data in (rndis(FRAME) + rndis(packet()), b"NCMH" + bytes(60), b"ncmh" + bytes(60)):
        found = row(wrap(data), number)
        assert (found["protocol"], found["undecoded"]) == ("USB network adapter", SEVERAL)
