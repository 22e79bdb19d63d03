"""Blocks of pcapng, their times, and what a hostile file may claim."""

import random
import struct
import warnings
from contextlib import nullcontext
from fractions import Fraction

import pandas as pd
import pytest

from pcapframe.capture.pcapng import LARGEST_BLOCK
from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Conversation, Pcapng, packet, pcap, pcapng
from tests.capture.frames import PACKET
from tests.capture.rows import tshark_fields

NG = Pcapng()
NOW = 1_700_000_000
COMPARED = ["time", "offset", "captured_bytes", "interface", "src", "seq", "payload_bytes"]
FRAMES = [(NOW + Fraction(i, 1000), packet(seq=i, payload=i)) for i in range(5)]


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("packets", ["enhanced", "obsolete"])
def test_packets_are_those_of_pcap(big_endian, packets):
    capture = pcapng(FRAMES, big_endian=big_endian, packets=packets, snaplen=57)
    found = read_pcap(capture)
    expected = read_pcap(pcap(FRAMES, snaplen=57))
    beside = ["interface", "offset"]
    assert found.drop(columns=beside).equals(expected.drop(columns=beside))
    assert found["interface"].tolist() == [0] * 5
    assert capture_info(found).format == "pcapng"
    for offset, (_, frame) in zip(found["offset"], FRAMES, strict=True):
        assert capture[offset : offset + len(frame[:57])] == frame[:57]


@pytest.mark.parametrize("big_endian", [False, True])
def test_simple_packets_have_no_time(big_endian):
    found = read_pcap(pcapng(FRAMES, big_endian=big_endian, packets="simple", snaplen=57))
    assert found["time"].isna().all()
    assert found["captured_bytes"].tolist() == [54, 55, 56, 57, 57]
    assert found["wire_bytes"].tolist() == [54, 55, 56, 57, 58]
    assert found["seq"].tolist() == [0, 1, 2, 3, 4]
    info = capture_info(found)
    assert (info.first_time, info.last_time) == (None, None)


def test_simple_packets_among_others():
    capture = NG.section() + NG.interface() + NG.simple(packet()) + NG.enhanced(7_000_000, packet())
    found = read_pcap(capture)
    assert found["time"].isna().tolist() == [True, False]
    assert capture_info(found).first_time == "1970-01-01T00:00:07+00:00"


# Times: 1700000000.123456789 s in each unit, rounded down, and what is left of it.
TIMES = {
    "default": (None, 6, "2023-11-14T22:13:20.123456+00:00"),
    "s": (0, 0, "2023-11-14T22:13:20+00:00"),
    "ms": (3, 3, "2023-11-14T22:13:20.123000+00:00"),
    "100 ns": (7, 7, "2023-11-14T22:13:20.123456700+00:00"),
    "ns": (9, 9, "2023-11-14T22:13:20.123456789+00:00"),
    "1/2 s": (0x81, None, "2023-11-14T22:13:20+00:00"),
    "2^-10 s": (0x8A, None, "2023-11-14T22:13:20.123046875+00:00"),  # 126 / 1024
    "2^-30 s": (0x9E, None, "2023-11-14T22:13:20.123456788+00:00"),  # 132560719 / 2^30
}


@pytest.mark.parametrize("name", TIMES)
def test_time_units(name):
    tsresol, digits, expected = TIMES[name]
    exact = NOW + Fraction(123_456_789, 10**9)
    unit = 2 ** (tsresol & 0x7F) if digits is None else 10**digits
    capture = NG.section() + NG.interface(tsresol=tsresol) + NG.enhanced(int(exact * unit), b"")
    assert read_pcap(capture)["time"].iloc[0].isoformat() == expected


