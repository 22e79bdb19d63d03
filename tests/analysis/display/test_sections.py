"""Sections of an analysis in a terminal."""

import pytest

import pcapframe as pf
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
