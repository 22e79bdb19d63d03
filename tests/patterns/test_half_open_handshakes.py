from pcapframe.patterns.half_open_handshakes import HalfOpenHandshakesLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = HalfOpenHandshakesLimits()


def test_syn_acks_without_ack() -> None:
    one = Conversation(client_port=1).syn().syn_ack().syn_ack(after=1)
    at_end = Conversation(client_port=2, server_port=443, start=20.5).syn().syn_ack()
    seen = observe(view(one, at_end, *healthy(2, start=20)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "half_open_connections": 2,
        "attempted_connections": 4,
        "half_open_share": 0.5,
        "syn_acks": 3,
        "by_server": {"198.51.100.1:80": 1, "198.51.100.1:443": 1},
        "by_server_total": 2,
        "begun_at_end": 1,
    }
    assert seen.evidence.frame_count == 5
    assert seen.evidence.frames[:3] == (1, 2, 3)


def test_complete_handshakes() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None


def test_threshold() -> None:
    assert observe(view(Conversation().syn().syn_ack()), HalfOpenHandshakesLimits(min_connections=2)) is None