@pytest.mark.parametrize(
    ("tsresol", "ticks"), [(12, 1_500_000_000_001), (19, 15 * 10**18), (0xBF, 3 << 62), (0xA1, 3 << 32)]
)
def test_units_finer_than_a_nanosecond(tsresol, ticks):
    capture = NG.section() + NG.interface(tsresol=tsresol) + NG.enhanced(ticks, b"")
    assert read_pcap(capture)["time"].iloc[0].isoformat() == "1970-01-01T00:00:01.500000+00:00"


@pytest.mark.parametrize(
    ("tsresol", "ticks", "nanoseconds"),
    [(20, 15 * 10**18, 150_000_000), (28, 15 * 10**18, 1), (29, 2**64 - 1, 0), (0x7F, 2**64 - 1, 0),
     (0xC0, 1 << 63, 500_000_000), (0xC1, 1 << 63, 250_000_000), (0xE0, 2**64 - 1, 0), (0xFF, 2**64 - 1, 0)],
)  # fmt: skip
def test_units_so_fine_that_all_times_are_below_a_second(tsresol, ticks, nanoseconds):
    capture = NG.section() + NG.interface(tsresol=tsresol, tsoffset=100) + NG.enhanced(ticks, b"")
    assert read_pcap(capture)["time"].iloc[0].value == 100 * 10**9 + nanoseconds


@pytest.mark.parametrize(
    ("tsresol", "ticks", "tsoffset"),
    [(0, 2**63, None), (0, 10**10, None),
     (6, 0, 2**62), (6, 0, -(2**63)), (0, 2**64 - 1, 2**63 - 1)],
)  # fmt: skip
def test_times_out_of_range_are_null(tsresol, ticks, tsoffset):
    interface = NG.interface(tsresol=tsresol, tsoffset=tsoffset)
    found = read_pcap(NG.section() + interface + NG.enhanced(ticks, packet()) + NG.enhanced(ticks, packet()))
    assert found["time"].isna().all()
    assert found["seq"].notna().all()


@pytest.mark.parametrize("digits", range(10))
@pytest.mark.parametrize("tsoffset", [None, 5])
def test_the_last_time_and_the_first_out_of_range(digits, tsoffset):
    """Nine billion seconds, the year 2255, and a fraction."""
    first_null = (9_000_000_001 - (tsoffset or 0)) * 10**digits
    capture = NG.section() + NG.interface(tsresol=digits, tsoffset=tsoffset)
    capture += NG.enhanced(first_null - 1, b"") + NG.enhanced(first_null, b"")
    last, null = read_pcap(capture)["time"]
    assert last.value == 9_000_000_001 * 10**9 - 10 ** (9 - digits)
    assert null is pd.NaT


@pytest.mark.parametrize(
    ("tsoffset", "ticks", "expected"),
    [
        (NOW, 250_000, "2023-11-14T22:13:20.250000+00:00"),
        (-10, 9_750_000, "1969-12-31T23:59:59.750000+00:00"),
        (0, 1, "1970-01-01T00:00:00.000001+00:00"),
    ],
)
def test_time_offset(tsoffset, ticks, expected):
    capture = NG.section() + NG.interface(tsoffset=tsoffset) + NG.enhanced(ticks, b"")
    assert read_pcap(capture)["time"].iloc[0].isoformat() == expected


@pytest.mark.needs_program("tshark")
def test_wireshark_reads_the_same_times(tmp_path):
    rng = random.Random(1)
    units = [None, 0, 3, 6, 7, 9, 0x80, 0x81, 0x8A, 0x94, 0x9E]
    offsets = [None, 0, 1000, -50]
    described = [(unit, offset) for unit in units for offset in offsets]
    capture = NG.section() + b"".join(NG.interface(tsresol=u, tsoffset=o) for u, o in described)
    for number, (tsresol, _) in enumerate(described):
        unit = 10**6 if tsresol is None else 2 ** (tsresol & 0x7F) if tsresol & 0x80 else 10**tsresol
        capture += NG.enhanced(int(rng.uniform(100, 2e9) * unit), packet(), interface=number)
    path = tmp_path / "times.pcapng"
    path.write_bytes(capture)
    theirs = [Fraction(text) for (text,) in tshark_fields(path, "frame.time_epoch")]
    ours = [Fraction(time.value, 10**9) for time in read_pcap(path)["time"]]
    assert ours == theirs


