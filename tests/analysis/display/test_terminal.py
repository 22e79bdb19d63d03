"""Parts of a text: facts, filters, health."""

import pytest

import pcapframe as pf
from pcapframe.analysis.display import health_brief, plain_text
from pcapframe.analysis.health import STATISTICS
from tests.builders import Conversation, pcap


@pytest.fixture(scope="module")
def resets() -> pf.Analysis:
    return pf.analyze(pf.example("resets.pcap"))


def test_as_many_frames_as_fit_are_named(resets: pf.Analysis) -> None:
    narrow, wide = (plain_text(resets, width=width) for width in (60, 160))
    assert "37 frames" in wide
    assert "frame.number in {88..94, 103..111, 190..193, 196, 197, 220..225, 262, 469, 470, 656, 842" in wide
    assert " of 37 frames" in narrow


def test_a_few_limited_statistics_are_named_in_short() -> None:
    qualified = dict.fromkeys(list(STATISTICS)[:4], "unknown")
    few, many = (
        pf.CaptureHealth((pf.Finding("a", "Seen.", {}, affects, pf.Evidence(frames=(1,), frame_count=1)),), "Whole.")
        for affects in ({"bytes": "at least"}, qualified)
    )
    text = plain_text(health_brief(few)).splitlines()
    assert text[0] == "  1 of 19 kinds of statistics are not reliable as counted: bytes."
    assert text[1] == "  ! Seen."
    assert len(text) == 3
    assert "are not reliable as counted: connections, packets, bytes and 1 more." in plain_text(health_brief(many))
    assert plain_text(health_brief(pf.CaptureHealth((), "Whole."))) == "  Whole."


def test_a_filter_by_endpoints_says_that_it_selects_all_their_packets(resets: pf.Analysis) -> None:
    refused = str(resets).partition("refused_connections")[2].partition("unanswered_syns")[0].splitlines()
    assert refused[-3:-1] == [
        "    all packets of   ip.addr == 198.51.100.20 && tcp.port == 8080",
        "    these endpoints",
    ]


@pytest.mark.parametrize(("after", "said"), [(0.00002, "0.02 ms"), (2, "2 s"), (4000, "4,000 s")])
def test_how_long_a_capture_lasts(after: float, said: str) -> None:
    frames = list(Conversation().syn())
    text = str(pf.analyze(pcap([*frames, (frames[0][0] + after, frames[0][1])])))
    assert f" UTC ({said})" in text
