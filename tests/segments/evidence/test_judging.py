"""What was sent again and what the capture lacks: by hand; tests/lab has real kernels."""

import pytest

from tests.builders import Conversation, packet
from tests.segments.evidence.talks import known, over_ipv6, talk
from tests.segments.made import segments, where


def test_bytes_seen_before_were_sent_again() -> None:
    made = segments(talk().data("client", 1000, lost=True).retransmit("client", after=1.4))
    assert where(made, "resent") == [5]
    assert made.loc[5, "resent_bytes"] == 1000
    assert made.loc[5, "resend_reason"] == "timeout"


def test_repeated_syn_and_fin_count_too() -> None:
    made = segments(
        Conversation()
        .syn(lost=True)
        .syn(after=1.0)
        .syn_ack()
        .ack()
        .fin("client", lost=True)
        .retransmit("client", after=0.4)
    )
    assert where(made, "resent") == [2, 6]
    assert made.loc[2, "resend_reason"] == "syn_retry"
    assert made["resent_bytes"].sum() == 0


def test_a_keep_alive_is_no_resend() -> None:
    made = segments(talk().data("client", 10).ack("server").wait(60.0).keep_alive("client", 1).ack("server"))
    assert where(made, "keep_alive") == [6]
    assert where(made, "resent") == []


def test_crossing_syns_are_no_resends() -> None:
    crossing = Conversation(timestamps=False).syn("client").syn("server", after=0.001)
    crossing.send("client", "SA", seq=0, ack=1, after=0.01).send("server", "SA", seq=0, ack=1, after=0.001)
    made = segments(crossing)
    assert len(made) == 4
    assert where(made, "resent") == []


def test_window_probes_are_no_resends() -> None:
    conversation = talk().data("client", 100).ack("server", window=0).wait(1.0).data("client", 1, lost=True)
    conversation.ack("server", window=0, ack=101).wait(1.0).retransmit("client").ack("server", window=0, ack=101)
    assert where(segments(conversation), "resent") == []


def test_bytes_that_only_their_acknowledgement_shows() -> None:
    made = segments(talk().data("client", 700, drop=True).ack("server").data("client", 100).ack("server"))
    assert made["capture_gap"].tolist() == [0, 0, 0, 700, 0, 0]


def test_a_one_way_capture_counts_what_is_acknowledged() -> None:
    conversation = Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True)
    for _ in range(3):
        conversation.data("server", 500, drop=True).ack("client")
    made = segments(conversation)
    assert made["capture_gap"].tolist() == [0, 500, 500]  # the first one only says where it begins


@pytest.mark.parametrize("offset", [0, 2**32 - 1050])
def test_wrapping_numbers_change_nothing(offset: int) -> None:
    conversation = Conversation(client_isn=offset).handshake().data("client", 3000, segment=1000, lost=True)
    made = segments(conversation.retransmit("client", seq=1, after=0.4).ack("server"))
    assert where(made, "resent") == [7]
    assert made["resent_bytes"].sum() == 1000


def test_gaps_that_were_filled_are_none() -> None:
    conversation = known().data("client", 100, drop=True, lost=True).data("client", 100)
    conversation.retransmit("client", seq=601, after=0.05).ack("server")
    assert segments(conversation)["capture_gap"].sum() == 0


def test_what_came_of_a_gap_is_not_missing() -> None:
    conversation = known().data("client", 300, drop=True).data("client", 100)
    made = segments(conversation.data("client", 100, seq=701, after=0.05).ack("server"))
    assert made["capture_gap"].iloc[-1] == 200
    assert where(made, "resent") == [len(made) - 1]


def test_the_later_syn_ack_still_tells_the_round_trip() -> None:
    # At the server: its SYN-ACK is answered 20 ms later, so 5 ms are too soon for a resend.
    conversation = over_ipv6().syn().syn_ack(after=0.0001).syn_ack(after=0.001).ack(after=0.02)
    conversation.data("client", 100, seq=101, ts=(10_021, 70_000)).ack("server", after=0.0001, sack=[(101, 201)])
    made = segments(conversation.data("client", 100, seq=1, after=0.005, ts=(10_021, 70_000)))
    assert where(made, "resent") == [3]
    assert where(made, "reordered") == [7]


def test_what_only_later_turns_out_to_be_a_copy_has_no_resent_bytes() -> None:
    client = {"src": "192.0.2.1", "dst": "198.51.100.1", "sport": 40000, "dport": 80}
    server = {"src": "198.51.100.1", "dst": "192.0.2.1", "sport": 80, "dport": 40000}
    sent = [  # TCP Fast Open, each packet captured twice
        packet(**client, flags="S", seq=0, payload=50),
        packet(**server, flags="SA", seq=0, ack=51, payload=100),
        packet(**client, flags="PA", seq=51, ack=101, payload=10),
        packet(**server, flags="PA", seq=101, ack=61, payload=10),
        packet(**client, flags="PA", seq=61, ack=111, payload=10),
    ]
    twice = [(1 + number / 100 + after, data) for number, data in enumerate(sent) for after in (0, 20e-6)]
    made = segments(twice)
    assert where(made, "capture_duplicate") == [2, 4, 6, 8, 10]
    assert made["resent_bytes"].sum() == 0


@pytest.mark.parametrize(("ip_id", "label"), [(3, "reordered"), (9, "resent")])
def test_bytes_below_the_first_ones_of_a_capture_were_not_seen_before(ip_id: int, label: str) -> None:
    """What was sent first tells: identifications of the sender counted up to 8."""
    conversation = talk()  # 1 to 3
    conversation.data("client", 100, drop=True, lost=True)  # 3
    conversation.data("client", 500, segment=100)
    del conversation.frames[:3]
    made = segments(conversation.send("client", "A", 100, seq=1, ip_id=ip_id, ts=(9_000 if ip_id == 3 else 99_000, 1)))
    assert where(made, label) == [6]
    assert where(made, "resent") + where(made, "reordered") == [6]