# Sections, interfaces and what they tell.


def test_several_sections_and_interfaces():
    big = Pcapng(big_endian=True)
    capture = (
        NG.section() + NG.interface(name="eth0") + NG.interface(link_type=101, tsresol=9, name="tun0")
        + NG.enhanced(5_000_000, packet(seq=1)) + NG.enhanced(6_000_000_000, PACKET, interface=1)
        + big.section() + big.interface(name="lo", tsresol=3)
        + big.enhanced(7_000, packet(seq=2)) + big.simple(packet(seq=3))
        + NG.section() + NG.interface(link_type=113, snaplen=0) + NG.interface()
        + NG.enhanced(8_000_000, packet(seq=4), interface=1)
    )  # fmt: skip
    found = read_pcap(capture)
    assert found["interface"].tolist() == [0, 1, 2, 2, 4]
    assert found["time"].dt.second.tolist()[:3] == [5, 6, 7]
    assert found["seq"].tolist() == [1, 0, 2, 3, 4]
    assert found["src"].tolist() == ["192.0.2.1"] * 5
    info = capture_info(found)
    assert [interface["name"] for interface in info.interfaces] == ["eth0", "tun0", "lo", "", ""]
    assert info.link_types == ["Ethernet", "raw IP", "Linux cooked v1"]
    assert [interface["link_type"] for interface in info.interfaces][:2] == ["Ethernet", "raw IP"]
    assert [interface["snaplen"] for interface in info.interfaces] == [262144, 262144, 262144, None, 262144]


def test_an_interface_may_come_between_packets():
    capture = NG.section() + NG.interface() + NG.enhanced(1, packet()) + NG.interface(link_type=101)
    found = read_pcap(capture + NG.enhanced(2, PACKET, interface=1) + NG.enhanced(3, packet()))
    assert found["interface"].tolist() == [0, 1, 0]
    assert found["src_port"].tolist() == [40000] * 3


@pytest.mark.parametrize("big_endian", [False, True])
def test_statistics(big_endian):
    ng = Pcapng(big_endian)
    capture = (
        ng.section() + ng.interface(name="a", description="first") + ng.interface()
        + ng.statistics(received=10, dropped=1) + ng.enhanced(1, packet())
        + ng.statistics(received=2**40, dropped=3) + ng.statistics(interface=7, dropped=9)
    )  # fmt: skip
    first, second = capture_info(read_pcap(capture)).interfaces
    assert (first["name"], first["description"]) == ("a", "first")
    assert (first["received"], first["dropped"]) == (2**40, 3)
    assert (second["received"], second["dropped"]) == (None, None)


@pytest.mark.parametrize("big_endian", [False, True])
def test_comments(big_endian):
    ng = Pcapng(big_endian)
    capture = (
        ng.section(comment="all of it") + ng.interface(comment="the tap")
        + ng.enhanced(1, packet()) + ng.enhanced(2, packet(payload=1), comment="<b>here</b> ✓")
        + ng.enhanced(3, packet(), comment="")
    )  # fmt: skip
    assert capture_info(read_pcap(capture)).comments == [
        {"frame": None, "text": "all of it"},
        {"frame": None, "text": "the tap"},
        {"frame": 2, "text": "<b>here</b> ✓"},
        {"frame": 3, "text": ""},
    ]


def with_options(options: list[tuple[int, bytes]]) -> bytes:
    """Enhanced packet block with these options."""
    plain = NG.enhanced(1, packet())
    body = plain[8:-4]
    return NG.block(6, body + NG.options(options))


