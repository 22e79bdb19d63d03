"""What was sent again, by connection."""

import pcapframe as pf
from tests.builders import Conversation, merge, pcap


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
