"""What brought a resend about."""

import pytest

from tests.segments.evidence.talks import known, talk
from tests.segments.made import segments, where


def test_three_duplicate_acks_make_it_fast() -> None:
    conversation = talk(rtt=0.02).data("client", 100, lost=True)
    for i in range(3):
        conversation.data("client", 100).ack("server", ack=1, sack=[(101, 201 + 100 * i)])
    made = segments(conversation.retransmit("client", seq=1, after=0.001))
    assert where(made, "resent") == [len(made)]
    assert made["resend_reason"].iloc[-1] == "fast"


@pytest.mark.parametrize(("after", "reason"), [(0.05, "tail_probe"), (0.4, "timeout"), (0.001, "unknown")])
def test_reason_of_a_resent_tail(after: float, reason: str) -> None:
    made = segments(known().data("client", 100, lost=True).retransmit("client", after=after))
    assert made["resend_reason"].iloc[-1] == reason


@pytest.mark.parametrize("after", [0.05, 0.4, 1.5])
def test_the_last_of_several_is_sent_again_by_a_tail_probe_only(after: float) -> None:
    # A timeout sends the first of them again (RFC 6298 section 5.4), a tail probe the last (RFC 8985 section 7.3).
    conversation = known().data("client", 300, segment=100, lost=True)
    made = segments(conversation.retransmit("client", seq=801, after=after).retransmit("client", seq=601, after=0.3))
    assert made["resend_reason"].dropna().tolist() == ["tail_probe", "timeout"]


def test_reason_of_a_resend_that_sack_asked_for() -> None:
    conversation = known().data("client", 400, segment=100, lost=True)
    conversation.ack("server", ack=601, sack=[(701, 801)])
    made = segments(conversation.retransmit("client", seq=601, after=0.001).retransmit("client", seq=801, after=0.001))
    assert made["resend_reason"].dropna().tolist() == ["fast", "fast"]  # the second continues the recovery