def test_comments_behind_other_options():
    flags, hashed = (2, b"\0\0\0\1"), (3, b"\2abcd")
    capture = NG.section() + NG.interface() + with_options([flags]) * 3000
    capture += with_options([flags, hashed, (1, b"one"), (1, b"two")])
    assert capture_info(read_pcap(capture)).comments == [
        {"frame": 3001, "text": "one"},
        {"frame": 3001, "text": "two"},
    ]


def test_comments_that_are_no_text_and_options_that_lie():
    capture = NG.section() + NG.interface() + with_options([(1, b"\xff\xfe")])
    body = NG.enhanced(1, packet())[8:-4]
    capture += NG.block(6, body + struct.pack("<HH", 1, 60000) + b"abc")  # longer than the block
    assert capture_info(read_pcap(capture)).comments == [{"frame": 1, "text": "\ufffd\ufffd"}]


def test_no_more_comments_than_a_thousand_are_kept_and_all_are_counted():
    capture = pcapng([(0, b"")] * 1500, comments={i: str(i) for i in range(1, 1501)})
    with pytest.warns(CaptureWarning, match="there are 1,500 comments"):
        info = capture_info(read_pcap(capture))
    assert [comment["frame"] for comment in info.comments] == list(range(1, 1001))
    assert info.comments_total == 1500
    assert info.notes == ["there are 1,500 comments; the first 1,000 are kept"]
    assert not info.truncated


