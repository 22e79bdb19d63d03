"""Classic pcap: both byte orders and resolutions, damage of every kind."""

import struct
import warnings
from contextlib import nullcontext
from fractions import Fraction
from itertools import accumulate

import pandas as pd
import pytest

from pcapframe.capture.pcap import longest_packet, normal_link_type, parse_header
from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Conversation, packet, pcap, pcap_header, pcap_record, pcapng

NOW = 1_700_000_000
COMPARED = ["time", "offset", "captured_bytes", "src", "seq", "payload_bytes", "sack_permitted"]
FRAMES = [
    (NOW + Fraction(1, 10**9), packet()),
    (NOW + Fraction(999_999_999, 10**9), packet(payload=3)),
    (NOW + 1 + Fraction(123_456_789, 10**9), packet(payload=100)),
]


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("nanoseconds", "name", "times"),
    [
        (False, "pcap (microseconds)", ["00.000000000", "00.999999000", "01.123456000"]),
        (True, "pcap (nanoseconds)", ["00.000000001", "00.999999999", "01.123456789"]),
    ],
)
def test_formats(big_endian, nanoseconds, name, times):
    capture = pcap(FRAMES, big_endian=big_endian, nanoseconds=nanoseconds, snaplen=120)
    packets = read_pcap(capture)
    assert packets["time"].dt.strftime("%Y-%m-%d %H:%M:%S.%f").str[:26].tolist() == [
        f"2023-11-14 22:13:2{time[1:9]}" for time in times
    ]
    assert packets["time"].dt.nanosecond.tolist() == [int(time[-3:]) for time in times]
    assert packets["wire_bytes"].tolist() == [54, 57, 154]
    assert packets["captured_bytes"].tolist() == [54, 57, 120]
    assert packets["payload_bytes"].tolist() == [0, 3, 100]
    facts = packets.attrs["capture"]
    assert facts["format"] == name
    assert (facts["snaplen"], facts["bytes"], facts["packets"]) == (120, len(capture), 3)
    assert facts["link_types"] == ["Ethernet"]
    assert facts["interfaces"] == []
    assert packets["interface"].isna().all()


def test_offset_is_where_the_bytes_are():
    capture = pcap(FRAMES)
    for offset, (_, frame) in zip(read_pcap(capture)["offset"], FRAMES, strict=True):
        assert capture[offset : offset + len(frame)] == frame


