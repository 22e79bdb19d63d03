"""Counts as far as they can be taken, in words."""

import pytest

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from tests.builders import Conversation, merge, pcap


@pytest.mark.parametrize(
    ("unanswered", "open_ones", "said"),
    [
        (0, 1, "1 open\n"),
        (1, 0, "1 open (never established)\n"),
        (2, 0, "2 open (none of them established)\n"),
        (2, 1, "3 open (2 of them never established)\n"),
    ],
)
def test_open_connections_tell_how_many_were_never_established(unanswered: int, open_ones: int, said: str) -> None:
    talks = [Conversation(client_port=port, start=port).syn() for port in range(1, unanswered + 1)]
    talks += [Conversation(client_port=port, start=port).handshake() for port in range(9, open_ones + 9)]
    analysis = pf.analyze(pcap(merge(*talks)))
    assert f"  ending       {said}" in str(analysis).replace("at least ", "")
    assert analysis.statistics["open_never_established"] == unanswered


def test_numbers_that_copies_make_unknown_read_as_sentences() -> None:
    text = " ".join(str(pf.analyze(pf.example("mirrored.pcap.gz"))).split())
    assert (
        "6 connections, an unknown number of TCP packets (1,302 as captured), an unknown number of bytes (1.1 MB "
        in text
    )


def test_a_rate_that_is_only_a_bound_has_no_interval() -> None:
    exact = Conversation().handshake().data("client", 100).retransmit("client", after=0.4).ack("server").close()
    assert "95 % interval" in str(pf.analyze(pcap(exact)))
    bound = pf.analyze(pcap(exact.duplicate()))
    assert bound.health.qualifier("retransmission_rate") == "at least"
    assert "; rate at least 10.0 %\n" in str(bound)
    assert "interval" not in str(bound).partition("Notable ─")[0]


def test_nothing_seen_is_not_at_least_nothing() -> None:
    cut = pcap(Conversation().handshake().data("client", 100).ack("server").close(), snaplen=60)
    for text in (str(pf.analyze(cut)), pf.analyze(cut)._repr_html_()):
        assert "at least 0" not in text
    assert "  retransmitted  none seen in 8 TCP packets\n" in str(pf.analyze(cut))


def test_packets_that_wireshark_labels_otherwise_say_of_what() -> None:
    text = plain_text(pf.analyze(pf.example("ipv6.pcapng")), width=80)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    differing = [line for line in lines if line.startswith("only ")]
    assert differing == [
        "only Wireshark 13 labelled, not retransmitted",
        "only evidence 1 retransmitted, not labelled",
        "only Wireshark 1 labelled, not reordered",
        "only evidence 3 reordered, not labelled",
    ]
    after = [lines[lines.index(line) + 1] for line in differing]
    assert after[0].startswith("9 of these frame.number in {393, ")
    assert after[1:] == ["frame.number in {88}", "frame.number in {88}", "frame.number in {393, 475, 497}"]
    html = pf.analyze(pf.example("ipv6.pcapng"))._repr_html_()
    assert "only evidence: 1 retransmitted, not labelled<br>frame.number in {88}" in html


def test_what_is_unknown_stands_together() -> None:
    talks = [Conversation(client_port=port, start=port).handshake() for port in (1, 2)]
    closed, half = (Conversation(client_port=port, start=port).handshake() for port in (3, 4))
    gap = Conversation(client_port=5, start=5).handshake().data("client", 100, drop=True).ack("server")
    text = str(pf.analyze(pcap(merge(*talks, closed.close(), half.fin("client"), gap))))
    assert "ending       at least 1 FIN, unknown (1 half closed, 3 open as captured)" in text
