"""Two directions compared."""

import pcapframe as pf
from tests.builders import Conversation, pcap


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
