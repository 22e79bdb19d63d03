"""What a capture can and cannot support, each limit on a capture made to have it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.analysis.health import PATTERNS, STATISTICS
from pcapframe.analysis.statistics import QUALIFIED
from pcapframe.answers.connections import QUALIFIED_CONNECTIONS
from pcapframe.answers.flow import QUALIFIED_FLOW
from pcapframe.answers.retransmissions import QUALIFIED_RETRANSMISSIONS
from pcapframe.cli.text import connections_text, flow_text, info_text, retransmissions_text
from pcapframe.patterns._registry import PATTERNS as REGISTERED
from tests.builders import Conversation, Pcapng, merge, packet, pcap, pcap_header, pcap_record, pcapng

EXAMPLES = ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"]
SERVER = "198.51.100.1"


def whole(start: float = 0.0, **options: Any) -> Conversation:
    """A connection that is there from SYN to FIN."""
    talk = Conversation(start=start, **options).handshake()
    return talk.data("client", 100).ack("server").data("server", 1000).ack("client").close()


def finding(source: Any, name: str) -> pf.Finding:
    (found,) = [found for found in pf.analyze(source).health.findings if found.name == name]
    return found


def names(source: Any) -> list[str]:
    return [found.name for found in pf.analyze(source).health.findings]


def test_a_whole_capture_says_what_it_supports() -> None:
    health = pf.analyze(pcap(whole())).health
    assert health.findings == ()
    assert health.qualifiers == {}
    assert health.sentence.startswith("Statistics can be taken as they are")
    assert health.sentence.endswith("the file does not say.")  # pcap has no counters
    counted = pf.analyze(pcapng(whole(), received=9, dropped=0)).health
    assert counted.findings == ()
    assert "does not say" not in counted.sentence


def test_one_direction_only() -> None:
    one_way = Conversation(client_port=1).syn().syn_ack(drop=True).ack()
    for _ in range(3):
        one_way.data("client", 100).ack("server", drop=True).data("server", 500, drop=True).ack("client")
    unanswered = Conversation(client_port=2, start=1.0).syn(lost=True).syn(after=1.0, lost=True)
    found = finding(pcap(merge(one_way, unanswered, whole(5.0, client_port=3))), "one_directional")
    assert found.figures == {"connections": 1, "total_connections": 3, "without_client": 0, "without_server": 1}
    assert found.evidence.connections == (0,)
    assert found.affects["packets"] == "at least"
    assert found.affects["unanswered"] == found.affects["round_trips"] == "unknown"


def test_an_unanswered_syn_is_not_one_direction_only() -> None:
    talks = Conversation().syn(lost=True), Conversation(client_port=2, start=1.0).syn().rst("client")
    assert "one_directional" not in names(pcap(merge(*talks)))


def test_bytes_acknowledged_and_not_captured() -> None:
    talk = Conversation().handshake().data("client", 700, drop=True).ack("server")
    found = finding(pcap(talk.data("client", 100).ack("server").close()), "bytes_not_captured")
    assert found.figures == {"missing_bytes": 700, "payload_bytes": 100, "acknowledgements": 1}
    assert found.evidence.frames == (4,)
    assert found.evidence.display_filter == "frame.number in {4}"
    assert found.affects["retransmissions"] == "at least"
    assert found.affects["retransmission_rate"] == "unknown"


def test_counters_of_the_interfaces() -> None:
    found = finding(pcapng(whole(), received=200, dropped=7), "dropped_packets")
    assert found.figures == {"dropped": 7, "received": 200, "packets": 10}
    unknown = finding(pcapng(whole(), dropped=7), "dropped_packets")
    assert unknown.figures["received"] is None
    assert "received" not in unknown.sentence
    assert "dropped_packets" not in names(pcapng(whole(), received=200, dropped=0))


@pytest.mark.parametrize(("snaplen", "headers"), [(100, 0), (60, 10)])
def test_packets_captured_in_part(snaplen: int, headers: int) -> None:
    found = finding(pcap(whole(), snaplen=snaplen), "cut_packets")
    assert found.figures["cut_tcp_headers"] == headers
    assert found.figures["packets"] == 10
    assert found.figures["snaplen"] == snaplen
    assert bool(found.affects) == bool(headers)
    assert found.evidence.display_filter_all == "frame.cap_len < frame.len"


def test_segments_larger_than_packets() -> None:
    talk = Conversation(mss=1000).handshake().data("client", 5000).ack("server").data("client", 1000).ack("server")
    found = finding(pcap(talk.close()), "offload_sized_segments")
    assert found.figures == {"segments": 1, "data_segments": 2, "largest_payload_bytes": 5000}
    assert found.evidence.frames == (4,)
    assert found.affects["packets"] == "at least"


def test_the_size_that_the_receiver_offers_counts() -> None:
    talk = (
        Conversation(mss=None).send("client", "S", seq=0, ts=(1, 0)).syn_ack().ack().data("client", 1460).ack("server")
    )
    assert "offload_sized_segments" not in names(pcap(talk.close()))  # nothing offered, so nothing is known
    tiny = Conversation(mss=1).handshake().data("client", 500).ack("server").close()
    assert "offload_sized_segments" not in names(pcap(tiny))


def test_further_copies() -> None:
    talk = Conversation().handshake().data("client", 100).duplicate().ack("server")
    found = finding(pcap(talk.close()), "capture_duplicates")
    assert found.figures == {"copies": 1, "tcp_packets": 9}
    assert found.evidence.frames == (5,)
    assert found.affects["packets"] == "unknown"


def test_time_that_runs_backwards() -> None:
    frames = list(whole(10.0))
    frames[5] = (frames[5][0] - 0.05, frames[5][1])
    found = finding(pcap(frames), "time_backwards")
    assert found.figures["packets_backwards"] == 1
    assert found.figures["packets"] == 10
    assert found.evidence.frames == (6,)
    assert found.figures["largest_step_s"] == pytest.approx(0.05 - (frames[5][0] + 0.05 - frames[4][0]), abs=1e-6)
    assert "durations" not in found.affects
    frames[5] = (frames[5][0] - 5, frames[5][1])
    assert finding(pcap(frames), "time_backwards").affects["durations"] == "unknown"


def test_packets_without_time() -> None:
    found = finding(pcapng(whole(), packets="simple"), "packets_without_time")
    assert found.figures == {"packets_without_time": 10, "packets": 10}


def test_a_cut_off_file() -> None:
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(pcap(whole())[:-3])
    cut, noted = analysis.health.findings[:2]
    assert (cut.name, noted.name) == ("file_cut_off", "reader_notes")
    assert cut.figures["packets_read"] == 9
    assert cut.figures["packets"] is None
    assert cut.affects["connections"] == "at least"
    assert analysis.capture.notes[0] in noted.sentence


def test_link_types_that_are_not_decoded() -> None:
    with pytest.warns(pf.CaptureWarning):
        found = finding(pcap([(0, b"abc")], link_type=147), "reader_notes")
    assert found.figures["undecoded_link_types"]
    assert found.affects["packets"] == "at least"


def test_dropped_comments_limit_no_statistic() -> None:
    with pytest.warns(pf.CaptureWarning):
        found = finding(pcapng([(0, b"")] * 1001, comments=dict.fromkeys(range(1, 1002), "c")), "reader_notes")
    assert not found.affects
    assert "more than 1,000 comments" in found.sentence


def test_options_that_do_not_parse() -> None:
    frames = [*whole(), (1.0, packet(flags="A", options=b"\x05\x01\x00\x00"))]
    found = finding(pcap(frames), "malformed_options")
    assert found.figures == {"segments": 11, "malformed": 1}


def test_connections_open_at_either_end() -> None:
    older = Conversation(client_port=1).handshake(drop=True).data("client", 100).ack("server").close()
    lasting = Conversation(client_port=2, start=1.0).handshake().data("client", 5).ack("server").fin("client")
    health = pf.analyze(pcap(merge(older, lasting, whole(5.0, client_port=3)))).health
    found = {each.name: each for each in health.findings}
    assert set(found) == {"open_at_start", "open_at_end", "inferred_roles"}
    assert found["open_at_start"].figures == {"connections": 1, "total_connections": 3}
    assert found["open_at_start"].evidence.connections == (0,)
    assert found["open_at_end"].figures == {"connections": 1, "half_closed": 1, "total_connections": 3}
    assert found["open_at_end"].evidence.connections == (1,)
    assert health.qualifiers["durations"] == "at least"
    assert health.qualifiers["directions"] == "unknown"


def test_a_filter_leaves_out_what_concerns_others() -> None:
    older = Conversation(client_port=1).handshake(drop=True).data("client", 100).ack("server").close()
    other = whole(5.0, client_port=3, server="198.51.100.9")
    capture = pcapng(merge(older, other), received=9, dropped=2)
    analysis = pf.analyze(capture, server_ip="198.51.100.9")
    assert [found.name for found in analysis.health.findings] == ["dropped_packets"]
    assert [found.name for found in pf.analyze(capture, server_ip=SERVER).health.findings] == [
        "dropped_packets", "open_at_start",
    ]  # fmt: skip


def test_evidence_is_capped_beside_its_total() -> None:
    talks = [Conversation(client_port=i + 1, start=float(i)).handshake() for i in range(150)]
    analysis = pf.analyze(pcap(merge(*talks)))
    (found,) = analysis.health.findings
    assert (len(found.evidence.connections), found.evidence.connection_count) == (100, 150)
    assert (len(found.evidence.frames), found.evidence.frame_count) == (100, 150)
    answer = pf.analyze_tcp_anomalies(analysis, limit=2)
    evidence = answer["health"]["findings"][0]["evidence"]
    assert (evidence["frames"], evidence["frame_count"]) == ([1, 4], 150)
    assert evidence["display_filter"] == "frame.number in {1, 4}"


@pytest.mark.parametrize("capture", [pcap([]), pcap([(0, b"x" * 60)])])
def test_a_capture_without_tcp(capture: bytes) -> None:
    assert "no TCP" in pf.analyze(capture).health.sentence
    assert "no TCP" in pf.analyze_tcp_anomalies(capture)["health"]["sentence"]


def test_a_filter_that_matches_nothing() -> None:
    assert pf.analyze(pcap(whole()), server_port=1).health.sentence.startswith("Nothing is selected")


def test_unknown_outweighs_at_least() -> None:
    first = pf.Finding("a", "", {}, {"packets": "at least", "bytes": "at least"}, pf.Evidence())
    second = pf.Finding("b", "", {}, {"packets": "unknown"}, pf.Evidence())
    health = pf.CaptureHealth((first, second), "")
    assert health.qualifiers == {"packets": "unknown", "bytes": "at least"}
    assert health.qualify(1200, "packets", "bytes") == "unknown (1,200 as captured)"
    assert health.qualify(1200, "bytes") == "at least 1,200"
    assert health.qualify(1200, "flags") == "1,200"


def test_every_pattern_says_what_it_rests_on() -> None:
    assert set(PATTERNS) == {pattern.NAME for pattern in REGISTERED}
    assert {name for rests_on in PATTERNS.values() for name in rests_on} <= set(STATISTICS)


def at(answer: Any, path: str) -> list[Any]:
    """Values at a path with dots, of each entry where it is a list."""
    found = [answer]
    for key in path.split("."):
        found = [item for value in found for item in (value if isinstance(value, list) else [value])]
        found = [value[key] for value in found]
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_qualifiers_of_answers_name_their_numbers(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    server = str(analysis.connections["server"].iloc[0])
    answers: list[tuple[Any, dict[str, Any]]] = [
        (pf.analyze_tcp_anomalies(analysis), {f"statistics.{path}": of for path, of in QUALIFIED.items()}),
        (pf.analyze_tcp_connections(analysis), QUALIFIED_CONNECTIONS),
        (pf.analyze_tcp_retransmissions(analysis), QUALIFIED_RETRANSMISSIONS),
        (pf.analyze_traffic_flow(analysis, server), QUALIFIED_FLOW),
    ]
    for answer, qualified in answers:
        assert list(answer)[:2] == ["file", "health"]
        assert json.loads(json.dumps(answer["health"])) == answer["health"]
        for path, rests_on in qualified.items():
            assert set(rests_on) <= set(STATISTICS)
            assert at(answer, path), path
        unreliable = answer["health"]["qualifiers"]
        assert set(answer["qualifiers"]) == {path for path, on in qualified.items() if set(on) & set(unreliable)}


def broken() -> pf.Analysis:
    """A capture that lacks bytes, with a resend in it."""
    talk = Conversation().handshake().data("client", 700, drop=True).ack("server")
    talk.data("client", 100, lost=True).retransmit("client", after=0.4).ack("server").rst("server")
    return pf.analyze(pcap(talk))


def test_every_text_says_at_least_or_unknown() -> None:
    analysis = broken()
    assert analysis.statistics["retransmissions"]["total"] == 1
    text = str(analysis)
    assert text.index("Capture health") < text.index("700 bytes were acknowledged") < text.index("Connections ─")
    assert "at least 1 of 8 TCP packets; rate unknown (12.5 %" in text
    assert "at least 1 complete" in text
    assert "As captured (at least: segments sent again; unknown: rate of retransmission): 1 of 8 packets" in " ".join(
        text.split()
    )
    html = analysis._repr_html_()
    assert html.index("Capture health") < html.index("at least 1 of 8 TCP packets")
    retransmissions = plain_text(retransmissions_text(pf.analyze_tcp_retransmissions(analysis), analysis))
    assert "at least 1 of 8 TCP packets (unknown (12.50 %, above the threshold" in retransmissions
    flow = plain_text(flow_text(pf.analyze_traffic_flow(analysis, SERVER), analysis))
    assert "unknown (1.00 as captured) client packets per server packet" in " ".join(flow.split())
    table = plain_text(connections_text(analysis, analysis.connections, limit=5), width=120)
    assert "at least" in table.partition("\n\n")[2]
    for shown in (retransmissions, flow, table, plain_text(info_text(analysis, {}))):
        assert "700 bytes were acknowledged and are not in the capture" in " ".join(shown.split())


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
    assert answer["issues"][:2] == ["at least 1 connection ended by RST", "at least 1 segment sent again"]


def test_hostile_notes_are_only_text() -> None:
    frames = pcap_header() + pcap_record(0, packet()) + b"<b>\x1b[31m"
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(frames)
    assert "\x1b" not in str(analysis)
    assert "\x1b" not in analysis._repr_html_()


@given(st.lists(st.sampled_from(range(6)), max_size=12), st.integers(0, 2**32))
def test_whatever_is_captured_gives_health(parts: list[int], seed: int) -> None:
    talk = Conversation(client_isn=seed % 2**32)
    steps = (
        talk.syn, lambda: talk.data("client", 3000), lambda: talk.ack("server", drop=True),
        lambda: talk.data("server", 10, drop=True), lambda: talk.ack("client"), talk.duplicate,
    )  # fmt: skip
    for part in parts:
        if part != 5 or talk.frames:
            steps[part]()
    health = pf.analyze(Pcapng().section() + pcapng(talk)[28:] if not talk.frames else pcapng(talk)).health
    assert health.sentence
    json.dumps(health.to_dict(), allow_nan=False)
    assert set(health.qualifiers) <= set(STATISTICS)
