import pytest

from pcapframe.patterns.refused_connections import RefusedConnectionsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = RefusedConnectionsLimits()


def test_by_server_with_response_time() -> None:
    one = Conversation(client_port=1, rtt=0.01).refused()
    retried = Conversation(client_port=2, start=1, rtt=0.03).refused().syn(after=1).rst("server", seq=-5000)
    other = Conversation("2001:db8::1", 3, "2001:db8::9", 443, start=5, rtt=0.05).refused()
    seen = observe(view(one, retried, other, *healthy(3, start=10)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "refused_connections": 3,
        "attempted_connections": 6,
        "refused_share": 0.5,
        "syns": 4,
        "by_server": {"198.51.100.1:80": 2, "[2001:db8::9]:443": 1},
        "by_server_total": 2,
        "response_median_s": pytest.approx(0.03),
    }
    assert seen.evidence.frames == (1, 2, 3, 4, 5, 6, 7, 8)


def test_reset_after_the_handshake_is_no_refusal() -> None:
    assert observe(view(Conversation().handshake().rst("server")), LIMITS) is None


def test_threshold() -> None:
    assert observe(view(Conversation().refused()), RefusedConnectionsLimits(min_connections=2)) is None
