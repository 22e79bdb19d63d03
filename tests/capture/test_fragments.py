"""Fragments: a datagram counts at the frame that completes it."""

import struct
from itertools import pairwise, permutations
from random import Random

import pytest

from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.fragments import HEAD_BYTES, MOST_DATAGRAMS, new_datagrams, taken
from pcapframe.capture.reader import read_capture
from pcapframe.capture.source import open_capture
from pcapframe.packets import read_pcap
from tests.builders import (
    FRAGMENT,
    GRE,
    IPIP,
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
IPV6_IN_IP, DESTINATION_OPTIONS = 41, 60
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
    datagram = udp(CLIENT, SERVER, 5005, 53, filler(100))
    first, second = rows(fragments(48, datagram=datagram, protocol=UDP))
    assert pick(first, "protocol src_port dst_port seq") == ["UDP", None, None, None]
    assert pick(second, "protocol src_port dst_port seq") == ["UDP", 5005, 53, None]


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


def test_sack_blocks_of_a_reassembled_segment():
    segment = tcp(CLIENT, SERVER, 1234, 80, options=tcp_options(sack=[(100, 200), (300, 400)]), payload=filler(100))
    before, after = packet(sack=[(1, 2)]), packet(sack=[(3, 4)])
    found = rows([before, *fragments(8, 24, datagram=segment), after])
    assert [row["sack"] for row in found] == [[1, 2], None, None, [100, 200, 300, 400], [3, 4]]


def at_times(frames: list[bytes], times: list[float]) -> list[list]:
    capture = pcap(list(zip(times, frames, strict=True)))
    return [pick(row, WANTED) for row in plain(read_pcap(capture, progress=False))]


@pytest.mark.parametrize("make", [fragments, fragments6])
def test_a_datagram_has_a_minute(make):
    assert at_times(make(80, 200), [0, 30, 60]) == [NOTHING, NOTHING, WHOLE]
    assert at_times(make(80, 200), [0, 30, 60.001]) == [NOTHING] * 3
    first, second, third = make(80, 200)
    # What came too late begins another one.
    assert at_times([first, second, third, first, second], [0, 10, 70, 71, 72]) == [NOTHING] * 4 + [WHOLE]


def test_a_clock_that_goes_backward_gives_nothing_up():
    assert at_times(fragments(80, 200), [500, 30, 501]) == [NOTHING, NOTHING, WHOLE]


def test_the_oldest_of_too_many_is_given_up():
    starts = [fragments6(80, ident=ident)[0] for ident in range(MOST_DATAGRAMS + 1)]
    ends = [fragments6(80, ident=ident)[1] for ident in (1, 0)]
    found = at_times([*starts, *ends], [0.0] * (len(starts) + 2))
    assert found == [NOTHING] * len(starts) + [WHOLE, NOTHING]


def test_memory_is_bounded():
    starts = [fragments6(80, ident=ident)[0] for ident in range(40_000)]
    columns = PacketColumns()
    before = columns.nbytes
    with open_capture(pcap(list(enumerate(starts))), lambda *_: None) as stream:
        read_capture(stream, columns, lambda *_: None)
    assert columns.count == 40_000
    assert columns.nbytes - before < 40_000 * 120  # nothing is left of the fragments
    table = new_datagrams()
    table.numbers[0] = MOST_DATAGRAMS
    assert taken(table) < 64 << 20


def test_fragments_of_two_vlans_are_of_two_datagrams():
    first, second = (
        [frame[:12] + struct.pack(">HH", 0x8100, vlan) + frame[12:] for frame in fragments(80)] for vlan in (5, 6)
    )
    assert completed([first[0], second[1], second[0], first[1]]) == {2: WHOLE, 3: WHOLE}


def test_next_header_is_that_of_the_first_fragment():
    pieces = fragments6(80, 200)
    changed = [frame[:54] + b"\x3b" + frame[55:] for frame in pieces]
    assert completed([changed[2], changed[1], pieces[0]]) == {2: WHOLE}


def test_extension_headers_may_lie_in_the_fragments():
    segment = tcp(CLIENT6, SERVER6, 1234, 80, "PA", **FIELDS)
    datagram = bytes([TCP, 0, 1, 4, 0, 0, 0, 0]) + segment
    header = 60  # destination options
    pieces = [
        ethernet(
            ipv6(CLIENT6, SERVER6, header, datagram[begin:end],
                 extensions=[(FRAGMENT, struct.pack(">BBHI", 0, 0, begin | (end < len(datagram)), 3))]),
            IPV6,
        )
        for begin, end in pairwise([0, 8, 80, len(datagram)])
    ]  # fmt: skip
    assert completed(pieces) == {2: WHOLE}


OUTER = "203.0.113.1", "203.0.113.2"


def cut(network: bytes, *cuts: int) -> list[bytes]:
    """An IPv4 packet without options, its payload cut at these places."""
    payload = network[20:]
    return [
        ipv4(*OUTER, network[9], payload[begin:end], ip_id=5, fragment_offset=begin, more_fragments=end < len(payload))
        for begin, end in pairwise([0, *cuts, len(payload)])
    ]


def test_fragments_of_a_tunnel_are_followed():
    inner = ipv4(CLIENT, SERVER, TCP, SEGMENT)
    for tunnel in (ipv4(*OUTER, IPIP, inner), ipv4(*OUTER, GRE, bytes.fromhex("0000 0800") + inner)):
        for cuts in ((8,), (16, 24, 32, 40, 48, 56), (400,)):
            pieces = [ethernet(piece) for piece in cut(tunnel, *cuts)]
            assert completed(pieces) == {len(pieces) - 1: WHOLE}
            assert completed(pieces[::-1]) == {len(pieces) - 1: WHOLE}
            last = rows(pieces)[-1]
            assert pick(last, "src dst outer_src outer_dst") == [CLIENT, SERVER, *OUTER]


def test_fragments_within_fragments():
    inner = [frame[14:] for frame in fragments(80, 200)]
    outer = [ethernet(piece) for network in inner for piece in cut(ipv4(*OUTER, IPIP, network), 40, 64)]
    assert completed(outer) == {8: WHOLE}
    assert completed(outer[::-1]) == {8: WHOLE}
    # The same ends and identification within and without.
    same = [ethernet(piece) for piece in cut(ipv4(*OUTER, IPIP, cut(ipv4(*OUTER, TCP, SEGMENT), 80)[0]), 40, 64)]
    same += [ethernet(piece) for piece in cut(ipv4(*OUTER, IPIP, cut(ipv4(*OUTER, TCP, SEGMENT), 80)[1]), 40, 64)]
    assert completed(same) == {5: WHOLE}


def test_a_tunnel_in_a_first_fragment_that_was_cut_tells_the_lengths_within():
    """The outer datagram is never complete; the length of the inner packet stands in its own header."""
    inner = ipv4(CLIENT, SERVER, TCP, SEGMENT)
    pieces = [ethernet(piece) for piece in cut(ipv4(*OUTER, IPIP, inner), 240)]
    assert completed(pieces, snaplen=120) == {0: WHOLE}


def test_headers_beyond_what_is_kept_are_cut_off():
    segment = tcp(CLIENT6, SERVER6, 1234, 80, "PA", **FIELDS)
    for units, found in ((HEAD_BYTES // 8 - 20, {2: WHOLE}), (HEAD_BYTES // 8 + 1, {})):
        options = bytes([0, units - 1]) + bytes(8 * units - 2)  # padding
        inner = ipv6(CLIENT6, SERVER6, TCP, segment, extensions=[(DESTINATION_OPTIONS, options)])
        assert completed([ethernet(piece) for piece in cut(ipv4(*OUTER, IPV6_IN_IP, inner), 80, 160)]) == found


@pytest.mark.parametrize("offset", [65528, 65520, 8])
@pytest.mark.parametrize("more", [True, False])
def test_impossible_offsets_and_lengths(offset, more):
    """Beyond 65,535 bytes there is no datagram; what else is there is read."""
    strange = ethernet(ipv4(CLIENT, SERVER, TCP, bytes(1400), ip_id=77, fragment_offset=offset, more_fragments=more))
    empty = ethernet(ipv4(CLIENT, SERVER, TCP, b"", ip_id=77, fragment_offset=offset, more_fragments=more))
    assert completed([strange, empty, *fragments(80, ip_id=78)]) == {3: WHOLE}


LOST = "fragments of {} that are not complete"
INNER = ipv4(CLIENT, SERVER, TCP, SEGMENT)
IN_GRE = [ethernet(piece) for piece in cut(ipv4(*OUTER, GRE, bytes.fromhex("0000 0800") + INNER), 80, 200)]
IN_VXLAN = [
    ethernet(piece)
    for piece in cut(ipv4(*OUTER, UDP, udp(*OUTER, 9, 4789, bytes([8] + [0] * 7) + ethernet(INNER))), 80)
]
QUERY = fragments(48, datagram=udp(CLIENT, SERVER, 5005, 53, filler(100)), protocol=UDP)
PING = fragments(48, datagram=bytes([8, *bytes(99)]), protocol=1)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (fragments(80, 200), [None] * 3),
        (fragments(80, 200)[:2], [LOST.format("TCP")] * 2),
        (fragments6(80, 200)[1:], [LOST.format("TCP")] * 2),
        (IN_GRE, [None] * 3),
        (IN_GRE[::-1], [None] * 3),
        (IN_GRE[:2], [LOST.format("GRE")] * 2),
        (IN_GRE[1:], [LOST.format("GRE")] * 2),
        ([*IN_GRE, *IN_GRE[:1], packet()], [None] * 5),  # a copy of the datagram before
        (IN_VXLAN[:1], [LOST.format("UDP")]),
        (IN_VXLAN[1:], [LOST.format("UDP")]),
        (QUERY[:1], [None]),  # whose ports are those of no tunnel
        (QUERY[1:], [LOST.format("UDP")]),
        (PING[:1], [None]),
        (PING[1:], [None]),
        ([packet(), *IN_GRE[:1], *fragments(80)], [None, LOST.format("GRE"), None, None]),
    ],
)
def test_fragments_whose_datagram_is_never_complete_are_undecoded(frames, expected):
    assert [row["undecoded"] for row in rows(frames)] == expected


def test_a_datagram_in_two_captures_is_complete_in_neither():
    found = read_pcap([pcap([(0, IN_GRE[0]), (1, IN_GRE[1])]), pcap([(2, IN_GRE[2]), (3, packet())])])
    assert [row["undecoded"] for row in plain(found)] == [LOST.format("GRE")] * 3 + [None]


def test_what_is_in_a_tunnel_is_named_beside_fragments_of_others():
    frames = [IN_GRE[0], ethernet(ipv4(*OUTER, GRE, bytes.fromhex("0000 1234") + bytes(40)))]
    assert [row["undecoded"] for row in rows(frames)] == [LOST.format("GRE"), "Ethernet type 0x1234"]


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


@pytest.mark.needs_program("tshark")
def test_wireshark_takes_the_same_bytes_where_fragments_overlap(tmp_path):
    rng = Random(5)
    frames = []
    for ident in range(1, 400):
        segment = tcp(CLIENT, SERVER, rng.randrange(65536), 80, seq=rng.randrange(1 << 32), payload=filler(60))
        pieces = []
        for begin in range(0, len(segment), 8):
            end = min(begin + 8 * rng.randrange(1, 5), len(segment))
            other = bytes(255 - byte for byte in segment[begin:end]) if rng.random() < 0.3 else segment[begin:end]
            pieces += [(begin, end, other)] * (rng.random() < 0.8) + [(begin, end, other)] * (rng.random() < 0.1)
        pieces = sorted(pieces, key=lambda piece: piece[0] + rng.choice([0, 0, 20, 80]) * rng.random())
        frames += [
            ethernet(
                ipv4(CLIENT, SERVER, TCP, data, ip_id=ident, fragment_offset=begin, more_fragments=end < len(segment))
            )
            for begin, end, data in pieces
            if end < len(segment) or begin
        ]
    capture = tmp_path / "overlapping.pcap"
    capture.write_bytes(pcap(list(enumerate(frames))))
    theirs = tshark_fields(capture, "tcp.srcport tcp.seq_raw tcp.len")
    ours = [["" if v is None else str(v) for v in pick(row, "src_port seq payload_bytes")] for row in rows(frames)]
    differing = [(at, our, their) for at, (our, their) in enumerate(zip(ours, theirs, strict=True)) if our != their]
    assert sum(their[0] != "" for their in theirs) > 50
    assert differing == []
