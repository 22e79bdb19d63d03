"""What the older tool got wrong, each on a capture made here: shared/tool_answers.md lists the seventeen."""

import json
import re
from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.answers import AnomaliesAnswer
from tests.builders import GRE, Conversation, Frame, ethernet, ipv4, merge, pcap

SERVER = "198.51.100.1"
GUESSES = re.compile(r"firewall|issue|suggest|block|attack|congest|malicious|suspicious|caused", re.IGNORECASE)


def conversations(count: int, **options: int) -> list[Conversation]:
    """Conversations of as many clients' ports with one server, one a second."""
    return [Conversation(client_port=40000 + i, start=float(i), **options) for i in range(count)]  # type: ignore[arg-type]


def names(answer: AnomaliesAnswer) -> list[str]:
    return [pattern["pattern"] for pattern in answer["patterns"]]


def test_01_syn_ack_is_no_syn() -> None:
    healthy = [talk.handshake().data("client", 10).close() for talk in conversations(99)]
    repeated = Conversation(client_port=50000, start=99.0).syn(lost=True).syn(after=1.0).syn_ack().ack()
    answer = pf.analyze_tcp_anomalies(pcap(merge(*healthy, repeated)))
    assert answer["statistics"]["flags"]["syn"] == 101
    assert answer["statistics"]["flags"]["syn_ack"] == 100
    assert answer["statistics"]["handshake"]["successful"] == 100
    assert "syn_response_imbalance" not in names(answer)


def test_02_one_rst_each_way_is_no_asymmetry() -> None:
    by_client, by_server = conversations(2)
    balanced = merge(by_client.handshake().rst("client"), by_server.handshake().rst("server"))
    answer = pf.analyze_tcp_anomalies(pcap(balanced))
    assert answer["statistics"]["rst_distribution"]["by_direction"] == {
        "to_server": 1, "from_server": 1, "unknown": 0,
    }  # fmt: skip
    assert "rst_directional_asymmetry" not in names(answer)
    assert {seen["type"] for seen in answer["summary"]["notable_observations"]} == {"reset_connections"}


def test_02_all_rsts_of_the_server_are_not_zero_percent() -> None:
    answer = pf.analyze_tcp_anomalies(pcap(merge(*(t.handshake().rst("server") for t in conversations(10)))))
    (pattern,) = [p for p in answer["patterns"] if p["pattern"] == "rst_directional_asymmetry"]
    assert pattern["observations"]["ratio"] == 0
    assert len(pattern["observations"]["affected_connections"]) == 10
    assert pattern["observations"]["affected_connections"][0] == f"192.0.2.1:40000 <-> {SERVER}:80"
    (notable,) = answer["summary"]["notable_observations"]
    assert notable["type"] == "strong_rst_asymmetry"
    assert notable["detail"].startswith(f"{SERVER}:80 reset all 10 connections from 192.0.2.1 before any data")


def test_03_the_syn_shows_the_direction_of_a_rst() -> None:
    one, two, three = conversations(3)
    frames = merge(one.handshake().rst("client"), two.handshake().rst("server"), three.refused())
    seen = pf.analyze_tcp_anomalies(pcap(frames))["statistics"]["rst_distribution"]
    assert seen["by_direction"] == {"to_server": 1, "from_server": 2, "unknown": 0}
    assert seen["by_source"] == {SERVER: 2, "192.0.2.1": 1}


def test_04_a_reused_port_is_a_second_connection() -> None:
    first = Conversation(client_isn=1000).handshake().data("client", 500).close()
    # Its sequence numbers lie within those of the first.
    second = Conversation(start=60.0, client_isn=1200, server_isn=5001).handshake().data("client", 200).close()
    answer = pf.analyze_tcp_anomalies(pcap(merge(first, second)))
    assert answer["statistics"]["total_connections"] == 2
    assert answer["statistics"]["connection_states"]["closed"] == 2
    assert answer["statistics"]["retransmissions"]["total"] == 0
    listed = pf.analyze_tcp_connections(pcap(merge(first, second)))["connections"]
    assert [connection["data_packets"] for connection in listed] == [1, 1]


