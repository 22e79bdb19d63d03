"""What was sent again, what was reordered, what the capture lacks: by hand; tests/lab has real kernels."""

import pytest

from tests.builders import Conversation
from tests.segments.made import segments, where


def talk(**options: float) -> Conversation:
    return Conversation(**options).handshake()  # type: ignore[arg-type]


def test_bytes_seen_before_were_sent_again() -> None:
    made = segments(talk().data("client", 1000, lost=True).retransmit("client", after=0.4))
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


def test_a_copy_made_on_the_way_is_no_resend() -> None:
    made = segments(talk().data("client", 100).duplicate().ack("server").duplicate())
    assert where(made, "capture_duplicate") == [5, 7]
    assert where(made, "resent") == []


def test_every_packet_mirrored() -> None:
    conversation = Conversation()
    conversation.syn().duplicate().syn_ack().duplicate().ack().duplicate()
    for _ in range(5):
        conversation.data("client", 100).duplicate().ack("server").duplicate()
    made = segments(conversation)
    assert where(made, "capture_duplicate") == list(range(2, len(made) + 1, 2))
    assert where(made, "resent") == []
    assert made["retransmission"].sum() > 0  # Wireshark's view


def test_a_gap_filled_by_a_later_identification_was_sent_again() -> None:
    conversation = talk(rtt=0.02)
    for _ in range(6):
        conversation.data("client", 100).ack("server")
    conversation.data("client", 100, drop=True, lost=True).data("client", 100).ack("server", ack=601, sack=[(701, 801)])
    made = segments(conversation.retransmit("client", seq=601, after=0.001))
    assert where(made, "resent") == [len(made)]
    assert where(made, "reordered") == []


def test_a_gap_filled_by_an_earlier_identification_was_overtaken() -> None:
    conversation = talk(rtt=0.02)
    for _ in range(6):
        conversation.data("client", 100).ack("server")
    identification = conversation.ip_ids["192.0.2.1"]
    conversation.ip_ids["192.0.2.1"] += 1
    conversation.hosts["client"].next += 100
    conversation.data("client", 100)
    made = segments(conversation.data("client", 100, seq=601, ip_id=identification, after=0.0005))
    assert where(made, "reordered") == [len(made)]
    assert where(made, "resent") == []


def test_bytes_that_only_their_acknowledgement_shows() -> None:
    made = segments(talk().data("client", 700, drop=True).ack("server").data("client", 100).ack("server"))
    assert made["capture_gap"].tolist() == [0, 0, 0, 700, 0, 0]


def test_a_one_way_capture_counts_what_is_acknowledged() -> None:
    conversation = Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True)
    for _ in range(3):
        conversation.data("server", 500, drop=True).ack("client")
    made = segments(conversation)
    assert made["capture_gap"].tolist() == [0, 500, 500]  # the first one only says where it begins


def test_a_dsack_shows_that_a_resend_was_needless() -> None:
    conversation = talk(rtt=0.02).data("client", 100).wait(0.4).retransmit("client", after=0.4)
    made = segments(conversation.ack("server", ack=101, sack=[(1, 101)]))
    assert where(made, "resent") == [5]
    assert bool(made.loc[5, "needless"])


def test_whether_it_was_needed_is_null_where_nothing_shows_it() -> None:
    made = segments(talk(timestamps=False).data("client", 100, lost=True).retransmit("client", after=0.4))
    assert made["needless"].isna().all()


def test_three_duplicate_acks_make_it_fast() -> None:
    conversation = talk(rtt=0.02).data("client", 100, lost=True)
    for i in range(3):
        conversation.data("client", 100).ack("server", ack=1, sack=[(101, 201 + 100 * i)])
    made = segments(conversation.retransmit("client", seq=1, after=0.001))
    assert where(made, "resent") == [len(made)]
    assert made["resend_reason"].iloc[-1] == "fast"


@pytest.mark.parametrize("offset", [0, 2**32 - 1050])
def test_wrapping_numbers_change_nothing(offset: int) -> None:
    conversation = Conversation(client_isn=offset).handshake().data("client", 3000, segment=1000, lost=True)
    made = segments(conversation.retransmit("client", seq=1, after=0.4).ack("server"))
    assert where(made, "resent") == [7]
    assert made["resent_bytes"].sum() == 1000
