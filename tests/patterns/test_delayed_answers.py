import pytest

from pcapframe.patterns.delayed_answers import DelayedAnswersLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = DelayedAnswersLimits()


def answers(*after: float, **options: object) -> Conversation:
    """Small segments, each acknowledged after so long; the round trip takes 20 ms."""
    talk = Conversation(**options).handshake()  # type: ignore[arg-type]
    for wait in after:
        talk.data("client", 10, after=0.5).ack("server", after=wait)
    return talk


def test_forty_and_two_hundred_milliseconds() -> None:
    talk = answers(*[0.06] * 4, *[0.22] * 2, *[0.02] * 3, 0.1)
    seen = observe(view(talk, *healthy(1, start=30, port=2)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "delayed": 6,
        "measured": 10,
        "share": pytest.approx(0.6),
        "near_40_ms": 4,
        "near_200_ms": 2,
        "waited_s": pytest.approx(4 * 0.04 + 2 * 0.2),
        "connections": 1,
        "total_connections": 2,
        "by_connection": {"192.0.2.1:40000 <-> 198.51.100.1:80": 6},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == (5, 7, 9, 11, 13, 15)
    assert seen.description == (
        "6 of 10 segments that were acknowledged with nothing else outstanding (60.0 %) waited for a packet without "
        "payload: 4 near 40 ms and 2 near 200 ms beyond the round trip, 560 ms in all, in 1 of 2 connections."
    )


def test_a_round_trip_of_forty_milliseconds_is_no_delay() -> None:
    assert observe(view(answers(*[0.04] * 10, rtt=0.04)), LIMITS) is None


def test_answers_with_data_are_not_delayed() -> None:
    talk = Conversation().handshake()
    for _ in range(8):
        talk.data("client", 10, after=0.5).data("server", 10, after=0.06).ack()
    assert observe(view(talk), LIMITS) is None


def test_more_outstanding_is_not_measured() -> None:
    talk = Conversation().handshake()
    for _ in range(8):
        talk.data("client", 20, segment=10, after=0.5).ack("server", after=0.06)
    assert observe(view(talk), LIMITS) is None


def test_few() -> None:
    assert observe(view(answers(*[0.06] * 4)), LIMITS) is None
    assert observe(view(answers(*[0.06] * 5, *[0.02] * 16)), LIMITS) is None
    assert observe(view(*healthy(2)), DelayedAnswersLimits(min_segments=0)) is None
