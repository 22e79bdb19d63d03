"""Which connection an ICMP error belongs to."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.icmp import read_quotes
from tests.builders import TCP, Conversation, ethernet, ip, merge, packet, pcap, tcp
from tests.capture.test_icmp import error, error6

CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
START = 1000  # sequence number of the client's SYN, and half of it the server's


def syn(time, seq=START, port=40000):
    return time, packet(CLIENT, SERVER, port, 80, "S", seq=seq)


def data(time, seq, size=100, port=40000):
    return time, packet(CLIENT, SERVER, port, 80, "A", seq=seq, ack=501, payload=size)


def ack(time, number, window=1000, port=40000):
    return time, packet(SERVER, CLIENT, 80, port, "A", seq=501, ack=number, window=window)


def quoting(time, seq, *, src=CLIENT, dst=SERVER, sport=40000, dport=80, kind=3, code=1):
    """An error that quotes eight bytes of TCP."""
    quote = ip(src, dst, TCP, tcp(src, dst, sport, dport, seq=seq)[:8])
    return time, (error6(1, 0, quote) if ":" in src else error(kind, code, quote))


def belongs(*frames, order=True):
    """For each error that belongs to a connection: frame, conn_id."""
    segments = pf.label_segments(pf.read_pcap(pcap(merge(frames) if order else frames), progress=False))
    return [(int(one["frame"]), int(one["conn_id"])) for one in read_quotes(segments.attrs).errors]


def test_a_quoted_segment_is_found_by_endpoints_and_number():
    assert belongs(syn(0), quoting(1, START)) == [(2, 0)]
    assert belongs(syn(0), syn(1, port=40001), quoting(2, START, sport=40001)) == [(3, 1)]


@pytest.mark.parametrize(
    "other",
    [
        {"src": "192.0.2.77"}, {"dst": "192.0.2.77"}, {"sport": 40001}, {"dport": 81},
        {"src": SERVER, "dst": CLIENT, "sport": 80, "dport": 40000},  # a number of the other side
        {"sport": 80, "dport": 40000},
    ],
)  # fmt: skip
def test_another_endpoint_is_another_connection(other):
    assert belongs(syn(0), quoting(1, START, **other)) == []


def test_packets_of_the_server_are_quoted_too():
    answer = (0.5, packet(SERVER, CLIENT, 80, 40000, "SA", seq=500, ack=START + 1))
    assert belongs(syn(0), answer, quoting(1, 500, src=SERVER, dst=CLIENT, sport=80, dport=40000)) == [(3, 0)]


def test_a_number_in_the_middle_of_a_captured_segment():
    talk = [syn(0), ack(0.1, START + 1), data(1, START + 1, size=3000)]
    assert belongs(*talk, quoting(2, START + 1 + 1460)) == [(4, 0)]
    assert belongs(*talk, quoting(2, START + 1 + 3000)) == [(4, 0)]  # an ACK after it, which was not captured


@pytest.mark.parametrize(("seq", "is_its"), [(START, 1), (START + 1001, 1), (START + 1002, 0), (START - 1, 0)])
def test_numbers_that_a_side_may_have_sent(seq, is_its):
    # Not captured: nothing but the SYN and the window of 1,000 bytes that the server offered.
    assert len(belongs(syn(0), ack(0.1, START + 1), quoting(1, seq))) == is_its


def test_a_capture_that_lacks_the_beginning():
    talk = [data(1, 50_000), ack(1.1, 50_100, window=2000)]
    assert belongs(*talk, quoting(2, 50_000 - 1460)) == [(3, 0)]
    assert belongs(*talk, quoting(2, 50_000 - 2001)) == []


def test_only_the_other_side_was_captured():
    assert belongs(ack(0, 7000), ack(1, 9000), quoting(2, 9500)) == [(3, 0)]
    assert belongs(ack(0, 7000), ack(1, 9000), quoting(2, 10_001)) == []
    assert belongs((0, packet(SERVER, CLIENT, 80, 40000, "S", seq=1)), quoting(2, 1)) == []


def test_ports_that_were_used_again():
    first, second = syn(0, 1000), syn(10, 500_000)
    assert belongs(first, second, quoting(11, 500_000)) == [(3, 1)]
    assert belongs(first, second, quoting(11, 1000)) == [(3, 0)]  # late
    assert belongs(first, quoting(5, 1000), second) == [(2, 0)]
    assert belongs(first, second, quoting(11, 250_000)) == []
    assert belongs(syn(0, 7), (1, packet(SERVER, CLIENT, 80, 40000, "R", seq=0)), syn(2, 7), quoting(3, 7)) == [(4, 0)]


def test_an_error_that_was_captured_before_the_packet_that_it_quotes():
    assert belongs(quoting(0, START), syn(0.00001)) == [(1, 0)]


def test_numbers_that_wrap():
    near = 2**32 - 50
    talk = [syn(0, near), ack(0.1, near + 1), data(1, near + 1, size=3000)]
    assert belongs(*talk, quoting(2, (near + 1 + 1460) % 2**32)) == [(4, 0)]
    assert belongs(*talk, quoting(2, (near - 10) % 2**32)) == []


def test_ipv6_and_errors_of_a_captured_conversation():
    talk = Conversation("2001:db8::1", 40000, "2001:db8::2", 443).handshake().data("client", 700).close()
    packets = pf.read_pcap(pcap(talk), progress=False)
    quoted = packets.loc[packets["src"] == "2001:db8::1", "seq"].tolist()
    errors = [
        quoting(100 + i, int(seq), src="2001:db8::1", dst="2001:db8::2", dport=443) for i, seq in enumerate(quoted)
    ]
    assert len(belongs(*talk, *errors)) == len(quoted) > 3


def test_errors_without_any_segment_belong_to_none():
    assert belongs(quoting(0, START), quoting(1, START)) == []
    assert belongs(quoting(0, START), (1, packet("192.0.2.7", "192.0.2.8"))) == []


def test_frames_that_do_not_tell():
    packets = pf.read_pcap(pcap([syn(0), quoting(1, START)]), progress=False)
    segments = pf.label_segments(packets)
    assert pf.label_segments(segments).attrs == segments.attrs  # a segments frame keeps what it knows
    bare = packets.copy()
    bare.attrs = {"capture": packets.attrs["capture"]}
    assert "icmp_errors" not in pf.label_segments(bare.drop(columns="quoted_seq")).attrs


def test_many_at_random_as_one_by_one():
    rng = np.random.default_rng(3)
    frames = []
    for i in range(600):
        port, seq = int(rng.integers(1, 4)), int(rng.integers(0, 6)) * 1000
        make = [syn, data, quoting][int(rng.integers(0, 3))]
        frames.append(make(i, seq, sport=port) if make is quoting else make(i, seq, port=port))
    segments = pf.label_segments(pf.read_pcap(pcap(frames), progress=False))
    found = {int(one["frame"]): int(one["conn_id"]) for one in read_quotes(segments.attrs).errors}
    packets = pf.read_pcap(pcap(frames), progress=False)
    for frame, one in packets[packets["quoted_seq"].notna()].iterrows():
        same = segments[(segments["src_port"] == one["quoted_src_port"]) & (segments["seq"] == one["quoted_seq"])]
        before = same[same.index < frame]
        if len(same):
            expected = before["conn_id"].iloc[-1] if len(before) else same["conn_id"].iloc[0]
            assert found[frame] == expected


def test_a_selection_keeps_only_its_errors():
    packets = pf.read_pcap(pcap([syn(0), syn(1, port=40001), quoting(2, START), quoting(3, START, sport=40001)]))
    segments = pf.label_segments(packets)
    some = pf.build_connections(segments[segments["conn_id"] == 1])
    assert some["icmp_errors"].tolist() == [1]
    assert isinstance(segments, pd.DataFrame)


def test_ethernet_padding_is_no_quote():
    frame = ethernet(ip(CLIENT, SERVER, 1, bytes([3, 1]) + bytes(6))) + b"\x45" * 40
    assert belongs(syn(0), (1, frame)) == []
