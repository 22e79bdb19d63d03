"""The answers behind the four, as functions of an analysis."""

import json

import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.mcp_server.evidence import packets_behind
from tests.builders import Conversation, merge, pcap
from tests.segments.test_quoted import START, quoting, syn

RESETS = pf.example("resets.pcap")


@pytest.fixture(scope="module")
def analysis() -> pf.Analysis:
    return pf.analyze(RESETS)


def test_packets_of_every_pattern_are_its_frames(analysis: pf.Analysis) -> None:
    for pattern in analysis.patterns:
        shown = packets_behind(analysis, pattern=pattern.pattern, count=100)
        assert tuple(row["frame"] for row in shown["packets"]) == pattern.evidence.frames
        assert shown["packets_total"] == pattern.evidence.frame_count
        assert shown["connections_total"] == pattern.evidence.connection_count
        assert shown["display_filter"] == pattern.evidence.display_filter
        json.dumps(shown, allow_nan=False)


def test_a_row_says_what_the_packet_says() -> None:
    talk = Conversation("2001:db8::1", 50_000, "2001:db8::2", 443).syn().syn_ack().ack().data("client", 10)
    talk.retransmit("client", after=0.5).rst("server")
    shown = packets_behind(pf.analyze(pcap(talk)), conn_id=0)["packets"]
    assert [row["flags"] for row in shown] == ["SYN", "SYN ACK", "ACK", "PSH ACK", "PSH ACK", "RST ACK"]
    assert [row["from_client"] for row in shown] == [True, False, True, True, True, False]
    assert (shown[0]["src"], shown[0]["dst"]) == ("[2001:db8::1]:50000", "[2001:db8::2]:443")
    assert [row["rel_seq"] for row in shown[:5]] == [0, 0, 1, 1, 1]
    assert [row["payload_bytes"] for row in shown] == [0, 0, 0, 10, 10, 0]
    assert {"resent", "retransmission"} <= set(shown[4]["labels"])
    assert shown[4]["resend_reason"] in pf.analyze(pcap(talk)).segments["resend_reason"].cat.categories
    assert shown[3]["labels"] == []
    assert shown[0]["rel_ack"] is None
    assert shown[0]["ttl"] == 64
    assert shown[0]["time"] == "1970-01-01T00:00:00+00:00"


def test_pages_of_a_connection(analysis: pf.Analysis) -> None:
    whole = packets_behind(analysis, conn_id=3, count=100)
    assert whole["packets_total"] == int((analysis.segments["conn_id"] == 3).sum()) == len(whole["packets"])
    parts = [packets_behind(analysis, conn_id=3, begin=at, count=5)["packets"] for at in range(0, 20, 5)]
    assert [row for part in parts for row in part] == whole["packets"]


def test_beyond_the_first_hundred() -> None:
    talk = Conversation().handshake()
    for _ in range(150):
        talk.data("client", 10).retransmit("client", after=0.3)
    analysis = pf.analyze(pcap(talk))
    (pattern,) = (p for p in analysis.patterns if p.pattern == "packet_retransmission")
    assert (len(pattern.evidence.frames), pattern.evidence.frame_count) == (100, 150)
    last = packets_behind(analysis, pattern="packet_retransmission", begin=140, count=20)
    assert [row["frame"] for row in last["packets"]] == list(range(285, 304, 2))
    assert last["packets_total"] == 150


def test_why_there_are_no_packets_is_said(analysis: pf.Analysis) -> None:
    unseen = packets_behind(analysis, pattern="capture_gaps")
    assert (unseen["packets_total"], unseen["connections_total"]) == (0, 0)
    assert unseen["message"] == "The pattern capture_gaps is not observed in the selected connections."
    whole = packets_behind(analysis, pattern="state_transitions")
    assert (whole["packets_total"], whole["connections_total"]) == (0, 42)
    assert "request one by its conn_id (0, 1, 2, 3, 4, …)" in whole["message"]
    nothing = packets_behind(pf.analyze(analysis, server_port=1), pattern="capture_gaps")
    assert nothing["message"].startswith("Nothing matches the filter")
    assert "message" not in packets_behind(analysis, conn_id=0)


def test_a_filter_holds(analysis: pf.Analysis) -> None:
    chosen = pf.analyze(analysis, server_port=8080)
    whole = packets_behind(analysis, pattern="abnormal_termination", count=100)
    part = packets_behind(chosen, pattern="abnormal_termination", count=100)
    assert 0 < part["packets_total"] < whole["packets_total"]
    with pytest.raises(ParameterError, match="there is no connection 3"):
        packets_behind(chosen, conn_id=3)


def test_what_is_not_observed_has_no_packets() -> None:
    shown = packets_behind(pf.analyze(pf.example("clean.pcap")), pattern="zero_window")
    assert (shown["packets"], shown["packets_total"], shown["display_filter"]) == ([], 0, None)


def test_arguments_that_cannot_be_meant(analysis: pf.Analysis) -> None:
    for both in ({}, {"pattern": "zero_window", "conn_id": 1}):
        with pytest.raises(ParameterError, match="either pattern or conn_id"):
            packets_behind(analysis, **both)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="there is no pattern 'rsts': expected one of rst_directional"):
        packets_behind(analysis, pattern="rsts")
    with pytest.raises(ParameterError, match="there is no connection 999: expected the conn_id of one of 42"):
        packets_behind(analysis, conn_id=999)


def test_icmp_errors_are_packets_of_the_connections_that_they_quote() -> None:
    analysis = pf.analyze(pcap([syn(0), quoting(1, START), quoting(2, START, code=4)]), progress=False)
    shown = packets_behind(analysis, pattern="icmp_errors")
    assert (shown["packets_total"], shown["connections_total"]) == (2, 1)
    assert [(row["frame"], row["conn_id"], row["src"], row["labels"]) for row in shown["packets"]] == [
        (2, 0, "203.0.113.1", ["ICMP: Destination unreachable (Host unreachable)"]),
        (3, 0, "203.0.113.1", ["ICMP: Destination unreachable (Fragmentation needed)"]),
    ]
    assert [packet["frame"] for packet in packets_behind(analysis, pattern="icmp_errors", begin=1)["packets"]] == [3]


def test_rows_tell_the_time_since_the_packet_before() -> None:
    one = Conversation().syn().syn_ack(after=0.5).ack(after=0.5)
    other = Conversation(client_port=40_001, start=0.25).syn()
    rows = packets_behind(pf.analyze(pcap(merge(one, other)), progress=False), conn_id=0)["packets"]
    assert [row["frame"] for row in rows] == [1, 3, 4]  # the other connection's SYN is frame 2
    assert [row["since_connection_s"] for row in rows] == [None, 0.5, 0.5]
    assert [row["since_previous_s"] for row in rows] == [None, 0.25, 0.5]
