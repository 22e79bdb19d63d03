import pytest

from pcapframe.patterns.small_window import SmallWindowLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = SmallWindowLimits()


def tiny(times: int, window: int = 10, *, apart: float = 0.5, **options: object) -> Conversation:
    """One segment of 1,000 bytes, then so many that fill a window of so many bytes, each acknowledged."""
    talk = Conversation(window_scale=None, **options).handshake()  # type: ignore[arg-type]
    talk.data("server", 1000).ack(window=window)
    for _ in range(times):
        talk.data("server", window, after=apart).ack(window=window)
    return talk


def test_windows_of_ten_bytes() -> None:
    seen = observe(view(tiny(8), *healthy(1, start=30, port=2)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "packets": 8,
        "data_packets": 9,
        "directions": 1,
        "connections": 1,
        "total_connections": 2,
        "window_min_bytes": 10,
        "window_median_bytes": 10.0,
        "largest_segment_bytes": 1000,
        "lasted_max_s": pytest.approx(7 * 0.5001),
        "by_connection": {"192.0.2.1:40000 <-> 198.51.100.1:80": 8},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == tuple(range(6, 21, 2))
    assert seen.description == (
        "8 of 9 segments with payload (88.9 %) filled a window of 10 bytes (median; the largest segment has 1,000), "
        "for 3.5 s at most, in 1 of 2 connections; no window was 0."
    )


def test_a_window_of_a_few_segments() -> None:
    talk = Conversation(window_scale=None).handshake(window=3000)
    for _ in range(6):
        talk.data("server", 3000, segment=1000, after=0.2).ack(window=3000)
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    assert (seen.observations["packets"], seen.observations["data_packets"]) == (6, 18)
    assert seen.observations["window_median_bytes"] == 3000.0
    assert observe(view(talk), SmallWindowLimits(segments=2)) is None


def test_a_large_window_that_is_filled_is_not_small() -> None:
    talk = Conversation(window_scale=None).handshake(window=10_000)
    for _ in range(6):
        talk.data("server", 10_000, segment=1000, after=0.2).ack(window=10_000)
    assert observe(view(talk), LIMITS) is None


def test_windows_that_reach_zero_are_told_elsewhere() -> None:
    assert observe(view(tiny(8).data("server", 10).ack(window=0).ack(window=10)), LIMITS) is None


def test_few_and_short() -> None:
    assert observe(view(tiny(4)), LIMITS) is None
    assert observe(view(tiny(8, apart=0.01)), LIMITS) is None
    assert observe(view(tiny(8)), SmallWindowLimits(share=0.9)) is None
    assert observe(view(*healthy(2)), LIMITS) is None
