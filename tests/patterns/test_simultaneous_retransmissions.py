from pcapframe import build_connections
from pcapframe.patterns import Traffic
from pcapframe.patterns.simultaneous_retransmissions import SimultaneousRetransmissionsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import frames, healthy, view

LIMITS = SimultaneousRetransmissionsLimits()


def resending(number: int, at: float, times: int = 1) -> Conversation:
    """A connection whose first data is sent again at a given second, and within 0.1 s as often as asked."""
    talk = Conversation(client_port=number, start=number / 100).handshake().data("client", 100, lost=True)
    talk.retransmit("client", 1, after=at - talk.now)
    for _ in range(times - 1):
        talk.retransmit("client", 1, after=0.05)
    return talk


def test_many_in_one_second() -> None:
    talks = [resending(i, 30.2, times=2) for i in range(1, 8)] + [resending(20, 10.5), resending(21, 40.5)]
    seen = observe(view(*talks), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "seconds": [{"time": "1970-01-01T00:00:30+00:00", "connections": 7, "resent_segments": 14}],
        "seconds_total": 1,
        "capture_seconds": 41,
        "median_connections": 0.0,
        "most_connections": 7,
    }
    assert (seen.evidence.connection_count, seen.evidence.frame_count) == (7, 14)


def test_one_connection_many_times() -> None:
    assert observe(view(resending(1, 30.2, times=10)), LIMITS) is None


def test_spread_over_seconds() -> None:
    assert observe(view(*(resending(i, 10.5 + i) for i in range(1, 20))), LIMITS) is None


def test_no_more_than_in_other_seconds() -> None:
    # Nine in each of nine seconds of ten, ten in one: 9 + 6 * 3 would be many.
    talks = [resending(20 * second + i, second + 0.2) for second in range(3, 12) for i in range(9)]
    assert observe(view(*talks, resending(500, 11.2)), LIMITS) is None
    assert observe(view(*talks, resending(500, 11.2)), SimultaneousRetransmissionsLimits(deviations=0.1)) is not None


def test_repeated_syns_are_left_out() -> None:
    talks = [Conversation(client_port=i).syn().syn(after=3) for i in range(1, 20)]
    assert observe(view(*talks), LIMITS) is None


def test_capture_within_one_second() -> None:
    talks = [resending(i, 0.9) for i in range(1, 9)]
    assert observe(view(*talks), LIMITS) is None
    assert observe(view(*talks, *healthy(4, port=900)), LIMITS) is not None


def test_packets_without_a_time() -> None:
    segments, _ = frames(*(resending(i, 5.2 + i) for i in range(3)))
    segments["time"] = segments["time"].where(segments["resent"])
    assert observe(Traffic(segments, build_connections(segments)), LIMITS) is None
    segments["time"] = segments["time"].where(segments["ttl"] == 0)
    assert observe(Traffic(segments, build_connections(segments)), LIMITS) is None


def test_nothing_resent() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None
