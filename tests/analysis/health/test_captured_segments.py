"""What is missing, doubled, joined, or does not parse, each on a capture made to have it."""

import pcapframe as pf
from tests.analysis.health.made import finding, names, whole
from tests.builders import Conversation, merge, packet, pcap


def test_options_that_do_not_parse() -> None:
    frames = [*whole(), (1.0, packet(flags="A", options=b"\x05\x01\x00\x00"))]
    found = finding(pcap(frames), "malformed_options")
    assert found.figures == {"segments": 11, "malformed": 1}


def test_one_direction_only() -> None:
    one_way = Conversation(client_port=1).syn().syn_ack(drop=True).ack()
    for _ in range(3):
        one_way.data("client", 100).ack("server", drop=True).data("server", 500, drop=True).ack("client")
    unanswered = Conversation(client_port=2, start=1.0).syn(lost=True).syn(after=1.0, lost=True)
    found = finding(pcap(merge(one_way, unanswered, whole(5.0, client_port=3))), "one_directional")
    assert found.figures == {"connections": 1, "total_connections": 3, "without_client": 0, "without_server": 1}
    assert found.evidence.connections == (0,)
    assert found.affects["packets"] == "at least"
    assert found.affects["unanswered"] == found.affects["round_trips"] == "unknown"


def test_an_unanswered_syn_is_not_one_direction_only() -> None:
    talks = Conversation().syn(lost=True), Conversation(client_port=2, start=1.0).syn().rst("client")
    assert "one_directional" not in names(pcap(merge(*talks)))


def test_bytes_acknowledged_and_not_captured() -> None:
    talk = Conversation().handshake().data("client", 700, drop=True).ack("server")
    found = finding(pcap(talk.data("client", 100).ack("server").close()), "bytes_not_captured")
    assert found.figures == {"missing_bytes": 700, "payload_bytes": 100, "acknowledgements": 1}
    assert found.sentence == (
        "700 bytes were acknowledged and are not in the capture, beside 100 bytes of payload that are: of both "
        "together, 87.5 % is missing."
    )
    assert found.evidence.frames == (4,)
    assert found.evidence.display_filter == "frame.number in {4}"
    assert found.affects["retransmissions"] == "at least"
    assert found.affects["retransmission_rate"] == "unknown"


def test_segments_larger_than_packets() -> None:
    talk = Conversation(mss=1000).handshake().data("client", 5000).ack("server").data("client", 1000).ack("server")
    found = finding(pcap(talk.close()), "offload_sized_segments")
    assert found.figures == {"segments": 1, "data_segments": 2, "largest_payload_bytes": 5000}
    assert found.sentence == (
        "1 of 2 segments with payload, up to 5,000 bytes, carries more than one packet on the wire can: it stands for "
        "several."
    )
    assert found.evidence.frames == (4,)
    assert found.affects["packets"] == "at least"


def test_several_segments_larger_than_packets() -> None:
    talk = Conversation(mss=1000).handshake().data("client", 5000).ack("server").data("client", 3000).ack("server")
    found = finding(pcap(talk.close()), "offload_sized_segments")
    assert found.sentence.endswith("carry more than one packet on the wire can: each stands for several.")


def test_the_size_that_the_receiver_offers_counts() -> None:
    talk = (
        Conversation(mss=None).send("client", "S", seq=0, ts=(1, 0)).syn_ack().ack().data("client", 1460).ack("server")
    )
    assert "offload_sized_segments" not in names(pcap(talk.close()))  # nothing offered, so nothing is known
    tiny = Conversation(mss=1).handshake().data("client", 500).ack("server").close()
    assert "offload_sized_segments" not in names(pcap(tiny))


def test_further_copies() -> None:
    talk = Conversation().handshake().data("client", 100).duplicate().ack("server")
    found = finding(pcap(talk.close()), "capture_duplicates")
    assert found.figures == {"copies": 1, "tcp_packets": 9}
    assert found.sentence == (
        "1 of 9 TCP packets is a further copy of a packet already captured: it counts in packets and bytes only."
    )
    assert found.evidence.frames == (5,)
    assert found.affects["packets"] == "unknown"


def test_what_one_side_sent_is_captured_late() -> None:
    """Early are two after the SYN-ACK, three after data, the client's FIN, and the last one."""
    talk = Conversation(rtt=0.02).handshake().data("client", 400).ack("server")
    for _ in range(3):
        talk.data("server", 500, after=0.01).ack("client", after=0.0001)
    late = [(time + 0.0003 * (data[26:30] == bytes([198, 51, 100, 1])), data) for time, data in talk.close()]
    found = finding(pcap(merge(late)), "captured_late")
    assert found.figures["acknowledgements_early"] == 7
    assert found.figures["median_s"] == found.figures["largest_s"] == 0.0002
    assert (found.figures["client_late"], found.figures["server_late"]) == (False, True)
    assert found.affects == {"round_trips": "unknown", "resend_reasons": "unknown"}
    assert "captured_late" not in names(pcap(merge(talk)))


def test_how_late_is_unknown_without_times() -> None:
    talk = Conversation(rtt=0.02).handshake().data("client", 400).ack("server").data("server", 500, after=0.01).ack()
    late = [(time + 0.0003 * (data[26:30] == bytes([198, 51, 100, 1])), data) for time, data in talk.close()]
    packets = pf.read_pcap(pcap(merge(late)))
    packets["time"] = packets["time"].where(packets.index < 0)
    found = finding(packets, "captured_late")
    assert (found.figures["median_s"], found.figures["largest_s"]) == (None, None)
    assert found.sentence.endswith("precede the bytes acknowledged.")


def test_how_late_the_retransmission_is_that_fills_a_hole() -> None:
    """The last byte that its ACK covers came before."""
    talk = Conversation(rtt=0.02).handshake().data("client", 400).ack("server")
    lost = talk.hosts["server"].next
    talk.data("server", 500, drop=True, lost=True).data("server", 500)
    talk.ack("client", sack=[(lost + 500, lost + 1000)]).retransmit("server", lost, after=0.02)
    talk.ack("client", after=0.0001)
    repair, answer = talk.frames[-2:]
    frames = [*talk.frames[:-2], answer, (answer[0] + 0.0004, repair[1])]
    found = finding(pcap(frames), "captured_late")
    assert found.figures["acknowledgements_early"] == 1
    assert found.figures["median_s"] == found.figures["largest_s"] == 0.0004
