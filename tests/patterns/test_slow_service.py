"""Servers that take long until their response begins."""

import pytest

from pcapframe.patterns.slow_service import SlowServiceLimits, observe
from tests.patterns.views import view
from tests.patterns.waiting import talk

LIMITS = SlowServiceLimits()


def test_every_turn_is_slow() -> None:
    seen = observe(view(talk(service=0.98), talk(client_port=40001, start=9, server_port=81)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert [found[name] for name in ("servers", "total_servers", "slow", "turns")] == [1, 2, 3, 3]
    assert (found["connections"], found["total_connections"]) == (1, 2)
    (server,) = found["by_server"]
    assert (server["server"], server["share"]) == ("198.51.100.1:80", 1)
    assert server["slow_median_s"] == pytest.approx(1.0002)  # with the path
    assert server["round_trip_s"] == pytest.approx(0.0201)
    assert seen.evidence.frames == (4, 6, 8, 10, 12, 14)
    assert "198.51.100.1:80 took 1 s (median)" in seen.description


def test_slow_beside_the_others_of_the_server() -> None:
    usual = [talk(client_port=40000 + i, start=i, turns=2) for i in range(10)]
    slow = talk(client_port=50000, start=20, service=0.2)
    seen = observe(view(*usual, slow), LIMITS)
    assert seen is not None
    (server,) = seen.observations["by_server"]
    assert (server["slow"], server["turns"]) == (3, 23)
    assert server["service_median_s"] == pytest.approx(0.0202)
    assert server["service_p95_s"] == pytest.approx(0.2202)
    assert observe(view(*usual, slow), SlowServiceLimits(share=0.2)) is None
    assert observe(view(*usual[:3], slow), LIMITS) is None  # too few to compare with, and below 0.5 s


def test_the_path_alone_is_not_slow_service() -> None:
    assert observe(view(talk(rtt=0.88)), LIMITS) is None
    assert observe(view(talk(rtt=0.2, service=0.6)), LIMITS) is None  # four round trips
    assert observe(view(talk(rtt=0.1, service=0.6)), LIMITS) is not None


def test_overlapping_turns_are_left_out() -> None:
    asked = talk(turns=0, close=False).data("client", 100).data("server", 1000)
    asked.data("client", 50).data("server", 1000, ack=101, after=2.0).data("server", 300, ack=151)
    assert observe(view(asked), LIMITS) is None
