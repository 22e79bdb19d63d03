"""The tools for the evidence, over stdio."""

import struct
from base64 import b64decode

import pytest

import pcapframe as pf
from tests.mcp_server.clients import DATA, Blocking, text

EXAMPLES = sorted(path.name for path in DATA.glob("*.pcap*"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_from_a_pattern_to_its_packets(served: Blocking, name: str) -> None:
    answer = served.answer("analyze_tcp_anomalies", pcap_file=name, limit=20)
    for pattern in answer["patterns"]:
        result = served.call("get_packets", pcap_file=name, pattern=pattern["pattern"])
        assert len(text(result)) <= 12_000
        shown = result.structured_content
        assert [row["frame"] for row in shown["packets"]] == pattern["evidence"]["frames"]
        assert shown["packets_total"] == pattern["evidence"]["frame_count"]
        assert (shown["next_cursor"] is not None) == (shown["packets_total"] > 20)
        if shown["packets"]:
            frame = shown["packets"][0]["frame"]
            packet = served.answer("dissect_packet", pcap_file=name, frame=frame)
            assert packet["time"] == shown["packets"][0]["time"]
            assert "TCP" in [layer["layer"] for layer in packet["layers"]]


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


def test_facts(served: Blocking) -> None:
    facts = served.answer("get_capture_facts", pcap_file="ipv6.pcapng")
    assert facts["file"] == "ipv6.pcapng"
    assert facts["format"] == "pcapng"
    assert facts["packets"] == len(pf.read_pcap(DATA / "ipv6.pcapng"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_charts(served: Blocking, name: str) -> None:
    for asked in (
        {"chart": "rst_distribution"},
        {"chart": "retransmission_timeline", "server_port": 80},
        {"chart": "time_sequence"},
        {"chart": "time_sequence", "conn_id": 1},
    ):
        result = served.call("draw_chart", pcap_file=name, **asked)
        assert not result.is_error, result.content
        (image,) = result.content
        data = b64decode(image.data)
        assert image.mime_type == "image/png"
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (900, 480)
        assert len(data) < 200_000


def test_what_cannot_be_meant_is_one_sentence(served: Blocking) -> None:
    for tool, asked, said in (
        ("get_packets", {}, "expected either pattern or conn_id"),
        ("get_packets", {"pattern": "rsts"}, "there is no pattern 'rsts': expected one of"),
        ("get_packets", {"conn_id": 10**6}, "there is no connection 1000000"),
        ("get_packets", {"conn_id": -1}, "conn_id: Input should be"),
        ("get_packets", {"conn_id": 1, "cursor": "abc"}, "is not one that this server gave"),
        ("dissect_packet", {"frame": 10**6}, "there is no frame 1000000: expected one of the 386"),
        ("dissect_packet", {"frame": 0}, "the arguments are not valid: frame: Input should be"),
        ("dissect_packet", {}, "frame: Field required"),
        ("get_capture_facts", {"frame": 1}, "has no argument frame"),
        ("draw_chart", {"chart": "pie"}, "chart: Input should be 'rst_distribution'"),
        ("draw_chart", {"chart": "time_sequence", "conn_id": 999}, "there is no connection 999"),
        ("draw_chart", {"chart": "rst_distribution", "conn_id": 1}, "conn_id is for time_sequence"),
    ):
        assert said in served.error(tool, pcap_file="clean.pcap", **asked)
    for tool in ("get_packets", "dissect_packet", "get_capture_facts"):
        asked = {"get_packets": {"conn_id": 1}, "dissect_packet": {"frame": 1}}.get(tool, {})
        assert "is not in a folder" in served.error(tool, pcap_file="/etc/passwd", **asked)