@pytest.mark.parametrize(("comments", "noted"), [(1000, 0), (1001, 1)])
def test_the_thousandth_comment_is_the_last(comments, noted):
    capture = pcapng([(0, b"")] * 1001, comments=dict.fromkeys(range(1, comments + 1), ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CaptureWarning)
        info = capture_info(read_pcap(capture))
    assert (len(info.comments), info.comments_total, len(info.notes)) == (1000, comments, noted)


def test_comments_of_one_packet_are_counted_one_by_one():
    capture = NG.section() + NG.interface() + with_options([(2, b""), (1, b"x")] * 3000) + NG.enhanced(1, packet())
    with pytest.warns(CaptureWarning, match="there are 3,000 comments; the first 1,000 are kept"):
        found = read_pcap(capture)
    assert len(found) == 2
    assert capture_info(found).comments == [{"frame": 1, "text": "x"}] * 1000


def test_comments_of_sections_count_too():
    sections = NG.section(comment="again") * 1100
    with pytest.warns(CaptureWarning, match="there are 1,100 comments"):
        assert len(capture_info(read_pcap(sections)).comments) == 1000


def test_no_more_text_of_comments_than_a_mebibyte_is_kept():
    capture = NG.section() + NG.interface() + with_options([(1, b"x" * 60_000)]) * 20
    with pytest.warns(CaptureWarning, match="there are 20 comments; the first 17 are kept"):
        info = capture_info(read_pcap(capture))
    assert {len(comment["text"]) for comment in info.comments} == {60_000}


def test_no_more_interfaces_than_a_thousand_are_kept():
    capture = NG.section() + NG.interface() * 1200 + NG.enhanced(1, packet(), interface=1150)
    with pytest.warns(CaptureWarning, match="there are 1,200 interfaces; the first 1,000 are listed"):
        packets = read_pcap(capture)
    info = capture_info(packets)
    assert (len(info.interfaces), info.interfaces_total) == (1000, 1200)
    assert packets["interface"].tolist() == [1150]
    assert len(info.notes) == 1


def test_the_last_name_of_an_interface_holds_and_is_cut_beyond_reason():
    body = NG.interface()[8:-4]
    names = NG.options([(2, b"first"), (2, "é".encode() * 3000), (3, b"d\0")])
    (interface,) = capture_info(read_pcap(NG.section() + NG.block(1, body + names))).interfaces
    assert interface["name"] == "é" * 999 + "…"
    assert interface["description"] == "d"


def test_unknown_blocks_are_skipped():
    names = NG.block(4, b"\0\0\0\0")
    custom = NG.block(0x0BAD, struct.pack("<I", 32473) + bytes(100))
    journal = NG.block(9, b"MESSAGE=x\n")
    capture = NG.section() + names + NG.interface() + custom + NG.enhanced(1, packet()) + journal * 3
    found = read_pcap(capture + NG.enhanced(2, packet()) + NG.block(0x7FFFFFFF) + NG.block(10, bytes(100_000)))
    assert len(found) == 2
    assert not capture_info(found).truncated


def test_empty_captures():
    for capture in (NG.section(), NG.section() + NG.interface(), pcapng([])):
        assert len(read_pcap(capture)) == 0


# Damage.


def test_cut_at_every_byte():
    talk = Conversation(timestamps=False, mss=None).syn().rst("server")
    capture = pcapng(talk, comment="c", comments={2: "x"}, received=2, dropped=0)
    frame = read_pcap(capture)
    whole = frame[COMPARED].to_numpy().tolist()
    header = len(NG.section(comment="c"))
    sizes = zip(frame["offset"], frame["captured_bytes"], strict=True)
    ends = [offset + (size + 3) // 4 * 4 + 4 for offset, size in sizes]
    ends[1] += 12  # its comment
    block_ends = {header, header + len(NG.interface()), *ends}
    for length in range(len(capture)):
        if length < header:
            with pytest.raises(CaptureFormatError):
                read_pcap(capture[:length])
            continue
        kept = sum(end <= length for end in ends)
        if length in block_ends:
            packets = read_pcap(capture[:length])
        else:
            with pytest.warns(CaptureWarning, match=r"at byte \d+: cut off in a pcapng block"):
                packets = read_pcap(capture[:length])
        assert packets.attrs["capture"]["truncated"] == (length not in block_ends)
        assert packets[COMPARED].to_numpy().tolist() == whole[:kept]


@pytest.mark.parametrize("length", [0, 4, 8, 11, 13, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", [0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 99])
def test_block_lengths_that_are_not_possible(kind, length):
    bad = struct.pack("<III", kind, length, 0x1A2B3C4D) + bytes(64)
    capture = NG.section() + NG.interface() + NG.enhanced(1, packet())
    with pytest.warns(CaptureWarning, match=f"at byte {len(capture)}: a block"):
        found = read_pcap(capture + bad)
    assert len(found) == 1
    assert capture_info(found).truncated


@pytest.mark.parametrize("length", [0, 4, 8, 12, 24, 29, 0x01000004, 0xFFFFFFFF])
def test_section_lengths_that_are_not_possible(length):
    bad = struct.pack("<III", 0x0A0D0D0A, length, 0x1A2B3C4D) + bytes(64)
    with pytest.raises(CaptureFormatError, match=r"at byte 0: .*pcapng section header"):
        read_pcap(bad)


def damaged(block: bytes, match: str) -> None:
    """A packet before and after a bad block: the one before is kept."""
    capture = NG.section() + NG.interface() + NG.enhanced(1, packet())
    with pytest.warns(CaptureWarning, match=f"at byte {len(capture)}: {match}"):
        found = read_pcap(capture + block + NG.enhanced(2, packet()))
    assert len(found) == 1
    assert capture_info(found).truncated


def test_lengths_of_a_block_that_differ():
    block = NG.enhanced(1, packet())
    damaged(block[:-4] + struct.pack("<I", len(block) + 4), "a block whose two lengths differ")


@pytest.mark.parametrize("big_endian", [False, True])
def test_lengths_without_the_padding(big_endian):
    """As of some old writers; Wireshark reads them too."""
    ng = Pcapng(big_endian)
    frames = [packet(payload=size) for size in (1, 2, 3, 4)]
    blocks = [ng.enhanced(k, frame) for k, frame in enumerate(frames)]
    unpadded = [ng._pack("I", 32 + len(frame)) for frame in frames]
    odd = [block[:4] + length + block[8:-4] + length for block, length in zip(blocks, unpadded, strict=True)]
    odd.insert(2, ng._pack("II", 0x777, 15) + b"abc\0" + ng._pack("I", 15))
    found = read_pcap(ng.section() + ng.interface() + b"".join(odd))
    assert found["payload_bytes"].tolist() == [1, 2, 3, 4]
    assert capture_info(found).notes == []


@pytest.mark.parametrize("odd", ["section", "interface", "statistics"])
def test_lengths_of_descriptions_without_the_padding(odd):
    """Options of five bytes at their end; Wireshark reads the packets of each."""

    def block(kind, body):
        length = struct.pack("<I", 12 + len(body))
        return struct.pack("<I", kind) + length + body + bytes(-len(body) % 4) + length

    option = struct.pack("<HH", 2, 5) + b"eth01"
    options = {name: option + (b"" if name == odd else bytes(7)) for name in ("section", "interface", "statistics")}
    blocks = [
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options["section"]),
        block(1, struct.pack("<HHI", 1, 0, 65535) + options["interface"]),
        block(5, bytes(12) + options["statistics"]),
        NG.enhanced(1, packet()),
    ]
    found = read_pcap(b"".join(blocks))
    assert (len(found), capture_info(found).truncated) == (1, False)
    assert capture_info(found).interfaces[0]["name"] == "eth01"


@pytest.mark.parametrize("number", [1, 0xFFFF, 0xFFFFFFFF])
def test_interface_out_of_range(number):
    damaged(NG.enhanced(1, packet(), interface=number), "a packet of an interface that was not described")
    if number <= 0xFFFF:
        damaged(NG.obsolete(1, packet(), interface=number), "a packet of an interface that was not described")


@pytest.mark.parametrize("captured", [57, 100, 262145, 0xFFFFFFFF])
def test_packet_longer_than_its_block(captured):
    for block in (NG.enhanced(1, packet()), NG.obsolete(1, packet())):
        damaged(block[:20] + struct.pack("<I", captured) + block[24:], "a packet length that is not possible")


def test_packet_before_any_interface():
    with pytest.warns(CaptureWarning, match="interface that was not described"):
        assert len(read_pcap(NG.section() + NG.enhanced(1, packet()))) == 0
    with pytest.warns(CaptureWarning, match="interface that was not described"):
        assert len(read_pcap(NG.section() + NG.simple(packet()))) == 0


def test_interfaces_of_a_section_end_with_it():
    capture = NG.section() + NG.interface() + NG.enhanced(1, packet()) + NG.section() + NG.enhanced(2, packet())
    with pytest.warns(CaptureWarning, match="interface that was not described"):
        assert len(read_pcap(capture)) == 1


@pytest.mark.parametrize(("kind", "least"), [(1, 8), (2, 20), (3, 4), (5, 8), (6, 20), (99, 0)])
def test_blocks_too_short_for_their_kind(kind, least):
    for length in range(0, 28, 4):
        capture = NG.section() + NG.interface() + NG.block(kind, bytes(length))
        if length < least:
            with pytest.warns(CaptureWarning, match="at byte 48: a block"):
                found = read_pcap(capture)
        else:
            found = read_pcap(capture)
        assert len(found) == (length >= least and kind in (2, 3, 6))


@pytest.mark.filterwarnings("ignore:.*the first 1,000:pcapframe.errors.CaptureWarning")
@pytest.mark.parametrize(
    "block",
    [NG.interface(), NG.interface(name="n" * 40), NG.section(), NG.section(comment="c"), NG.statistics(dropped=1)],
    ids=["interface", "named interface", "section", "section with a comment", "statistics"],
)
def test_many_blocks_without_packets_are_passed_over(block):
    start, count = NG.section() + NG.interface(), 100_000
    found = read_pcap(start + block * count + NG.section() + NG.interface() + NG.enhanced(1, packet()), progress=False)
    assert found["seq"].notna().all()


@pytest.mark.filterwarnings("ignore:.*the first 1,000:pcapframe.errors.CaptureWarning")
def test_many_interfaces_and_sections():
    interfaces = NG.section() + NG.interface() * 65537
    packets = NG.enhanced(5, packet(), interface=65535) + NG.enhanced(5, packet(), interface=65536)
    found = read_pcap(interfaces + packets, progress=False)
    assert found["interface"].isna().tolist() == [False, True]  # the column holds no larger number
    assert len(read_pcap((NG.section() + NG.interface()) * 2_000, progress=False)) == 0


# Blocks of any length.


@pytest.mark.parametrize("kind", [2, 3, 4, 6, 99, 0xBAD, 10])
@pytest.mark.parametrize("length", [LARGEST_BLOCK - 12, LARGEST_BLOCK, LARGEST_BLOCK + 4, 3 * LARGEST_BLOCK])
def test_long_blocks(kind, length):
    data = packet(payload=9)
    start = NG.section() + NG.interface(snaplen=0)
    body = {
        2: struct.pack("<HHIIII", 0, 0, 0, 5, len(data), len(data)) + data + b"\0",
        3: struct.pack("<I", len(data)) + data + b"\0",
        6: struct.pack("<IIIII", 0, 0, 5, len(data), len(data)) + data + b"\0",
    }.get(kind, b"")
    long = NG.block(kind, body + NG.options([(77, bytes(65_532))] * (length // 65_536)) + bytes(length % 65_536))
    has_packet = kind in (2, 3, 6)
    with (
        pytest.warns(CaptureWarning, match="has more than 16 MiB of options")
        if has_packet and len(long) > LARGEST_BLOCK
        else nullcontext()
    ):
        found = read_pcap(start + long + NG.enhanced(1, packet()), progress=False)
    assert found["payload_bytes"].tolist() == ([9, 0] if has_packet else [0])
    assert not capture_info(found).truncated


@pytest.mark.parametrize("kind", [0x0A0D0D0A, 1, 5])
def test_long_descriptions(kind):
    options = NG.options([(1, b"first")] + [(77, bytes(65_532))] * 700)
    heads = {0x0A0D0D0A: struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), 1: struct.pack("<HHI", 1, 0, 0)}
    long = NG.block(kind, heads.get(kind, bytes(12)) + options)
    before = {0x0A0D0D0A: b"", 1: NG.section(), 5: NG.section() + NG.interface()}[kind]
    after = NG.interface() if kind == 0x0A0D0D0A else b""
    with pytest.warns(CaptureWarning, match="has more than 16 MiB of options"):
        found = read_pcap(before + long + after + NG.enhanced(1, packet()), progress=False)
    assert len(found) == 1
    assert capture_info(found).comments_total == (kind != 5)


@pytest.mark.parametrize("kind", [2, 3, 4, 6, 99])
@pytest.mark.parametrize("length", [0x01000004, 0x7FFFFFFC])
def test_long_blocks_that_are_cut_off(kind, length):
    capture = NG.section() + NG.interface() + NG.enhanced(1, packet())
    bad = struct.pack("<III", kind, length, 0) + bytes(64)
    with pytest.warns(CaptureWarning, match=f"at byte {len(capture)}: cut off in a pcapng block, 76 bytes of it"):
        assert len(read_pcap(capture + bad)) >= 1


def test_a_long_packet_block_that_claims_more_than_any_packet_has():
    capture = NG.section() + NG.interface() + NG.enhanced(1, packet())
    bad = struct.pack("<IIIIIII", 6, 0x7FFFFFFC, 0, 0, 0, 1 << 30, 1 << 30) + bytes(64)
    with pytest.warns(CaptureWarning, match="a packet length that is not possible"):
        assert len(read_pcap(capture + bad)) == 1
