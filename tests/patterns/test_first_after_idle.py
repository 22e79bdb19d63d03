import pytest

from pcapframe.patterns.first_after_idle import FirstAfterIdleLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = FirstAfterIdleLimits()


def begun(number: int) -> Conversation:
    """Handshake, request and answer; five packets."""
    talk = Conversation(client_port=number, start=5000 * number).handshake()
    return talk.data("client", 10).data("server", 10)


def test_survived_and_not() -> None:
    one = begun(1).data("client", 10, after=100).data("server", 10)  # frame 6: survived 100 s
    one.data("client", 10, after=400).rst("server")  # frames 8 and 9
    two = begun(2).data("client", 10, after=300, lost=True)  # frame 15: nothing comes back
    two.retransmit("client", after=60).retransmit("client", after=120)
    three = begun(3).keep_alive("client", after=250).ack("server")  # survived 250 s
    seen = observe(view(one, two, three, *healthy(1, start=30_000)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "first_packets": 4,
        "answered_by_rst": 1,
        "unanswered": 1,
        "survived": 2,
        "connections": 2,
        "connections_idle": 3,
        "survived_longest_s": pytest.approx(250),
        "not_survived_shortest_s": pytest.approx(300),
        "threshold_s": 30.0,
        "from_client": 2,
    }
    assert seen.evidence.frames == (8, 9, 15)
    assert seen.description == (
        "Of 4 packets that came first after an idle time of at least 30 s, 1 was answered by a RST and 1 not at all, "
        "in 2 of 3 connections. The shortest idle time of these was 300 s; the longest survived was 250 s."
    )


def test_all_survive() -> None:
    assert observe(view(begun(1).data("client", 10, after=100).data("server", 10)), LIMITS) is None


def test_after_the_fin_of_the_other_side_a_rst_is_no_news() -> None:
    talk = begun(1).fin("server").ack().data("client", 10, after=100).rst("server")
    assert observe(view(talk), LIMITS) is None


def test_a_rst_that_ends_the_idle_time_answers_nothing() -> None:
    assert observe(view(begun(1).rst("server", after=100)), LIMITS) is None


def test_the_end_of_the_capture_leaves_no_time_for_an_answer() -> None:
    talk = begun(1).data("client", 10, after=100)
    later = Conversation(client_port=9, start=talk.now + 10).handshake()
    assert observe(view(talk, later), LIMITS) is None  # it was not sent again
    talk.retransmit("client", after=0.3)
    assert observe(view(talk), LIMITS) is None
    later = Conversation(client_port=9, start=talk.now + 3.5).handshake()
    assert observe(view(talk, later), LIMITS) is not None


def test_a_direction_that_was_not_captured() -> None:
    talk = Conversation().handshake(drop=True).data("client", 10).data("client", 10, after=100)
    assert observe(view(talk.data("client", 10, after=10)), LIMITS) is None


def test_thresholds() -> None:
    talk = begun(1).data("client", 10, after=100).rst("server")
    assert observe(view(talk), LIMITS) is not None
    assert observe(view(talk), FirstAfterIdleLimits(idle_s=101)) is None
    assert observe(view(talk), FirstAfterIdleLimits(min_connections=2)) is None
