"""How connections went: by hand, states, issues."""

import pytest

import pcapframe as pf
from tests.builders import Conversation, merge, pcap


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
        (Conversation().syn().syn_ack().rst("client"), ("closed", "reset", False, "aborted")),
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
        "1 segment retransmitted",
        "2 handshakes failed (0 refused, 2 unanswered)",
        "1 handshake answered by the server and not acknowledged by the client",
    ]
