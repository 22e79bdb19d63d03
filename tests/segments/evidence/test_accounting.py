"""What the capture lacks of the bytes that were acknowledged."""

from tests.builders import Conversation
from tests.segments.evidence.talks import known, talk
from tests.segments.made import segments, where


def test_bytes_that_only_their_acknowledgement_shows() -> None:
    made = segments(talk().data("client", 700, drop=True).ack("server").data("client", 100).ack("server"))
    assert made["capture_gap"].tolist() == [0, 0, 0, 700, 0, 0]


def test_a_one_way_capture_counts_what_is_acknowledged() -> None:
    conversation = Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True)
    for _ in range(3):
        conversation.data("server", 500, drop=True).ack("client")
    made = segments(conversation)
    assert made["capture_gap"].tolist() == [0, 500, 500]  # the first one only says where it begins


def test_gaps_that_were_filled_are_none() -> None:
    conversation = known().data("client", 100, drop=True, lost=True).data("client", 100)
    conversation.retransmit("client", seq=601, after=0.05).ack("server")
    assert segments(conversation)["capture_gap"].sum() == 0


def test_what_came_of_a_gap_is_not_missing() -> None:
    conversation = known().data("client", 300, drop=True).data("client", 100)
    made = segments(conversation.data("client", 100, seq=701, after=0.05).ack("server"))
    assert made["capture_gap"].iloc[-1] == 200
    assert where(made, "resent") == [len(made) - 1]