def test_05_a_connection_older_than_the_capture_did_not_fail() -> None:
    talk = Conversation().handshake(drop=True).data("client", 100).data("server", 100).close()
    answer = pf.analyze_tcp_anomalies(pcap(talk))
    handshake = answer["statistics"]["handshake"]
    assert (handshake["successful"], handshake["failed"], handshake["incomplete"]) == (0, 0, 1)
    assert handshake["not_captured"] == 1
    assert "handshake_completion" not in names(answer)
    connections = pf.analyze_tcp_connections(pcap(talk))
    assert connections["summary"]["failed_handshakes"] == 0
    assert connections["issues"] == []


def test_06_a_keep_alive_with_a_byte_is_not_sent_again() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server")
    for _ in range(3):
        talk.keep_alive("client", 1, after=30.0).ack("server")
    answer = pf.analyze_tcp_retransmissions(pcap(talk))
    assert answer["total_retransmissions"] == 0
    assert answer["summary"]["worst_connection"] == ""


def test_07_a_packet_captured_twice_is_not_sent_again() -> None:
    talk = Conversation()
    talk.syn().duplicate().syn_ack().duplicate().ack().duplicate()
    talk.data("client", 100).duplicate().data("server", 1000).duplicate().ack("client").duplicate()
    answer = pf.analyze_tcp_anomalies(pcap(talk))
    assert answer["statistics"]["total_packets"] == 12
    assert answer["statistics"]["capture_duplicates"] == 6
    assert answer["statistics"]["retransmissions"]["total"] == 0
    assert answer["statistics"]["flags"] == {"syn": 1, "syn_ack": 1, "rst": 0, "fin": 0, "ack": 5}


def test_08_what_was_lost_before_the_capture_and_repeated_syn_and_fin_count() -> None:
    talk = Conversation().syn(lost=True).syn(after=1.0).syn_ack().ack()
    talk.data("server", 1000).data("server", 1000, drop=True, lost=True).data("server", 1000).ack("client")
    talk.retransmit("server", 1001, after=0.5).ack("client")
    talk.fin("client", lost=True).retransmit("client", after=0.5).fin("server").ack("client")
    retransmissions = pf.analyze_tcp_anomalies(pcap(talk))["statistics"]["retransmissions"]
    assert retransmissions["total"] == 3  # SYN, data, FIN
    assert retransmissions["by_connection"] == {f"192.0.2.1:40000 <-> {SERVER}:80": 3}


def test_09_a_short_snaplen_does_not_shorten_the_payload() -> None:
    talk = Conversation().handshake().data("client", 300).data("server", 2920, segment=1460).ack("client")
    flow = pf.analyze_traffic_flow(pcap(talk, snaplen=66), SERVER)
    assert flow["client_to_server"]["payload_bytes"] == 300
    assert flow["client_to_server"]["data_packets"] == 1
    assert flow["server_to_client"]["payload_bytes"] == 2920
    assert flow["server_to_client"]["data_packets"] == 2


def test_10_ports_in_a_gre_tunnel_belong_to_the_inner_addresses() -> None:
    inner = Conversation("10.0.0.1", 40000, "10.0.0.2", 80).handshake().data("client", 100).close()

    def tunnelled(frame: Frame) -> Frame:
        time, data = frame
        ends = ("203.0.113.1", "203.0.113.2")
        outer = ends if data[14 + 15] == 1 else ends[::-1]  # by the last byte of the inner source
        return time, ethernet(ipv4(*outer, GRE, b"\0\0\x08\0" + data[14:]))

    (connection,) = pf.analyze_tcp_connections(pcap([tunnelled(frame) for frame in inner]))["connections"]
    assert (connection["client"], connection["server"]) == ("10.0.0.1:40000", "10.0.0.2:80")
    assert connection["close_reason"] == "normal"


def test_11_a_rst_after_both_fins_is_no_reset() -> None:
    talk = Conversation().handshake().data("client", 100).close().rst("client", after=0.2)
    states = pf.analyze_tcp_anomalies(pcap(talk))["statistics"]["connection_states"]
    assert states == {"established": 0, "reset": 0, "closed": 1, "unknown": 0}


