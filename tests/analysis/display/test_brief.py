"""The first screen: what stands out, how far it can be trusted, and a line a section."""

import pytest

import pcapframe as pf
from pcapframe.analysis.display import health_line, plain_text
from tests.builders import Conversation, merge, pcap

NAMES = ("clean.pcap", "losses.pcap", "midstream.pcap", "resets.pcap", "ipv6.pcapng", "mirrored.pcap.gz")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [80, 120])
def test_the_first_screen_names_the_first_event(name: str, width: int) -> None:
    analysis = pf.analyze(pf.example(name))
    lines = plain_text(analysis.brief, width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert len(lines) <= 23
    head = " ".join(" ".join(lines[:16]).split())
    for seen in analysis.standouts[:2]:
        assert seen.sentence in head
    assert ("Nothing stands out" in head) == (not analysis.standouts)


def test_a_long_time_and_a_long_health_leave_the_screen_as_it_is() -> None:
    """Their lines are wrapped; names of servers with IPv6 wrap the events too."""
    host = "2001:db8:1111:2222:3333:4444:5555:{:x}"
    made = [
        Conversation(host.format(1), 40_000 + i, host.format(i), 8443, start=float(i)).handshake()
        .data("client", 100).rst("server")
        for i in range(10, 16)
    ]  # fmt: skip
    late = Conversation(start=200_000_000.0).syn().syn(after=1).syn(after=2).syn(after=4)
    half = Conversation(server="198.51.100.9", start=200_000_009.0).syn().syn_ack().syn_ack(after=1.0)
    analysis = pf.analyze(pcap(merge(*made, late, half, Conversation(start=200_000_020.0).handshake())))
    assert len(analysis.standouts) > 3
    assert len(plain_text(analysis.brief, width=80).splitlines()) <= 23


def test_a_refused_connection_takes_few_lines() -> None:
    text = plain_text(pf.analyze(pcap(Conversation().refused())).brief, width=80)
    assert len(text.splitlines()) <= 15
    assert "1 198.51.100.1:80 refused the only connection from 192.0.2.1 with RST" in text
    assert " 0 " not in text


def test_without_connections_the_message_is_there() -> None:
    analysis = pf.analyze(pf.example("clean.pcap"), server_port=1)
    text = plain_text(analysis.brief, width=80)
    assert analysis.message is not None
    assert analysis.message.split(":")[0] in " ".join(text.split())
    assert "stands out" not in text


def test_health_takes_one_line() -> None:
    assert health_line(pf.analyze(pf.example("clean.pcap")).health) == "no number is limited"
    limited = health_line(pf.analyze(pf.example("midstream.pcap")).health)
    assert limited.startswith("limited: ")
    assert len(limited) < 62


def test_repeated_syns_are_told_from_data() -> None:
    made = Conversation().syn().wait(1).syn().wait(2).syn()
    text = plain_text(pf.analyze(pcap(made)).brief, width=80)
    assert "2 of 3 TCP packets, 66.7 %; 2 of them SYN or SYN-ACK" in text
