"""Aggregates of 802.11 (A-MSDU): each frame in them that has IP is a row."""

import struct
from random import Random

import pytest

from pcapframe.capture import storing
from pcapframe.facts import capture_info
from pcapframe.packets import read_pcap
from tests.builders import (
    GRE,
    IPV6,
    MACS,
    TCP,
    Pcapng,
    ethernet,
    ipv4,
    packet,
    pcap,
    pcap_header,
    pcap_record,
    tcp,
)  # fmt: skip
from tests.capture.frames import CLIENT, OUTER, PACKET6, QOS, RADIO, RADIOTAP, SERVER, SNAP, aggregate, sll
from tests.capture.rows import pick, plain, rows, tshark_fields
from tests.capture.stacks import fragments
from tests.capture.wrappings import VXLAN, over_ip, over_udp, over_udp6

ARP = SNAP + b"\x08\x06" + bytes(28)


def segment(seq: int, size: int = 11) -> bytes:
    payload = tcp(CLIENT, SERVER, 40000, 80, "PA", seq=seq, payload=b"x" * size)
    return SNAP + b"\x08\x00" + ipv4(CLIENT, SERVER, TCP, payload)


MIXED = [
    RADIO + ipv4(CLIENT, SERVER, TCP, tcp(CLIENT, SERVER, 40000, 80, "S")),
    aggregate(segment(1), ARP, segment(2, 5), segment(3, 0)),
    aggregate(ARP),
    aggregate(ARP, SNAP + b"\x86\xdd" + PACKET6, SNAP + b"\x81\x00\x00\x07\x08\x00" + segment(4)[8:]),
    RADIO + ipv4(CLIENT, SERVER, TCP, tcp(CLIENT, SERVER, 40000, 80, "F")),
]


def test_every_frame_with_ip_is_a_row():
    found = rows(MIXED, 105)
    assert [pick(row, "protocol source_frame seq payload_bytes vlan") for row in found] == [
        ["TCP", 1, 0, 0, None],
        ["TCP", 2, 1, 11, None],
        ["TCP", 2, 2, 5, None],
        ["TCP", 2, 3, 0, None],
        ["ARP", 3, None, None, None],
        ["TCP", 4, 0, 10, None],
        ["TCP", 4, 4, 11, 7],
        ["TCP", 5, 0, 0, None],
    ]


def test_rows_have_the_lengths_the_place_and_the_time_of_their_frame():
    packets = read_pcap(pcap(list(enumerate(MIXED)), link_type=105))
    assert packets.index.tolist() == list(range(1, 9))
    lengths = [len(MIXED[number - 1]) for number in packets["source_frame"]]
    assert packets["wire_bytes"].tolist() == packets["captured_bytes"].tolist() == lengths
    places = [40 + sum(len(frame) + 16 for frame in MIXED[: number - 1]) for number in packets["source_frame"]]
    assert packets["offset"].tolist() == places
    assert packets["time"].dt.second.tolist() == [number - 1 for number in packets["source_frame"]]


def test_captured_frames_are_counted():
    for capture in (pcap(list(enumerate(MIXED)), link_type=105), pcap([(0, aggregate())], link_type=105)):
        packets = read_pcap(capture)
        assert capture_info(packets).packets == packets["source_frame"].nunique()


def test_comments_name_the_captured_frame():
    ng = Pcapng()
    blocks = [ng.enhanced(i, frame, comment="here" if i == 4 else None) for i, frame in enumerate(MIXED)]
    packets = read_pcap(ng.section() + ng.interface(link_type=105) + b"".join(blocks))
    assert [comment["frame"] for comment in capture_info(packets).comments] == [5]


@pytest.mark.parametrize(("link", "before"), [(127, RADIOTAP), (113, sll(4, 803) + RADIOTAP)])
def test_behind_headers_of_the_radio(link, before):
    found = rows([before + aggregate(segment(1), segment(2)), before + MIXED[0]], link)
    assert [pick(row, "seq source_frame") for row in found] == [[1, 1], [2, 1], [0, 2]]


