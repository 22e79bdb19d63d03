"""Fragments: a datagram counts at the frame that completes it."""

import struct
from itertools import pairwise, permutations

import pytest

from pcapframe.packets import read_pcap
from tests.builders import (
    FRAGMENT,
    IPV6,
    TCP,
    UDP,
    ethernet,
    filler,
    ipv4,
    ipv6,
    packet,
    pcap,
    tcp,
    tcp_options,
    udp,
)
from tests.capture.rows import pick, plain, rows, tshark_fields

CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::2"
FIELDS = {"seq": 5, "ack": 7, "window": 99, "options": tcp_options(ts=(11, 22)), "payload": filler(400)}
SEGMENT = tcp(CLIENT, SERVER, 1234, 80, "PA", **FIELDS)
WANTED = "src_port dst_port seq ack window tcp_flags payload_bytes tsval"
WHOLE = [1234, 80, 5, 7, 99, 0x18, 400, 11]
NOTHING = [None] * 8


def fragments(*cuts: int, datagram: bytes = SEGMENT, protocol: int = TCP, ip_id: int = 77) -> list[bytes]:
    """The datagram cut at these places."""
    return [
        ethernet(
            ipv4(CLIENT, SERVER, protocol, datagram[begin:end], ip_id=ip_id, fragment_offset=begin,
                 more_fragments=end < len(datagram))
        )
        for begin, end in pairwise([0, *cuts, len(datagram)])
    ]  # fmt: skip


def fragments6(*cuts: int, ident: int = 9) -> list[bytes]:
    segment = tcp(CLIENT6, SERVER6, 1234, 80, "PA", **FIELDS)
    return [
        ethernet(
            ipv6(CLIENT6, SERVER6, TCP, segment[begin:end],
                 extensions=[(FRAGMENT, struct.pack(">BBHI", 0, 0, begin | (end < len(segment)), ident))]),
            IPV6,
        )
        for begin, end in pairwise([0, *cuts, len(segment)])
    ]  # fmt: skip


def completed(frames: list[bytes], **options: int) -> dict[int, list]:
    """What the frames that have a TCP header say, by their place."""
    found = [pick(row, WANTED) for row in rows(frames, **options)]
    return {place: row for place, row in enumerate(found) if row != NOTHING}


@pytest.mark.parametrize("make", [fragments, fragments6])
def test_any_order_counts_at_the_last(make):
    for frames in permutations(make(80, 200)):
        assert completed(list(frames)) == {2: WHOLE}


@pytest.mark.parametrize("make", [fragments, fragments6])
def test_never_completed_is_no_tcp(make):
    pieces = make(80, 200, 320)
    for missing in range(4):
        assert completed(pieces[:missing] + pieces[missing + 1 :]) == {}


def test_fragments_have_addresses_and_protocol_all_the_same():
    first, second = rows(fragments(80))
    assert pick(first, "src dst protocol ttl ip_id src_port") == [CLIENT, SERVER, "TCP", 64, 77, None]
    assert pick(second, "src dst protocol ttl ip_id src_port") == [CLIENT, SERVER, "TCP", 64, 77, 1234]


def test_header_spread_over_several_fragments():
    assert completed(fragments(8, 16, 24, 32, 40)) == {5: WHOLE}
    assert completed(fragments(8, 16, 24, 32, 40)[::-1]) == {5: WHOLE}


def test_padding_of_a_short_fragment_is_not_part_of_it():
    pieces = [(frame + b"\xee" * 60)[: max(60, len(frame))] for frame in fragments(8, 16)]
    assert completed(pieces) == {2: WHOLE}


def test_fragments_that_repeat_and_overlap():
    first, second, third = fragments(80, 200)
    assert completed([first, first, second, second, third, third]) == {4: WHOLE}
    wide = fragments(200)[0]
    assert completed([first, wide, third]) == {2: WHOLE}


def test_an_identification_may_come_again():
    assert completed(fragments(80) + fragments(80)) == {1: WHOLE, 3: WHOLE}


def test_datagrams_may_be_mixed():
    one, two, three = fragments(80), fragments(80, ip_id=78), fragments6(80)
    other_way = [ethernet(ipv4(SERVER, CLIENT, TCP, SEGMENT[:80], ip_id=77, more_fragments=True))]
    mixed = [one[0], *other_way, two[0], three[1], one[1], two[1], three[0]]
    assert completed(mixed) == {4: WHOLE, 5: WHOLE, 6: WHOLE}


def test_a_hole_within_eight_bytes_is_a_hole():
    first = ethernet(ipv4(CLIENT, SERVER, TCP, SEGMENT[:78], ip_id=77, more_fragments=True))
    assert completed([first, fragments(80)[1]]) == {}


def test_data_beyond_the_last_fragment_completes_nothing():
    beyond = ethernet(ipv4(CLIENT, SERVER, TCP, bytes(80), ip_id=77, fragment_offset=65528, more_fragments=True))
    first, second = fragments(80)
    assert completed([beyond, first, second]) == {}


def test_largest_datagram():
    segment = tcp(CLIENT, SERVER, 1234, 80, payload=bytes(65515 - 20))
    found = completed(fragments(65120, datagram=segment))
    assert found[1][6] == 65495


def test_first_fragment_that_the_capture_cut_is_tcp_of_unknown_length():
    assert completed(fragments(240), snaplen=100) == {0: [1234, 80, 5, 7, 99, 0x18, None, 11]}
    assert completed(fragments(240), snaplen=60) == {0: [1234, 80, 5, 7, 99, 0x18, None, None]}


def test_other_fragment_that_the_capture_cut_completes_nothing():
    assert completed(fragments(80), snaplen=120) == {}


def test_udp():
    datagram = udp(CLIENT, SERVER, 5000, 53, filler(100))
    first, second = rows(fragments(48, datagram=datagram, protocol=UDP))
    assert pick(first, "protocol src_port dst_port seq") == ["UDP", None, None, None]
    assert pick(second, "protocol src_port dst_port seq") == ["UDP", 5000, 53, None]


def test_captures_do_not_complete_each_other():
    first, second = fragments(80)
    packets = read_pcap([pcap([(0, first)]), pcap([(1, second)])])
    assert [row["seq"] for row in plain(packets)] == [None, None]


def test_packets_around_are_as_they_were():
    frames = [packet(seq=1), fragments(80)[0], packet(seq=2, mss=1000), fragments(80)[1], packet(seq=3)]
    assert [pick(row, "seq mss") for row in rows(frames)] == [
        [1, None],
        [None, None],
        [2, 1000],
        [5, None],
        [3, None],
    ]


@pytest.mark.needs_program("tshark")
def test_wireshark_finds_the_same(tmp_path):
    groups = [
        fragments(80, 200, ip_id=1), fragments(80, 200, ip_id=2)[::-1], fragments(8, 16, 24, ip_id=3),
        fragments(80, 200, ip_id=4)[1:], fragments6(80), fragments6(8, 80, ident=10)[::-1],
        [fragments(80, ip_id=5)[0], *fragments(80, ip_id=5)],
    ]  # fmt: skip
    frames = [frame for group in groups for frame in group]
    capture = tmp_path / "fragments.pcap"
    capture.write_bytes(pcap(list(enumerate(frames))))
    theirs = tshark_fields(capture, "tcp.srcport tcp.seq_raw tcp.len tcp.options.timestamp.tsval")
    ours = [
        ["" if v is None else str(v) for v in pick(row, "src_port seq payload_bytes tsval")] for row in rows(frames)
    ]
    assert ours == theirs
