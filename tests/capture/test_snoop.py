"""Snoop files (RFC 1761)."""

import struct

import pytest

from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Conversation, packet, pcap

NOW = 1_700_000_000
TALK = [frame for _, frame in Conversation().handshake().data("client", 300).data("server", 901).close()]


def header(kind=4, version=2):
    return b"snoop\0\0\0" + struct.pack(">II", version, kind)


def record(frame, *, wire=None, second=NOW, part=5, padding=None):
    padding = -len(frame) % 4 if padding is None else padding
    wire = len(frame) if wire is None else wire
    return struct.pack(">IIIIII", wire, len(frame), 24 + len(frame) + padding, 0, second, part) + frame + bytes(padding)


@pytest.mark.parametrize("padding", [None, 0, 13])
def test_snoop(padding):
    capture = header() + b"".join(record(frame, padding=padding) for frame in TALK)
    found = read_pcap(capture)
    plain = read_pcap(pcap([(0, frame) for frame in TALK]))
    assert found[["src", "seq", "payload_bytes", "wire_bytes"]].equals(
        plain[["src", "seq", "payload_bytes", "wire_bytes"]]
    )
    assert found["time"].iloc[0].isoformat() == "2023-11-14T22:13:20.000005+00:00"
    for offset, frame in zip(found["offset"], TALK, strict=True):
        assert capture[offset : offset + len(frame)] == frame
    info = capture_info(found)
    assert (info.format, info.link_types, info.bytes, info.notes) == ("snoop", ["Ethernet"], len(capture), [])


@pytest.mark.parametrize(
    ("kind", "link", "start"), [(0, 1, 0), (4, 1, 0), (18, 123, 14), (0x80000001, 101, 14), (0x80000003, 101, 14)]
)
def test_kinds_of_link(kind, link, start):
    line = bytes.fromhex("02000064 aaaa03 000000 0800") if link == 123 else b""
    found = read_pcap(header(kind) + record(line + packet()[start:]))
    assert capture_info(found).link_type_numbers == [link]
    assert found["src"].notna().all()


@pytest.mark.parametrize(("kind", "version"), [(5, 2), (4, 3), (4, 5)])
def test_other_kinds_and_versions_are_named(kind, version):
    with pytest.raises(CaptureFormatError, match="editcap -F pcapng IN OUT"):
        read_pcap(header(kind, version) + record(packet()))


def test_odd_lengths_and_times():
    capture = header() + record(packet(payload=20), wire=60) + record(packet(), part=1_000_000) + record(packet())
    with pytest.warns(CaptureWarning):
        found = read_pcap(capture)
    assert found["wire_bytes"].tolist() == [74, 54, 54]
    assert found["time"].isna().tolist() == [False, True, False]


def test_cut_at_every_byte():
    ends = [16]
    for frame in TALK[:3]:
        ends.append(ends[-1] + len(record(frame)))
    capture = header() + b"".join(record(frame) for frame in TALK[:3])
    for length in range(17, len(capture)):
        kept = sum(end <= length for end in ends[1:])
        if length in ends:
            assert len(read_pcap(capture[:length])) == kept
            continue
        with pytest.warns(CaptureWarning, match=rf"at byte {ends[kept]}: cut off in a record"):
            assert len(read_pcap(capture[:length])) == kept


@pytest.mark.parametrize("length", [0, 23, 77, 1 << 30])
def test_record_lengths_that_are_not_possible(length):
    bad = bytearray(record(packet()))
    bad[8:12] = struct.pack(">I", length)
    with pytest.warns(CaptureWarning, match="at byte 96: a record claims"):
        assert len(read_pcap(header() + record(packet()) + bytes(bad))) == 1
