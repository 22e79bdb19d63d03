"""Classic pcap: both byte orders and resolutions, damage of every kind."""

import struct
from fractions import Fraction
from itertools import accumulate

import pytest

from pcapframe.capture.pcap import longest_packet, normal_link_type, parse_header
from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import read_pcap
from tests.builders import Conversation, packet, pcap, pcap_header, pcap_record

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


def test_sub_second_field_of_more_than_a_second_is_carried():
    record = struct.pack("<IIII", 10, 2_500_000, 0, 0)
    assert read_pcap(pcap_header() + record)["time"].iloc[0].timestamp() == 12.5


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
    assert header == (True, 1, 96, 113)


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


def test_more_captured_than_there_was():
    found = read_pcap(pcap_header() + pcap_record(1, packet(payload=20), wire_bytes=60))
    assert found[["wire_bytes", "captured_bytes", "payload_bytes"]].iloc[0].tolist() == [60, 74, 6]


def test_empty_packets_and_empty_captures():
    packets = read_pcap(pcap([(1, b""), (2, packet())]))
    assert packets["captured_bytes"].tolist() == [0, 54]
    assert len(read_pcap(pcap([]))) == 0
