import pytest

from pcapframe.patterns.rst_unlike_peer import RstUnlikePeerLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = RstUnlikePeerLimits()


def request(**options: object) -> Conversation:
    """A handshake of a server 300 ms away, and a request a second later."""
    return Conversation(rtt=0.3, **options).handshake().data("client", 100, after=1)  # type: ignore[arg-type]


def test_sooner_than_a_round_trip() -> None:
    early = request(client_port=1).rst("server", after=0.007, ttl=40)  # frame 5
    in_time = request(client_port=2, start=5).rst("server", after=0.31)
    seen = observe(view(early, in_time, *healthy(1, start=10, port=3)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "rsts": 1,
        "compared_rsts": 2,
        "total_rsts": 2,
        "connections": 1,
        "soonest_s": pytest.approx(0.007),
        "soonest_round_trip_s": pytest.approx(0.3),
        "other_hop_limit": 1,
        "rst_to_server": 0,
        "rst_from_server": 1,
    }
    assert seen.evidence.frames == (5,)
    assert seen.description == (
        "1 of 2 RSTs that can be compared came sooner than 0.5 of the smallest round trip, in 1 connection: 1 from the "
        "server. The soonest came 7 ms after the packet it follows, where the smallest round trip is 300 ms; 1 of it "
        "had a hop limit that no other packet of the same endpoint has."
    )


def test_without_acknowledgement_only_after_a_pause() -> None:
    seen = observe(view(request().rst("server", after=0.007, with_ack=False)), LIMITS)
    assert seen is not None
    assert seen.observations["other_hop_limit"] == 0
    busy = Conversation(rtt=0.3).handshake()
    for _ in range(20):
        busy.data("client", 100, after=0.05)
    assert observe(view(busy.rst("server", after=0.007, with_ack=False)), LIMITS) is None


def test_a_rst_of_the_other_side() -> None:
    talk = Conversation(rtt=0.3).handshake().data("client", 10).ack("server").data("server", 100)
    assert observe(view(talk.rst("client", after=0.0001)), LIMITS) is None  # near the client all answers are quick


def test_answers_that_may_all_be_delayed_are_not_compared() -> None:
    talk = Conversation().handshake(drop=True).data("server", 100).ack(after=0.04).data("server", 100)
    assert observe(view(talk.rst("client", after=0.0001)), LIMITS) is None


def test_nothing_to_compare_with() -> None:
    assert observe(view(Conversation().refused()), LIMITS) is None
    assert observe(view(*healthy(2)), LIMITS) is None
    assert observe(view(request().rst("server", after=0.007)), RstUnlikePeerLimits(min_rsts=2)) is None
    assert observe(view(request().rst("server", after=0.007)), RstUnlikePeerLimits(min_rtt_s=0.4)) is None
