"""Slow round trips and handshakes."""

import pytest

from pcapframe.patterns.slow_round_trips import SlowRoundTripsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import view
from tests.patterns.waiting import At, talk

LIMITS = SlowRoundTripsLimits()


@pytest.mark.parametrize("at", ["client", "server"])
def test_by_itself(at: At) -> None:
    seen = observe(view(talk(rtt=0.88, at=at), talk(client_port=40001)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert [found[name] for name in ("connections", "timed", "round_trips", "handshakes")] == [1, 2, 1, 1]
    assert found["round_trip_max_s"] == pytest.approx(0.88, abs=0.001)
    assert found["with_repeated_syn"] == 0
    assert len(seen.evidence.frames) == 2


def test_beside_others_of_the_server() -> None:
    usual = [talk(client_port=40000 + i, start=i) for i in range(10)]
    far = talk(client_port=50000, start=30, rtt=0.2)
    seen = observe(view(*usual, far), LIMITS)
    assert seen is not None
    assert [seen.observations[name] for name in ("connections", "round_trips", "beside_others")] == [1, 0, 1]
    assert observe(view(*usual[:5], far), LIMITS) is None


def test_a_repeated_syn_is_counted_beside() -> None:
    seen = observe(view(Conversation(rtt=0.02).syn().syn(after=1).syn_ack().ack()), LIMITS)
    assert seen is not None
    assert (seen.observations["handshakes"], seen.observations["with_repeated_syn"]) == (1, 1)


def test_unknown_round_trips_are_not_slow() -> None:
    assert observe(view(Conversation().syn()), LIMITS) is None
    assert observe(view(Conversation().handshake(drop=True).data("client", 10)), LIMITS) is None


def test_the_description_says_what_is_slow() -> None:
    seen = observe(view(talk(rtt=0.88)), LIMITS)
    assert seen is not None
    assert seen.description == (
        "1 of 1 connection opened or ran slowly: the handshake took 500 ms or longer in 1 (880 ms at most); "
        "the smallest round trip took 500 ms or longer in 1 (880 ms at most). 0 of them had a repeated SYN."
    )
