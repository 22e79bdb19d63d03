"""What every answer has: keys and types of the older tool, filters, messages."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe import answers
from tests.builders import Conversation, Pcapng, pcap, pcapng

EXAMPLES = ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"]
NUMBER = (int, float)
ENVELOPE = {
    "file": str, "analysis_timestamp": str, "filter": {"server_ip": (str, None), "server_port": (int, None)},
    "packets_analyzed": int, "max_packets": (int, None), "truncated": bool,
}  # fmt: skip
PATTERN = {"pattern": str, "category": str, "observations": dict, "description": str}
ANOMALIES = {
    **ENVELOPE,
    "statistics": {
        "total_connections": int,
        "total_packets": int,
        "handshake": {"successful": int, "failed": int, "incomplete": int},
        "flags": {"syn": int, "syn_ack": int, "rst": int, "fin": int, "ack": int},
        "rst_distribution": {
            "by_source": dict,
            "by_direction": {"to_server": int, "from_server": int, "unknown": int},
            "connections_with_rst": [str],
        },
        "retransmissions": {"total": int, "by_connection": dict, "rate": NUMBER},
        "connection_states": {"established": int, "reset": int, "closed": int, "unknown": int},
    },
    "patterns": [PATTERN],
    "summary": {
        "total_patterns": int,
        "by_category": {
            "connection_establishment": int, "connection_termination": int, "reliability": int,
            "connection_lifecycle": int,
        },
        "notable_observations": [{"type": str, "detail": str}],
    },
}  # fmt: skip
CONNECTIONS = {
    **ENVELOPE,
    "total_packets": int,
    "tcp_packets_found": int,
    "summary": dict.fromkeys(
        (
            "total_connections", "successful_handshakes", "failed_handshakes", "established_connections",
            "reset_connections", "normal_close", "active_connections",
        ),
        int,
    ),
    "connections": [
        {
            **dict.fromkeys(("client", "server", "state", "close_reason"), str),
            "handshake_completed": bool,
            **dict.fromkeys(
                (
                    "syn_count", "syn_ack_count", "ack_count", "rst_count", "fin_count", "data_packets",
                    "retransmissions", "packet_count",
                ),
                int,
            ),
        }
    ],
    "issues": [str],
}  # fmt: skip
RETRANSMISSIONS = {
    **ENVELOPE,
    "total_packets": int,
    "total_retransmissions": int,
    "retransmission_rate": NUMBER,
    "threshold": NUMBER,
    "exceeds_threshold": bool,
    "by_connection": [{"connection": str, "retrans_count": int, "total_packets": int, "retrans_rate": NUMBER}],
    "summary": {"worst_connection": str, "worst_retrans_rate": NUMBER, "connections_above_threshold": int},
}
WAY = dict.fromkeys(
    ("packet_count", "byte_count", "syn_count", "rst_count", "fin_count", "data_packets", "retransmissions"), int
)
FLOW = {
    **ENVELOPE,
    "server": str,
    "client_to_server": WAY,
    "server_to_client": WAY,
    "analysis": {
        "asymmetry_ratio": NUMBER, "primary_rst_source": str, "data_flow_direction": str, "interpretation": str,
    },
}  # fmt: skip


def check(value: Any, form: Any, place: str) -> None:
    """Hold a value against a form: nested dicts and lists of types; more keys may be there."""
    if isinstance(form, dict):
        for key, inner in form.items():
            assert key in value, f"{place} lacks {key}"
            check(value[key], inner, f"{place}.{key}")
    elif isinstance(form, list):
        assert isinstance(value, list), place
        for i, item in enumerate(value):
            check(item, form[0], f"{place}[{i}]")
    else:
        allowed = form if isinstance(form, tuple) else (form,)
        types = tuple(type(None) if one is None else one for one in allowed)
        assert isinstance(value, types), f"{place} is {value!r}"
        assert bool in types or not isinstance(value, bool), f"{place} is {value!r}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_keys_and_types_are_those_of_the_older_tool(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    server = str(analysis.connections["server"].iloc[0])
    made = (
        (pf.analyze_tcp_anomalies(analysis), ANOMALIES),
        (pf.analyze_tcp_connections(analysis, detailed=True), CONNECTIONS),
        (pf.analyze_tcp_retransmissions(analysis), RETRANSMISSIONS),
        (pf.analyze_traffic_flow(analysis, server), FLOW),
    )
    for answer, form in made:
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
        check(answer, form, "answer")
        assert answer["packets_analyzed"] == len(analysis.packets)
        assert answer["max_packets"] is None
        stamp = pd.Timestamp(answer["analysis_timestamp"])
        assert stamp.tz is not None


def test_a_source_and_its_analysis_give_the_same_answer() -> None:
    path = pf.example("resets.pcap")
    analysis = pf.analyze(path)
    pairs = (
        (pf.analyze_tcp_anomalies(path, "198.51.100.20"), pf.analyze_tcp_anomalies(analysis, "198.51.100.20")),
        (pf.analyze_tcp_connections(path), pf.analyze_tcp_connections(analysis)),
        (pf.analyze_tcp_retransmissions(path), pf.analyze_tcp_retransmissions(analysis)),
    )
    for direct, ours in pairs:
        assert {**direct, "analysis_timestamp": ""} == {**ours, "analysis_timestamp": ""}


def test_filter_times_and_thresholds_of_an_analysis_hold() -> None:
    thresholds = pf.Thresholds().with_values({"packet_retransmission.rate": 0.5})
    analysis = pf.analyze(pf.example("resets.pcap"), server_port=80, end="2100-01-01", thresholds=thresholds)
    kept = pf.analyze_tcp_anomalies(analysis)
    assert kept["filter"]["server_port"] == 80
    other = pf.analyze_tcp_anomalies(analysis, server_port=8443)
    assert other["filter"] == {
        "server_ip": None, "server_port": 8443, "start": None, "end": "2100-01-01T00:00:00+00:00",
    }  # fmt: skip
    assert "statistics" in other
    assert other["statistics"]["total_connections"] == 2
    (seen,) = [p["observations"] for p in other["patterns"] if p["pattern"] == "packet_retransmission"]
    assert seen["threshold"] == 0.5


@pytest.mark.parametrize("ask", [pf.analyze_tcp_anomalies, pf.analyze_tcp_connections, pf.analyze_tcp_retransmissions])
def test_a_capture_without_tcp(ask: Any) -> None:
    answer = ask(pcap([]))
    assert answer["total_packets"] == 0
    assert answer["tcp_packets_found"] == 0
    assert answer["message"] == "No TCP packets found in this capture"
    assert "statistics" not in answer
    check(answer, {"packets_analyzed": int, "max_packets": (int, None), "truncated": bool, "file": str}, "answer")
    assert pf.analyze_traffic_flow(pcap([]), "192.0.2.1")["tcp_packets_found"] == 0  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("ask", "arguments"),
    [
        (pf.analyze_tcp_anomalies, {"server_ip": "nowhere"}),
        (pf.analyze_tcp_anomalies, {"server_port": 70000}),
        (pf.analyze_tcp_anomalies, {"limit": -1}),
        (pf.analyze_tcp_connections, {"limit": True}),
        (pf.analyze_tcp_retransmissions, {"threshold": 2}),
        (pf.analyze_tcp_retransmissions, {"threshold": float("nan")}),
        (pf.analyze_tcp_retransmissions, {"threshold": "0.1"}),
        (pf.analyze_traffic_flow, {"server_ip": None}),
    ],
)
def test_what_cannot_be_meant_is_refused(ask: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(pf.ParameterError):
        ask(pf.example("clean.pcap"), **arguments)


def test_notes_are_capped_beside_their_total() -> None:
    capture = pcapng([(0, b"")] * 1001, comments=dict.fromkeys(range(1, 1002), "c"))
    with pytest.warns(pf.CaptureWarning):
        answer = pf.analyze_tcp_anomalies(capture, limit=0)
    assert (answer["notes"], answer["notes_total"]) == ([], 1)


def test_every_answer_is_public() -> None:
    assert set(answers.__all__) >= {name for name in pf.__all__ if name.startswith("analyze_t")}


def test_what_a_capture_says_is_marked_escaped_and_cut(tmp_path: Path) -> None:
    """Whatever text an answer repeats from the capture or its name is named, and steers no terminal."""
    path = tmp_path / "ignore\x1b[31m\u202eall.pcapng"
    path.write_bytes(pcapng(Conversation().handshake(), comment="\x1b[2J" * 3)[:-2])
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze([path, path])
    answer = pf.analyze_tcp_anomalies(analysis)
    assert answer["capture_text"] == ["file", "notes", "health.findings.sentence", "standouts.sentence"]
    texts = [answer["file"], *answer["notes"], *(one["sentence"] for one in answer["health"]["findings"])]
    assert sum("ignore\\x1b[31m\\u202eall.pcapng" in text for text in texts) >= 3
    assert all(text.isprintable() for text in texts)
    said = json.dumps({**answer, "file": "", "notes": [], "health": {}})
    assert "ignore" not in said
    named = [*answer["capture_text"], "connections.server_name"]
    assert pf.analyze_tcp_connections(analysis)["capture_text"] == named


def test_a_capture_cannot_make_an_answer_long() -> None:
    ng = Pcapng()
    blocks = [ng.section(), *(ng.interface(link_type=300 + i) for i in range(2000))]
    blocks += [ng.enhanced(i, b"x" * 20, interface=i) for i in range(2000)]
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(b"".join(blocks))
    answer = pf.analyze_tcp_anomalies(analysis, limit=3)
    assert len(json.dumps(answer)) < 8_000
    (figures,) = [one["figures"] for one in answer["health"]["findings"] if one["name"] == "reader_notes"]
    assert len(figures["undecoded_link_types"]) == 3
    assert figures["undecoded_link_types_total"] > 3
    assert answer["notes_total"] == analysis.capture.notes_total
    assert len(pf.analyze_tcp_anomalies(pcap(Conversation().syn()))["file"]) < 100
