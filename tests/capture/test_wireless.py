"""802.11 and radio headers that say something wrong, or that no IP packet is behind; the others are in ``frames``."""

import struct

import pytest

from tests.builders import packet
from tests.capture.frames import PACKET, RADIO, RADIOTAP, SNAP, avs, prism, wlan
from tests.capture.rows import pick, row, rows

BEHIND = SNAP + b"\x08\x00" + PACKET


@pytest.mark.parametrize(
    "control",
    [
        "8000",  # a beacon
        "d400",  # an acknowledgement
        "4801",  # a null frame
        "c801",  # a null frame with QoS
    ],
)
def test_frames_without_a_packet(control):
    assert pick(row(wlan(control) + BEHIND, 105), "protocol src") == ["802.11", None]


def test_encrypted_frames():
    assert pick(row(wlan("0841") + BEHIND, 105), "protocol src") == ["802.11 (encrypted)", None]


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (127, bytes.fromhex("0000 ffff 00000000") + RADIO + PACKET),  # a length beyond the frame
        (127, bytes.fromhex("0000 0000 00000000") + RADIO + PACKET),  # a length of 0
        (127, bytes.fromhex("0000 0800 000000") + b"\x80" + b"\0\0\0\x80" * 90),  # bitmaps without end
        (163, avs(RADIO + PACKET)[:7]),
        (163, struct.pack(">II", 0x80211000, 0xFFFFFFFF) + RADIO + PACKET),
        (163, struct.pack(">II", 0x12345678, 64) + bytes(56) + RADIO + PACKET),  # another version
        (119, prism("<", RADIO)[:140]),
        (119, struct.pack("<II", 0x44, 0xFFFFFFFF) + bytes(200)),
        (192, struct.pack("<BBHI", 0, 0, 0xFFFF, 105) + RADIO + PACKET),
        (192, struct.pack("<BBHI", 0, 0, 8, 192) * 40 + RADIO + PACKET),  # PPI in PPI in PPI …
    ],
)
def test_lengths_that_lie(link, frame):
    assert pick(row(frame, link), "src seq") == [None, None]


def test_ppi_of_an_unknown_link_type_says_so():
    assert row(struct.pack("<BBHI", 0, 0, 8, 147) + PACKET, 192)["protocol"] == "link type 147"


def test_the_checksum_behind_a_frame_is_no_payload():
    frame = bytes.fromhex("0000 0900 02000000 10") + RADIO + PACKET + b"\xde\xad\xbe\xef"
    assert pick(row(frame, 127), "src payload_bytes") == ["192.0.2.1", 10]


def test_radiotap_alone_is_a_short_frame():
    assert row(RADIOTAP, 127)["protocol"] == "short frame"


@pytest.mark.parametrize(
    ("control", "mesh"),
    [
        ("8803", "00 1f 00000001"),
        ("8803", "02 1f 00000001" + "02" * 12),  # with two addresses more
        ("8802", "01 1f 00000001" + "02" * 6),  # to a group
    ],
)
def test_mesh_control(control, mesh):
    header = bytes.fromhex(control) + bytes(22) + bytes(6 if control == "8803" else 0) + b"\0\1" + bytes.fromhex(mesh)
    assert pick(row(header + BEHIND, 105), "protocol src seq") == ["TCP", "192.0.2.1", 0]


def numbered(control: str, behind: bytes) -> bytes:
    """Return a frame whose fragment number is 1."""
    return wlan(control)[:22] + b"\x11\0" + behind


def test_fragments_behind_the_first_are_said():
    for frame in (numbered("0801", PACKET[20:]), numbered("0805", BEHIND), numbered("0801", b"\xaa")):
        assert row(frame, 105)["protocol"] == "fragment of a frame"


def test_a_whole_frame_with_the_number_of_a_fragment_is_read():
    assert pick(row(numbered("0801", BEHIND), 105), "protocol src payload_bytes") == ["TCP", "192.0.2.1", 10]


@pytest.mark.parametrize("link", [b"", RADIOTAP])
def test_a_packet_in_fragments_is_that_of_the_first_one(link):
    """Its length is that of the IP header, though whole packets of the same capture were longer than the frame."""
    body = SNAP + b"\x08\x00" + packet(seq=1000, payload=900)[14:]
    pieces = [wlan(control)[:22] + bytes([number, 0]) for number, control in enumerate(["0805", "0805", "0801"])]
    frames = [wlan("0801") + SNAP + b"\x08\x00" + packet(payload=1000)[14:]]
    frames += [link + piece + body[400 * k :][:400] for k, piece in enumerate(pieces)]
    frames[0] = link + frames[0]
    found = rows(frames, 127 if link else 105)
    assert [row["payload_bytes"] for row in found] == [1000, 900, None, None]
    assert [row["undecoded"] is None for row in found] == [True, True, False, False]
