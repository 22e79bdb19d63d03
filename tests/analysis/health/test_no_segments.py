"""What is seen of TCP where nothing can be followed."""

import pytest

import pcapframe as pf
from tests import builders
from tests.builders import Conversation, ethernet, ipv4, pcap, pcapng

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


def test_a_link_type_that_is_not_decoded() -> None:
    with pytest.warns(pf.CaptureWarning):
        one, two = (pf.analyze(pcap([(0, CUT)] * count, link_type=258)) for count in (1, 2))
    rest = "not decoded, so whether there is TCP is unknown"
    assert one.message == f"{NONE}; the link type of 1 packet is {rest}"
    assert two.message == f"{NONE}; the link types of 2 packets are {rest}"
    assert one.health.sentence.startswith(f"{one.message}. ")


def test_both() -> None:
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze([pcap([(0, CUT)]), pcap([(0, CUT)], link_type=258)])
    assert str(analysis.message).startswith(UNREAD)
    assert str(analysis.message).endswith("so whether there is more TCP is unknown")


def test_a_filter_does_not_ask_why() -> None:
    assert str(pf.analyze(pcapng(Conversation().handshake()), server_port=1).message).startswith("Nothing matches")
