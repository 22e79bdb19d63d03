"""ERF files: records without a header (Endace EDM11-01)."""

import struct

import pytest

from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Conversation, packet, pcap

NOW = 1_700_000_000
TALK = [frame for _, frame in Conversation().handshake().data("client", 300).data("server", 901).close()]


def record(frame, kind=2, *, second=NOW, fraction=1 << 31, extensions=0, wire=None, padded=True):
    before = {2: 2, 11: 2, 16: 2, 20: 2, 5: 4}.get(kind, 0)
    headers = b"".join(bytes([0x80 if left else 0]) + bytes(7) for left in reversed(range(extensions)))
    body = headers + bytes(before) + frame
    body += bytes(-len(body) % 8 if padded else 0)
    kind |= 0x80 if extensions else 0
    wire = len(frame) if wire is None else wire
    return struct.pack("<II", fraction, second) + struct.pack(">BBHHH", kind, 4, 16 + len(body), 0, wire) + body


@pytest.mark.parametrize("extensions", [0, 1, 3])
@pytest.mark.parametrize("kind", [2, 11, 16, 20])
def test_ethernet(kind, extensions):
    capture = b"".join(record(frame, kind, extensions=extensions) for frame in TALK)
    found = read_pcap(capture)
    plain = read_pcap(pcap([(0, frame) for frame in TALK]))
    columns = ["src", "seq", "payload_bytes", "wire_bytes", "captured_bytes"]
    assert found[columns].equals(plain[columns])
    assert found["time"].iloc[0].isoformat() == "2023-11-14T22:13:20.500000+00:00"
    info = capture_info(found)
    assert (info.format, info.link_types, info.bytes, info.notes) == ("ERF", ["Ethernet"], len(capture), [])
    for offset, frame in zip(found["offset"], TALK, strict=True):
        assert capture[offset : offset + len(frame)] == frame


@pytest.mark.parametrize(
    ("kind", "start"), [(1, b"\x0f\0\x08\0"), (1, b"\xff\x03\0\x21"), (5, b"\x0f\0\x08\0"), (22, b"")]
)
def test_other_links(kind, start):
    found = read_pcap(b"".join(record(start + frame[14:], kind) for frame in TALK))
    assert found["payload_bytes"].sum() == 1201


def test_padding_is_passed_over_and_slices_are_cut():
    capture = record(packet(payload=500)[:62], wire=554) + record(b"", 48) + record(packet(), second=NOW + 1)
    found = read_pcap(capture)
    assert found["wire_bytes"].tolist() == [554, 54]
    assert found["captured_bytes"].tolist() == [62, 54]
    assert found["payload_bytes"].tolist() == [500, 0]


def test_a_file_that_is_cut_off():
    capture = b"".join(record(frame) for frame in TALK)
    with pytest.warns(CaptureWarning, match="cut off in a record"):
        found = read_pcap(capture[:-3])
    assert len(found) == len(TALK) - 1


@pytest.mark.parametrize(
    "data",
    [
        record(packet(), 40),  # no such type
        record(packet()) + record(packet(), second=NOW - 90_000),  # a day back
        record(packet()) + b"x",
        record(packet())[:-1],
        record(packet(payload=46), wire=1, padded=False) * 2,  # 100 bytes of a packet of one
        b"\x01" * 300,
    ],
    ids=["type", "time", "more", "less", "lengths", "ones"],
)
def test_what_is_no_erf(data):
    with pytest.raises(CaptureFormatError, match="is not a capture"):
        read_pcap(data)
