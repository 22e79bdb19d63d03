"""What lies beyond the beginning and the end of a capture."""

import pcapframe as pf
from tests.analysis.health.made import whole
from tests.builders import Conversation, merge, pcap


def test_connections_open_at_either_end() -> None:
    older = Conversation(client_port=1).handshake(drop=True).data("client", 100).ack("server").close()
    lasting = Conversation(client_port=2, start=1.0).handshake().data("client", 5).ack("server").fin("client")
    health = pf.analyze(pcap(merge(older, lasting, whole(5.0, client_port=3)))).health
    found = {each.name: each for each in health.findings}
    assert set(found) == {"open_at_start", "open_at_end", "inferred_roles"}
    assert found["open_at_start"].figures == {"connections": 1, "total_connections": 3}
    assert found["open_at_start"].evidence.connections == (0,)
    assert found["open_at_end"].figures == {"connections": 1, "half_closed": 1, "total_connections": 3}
    assert found["open_at_end"].evidence.connections == (1,)
    assert found["open_at_end"].sentence == ("The end of 1 of 3 connections is not in the capture, closed by one side.")
    assert health.qualifiers["durations"] == "at least"
    assert health.qualifiers["directions"] == "unknown"


def test_a_syn_ack_shows_that_a_connection_was_not_open_before() -> None:
    half = Conversation(client_port=1).syn(drop=True).syn_ack().ack().data("client", 5).ack("server").close()
    health = pf.analyze(pcap(merge(half, whole(5.0, client_port=3)))).health
    (found,) = health.findings
    assert found.name == "syn_not_captured"
    assert found.sentence == "The SYN of 1 of 2 connections is not in the capture; a SYN-ACK is."
    assert health.qualifiers == {"handshakes": "at least", "durations": "at least"}


def test_of_all_connections_there_is_one_number() -> None:
    talk = Conversation().handshake(drop=True).data("client", 100).ack("server")
    sentences = " ".join(found.sentence for found in pf.analyze(pcap(talk)).health.findings)
    assert "The beginning of the only connection is not in the capture." in sentences
    assert "No packet shows the roles in the only connection: there," in sentences
    assert "of 1 of" not in sentences
