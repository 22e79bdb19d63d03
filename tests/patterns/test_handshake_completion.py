import pytest

from pcapframe.patterns.handshake_completion import HandshakeCompletionLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = HandshakeCompletionLimits()


def test_failed_among_completed() -> None:
    refused = Conversation(client_port=1).refused()
    unanswered = Conversation(client_port=2, start=0.5).syn().syn(after=1)
    half_open = Conversation(client_port=3, start=5).syn().syn_ack()
    midstream = Conversation(client_port=4, start=6).syn(drop=True).syn_ack(drop=True).data("client", 10).ack("server")
    seen = observe(view(refused, unanswered, half_open, midstream, *healthy(6, start=10)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["attempted"], found["successful"], found["failed"]) == (9, 6, 2)
    assert found["failure_rate"] == pytest.approx(2 / 9)
    assert found["failure_rate_low"] < 2 / 9 < found["failure_rate_high"]
    assert (found["refused"], found["unanswered"], found["half_open"], found["not_captured"]) == (1, 1, 1, 1)
    assert seen.evidence.connection_count == 2
    assert seen.evidence.frames == (1, 2, 3, 4)
    assert seen.description == (
        "2 of 9 attempted handshakes (22.2 %) failed: 1 refused, 1 unanswered. Of the others, 6 were complete, "
        "1 half open."
    )


def test_connections_open_at_the_start_are_not_failed() -> None:
    midstream = Conversation().syn(drop=True).syn_ack(drop=True).data("client", 10).ack("server")
    assert observe(view(midstream), LIMITS) is None


def test_threshold() -> None:
    traffic = view(Conversation().refused())
    seen = observe(traffic, LIMITS)
    assert seen is not None
    assert seen.description == (
        "1 of 1 attempted handshake (100.0 %) failed: 1 refused, 0 unanswered. Of the others, 0 were complete."
    )
    assert observe(traffic, HandshakeCompletionLimits(min_failed=2)) is None


def test_all_complete() -> None:
    assert observe(view(*healthy(3)), LIMITS) is None
