import pytest

from pcapframe.patterns.port_reuse import PortReuseLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = PortReuseLimits()


def test_what_became_of_both() -> None:
    first = Conversation(client_port=1).handshake().close()  # ends at 0.0402 s
    second = Conversation(client_port=1, start=10, client_isn=70_000).refused()  # ends at 10.02 s
    third = Conversation(client_port=1, start=40.02, client_isn=900_000, server_isn=800_000).handshake()
    seen = observe(view(first, second, third, *healthy(2, start=60)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "reusing_connections": 2,
        "total_connections": 5,
        "by_connection": {"192.0.2.1:1 <-> 198.51.100.1:80": 2},
        "by_connection_total": 1,
        "since_earlier_min_s": pytest.approx(9.96, abs=0.01),
        "since_earlier_median_s": pytest.approx(19.98, abs=0.01),
        "earlier_endings": {"fin": 1, "reset": 1},
        "handshakes": {"complete": 1, "refused": 1},
        "earlier_unknown": 0,
    }
    assert seen.description.endswith(
        "Handshakes of the new ones: 1 complete, 1 refused; how the earlier ones ended: 1 by FINs of both sides, "
        "1 reset."
    )
    assert seen.evidence.connections == (1, 2)
    assert seen.evidence.frames == (7, 9)


def test_roles_may_swap() -> None:
    first = Conversation("192.0.2.1", 5000, "198.51.100.1", 6000).handshake().close()
    swapped = Conversation("198.51.100.1", 6000, "192.0.2.1", 5000, start=10, client_isn=99, server_isn=77).handshake()
    seen = observe(view(first, swapped), LIMITS)
    assert seen is not None
    assert seen.observations["earlier_endings"] == {"fin": 1}


def test_repeated_syn_reuses_nothing() -> None:
    assert observe(view(Conversation().syn().syn(after=1).syn_ack().ack()), LIMITS) is None


def test_other_ports() -> None:
    assert observe(view(*healthy(3)), LIMITS) is None


def test_threshold() -> None:
    talks = Conversation().handshake().close(), Conversation(start=10, client_isn=70_000).handshake()
    assert observe(view(*talks), PortReuseLimits(min_connections=2)) is None
