import pytest

from pcapframe.patterns.syn_response_imbalance import SynResponseImbalanceLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = SynResponseImbalanceLimits()


def test_few_answers() -> None:
    unanswered = Conversation(client_port=1).syn().syn(after=1).syn(after=2)
    refused = Conversation(client_port=2, start=10).refused()
    seen = observe(view(unanswered, refused, *healthy(2, start=20)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["syn_count"], found["syn_ack_count"]) == (6, 2)
    assert found["response_ratio"] == pytest.approx(2 / 6)
    assert found["response_ratio_low"] < 2 / 6 < found["response_ratio_high"]
    assert (found["answered_syns"], found["refused_syns"]) == (2, 1)
    assert (found["connections"], found["answered_connections"]) == (4, 2)
    assert seen.evidence.frames == (1, 2, 3, 4)


def test_repeated_syn_among_healthy_connections() -> None:
    repeated = Conversation(client_port=1).syn().syn(after=1).syn_ack().ack()
    traffic = view(repeated, *healthy(2, start=20))
    assert observe(traffic, LIMITS) is None
    assert observe(traffic, SynResponseImbalanceLimits(response_ratio=1.0)) is None


def test_half_of_them_is_not_below_the_threshold() -> None:
    assert observe(view(Conversation().syn(), *healthy(1, start=20)), LIMITS) is None


def test_an_answer_that_the_capture_lacks_is_unknown() -> None:
    """One direction only: the client acknowledges what was not captured."""
    one_way = Conversation(client_port=1).syn().syn_ack(drop=True).ack().data("client", 10)
    assert observe(view(one_way), LIMITS) is None
    seen = observe(view(one_way, Conversation(client_port=2, start=5).syn()), LIMITS)
    assert seen is not None
    names = ("syn_count", "unknown_syns", "answered_syns", "response_ratio", "connections")
    assert [seen.observations[name] for name in names] == [2, 1, 0, 0, 1]
    assert seen.evidence.frames == (4,)
    assert seen.description == (
        "The only SYN was not answered by a SYN-ACK. Of 1 more SYN the capture lacks the answer."
    )


def test_no_syn() -> None:
    midstream = Conversation().syn(drop=True).syn_ack(drop=True).data("client", 10)
    assert observe(view(midstream), LIMITS) is None


@pytest.mark.parametrize(
    ("syns", "said"),
    [
        (1, "The only SYN was not answered by a SYN-ACK."),
        (2, "None of 2 SYNs, in 2 connections, was answered by a SYN-ACK."),
    ],
)
def test_no_answer_is_said_in_words(syns: int, said: str) -> None:
    seen = observe(view(*(Conversation(client_port=port).syn() for port in range(syns))), SynResponseImbalanceLimits())
    assert seen is not None
    assert seen.description == said