def test_merged_captures_have_their_own_numbers():
    first = pcap([(0, MIXED[1]), (4, MIXED[4])], link_type=105)
    second = pcap([(0, packet(seq=100)), (2, ethernet(PACKET6, IPV6)), (5, packet(seq=101))])
    packets = read_pcap([first, second], progress=False)
    assert packets[["source", "source_frame"]].to_numpy().tolist() == [
        [1, 1], [0, 1], [0, 1], [0, 1], [1, 2], [0, 2], [1, 3],
    ]  # fmt: skip
    info = capture_info(packets)
    assert (info.packets, [capture["packets"] for capture in info.captures]) == (5, [2, 3])


def test_more_frames_than_a_batch_of_records(monkeypatch):
    many = [aggregate(*[segment(16 * i + k) for k in range(16)]) for i in range(700)]
    packets = read_pcap(pcap([(0, frame) for frame in many], link_type=105))
    assert packets["seq"].tolist() == list(range(16 * 700))
    assert packets["source_frame"].tolist() == [1 + i // 16 for i in range(16 * 700)]
    monkeypatch.setattr(storing, "SMALLEST_PIECE", 8192)
    again = read_pcap(pcap([(0, frame) for frame in many], link_type=105))
    assert again.equals(packets)


def test_cut_anywhere():
    whole = aggregate(segment(1), segment(2))
    second = len(QOS) + 76 + 14  # 75 bytes of the first frame and one of padding, then addresses and length
    assert whole[second:].startswith(SNAP)
    for length in range(len(whole) + 1):
        record = pcap_header(link_type=105) + pcap_record(0, whole[:length], wire_bytes=len(whole))
        found = plain(read_pcap(record))
        assert {row["captured_bytes"] for row in found} == {length}
        assert [row["seq"] for row in found if row["seq"] is not None] == [1, 2][
            : (length >= len(QOS) + 14 + 8 + 36) + (length >= second + 8 + 36)
        ]


@pytest.mark.parametrize("length", [0, 1, 2, 0xFFFF])
def test_lengths_that_lie(length):
    frame = QOS + MACS + struct.pack(">H", length) + segment(1) + segment(2)
    found = rows([frame, MIXED[0]], 105)
    assert found[-1]["source_frame"] == 2
    assert len(found) < 8


def in_tunnel(name: str, frame: bytes) -> bytes:
    """An Ethernet frame with a tunnel that carries an 802.11 frame."""
    swapped = frame[1::-1] + frame[2:]
    packets = {
        "TZSP": over_udp(37008, "01 00 0012 0a 01 b5 01", frame),
        "CAPWAP": over_udp(5247, "00200310 00000000 06020000000009 00", swapped),
        "GRE/Aruba": over_ip(GRE, "0000 8200", frame),
        "VXLAN/TZSP": over_udp(4789, VXLAN, ethernet(over_udp6(37008, "01 00 0012 01", frame), IPV6)),
    }
    return ethernet(packets[name])


TUNNELS = "TZSP", "CAPWAP", "GRE/Aruba", "VXLAN/TZSP"


@pytest.mark.parametrize("name", TUNNELS)
def test_in_a_tunnel_too(name):
    frames = [*(in_tunnel(name, frame) for frame in MIXED), packet(seq=9, sack=[(1, 2), (5, 7)])]
    frames.insert(0, packet(seq=8, sack=[(3, 4)]))
    packets = read_pcap(pcap(list(enumerate(frames))))
    found = plain(packets)
    inside = [row for row in found if row["tunnel"] and row["seq"] is not None]
    assert [pick(row, "source_frame seq payload_bytes vlan") for row in inside] == [
        [2, 0, 0, None],
        [3, 1, 11, None],
        [3, 2, 5, None],
        [3, 3, 0, None],
        [5, 0, 10, None],
        [5, 4, 11, 7],
        [6, 0, 0, None],
    ]
    assert {tuple(pick(row, "tunnel outer_src outer_dst")) for row in inside} == {(name, *OUTER)}
    assert {row["src"] for row in inside} == {CLIENT, "2001:db8::1"}
    assert [row["captured_bytes"] for row in found] == [len(frames[row["source_frame"] - 1]) for row in found]
    assert packets.index.tolist() == list(range(1, 10 + len(found) - 9))
    assert [list(packets["sack"].iloc[at]) for at in (0, -1)] == [[3, 4], [1, 2, 5, 7]]
    assert capture_info(packets).packets == 7


def test_in_tunnels_in_more_than_a_batch_of_records():
    frames = [packet(seq=7)] * 100
    frames += [in_tunnel("TZSP", aggregate(*[segment(16 * i + k) for k in range(16)])) for i in range(2500)]
    packets = read_pcap(pcap([(0, frame) for frame in frames]))
    assert packets["seq"].tolist() == [7] * 100 + list(range(16 * 2500))
    assert packets["source_frame"].tolist()[100:] == [101 + i // 16 for i in range(16 * 2500)]


def test_in_a_tunnel_cut_anywhere():
    frame = in_tunnel("TZSP", aggregate(segment(1), segment(2), segment(3)))
    before = frame.index(QOS) + len(QOS)
    needed = [before + 76 * k + 14 + 8 + 36 for k in range(3)]
    for length in range(before, len(frame) + 1):
        found = plain(read_pcap(pcap_header() + pcap_record(0, frame[:length], wire_bytes=len(frame))))
        assert {row["source_frame"] for row in found} == {1}
        seqs = [row["seq"] for row in found if row["seq"] is not None]
        assert seqs == [1, 2, 3][: sum(length >= size for size in needed)]


BEHIND = "frames behind the first of an 802.11 aggregate"


def test_what_is_left_in_fragments_is_said():
    """Of a datagram in fragments, only the beginning is kept."""
    whole = over_udp(37008, "01 00 0012 01", aggregate(ARP, segment(1, 400), segment(2, 400)))
    pieces = [ethernet(piece) for _, piece in fragments(Random(1), 0x0800, whole)]
    assert len(pieces) > 1
    last = [row for row in rows([*pieces, packet(seq=5)]) if row["source_frame"] == len(pieces)]
    assert [pick(row, "seq tunnel undecoded") for row in last] == [[1, "TZSP", BEHIND]]


def test_what_is_left_in_an_aggregate_in_another_is_said():
    inner = over_udp(37008, "01 00 0012 01", aggregate(segment(1), segment(2)))
    found = rows([aggregate(SNAP + b"\x08\0" + inner, segment(7))], 105)
    assert [pick(row, "seq undecoded") for row in found] == [[1, BEHIND], [7, None]]


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", [None, *TUNNELS])
def test_wireshark_finds_the_same(tmp_path, name):
    capture = tmp_path / "aggregates.pcap"
    frames = [in_tunnel(name, frame) for frame in MIXED] if name else MIXED
    capture.write_bytes(pcap(list(enumerate(frames)), link_type=1 if name else 105))
    theirs = tshark_fields(capture, "frame.number tcp.seq_raw tcp.len", "-E", "occurrence=a", "-E", "aggregator=,")
    ours: dict[str, list[list[str]]] = {}
    for row in plain(read_pcap(capture)):
        found = ours.setdefault(str(row["source_frame"]), [[], []])
        for values, column in zip(found, ("seq", "payload_bytes"), strict=True):
            values.extend([] if row[column] is None else [str(row[column])])
    assert {number: [seq, length] for number, seq, length in theirs} == {
        number: [",".join(values) for values in found] for number, found in ours.items()
    }
