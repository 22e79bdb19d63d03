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


@pytest.mark.parametrize(
    ("after", "reason"), [(0.05, "tail_probe"), (0.4, "unknown"), (1.2, "timeout"), (0.001, "unknown")]
)
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


# The only segment outstanding: 0.24 s are two round trips of 20 ms and the longest delay of an acknowledgement.
@pytest.mark.parametrize(
    ("after", "reason"), [(0.25, "tail_probe"), (0.33, "tail_probe"), (0.9, "unknown"), (1.1, "timeout")]
)
def test_a_lone_segment_is_sent_again_by_the_probe_that_comes_before_the_timeout(after: float, reason: str) -> None:
    conversation = known().data("client", 100, lost=True)
    made = segments(conversation.retransmit("client", after=after).retransmit("client", after=0.25))
    assert made["resend_reason"].dropna().tolist() == [reason, "timeout"]


def test_without_sack_there_are_no_probes_of_a_lone_segment() -> None:
    conversation = known(sack_ok=False).data("client", 100, lost=True).retransmit("client", after=0.25)
    assert segments(conversation)["resend_reason"].iloc[-1] == "timeout"


def test_without_a_handshake_it_is_not_known_whether_a_lone_segment_is_probed() -> None:
    conversation = known().data("client", 100, lost=True).retransmit("client", after=0.25)
    del conversation.frames[:3]
    assert segments(conversation)["resend_reason"].iloc[-1] == "unknown"


@pytest.mark.parametrize(("settled", "reason"), [(False, "timeout"), (True, "tail_probe")])
def test_no_probe_before_the_one_before_is_settled(settled: bool, reason: str) -> None:
    """An acknowledgement of the probe's bytes may be of the first copy (RFC 8985 section 7.4.2); more settles it."""
    conversation = known().data("client", 100, lost=True).retransmit("client", after=0.25).ack("server")
    if settled:
        conversation.data("client", 100).ack("server")
    conversation.data("client", 100, lost=True).retransmit("client", after=0.25)
    assert segments(conversation)["resend_reason"].iloc[-1] == reason


def test_a_dsack_settles_a_probe() -> None:
    conversation = known().data("client", 100).retransmit("client", after=0.25)
    conversation.ack("server", after=0.001).ack("server", sack=[(601, 701)])
    conversation.data("client", 100, lost=True).retransmit("client", after=0.25)
    assert segments(conversation)["resend_reason"].iloc[-1] == "tail_probe"


@pytest.mark.parametrize(("answer_after", "reason"), [(0.3, "fast"), (None, "timeout")])
def test_on_a_long_path_an_acknowledgement_that_asks_comes_later_than_a_short_timeout(
    answer_after: float | None, reason: str
) -> None:
    conversation = talk(rtt=0.3)
    for _ in range(3):
        conversation.data("client", 100).ack("server")
    conversation.data("client", 100, lost=True).data("client", 300, segment=100, lost=answer_after is None)
    if answer_after is not None:
        for i in range(3):
            conversation.ack("server", ack=301, sack=[(401, 501 + 100 * i)], after=answer_after if i == 0 else 0.0001)
    made = segments(conversation.retransmit("client", seq=301, after=0.001 if answer_after else 0.6))
    assert made["resend_reason"].iloc[-1] == reason


@pytest.mark.parametrize(("after", "reason"), [(0.05, "fast"), (0.3, "timeout")])
def test_a_timeout_in_the_middle_of_a_recovery(after: float, reason: str) -> None:
    conversation = known().data("client", 100, lost=True)
    for i in range(3):
        conversation.data("client", 100).ack("server", ack=601, sack=[(701, 801 + 100 * i)])
    conversation.retransmit("client", seq=601, after=0.001, lost=True).retransmit("client", seq=601, after=after)
    assert segments(conversation)["resend_reason"].dropna().tolist() == ["fast", reason]


def test_what_acknowledgements_bring_about_after_a_timeout_is_not_known() -> None:
    conversation = known().data("client", 300, segment=100, lost=True).retransmit("client", seq=601, after=0.3)
    conversation.ack("server").retransmit("client", seq=701, after=0.001).retransmit("client", seq=801, after=0.001)
    assert segments(conversation)["resend_reason"].dropna().tolist() == ["timeout", "unknown", "unknown"]


def test_a_needless_timeout_leaves_nothing_to_recover() -> None:
    """The first copies were late only: an acknowledgement covers what was not sent again (RFC 5682)."""
    conversation = known().data("client", 200, segment=100).data("client", 100, lost=True).data("client", 100)
    conversation.retransmit("client", seq=601, after=0.3, lost=True)
    conversation.ack("server", ack=801, after=0.001, sack=[(901, 1001)])
    made = segments(conversation.retransmit("client", seq=801, after=0.001))
    assert made["resend_reason"].dropna().tolist() == ["timeout", "fast"]


@pytest.mark.parametrize("asked", [True, False])
def test_an_acknowledgement_that_crosses_a_resend_does_not_hide_what_asked_for_it(asked: bool) -> None:
    conversation = known().data("client", 400, segment=100)
    if asked:
        conversation.ack("server", ack=601, sack=[(701, 801)])
    conversation.ack("server", ack=1001, after=0.0001 if asked else None)
    made = segments(conversation.retransmit("client", seq=601, after=0.0001))
    assert made["resend_reason"].iloc[-1] == ("fast" if asked else "unknown")


def test_several_small_segments_sent_again_as_one_are_not_probed() -> None:
    conversation = known().data("client", 200, segment=100, lost=True)
    conversation.send("client", "PA", 200, seq=601, after=0.25)
    assert segments(conversation)["resend_reason"].iloc[-1] == "timeout"


def test_several_acknowledgements_that_cross_a_resend_do_not_hide_what_asked_for_it() -> None:
    conversation = known(sack_ok=False).data("client", 400, segment=100).ack("server", ack=601)
    for ack in (601, 701, 801):
        conversation.ack("server", ack=ack)
    made = segments(conversation.retransmit("client", seq=601, after=0.0001))
    assert made["resend_reason"].iloc[-1] == "fast"
