"""The packets behind patterns and of connections."""

import pytest

import pcapframe as pf
from tests.conftest import in_ci
from tests.mcp_server.clients import DATA, EXAMPLES, SMALL, Blocking, text


@pytest.mark.parametrize("name", in_ci(EXAMPLES, 5))
def test_from_a_pattern_to_its_packets(served: Blocking, name: str) -> None:
    answer = served.answer("analyze_tcp_anomalies", pcap_file=name, limit=20)
    for pattern in answer["patterns"]:
        result = served.call("get_packets", pcap_file=name, pattern=pattern["pattern"])
        assert len(text(result)) <= SMALL
        shown = result.structured_content
        assert [row["frame"] for row in shown["packets"]] == pattern["evidence"]["frames"]
        assert shown["packets_total"] == pattern["evidence"]["frame_count"]
        assert (shown["next_cursor"] is not None) == (shown["packets_total"] > 20)
        if shown["packets"]:
            frame = shown["packets"][0]["frame"]
            packet = served.answer("dissect_packet", pcap_file=name, frame=frame)
            assert packet["time"] == shown["packets"][0]["time"]
            layer = "TCP in ICMP" if pattern["pattern"] == "icmp_errors" else "TCP"
            assert layer in [each["layer"] for each in packet["layers"]]


def test_all_packets_page_by_page(served: Blocking) -> None:
    segments = pf.analyze(DATA / "resets.pcap").segments
    for asked, frames in (
        ({"pattern": "packet_retransmission"}, segments.index[segments["resent"]]),
        ({"conn_id": 3}, segments.index[segments["conn_id"] == 3]),
    ):
        cursor, seen = None, []
        for _ in range(50):
            shown = served.answer("get_packets", pcap_file="resets.pcap", limit=7, cursor=cursor, **asked)
            seen += [row["frame"] for row in shown["packets"]]
            cursor = shown["next_cursor"]
            if cursor is None:
                break
        assert seen == frames.tolist()


def test_what_cannot_be_meant_is_one_sentence(served: Blocking) -> None:
    for asked, said in (
        ({}, "expected either pattern or conn_id"),
        ({"pattern": "rsts"}, "there is no pattern 'rsts': expected one of"),
        ({"conn_id": 10**6}, "there is no connection 1000000"),
        ({"conn_id": -1}, "conn_id: Input should be"),
        ({"conn_id": 1, "cursor": "abc"}, "is not one that this server gave"),
    ):
        assert said in served.error("get_packets", pcap_file="clean.pcap", **asked)
    assert "is not in a folder" in served.error("get_packets", pcap_file="/etc/passwd", conn_id=1)
