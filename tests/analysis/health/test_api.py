"""How far a number can be taken, in values and in every text."""

from dataclasses import replace

import pytest

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.analysis.health import Qualifier
from pcapframe.cli.answer_text import flow_text, info_text, retransmissions_text
from pcapframe.cli.frame_text import connections_text
from tests.analysis.health.made import SERVER, broken
from tests.builders import packet, pcap_header, pcap_record


def test_unknown_outweighs_at_least() -> None:
    first = pf.Finding("a", "", {}, {"packets": "at least", "bytes": "at least"}, pf.Evidence())
    second = pf.Finding("b", "", {}, {"packets": "unknown"}, pf.Evidence())
    health = pf.CaptureHealth((first, second), "")
    assert health.qualifiers == {"packets": "unknown", "bytes": "at least"}
    assert health.qualify(1200, "packets", "bytes") == "unknown (1,200 as captured)"
    assert health.qualify(1200, "bytes") == "at least 1,200"
    assert health.qualify(1200, "flags") == "1,200"
    assert health.qualify_count(1, "packet", "packets") == "an unknown number of packets (1 as captured)"
    assert [health.qualify_count(count, "byte", "bytes") for count in (0, 1)] == ["at least 0 bytes", "at least 1 byte"]
    assert [health.qualify_count(count, "RST", "flags") for count in (0, 1, 2000)] == ["0 RSTs", "1 RST", "2,000 RSTs"]


def test_every_text_says_at_least_or_unknown() -> None:
    analysis = broken()
    assert analysis.statistics["retransmissions"]["total"] == 1
    text = str(analysis)
    assert text.index("Capture health") < text.index("700 bytes were acknowledged") < text.index("Connections ─")
    assert "at least 1 of 8 TCP packets; rate unknown (12.5 %" in text
    assert "at least 1 complete" in text
    assert (
        "As captured (at least: retransmitted segments; unknown: retransmission rate): 1 of 8 TCP packets"
        in " ".join(text.split())
    )
    html = analysis._repr_html_()
    assert html.index("Capture health") < html.index("at least 1 of 8 TCP packets")
    retransmissions = plain_text(retransmissions_text(pf.analyze_tcp_retransmissions(analysis), analysis))
    assert "at least 1 of 8 TCP packets; rate unknown (12.5 % as captured, above the threshold" in retransmissions
    flow = plain_text(flow_text(pf.analyze_traffic_flow(analysis, SERVER), analysis))
    assert "unknown (1.00 as captured) client packets per server packet" in " ".join(flow.split())
    table = plain_text(connections_text(analysis, analysis.connections, limit=5), width=120)
    assert "at least" in table.partition("\n\n")[2]
    for shown in (retransmissions, flow, table, plain_text(info_text(analysis, {}))):
        assert "700 bytes were acknowledged and are not in the capture" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("qualifier", "said"),
    [
        (None, "1 of 8 TCP packets (12.5 %, above the threshold of 2.0 %)"),
        ("at least", "1 of 8 TCP packets; rate at least 12.5 % (as captured, above the threshold of 2.0 %)"),
        ("unknown", "1 of 8 TCP packets; rate unknown (12.5 % as captured, above the threshold of 2.0 %)"),
    ],
)
def test_no_parentheses_in_parentheses(qualifier: Qualifier | None, said: str) -> None:
    affects = {} if qualifier is None else {"retransmission_rate": qualifier}
    health = pf.CaptureHealth((pf.Finding("a", "", {}, affects, pf.Evidence()),), "")
    analysis = replace(broken(), health=health)
    text = plain_text(retransmissions_text(pf.analyze_tcp_retransmissions(analysis), analysis))
    assert said in " ".join(text.split())


def test_numbers_of_answers_keep_their_types() -> None:
    answer = pf.analyze_tcp_retransmissions(broken())
    assert "total_retransmissions" in answer
    assert answer["total_retransmissions"] == 1
    assert answer["retransmission_rate"] == 1 / 8
    assert answer["qualifiers"]["total_retransmissions"] == "at least"
    assert answer["qualifiers"]["retransmission_rate"] == "unknown"
    (seen,) = [p for p in pf.analyze_tcp_anomalies(broken())["patterns"] if p["pattern"] == "packet_retransmission"]  # type: ignore[typeddict-item]
    assert seen["qualifiers"] == {"retransmissions": "at least", "retransmission_rate": "unknown"}


def test_issues_are_qualified() -> None:
    answer = pf.analyze_tcp_connections(broken())
    assert "issues" in answer
    assert answer["issues"][:2] == ["at least 1 connection ended by RST", "at least 1 segment retransmitted"]


def test_hostile_notes_are_only_text() -> None:
    frames = pcap_header() + pcap_record(0, packet()) + b"<b>\x1b[31m"
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(frames)
    assert "\x1b" not in str(analysis)
    assert "\x1b" not in analysis._repr_html_()


def test_a_notebook_shows_findings_escaped() -> None:
    first = pf.Finding("a", "<b>cut\x1b[31m</b>", {}, {"packets": "at least"}, pf.Evidence())
    shown = pf.CaptureHealth((first,), "1 & 2")._repr_html_()
    assert "<p>1 &amp; 2</p>" in shown
    assert "&lt;b&gt;cut\\x1b[31m&lt;/b&gt;" in shown
    assert "at least" in shown
    assert "<table>" not in pf.CaptureHealth((), "")._repr_html_()
