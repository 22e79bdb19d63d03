"""The four answers: keys and types of the older tool, totals, evidence, messages."""

import json
from typing import Any

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe import answers
from tests.builders import Conversation, merge, pcap, pcapng

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


def test_patterns_carry_their_evidence_and_filters_name_what_is_listed() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    answer = pf.analyze_tcp_anomalies(analysis, limit=3)
    assert "patterns" in answer
    for pattern, whole in zip(answer["patterns"], analysis.patterns, strict=True):
        evidence = pattern["evidence"]
        assert evidence["frames"] == list(whole.evidence.frames[:3])
        assert evidence["frame_count"] == whole.evidence.frame_count
        assert evidence["connections"] == list(whole.evidence.connections[:3])
        if evidence["frames"]:
            assert evidence["display_filter"] is not None
            assert str(evidence["frames"][-1]) in evidence["display_filter"]
    (seen,) = [p["observations"] for p in answer["patterns"] if p["pattern"] == "packet_retransmission"]
    assert len(seen["by_connection"]) == 3
    assert seen["by_connection_total"] == 7


def test_clean_capture_by_hand() -> None:
    answer = pf.analyze_tcp_connections(pf.example("clean.pcap"), detailed=True)
    assert "summary" in answer
    assert answer["summary"] == {
        "total_connections": 13, "successful_handshakes": 13, "failed_handshakes": 0, "established_connections": 13,
        "reset_connections": 0, "normal_close": 13, "active_connections": 0, "incomplete_handshakes": 0,
    }  # fmt: skip
    assert (answer["total_packets"], answer["connections_total"]) == (386, 13)
    first = answer["connections"][0]
    # data/captures.json, first connection: 6 frames from the client, 4 from the server, one SYN and FIN each.
    assert first["client"] == "192.0.2.10:40001"
    assert first["packet_count"] == 10
    assert (first["syn_count"], first["syn_ack_count"], first["fin_count"], first["rst_count"]) == (1, 1, 2, 0)
    assert first["display_filter"] == (
        "ip.addr == 192.0.2.10 && tcp.port == 40001 && ip.addr == 198.51.100.20 && tcp.port == 80"
    )
    assert answer["issues"] == []


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (Conversation().handshake().close(), ("closed", "normal", True, "complete")),
        (Conversation().handshake().rst("client"), ("closed", "reset", True, "complete")),
        (Conversation().refused(), ("closed", "reset", False, "refused")),
        (Conversation().handshake().data("client", 1), ("active", "active", True, "complete")),
        (Conversation().handshake(drop=True).data("client", 1), ("active", "active", False, "not_captured")),
        (Conversation().syn(), ("active", "unknown", False, "unanswered")),
        (Conversation().syn().syn_ack(), ("active", "unknown", False, "half_open")),
    ],
)
def test_state_and_close_reason(talk: Conversation, expected: tuple[str, str, bool, str]) -> None:
    answer = pf.analyze_tcp_connections(pcap(talk))
    assert "connections" in answer
    (seen,) = answer["connections"]
    assert (seen["state"], seen["close_reason"], seen["handshake_completed"], seen["handshake"]) == expected


def test_ten_connections_unless_detailed() -> None:
    talks = [Conversation(client_port=40000 + i, start=float(i)).handshake() for i in range(15)]
    analysis = pf.analyze(pcap(merge(*talks)))
    for options, expected in (
        ({}, 10),
        ({"detailed": True}, 15),
        ({"detailed": True, "limit": 12}, 12),
        ({"limit": 3}, 3),
    ):
        answer = pf.analyze_tcp_connections(analysis, **options)  # type: ignore[arg-type]
        assert "connections" in answer
        assert [c["conn_id"] for c in answer["connections"]] == list(range(expected))
        assert answer["connections_total"] == 15


