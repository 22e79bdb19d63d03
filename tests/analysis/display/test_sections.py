"""Sections of an analysis in a terminal."""

import pytest

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from tests.builders import Conversation, merge, pcap


@pytest.fixture(scope="module")
def resets() -> pf.Analysis:
    return pf.analyze(pf.example("resets.pcap"))


def test_what_is_not_counted_is_named_one_more() -> None:
    talks = [Conversation(f"192.0.2.{i}", start=i).syn().syn(after=0.5).refused() for i in range(1, 7)]
    text = str(pf.analyze(pcap(merge(*talks))))
    assert "and 1 more connection\n" in text


def test_no_rst_is_as_uncertain_as_the_other_counts() -> None:
    cut = pcap(Conversation().handshake().data("client", 100).ack("server").close(), snaplen=60)
    text = str(pf.analyze(cut)).partition("RST ─")[2]
    assert text.splitlines()[1] == "  RSTs         none seen"
    assert str(pf.analyze(pf.example("clean.pcap"))).partition("RST ─")[2].splitlines()[1] == "  none"


def test_what_is_notable_is_indented_alike() -> None:
    lines = plain_text(pf.analyze(pf.example("losses.pcap")), width=60).partition("Notable ─")[2].splitlines()[1:]
    assert lines[0] == "  high_retransmission"
    assert len(lines) > 2
    assert all(line.startswith("    ") and line[4] != " " for line in lines[1:])
