import pytest

from pcapframe.patterns.aborted_handshakes import AbortedHandshakesLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = AbortedHandshakesLimits()


def test_a_rst_answers_the_syn_ack() -> None:
    checks = [
        Conversation(client_port=i, start=i).syn().syn_ack().rst("client", with_ack=i > 1, after=i / 1000)
        for i in (1, 2, 3)
    ]
    seen = observe(view(*checks, *healthy(2, start=10)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "aborted_connections": 3,
        "attempted_connections": 5,
        "aborted_share": 0.6,
        "rst_after_median_s": pytest.approx(0.002),
        "by_server": {"198.51.100.1:80": 3},
        "by_server_total": 1,
    }
    assert seen.evidence.frames == tuple(range(1, 10))
    assert seen.description == (
        "3 of 5 attempted handshakes (60.0 %) with 1 server endpoint were aborted: the client answered the SYN-ACK "
        "by a RST, 2 ms after it (median)."
    )
    assert observe(view(*checks), AbortedHandshakesLimits(min_connections=4)) is None


def test_others_that_did_not_complete() -> None:
    refused, half_open = Conversation(client_port=1).refused(), Conversation(client_port=2, start=5).syn().syn_ack()
    assert observe(view(refused, half_open, *healthy(1, start=10, port=3)), LIMITS) is None


def test_a_rst_after_the_handshake_aborts_none() -> None:
    assert observe(view(Conversation().handshake().rst("client")), LIMITS) is None