def test_issues_are_sentences_with_counts() -> None:
    talks = [Conversation(client_port=40000 + i, start=float(i)) for i in range(4)]
    talks[0].handshake().rst("server")
    talks[1].syn(lost=True).syn(after=1.0, lost=True)
    talks[2].syn(lost=True)
    talks[3].syn().syn_ack(lost=True)
    answer = pf.analyze_tcp_connections(pcap(merge(*talks)))
    assert "issues" in answer
    assert answer["issues"] == [
        "1 connection ended by RST",
        "1 segment sent again",
        "2 handshakes failed (0 refused, 2 unanswered)",
        "1 handshake answered by the server and not acknowledged by the client",
    ]


def test_retransmissions_by_rate() -> None:
    few = Conversation(client_port=40000).handshake().data("client", 5000, segment=100, lost=True)
    few.retransmit("client", 1, after=0.5).ack("server")  # 1 of 55
    many = Conversation(client_port=40001, start=5.0).syn(lost=True).syn(after=1.0).syn_ack().ack()  # 1 of 4
    none = Conversation(client_port=40002, start=9.0).handshake()
    answer = pf.analyze_tcp_retransmissions(pcap(merge(few, many, none)), threshold=0.02)
    assert "by_connection" in answer
    rows = [(row["conn_id"], row["retrans_count"], row["total_packets"]) for row in answer["by_connection"]]
    assert rows == [(1, 1, 4), (0, 1, 55), (2, 0, 3)]
    assert (answer["total_retransmissions"], answer["total_packets"]) == (2, 62)
    assert answer["retransmission_rate"] == 2 / 62
    assert answer["exceeds_threshold"] is True
    assert answer["summary"] == {
        "worst_connection": "192.0.2.1:40001 <-> 198.51.100.1:80",
        "worst_retrans_rate": 0.25,
        "connections_above_threshold": 1,
    }
    assert answer["connections_with_retransmissions"] == 2
    assert pf.analyze_tcp_retransmissions(pcap(many), threshold=1)["exceeds_threshold"] is False  # type: ignore[typeddict-item]


def test_flow_counts_each_side() -> None:
    talk = Conversation().syn(lost=True).syn(after=1.0).syn_ack().ack().data("client", 100)
    talk.data("server", 2920, segment=1460).ack("client").fin("server").rst("client")
    answer = pf.analyze_traffic_flow(pcap(talk), "198.51.100.1")
    assert "analysis" in answer
    # Ethernet 14, IP 20, TCP 20, options of a SYN 24, timestamps 12 on the others but the RST:
    # two SYNs of 78, two ACKs of 66, data of 166, a RST of 54.
    assert answer["client_to_server"] == {
        "packet_count": 6, "byte_count": 508, "syn_count": 2, "rst_count": 1, "fin_count": 0, "data_packets": 1,
        "retransmissions": 1, "syn_ack_count": 0, "payload_bytes": 100, "wireshark_retransmissions": 1,
    }  # fmt: skip
    assert answer["server_to_client"]["syn_count"] == 0
    assert answer["server_to_client"]["syn_ack_count"] == 1
    assert answer["server_to_client"]["fin_count"] == 1
    assert answer["server_to_client"]["payload_bytes"] == 2920
    assert answer["server"] == "198.51.100.1:any"
    assert answer["analysis"]["asymmetry_ratio"] == 6 / 4
    assert answer["analysis"]["data_flow_direction"] == "client_heavy"
    assert answer["analysis"]["primary_rst_source"] == "client"


def test_flow_without_an_answer_has_no_ratio() -> None:
    answer = pf.analyze_traffic_flow(pcap(Conversation().syn()), "198.51.100.1", 80)
    assert "analysis" in answer
    assert answer["analysis"]["asymmetry_ratio"] is None
    assert answer["analysis"]["data_flow_direction"] == "client_heavy"
    assert "the server sent none" in answer["analysis"]["interpretation"]


def test_flow_of_nothing_is_balanced_and_says_why() -> None:
    answer = pf.analyze_traffic_flow(pcap(Conversation().syn()), "203.0.113.1")
    assert "analysis" in answer
    assert answer["analysis"]["data_flow_direction"] == "balanced"
    assert answer["message"].startswith("Nothing matches the filter")


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
