"""What is seen of TCP where nothing can be followed."""

import warnings
from typing import Any

import pytest

import pcapframe as pf
from tests import builders
from tests.builders import Conversation, ethernet, ipv4, pcap, pcapng
from tests.segments.test_quoted import START, quoting

CUT = ethernet(ipv4("192.0.2.1", "192.0.2.2", builders.TCP, bytes(8)))
NONE = "No TCP packets found in this capture"
UNREAD = "No TCP packet of this capture can be followed"


def test_there_is_no_tcp() -> None:
    assert pf.analyze(pcap([])).message == NONE
    assert pf.analyze(pcap([(0, bytes(60))])).message == NONE


@pytest.mark.parametrize(
    ("count", "packets"), [(1, "1 packet is TCP by its IP header"), (2, "2 packets are TCP by their IP headers")]
)
def test_tcp_headers_that_cannot_be_read(count: int, packets: str) -> None:
    analysis = pf.analyze(pcap([(0, CUT)] * count))
    assert analysis.message == f"{UNREAD}: {packets}, without a TCP header that can be read"
    assert analysis.health.sentence == f"{analysis.message}. It supports no statistics of connections."
    answer = pf.analyze_tcp_anomalies(analysis)
    assert (answer["tcp_packets_found"], answer["message"]) == (0, analysis.message)


@pytest.mark.parametrize(
    ("count", "why"),
    [
        (0, "no packet of it could be read"),
        (1, "part of it could not be read, and the only packet that could is not TCP"),
        (2, "part of it could not be read, and none of the 2 packets that could is TCP"),
    ],
)
@pytest.mark.parametrize("container", [pcap, pcapng])
def test_no_tcp_before_the_capture_is_damaged(container: Any, count: int, why: str) -> None:
    whole = container([(0, ethernet(bytes(46), builders.ARP))] * (count + 1))
    for damaged in (whole[:-30], whole[:-70] + b"\xff" * 70):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pf.CaptureWarning)
            analysis = pf.analyze(damaged)
        assert (analysis.capture.truncated, analysis.capture.packets) == (True, count)
        assert analysis.message == f"Whether there is TCP in this capture is unknown: {why}"
        assert pf.analyze_tcp_anomalies(analysis)["message"] == analysis.message


def test_tcp_that_cannot_be_followed_before_the_capture_is_damaged() -> None:
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(pcap([(0, CUT)] * 2)[:-10])
    assert str(analysis.message).startswith(f"{UNREAD}: 1 packet is TCP by its IP header")
    assert str(analysis.message).endswith("; part of the capture could not be read, and may hold TCP too")


@pytest.mark.parametrize("kind", [0x0800, 0x86DD])
def test_an_organisation_whose_numbers_look_like_those_of_ip(kind: int) -> None:
    frame = bytes(12) + (48).to_bytes(2, "big") + b"\xaa\xaa\x03\x00\x00\x0c" + kind.to_bytes(2, "big") + bytes(40)
    assert str(pf.analyze(pcap([(0, frame)])).message).startswith("Whether there is TCP in 1 packet (")


def test_a_link_type_that_is_not_decoded() -> None:
    with pytest.warns(pf.CaptureWarning):
        one, two = (pf.analyze(pcap([(0, CUT)] * count, link_type=147)) for count in (1, 2))
    assert one.message == "Whether there is TCP in 1 packet (link type 147) is unknown"
    assert two.message == "Whether there is TCP in 2 packets (link type 147) is unknown"
    assert one.health.sentence.startswith(f"{one.message}. ")


def test_both() -> None:
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze([pcap([(0, CUT)]), pcap([(0, CUT)], link_type=147)])
    assert str(analysis.message).startswith(UNREAD)
    assert str(analysis.message).endswith("; whether there is more TCP in 1 packet (link type 147) is unknown")


def test_several_kinds_and_packets_that_are_no_tcp() -> None:
    odd = [(0, ethernet(bytes(40), kind)) for kind in (0x1234, 0x1235, 0x1234, builders.ARP, 0x88CC)]
    odd.append((0, ethernet(ipv4("192.0.2.1", "192.0.2.2", 50, bytes(40)))))
    analysis = pf.analyze(pcap(odd))
    assert analysis.message == (
        "Whether there is TCP in 4 packets (2 of Ethernet type 0x1234; 1 of Ethernet type 0x1235; 1 of ESP, encrypted) "
        "is unknown; the other 2 packets are not TCP"
    )
    answer = pf.analyze_tcp_anomalies(analysis)
    assert (answer["tcp_packets_found"], answer["qualifiers"]["tcp_packets_found"]) == (0, "at least")


def test_many_kinds_are_not_all_named() -> None:
    analysis = pf.analyze(pcap([(0, ethernet(bytes(40), 0x1000 + kind)) for kind in range(300)]))
    assert str(analysis.message).startswith("Whether there is TCP in 300 packets (")
    assert len(str(analysis.message)) < 400


def test_a_filter_does_not_ask_why() -> None:
    assert str(pf.analyze(pcapng(Conversation().handshake()), server_port=1).message).startswith("Nothing matches")


def test_only_icmp_errors_quote_tcp() -> None:
    one, two = (pf.analyze(pcap([quoting(i, START) for i in range(count)]), progress=False) for count in (1, 2))
    assert one.message == f"{NONE}; 1 ICMP error quotes a TCP packet"
    assert two.message == f"{NONE}; 2 ICMP errors quote TCP packets"
    assert (len(two.connections), two.patterns) == (0, ())
    assert pf.analyze_tcp_connections(two)["message"] == two.message
