"""Connections whose time is mostly the client's waiting."""

import pytest

from pcapframe.patterns.client_waits import ClientWaitsLimits, observe
from tests.patterns.views import view
from tests.patterns.waiting import talk

LIMITS = ClientWaitsLimits()


def test_waits_before_every_request() -> None:
    seen = observe(view(talk(wait=1.35), talk(client_port=40001, start=20)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["connections"], found["total_connections"], found["requests"]) == (1, 2, 3)
    assert found["waited_s"] == pytest.approx(1.3501 + 2 * 1.3502)  # since the handshake, or the response
    assert found["longest_s"] == pytest.approx(1.3502)
    assert found["by_connection"][0]["connection"] == "192.0.2.1:40000 <-> 198.51.100.1:80"
    assert seen.evidence.frames == (4, 8, 12)


def test_only_the_long_waits_are_evidence() -> None:
    asked = talk(turns=1, close=False).data("client", 10, after=3).data("server", 10).close()
    seen = observe(view(asked), LIMITS)
    assert seen is not None
    assert seen.observations["requests"] == 1
    assert seen.evidence.frames == (8,)


def test_a_small_share_is_not_reported() -> None:
    assert observe(view(talk(wait=0.6, service=1.0)), LIMITS) is None
    assert observe(view(talk(wait=0.6, service=1.0)), ClientWaitsLimits(share=0.3)) is not None


def test_one_client_that_pauses_among_many_is_not_reported() -> None:
    """Of 11 connections one pauses: 9 %, below a tenth."""
    quick = [talk(client_port=40001 + n, start=20 + n) for n in range(10)]
    assert observe(view(talk(wait=1.35), *quick), LIMITS) is None
    seen = observe(view(talk(wait=1.35), *quick[1:]), LIMITS)
    assert seen is not None
    assert seen.observations["total_connections"] == 10
    assert observe(view(talk(wait=1.35), *quick), ClientWaitsLimits(connections_share=0.05)) is not None


def test_the_path_at_the_server_is_no_wait() -> None:
    assert observe(view(talk(rtt=0.88, at="server")), LIMITS) is None


def test_the_greeting_is_the_server_s() -> None:
    mail = talk(turns=0, close=False).data("server", 60, after=2.0).ack().data("client", 10).data("server", 10).close()
    assert observe(view(mail), LIMITS) is None


def test_the_description_has_share_and_longest() -> None:
    seen = observe(view(talk(wait=1.35)), LIMITS)
    assert seen is not None
    assert "most of the time: 4.05 s of 4.15 s (97.6 %), at most 1.35 s before one request." in seen.description
