"""Two directions compared."""

from typing import Any

import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from tests.builders import Conversation, merge, pcap


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
    assert answer["analysis"]["interpretation"] == answer["message"]


def older(client: str, client_port: int, server: str, server_port: int, *, start: float = 0.0) -> Conversation:
    """A connection whose handshake was not captured, ended by the RST of the second endpoint."""
    talk = Conversation(client, client_port, server, server_port, start=start).handshake(drop=True)
    return talk.data("client", 10).rst("server")


OLDER = [older("192.0.2.1", 50100 + i, "192.0.2.2", 50003, start=float(i)) for i in range(8)]
ONE_HOST = [older("127.0.0.1", 50100 + i, "127.0.0.1", 50003, start=float(i)) for i in range(8)]


def directions(answer: Any) -> tuple[int, int, int]:
    ways = answer["statistics"]["rst_distribution"]["by_direction"]
    return ways["to_server"], ways["from_server"], ways["unknown"]


def asymmetry(answer: Any) -> list[tuple[int, int, int]]:
    seen = [p["observations"] for p in answer["patterns"] if p["pattern"] == "rst_directional_asymmetry"]
    return [(each["rst_to_server"], each["rst_from_server"], each["inferred_roles"]) for each in seen]


def test_without_a_filter_inferred_roles_give_no_direction() -> None:
    answer = pf.analyze_tcp_anomalies(pcap(merge(*OLDER)))
    assert directions(answer) == (0, 0, 8)
    assert asymmetry(answer) == []
    assert answer["health"]["qualifiers"]["directions"] == "unknown"


@pytest.mark.parametrize(
    ("server_ip", "expected", "note"),
    [
        ("192.0.2.2", (0, 8), "taken as the server."),
        ("192.0.2.1", (8, 0), "taken as the server; without the filter it is the client."),
    ],
)
def test_a_filter_decides_a_direction_alike_everywhere(server_ip: str, expected: tuple[int, int], note: str) -> None:
    analysis = pf.analyze(pcap(merge(*OLDER)), server_ip=server_ip)
    answer, flow = pf.analyze_tcp_anomalies(analysis), pf.analyze_traffic_flow(analysis, server_ip)
    assert directions(answer) == (*expected, 0)
    assert asymmetry(answer) == [(*expected, 0)]
    assert "analysis" in flow
    assert (flow["client_to_server"]["rst_count"], flow["server_to_client"]["rst_count"]) == expected
    drawn = pf.plots.rst_distribution(analysis, by="direction", ax=Figure().subplots())
    assert [bar.get_width() for bar in drawn.patches] == list(expected)
    for each in (answer, flow):
        assert "directions" not in each["health"]["qualifiers"]
        assert each["notes"] == [f"In 8 connections no packet shows the roles: the endpoint of the filter is {note}"]


def test_a_filter_that_both_endpoints_match_decides_nothing() -> None:
    analysis = pf.analyze(pcap(merge(*ONE_HOST)), server_ip="127.0.0.1")
    answer, flow = pf.analyze_tcp_anomalies(analysis), pf.analyze_traffic_flow(analysis, "127.0.0.1")
    assert directions(answer) == (0, 0, 8)
    assert asymmetry(answer) == []
    assert "analysis" in flow
    for name in ("client_to_server.rst_count", "server_to_client.byte_count", "analysis.primary_rst_source"):
        assert flow["qualifiers"][name] == "unknown"
    assert "server_to_client.syn_count" not in flow["qualifiers"]
    assert "unknown: client and server" in flow["analysis"]["interpretation"]
    assert not answer["notes"]
    told = pf.analyze_traffic_flow(analysis, "127.0.0.1", 50003)
    assert "analysis" in told
    assert told["server_to_client"]["rst_count"] == 8
    assert "server_to_client.rst_count" not in told["qualifiers"]