def test_11_one_fin_sent_twice_is_not_closed() -> None:
    talk = Conversation().handshake().data("client", 100).fin("client", lost=True).retransmit("client", after=0.3)
    states = pf.analyze_tcp_anomalies(pcap(talk))["statistics"]["connection_states"]
    assert states == {"established": 1, "reset": 0, "closed": 0, "unknown": 0}
    (connection,) = pf.analyze_tcp_connections(pcap(talk))["connections"]
    assert (connection["state"], connection["ending"]) == ("active", "half_closed")


def test_12_address_and_port_belong_to_the_same_endpoint() -> None:
    inbound = Conversation(server=SERVER, server_port=80).handshake().close()
    outbound = Conversation(SERVER, 50000, "203.0.113.9", 443, start=1.0).handshake().close()
    capture = pcap(merge(inbound, outbound))
    answer = pf.analyze_tcp_connections(capture, SERVER)
    assert [connection["server"] for connection in answer["connections"]] == [f"{SERVER}:80"]
    assert pf.analyze_tcp_connections(capture, SERVER, 443)["summary"]["total_connections"] == 0
    assert pf.analyze_tcp_connections(capture, SERVER, 50000)["summary"]["total_connections"] == 0


@pytest.mark.parametrize("server_ip", ["203.0.113.99", "192.0.2.1"])
def test_13_a_filter_that_matches_nothing_says_so(server_ip: str) -> None:
    capture = pcap(Conversation().handshake().close())
    answers = (
        pf.analyze_tcp_anomalies(capture, server_ip),
        pf.analyze_tcp_connections(capture, server_ip),
        pf.analyze_tcp_retransmissions(capture, server_ip),
        pf.analyze_traffic_flow(capture, server_ip),
    )
    for answer in answers:
        assert f"Nothing matches the filter (server {server_ip}:any)" in answer["message"]
    assert "message" not in pf.analyze_tcp_anomalies(capture, SERVER)


def test_14_the_interpretation_of_a_flow_does_not_guess() -> None:
    talks = [talk.handshake().data("client", 100).rst("client") for talk in conversations(3)]
    answer = pf.analyze_traffic_flow(pcap(merge(*talks)), SERVER)
    assert answer["analysis"]["primary_rst_source"] == "client"
    said = answer["analysis"]["interpretation"]
    assert not GUESSES.search(said)
    assert "RSTs: 3 from clients, 0 from the server" in said


def test_15_five_thousand_resets_make_a_bounded_answer() -> None:
    talks = [Conversation(client_port=10000 + i, start=i / 100).refused() for i in range(5000)]
    capture = pcap(merge(*talks))
    answer = pf.analyze_tcp_anomalies(capture)
    seen = answer["statistics"]["rst_distribution"]
    assert len(seen["connections_with_rst"]) == 100
    assert seen["connections_with_rst_total"] == 5000
    assert len(json.dumps(answer)) < 50_000
    assert len(json.dumps(pf.analyze_tcp_anomalies(capture, limit=10))) < 12_000


def test_16_a_cut_capture_says_so() -> None:
    capture = pcap(Conversation().handshake().data("client", 100).close())[:-5]
    with pytest.warns(pf.CaptureWarning, match="cut off in a record"):
        answer = pf.analyze_tcp_anomalies(capture)
    assert answer["truncated"] is True
    assert answer["packets_analyzed"] == 6
    (note,) = answer["notes"]
    assert re.search(r"byte \d+", note)


def test_17_ipv6_endpoints_have_brackets_and_file_is_what_the_user_named(tmp_path: Path) -> None:
    path = tmp_path / "six.pcap"
    path.write_bytes(pcap(Conversation("2001:db8::1", 40000, "2001:db8::2", 443).handshake().rst("server")))
    answer = pf.analyze_tcp_anomalies(path)
    assert answer["file"] == str(path)
    text = "[2001:db8::1]:40000 <-> [2001:db8::2]:443"
    assert answer["statistics"]["rst_distribution"]["connections_with_rst"] == [text]
    (connection,) = pf.analyze_tcp_connections(path)["connections"]
    assert (connection["client"], connection["server"]) == ("[2001:db8::1]:40000", "[2001:db8::2]:443")
    assert pf.analyze_traffic_flow(path, "2001:DB8:0::2", 443)["server"] == "[2001:db8::2]:443"
