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
        "total_rsts": 2,
        "connections": 1,
        "sooner_than_round_trip": 1,
        "compared_rsts": 2,
        "soonest_s": pytest.approx(0.007),
        "soonest_round_trip_s": pytest.approx(0.3),
        "other_hop_limit": 1,
        "repeated_identification": 0,
        "rst_to_server": 0,
        "rst_from_server": 1,
    }
    assert seen.evidence.frames == (5,)
    assert seen.description == (
        "1 of 2 RSTs is unlike what its endpoint otherwise sends, in 1 connection: 1 from the server. 1 of 2 whose "
        "time can be compared came sooner than 0.5 of the smallest round trip (the soonest 7 ms after the packet it "
        "follows, where that is 300 ms); 1 had a hop limit more than 2 outside the others' range."
    )


def test_another_hop_limit_alone() -> None:
    talk = request().rst("server", after=0.31, ttl=54)  # the others have 57
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    assert (seen.observations["other_hop_limit"], seen.observations["sooner_than_round_trip"]) == (1, 0)
    assert seen.observations["soonest_s"] is None
    assert seen.description.endswith("1 had a hop limit more than 2 outside the others' range.")
    assert observe(view(talk), RstUnlikePeerLimits(hops=3)) is None


def test_identification_and_window_of_another_packet() -> None:
    begun = Conversation(rtt=0.3).handshake().data("client", 100, after=1, ip_id=5000, window=600)
    copied = begun.rst("server", after=0.31, ip_id=5000, window=600)  # as the request; the server counts from 1
    seen = observe(view(copied), LIMITS)
    assert seen is not None
    assert seen.observations["repeated_identification"] == 1
    assert seen.description.endswith("1 repeated the IP identification and window of the other side's packets.")
    assert observe(view(request().rst("server", after=0.31, ip_id=3, window=502)), LIMITS) is None  # both count so far
    assert observe(view(request().rst("server", after=0.31, ip_id=900, window=502)), LIMITS) is None


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
