import pytest

from pcapframe.patterns.peer_falls_silent import PeerFallsSilentLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = PeerFallsSilentLimits()


def silent(times: int, *, before: int = 20, **options: object) -> Conversation:
    """Data that the server acknowledges, so many segments; then one that it does not, sent so often again."""
    talk = Conversation(**options).handshake()  # type: ignore[arg-type]
    for _ in range(before):
        talk.data("client", 100).ack("server")
    talk.data("client", 100)
    for i in range(times):
        talk.retransmit("client", after=0.3 * 2**i, lost=True)
    return talk


def test_nothing_comes_back() -> None:
    seen = observe(view(silent(4), *healthy(1, start=50, port=2)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "connections": 1,
        "total_connections": 2,
        "resends": 4,
        "packets": 3 + 40 + 5,
        "silent_client": 0,
        "silent_server": 1,
        "waited_max_s": pytest.approx(0.0001 + 0.3 * 15),
        "ended_by_rst": 0,
        "by_connection": {"192.0.2.1:40000 <-> 198.51.100.1:80": 4},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == (45, 46, 47, 48)
    assert seen.description == (
        "In 1 of 2 connections data was retransmitted 4 times (8.3 % of its 48 packets) without an answer, for "
        "4.5 s at most, and none of it was acknowledged."
    )


def test_a_small_share_of_many_packets() -> None:
    seen = observe(view(silent(3, before=500)), LIMITS)
    assert seen is not None
    assert (seen.observations["resends"], seen.observations["packets"]) == (3, 1007)


def test_a_rst_at_the_end_is_no_answer() -> None:
    for side in ("client", "server"):
        seen = observe(view(silent(4).rst(side, after=10)), LIMITS)  # type: ignore[arg-type]
        assert seen is not None
        assert seen.observations["ended_by_rst"] == 1


def test_something_comes_back() -> None:
    assert observe(view(silent(4).ack("server")), LIMITS) is None


def test_what_was_acknowledged_before() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server")
    for i in range(4):
        talk.retransmit("client", after=0.3 * 2**i)
    assert observe(view(talk), LIMITS) is None


def test_a_direction_that_was_not_captured() -> None:
    talk = Conversation().syn().syn_ack(drop=True).ack().data("client", 100)
    for i in range(4):
        talk.retransmit("client", after=0.3 * 2**i)
    assert observe(view(talk), LIMITS) is None


def test_few() -> None:
    assert observe(view(silent(2)), LIMITS) is None
    assert observe(view(silent(4)), PeerFallsSilentLimits(min_connections=2)) is None
    assert observe(view(*healthy(2)), LIMITS) is None