def test_a_sub_second_field_of_a_second_or_more_is_no_time():
    records = [struct.pack("<IIII", 10, part, 0, 0) for part in (999_999, 1_000_000, 999_998)]
    with pytest.warns(CaptureWarning, match="1 of 3 packets has a time whose sub-second part is a second or more"):
        found = read_pcap(pcap_header() + b"".join(records))
    assert found["time"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("big_endian", [False, True])
def test_nanoseconds_in_a_file_of_microseconds_are_no_times(big_endian):
    order = ">" if big_endian else "<"
    records = [struct.pack(f"{order}IIII", NOW, part, 0, 0) for part in (123_456_789, 987_654, 998_877_665)]
    with pytest.warns(CaptureWarning, match="2 of 3 packets have a time .* no time of the file is known"):
        found = read_pcap(pcap_header(big_endian=big_endian) + b"".join(records))
    assert found["time"].isna().all()
    assert capture_info(found).first_time is None


def test_times_after_2038():
    record = struct.pack("<IIII", 2**32 - 1, 999_999_999, 0, 0)
    (time,) = read_pcap(pcap_header(nanoseconds=True) + record)["time"]
    assert time.isoformat() == "2106-02-07T06:28:15.999999999+00:00"


def test_backward_times_stay():
    packets = read_pcap(pcap([(5, packet()), (3, packet()), (4, packet())]))
    assert packets["time"].dt.second.tolist() == [5, 3, 4]
    assert packets.attrs["capture"]["first_time"] == "1970-01-01T00:00:03+00:00"
    assert packets.attrs["capture"]["last_time"] == "1970-01-01T00:00:05+00:00"


def test_link_type_without_the_bits_beside_it():
    # The upper bits hold the length of the frame check sequence.
    assert normal_link_type(0x14000001) == 1
    assert [normal_link_type(number) for number in (12, 14, 101)] == [101, 101, 101]
    assert read_pcap(pcap(FRAMES, link_type=0x14000001))["src"].notna().all()


def test_header():
    header = parse_header(bytes.fromhex("a1b23c4d 0002 0004 00000000 00000000 00000060 00000071"))
    assert header[:4] == (True, 1, 96, 113)
    assert header.format == "pcap (nanoseconds)"


# Damage.


def test_cut_at_every_byte():
    talk = Conversation(timestamps=False, mss=None).syn().rst("server")
    capture = pcap(talk)
    ends = list(accumulate((16 + len(frame) for _, frame in talk), initial=24))
    whole = read_pcap(capture)[COMPARED].to_numpy().tolist()
    for length in range(len(capture)):
        if length < 24:
            with pytest.raises(CaptureFormatError):
                read_pcap(capture[:length])
            continue
        kept = sum(end <= length for end in ends[1:])
        if length in ends:
            packets = read_pcap(capture[:length])  # nothing shows that there was more
            assert not packets.attrs["capture"]["truncated"]
        else:
            with pytest.warns(CaptureWarning, match=rf"at byte {ends[kept]}: cut off in a record"):
                packets = read_pcap(capture[:length])
            assert packets.attrs["capture"]["truncated"]
            assert packets.attrs["capture"]["notes"]
        assert packets[COMPARED].to_numpy().tolist() == whole[:kept]


def test_record_beyond_the_file():
    capture = pcap(FRAMES[:1]) + struct.pack("<IIII", NOW, 0, 5000, 5000) + bytes(100)
    with pytest.warns(CaptureWarning, match="at byte 94: cut off in a record, 100 of 5000 captured bytes are there"):
        packets = read_pcap(capture)
    assert len(packets) == 1


@pytest.mark.parametrize("length", [262145, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("big_endian", [False, True])
def test_record_beyond_reason(length, big_endian):
    order = ">" if big_endian else "<"
    capture = pcap(FRAMES[:2], big_endian=big_endian) + struct.pack(f"{order}IIII", NOW, 0, length, 60)
    message = f"at byte 167: a record claims {length} captured bytes, expected at most 262144"
    with pytest.warns(CaptureWarning, match=message):
        packets = read_pcap(capture + bytes(1000))
    assert len(packets) == 2
    assert packets.attrs["capture"]["truncated"]


def test_longest_packet_that_is_believed():
    capture = pcap([(0, bytes(262144)), (0, packet())])
    assert read_pcap(capture)["captured_bytes"].tolist() == [262144, 54]
    assert longest_packet(1) == 262144
    assert longest_packet(231) == 128 << 20


@pytest.mark.parametrize("wire_bytes", [60, 0])
def test_more_captured_than_there_was(wire_bytes):
    found = read_pcap(pcap_header() + pcap_record(1, packet(payload=20), wire_bytes=wire_bytes))
    assert found[["wire_bytes", "captured_bytes", "payload_bytes"]].iloc[0].tolist() == [74, 74, 20]


def test_empty_packets_and_empty_captures():
    packets = read_pcap(pcap([(1, b""), (2, packet())]))
    assert packets["captured_bytes"].tolist() == [0, 54]
    assert len(read_pcap(pcap([]))) == 0


# Dialects (wiretap/libpcap.c).


def patched(header, frames, extra, big_endian=False):
    """A capture with `extra` bytes in the header of each record."""
    order = ">" if big_endian else "<"
    records = [
        struct.pack(f"{order}IIII", NOW + i, 5, len(frame), len(frame)) + extra(order) + frame
        for i, frame in enumerate(frames)
    ]
    return header + b"".join(records)


TALK = [frame for _, frame in Conversation().handshake().data("client", 300).data("server", 900).close()]
KUZNETZOV = bytes.fromhex("a1b2cd34")


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("magic", "extra", "name"),
    [
        (KUZNETZOV, lambda order: struct.pack(f"{order}IHBB", 2, 0x800, 0, 0), "modified"),
        (KUZNETZOV, lambda order: struct.pack(f"{order}IHBBI", 2, 0x800, 4, 0, 7), "SuSE 6.3"),
        (None, lambda order: struct.pack(f"{order}IHBB", 3, 0x800, 0, 99), "Red Hat 6.1"),
        (None, lambda order: struct.pack(f"{order}I", 0x9FBFB601), "Nokia"),
        (None, lambda order: bytes(4), "Nokia"),
    ],
    ids=["modified", "SuSE", "Red Hat", "Nokia", "Nokia, zeros"],
)
def test_longer_record_headers(big_endian, magic, extra, name):
    header = pcap_header(big_endian=big_endian, snaplen=1600)
    if magic:
        header = (magic if big_endian else magic[::-1]) + header[4:]
    found = read_pcap(patched(header, TALK, extra, big_endian))
    plain = read_pcap(pcap([(0, frame) for frame in TALK]))
    assert capture_info(found).format == f"pcap ({name}, microseconds)"
    assert found["captured_bytes"].tolist() == [len(frame) for frame in TALK]
    assert found[["src", "seq", "payload_bytes"]].equals(plain[["src", "seq", "payload_bytes"]])
    assert found["time"].iloc[0].isoformat() == "2023-11-14T22:13:20.000005+00:00"


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("seconds", [0, 1, 9])
@pytest.mark.parametrize("frames", [[packet(payload=b"GET /")], [packet(seq=k).ljust(60, b"\0") for k in range(5)]])
def test_longer_record_headers_of_1970(big_endian, seconds, frames):
    """Zeros at the end of a packet and a time near 0 look like the header of an empty record."""
    order = ">" if big_endian else "<"
    capture = pcap_header(big_endian=big_endian)
    for at, frame in enumerate(frames):
        capture += struct.pack(f"{order}IIIIIHBB", seconds, at, len(frame), len(frame), 2, 0x800, 0, 0) + frame
    found = read_pcap(capture)
    assert capture_info(found).format == "pcap (Red Hat 6.1, microseconds)"
    assert found["captured_bytes"].tolist() == [len(frame) for frame in frames]


def test_odd_records_do_not_make_another_dialect():
    """A wrong length, a wrong time and a cut: still pcap."""
    whole = pcap([(NOW + i, frame) for i, frame in enumerate(TALK)])
    for place, value in ((24 + 8, 3000), (24 + 4, 123_456_789), (24, 0), (24 + 12, 1)):
        capture = whole[:place] + struct.pack("<I", value) + whole[place + 4 :]
        with pytest.warns(CaptureWarning) if place in (28, 32) else nullcontext():
            assert capture_info(read_pcap(capture)).format == "pcap (microseconds)"


def version(capture, major, minor, order="<"):
    return capture[:4] + struct.pack(f"{order}HH", major, minor) + capture[8:]


@pytest.mark.parametrize(
    ("major", "minor", "is_swapped"), [(2, 2, True), (2, 0, True), (543, 0, True), (2, 3, True), (2, 3, False)]
)
def test_lengths_in_the_other_order(major, minor, is_swapped):
    """Before 2.3 the length on the wire comes first; 2.3 was written in both orders."""
    lengths = (lambda n: (1500, n)) if is_swapped else (lambda n: (n, 1500))
    capture = version(pcap_header(), major, minor)
    capture += b"".join(struct.pack("<IIII", NOW, 5, *lengths(len(frame))) + frame for frame in TALK)
    found = read_pcap(capture)
    assert found["captured_bytes"].tolist() == [len(frame) for frame in TALK]
    assert found["wire_bytes"].eq(1500).all()
    assert capture_info(found).format == "pcap (microseconds)"


@pytest.mark.parametrize(
    ("if_type", "name", "padding"),
    [(6, "Ethernet", 0), (9, "link type 6", 0), (15, "link type 10", 3), (24, "BSD loopback", 0)],
)
def test_aix(if_type, name, padding):
    """Version 2.2, link types of RFC 1573, nanoseconds, three bytes before each FDDI frame."""
    capture = version(pcap_header(big_endian=True, link_type=if_type), 2, 2, ">")
    data = bytes(padding) + TALK[0]
    capture += struct.pack(">IIII", NOW, 123_456_789, len(data), len(data)) + data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not every link type is decoded
        found = read_pcap(capture)
    info = capture_info(found)
    assert info.format == "pcap (AIX, nanoseconds)"
    assert info.link_types == [name] or name.startswith("link type")
    assert found["captured_bytes"].tolist() == [len(TALK[0])]
    assert found["time"].iloc[0].isoformat() == "2023-11-14T22:13:20.123456789+00:00"


def test_version_2_2_of_others_than_aix():
    capture = version(pcap_header(link_type=1), 2, 2) + pcap_record(NOW, TALK[0])
    assert capture_info(read_pcap(capture)).format == "pcap (microseconds)"


@pytest.mark.parametrize(("magic", "unit"), [("1c0001ac", "nanoseconds"), ("1c0001ab", "microseconds")])
@pytest.mark.parametrize("big_endian", [False, True])
def test_ixia(magic, unit, big_endian):
    start = bytes.fromhex(magic) if big_endian else bytes.fromhex(magic)[::-1]
    records = b"".join(pcap_record(NOW, frame, big_endian=big_endian) for frame in TALK)
    capture = start + pcap_header(big_endian=big_endian)[4:] + bytes(4) + records
    found = read_pcap(capture)
    assert capture_info(found).format == f"pcap (Ixia, {unit})"
    assert found["captured_bytes"].tolist() == [len(frame) for frame in TALK]


# Several captures in one file, and zeros behind one.


@pytest.mark.parametrize("second_big_endian", [False, True])
def test_two_captures_in_one_file(second_big_endian):
    first = pcap([(NOW + i, frame) for i, frame in enumerate(TALK)])
    second = pcap([(NOW + 60, TALK[0])], nanoseconds=True, big_endian=second_big_endian, link_type=1)
    with pytest.warns(CaptureWarning, match=f"holds 2 captures.*the second begins at byte {len(first)}"):
        found = read_pcap(first + second)
    assert len(found) == len(TALK) + 1
    assert found["src"].notna().all()
    info = capture_info(found)
    assert info.format == "pcap (microseconds) and pcap (nanoseconds)"
    assert (info.truncated, info.bytes) == (False, len(first + second))


def test_captures_of_two_formats_and_link_types_in_one_file():
    raw = pcap([(NOW, TALK[0][14:])], link_type=101)
    ng = pcapng([(NOW + 1, frame) for frame in TALK], name="eth0", comments={1: "hello"})
    with pytest.warns(CaptureWarning, match="holds 4 captures"):
        found = read_pcap(raw + ng + raw + ng)
    assert found["src"].notna().all()
    info = capture_info(found)
    assert info.link_types == ["raw IP", "Ethernet"]
    assert [each["name"] for each in info.interfaces] == ["eth0", "eth0"]
    assert found["interface"].tolist() == [pd.NA, *[0] * len(TALK), pd.NA, *[1] * len(TALK)]
    assert [each["frame"] for each in info.comments] == [2, 3 + len(TALK)]


@pytest.mark.parametrize("size", [4, 8, 54])
@pytest.mark.parametrize("count", [2, 20])
def test_captures_of_one_packet_each_are_no_other_dialect(size, count):
    one = pcap([(NOW, packet()[:size])])
    with pytest.warns(CaptureWarning, match=f"holds {count} captures"):
        found = read_pcap(one * count)
    assert found["captured_bytes"].tolist() == [size] * count
    assert capture_info(found).format == "pcap (microseconds)"


def test_a_header_cut_off_behind_a_capture():
    with pytest.warns(CaptureWarning, match="at byte 94: cut off in the pcap header, 20 of 24 bytes are there"):
        found = read_pcap(pcap([(NOW, packet())]) + pcap([])[:20])
    assert len(found) == 1


@pytest.mark.parametrize("count", [64, 100, 1 << 20])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_zeros_up_to_the_end(make, count):
    capture = make([(NOW, packet())])
    with pytest.warns(CaptureWarning, match=f"at byte {len(capture)}: zeros up to the end, {count:,} bytes"):
        found = read_pcap(capture + bytes(count))
    assert len(found) == 1
    info = capture_info(found)
    assert (info.truncated, info.bytes) == (True, len(capture))


@pytest.mark.parametrize("count", [1, 300, 40_000])
def test_zeros_between_records_are_empty_packets(count):
    """As tshark reads them."""
    records = pcap_record(NOW, packet()) + bytes(16 * count)
    found = read_pcap(pcap_header() + 2 * records + pcap_record(NOW, packet()), progress=False)
    assert found["captured_bytes"].tolist() == [54, *[0] * count] * 2 + [54]


def test_megabytes_of_zeros_are_no_packets():
    capture = pcap([(NOW, packet())])
    with pytest.warns(CaptureWarning, match=f"at byte {len(capture)}: 2,097,152 zeros, and then something else"):
        assert len(read_pcap(capture + bytes(1 << 21) + capture)) == 1
