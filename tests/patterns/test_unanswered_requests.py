"""Requests whose response never came."""

import pytest

from pcapframe.patterns.unanswered_requests import UnansweredRequestsLimits, observe
from tests.patterns.views import view
from tests.patterns.waiting import talk

LIMITS = UnansweredRequestsLimits()


def test_the_client_gives_up() -> None:
    asked = talk(turns=1, close=False).data("client", 10).data("client", 10).ack("server").close(after=3)
    seen = observe(view(asked, talk(client_port=40001, start=30)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["connections"], found["total_connections"], found["ended_by"]) == (1, 2, {"fin": 1})
    assert found["waited_max_s"] == pytest.approx(
        0.02 + 9
    )  # its acknowledgement, then FIN, FIN, ACK, three seconds each
    assert seen.evidence.frames == (8, 9)


def test_open_until_the_capture_ends() -> None:
    asked = talk(turns=0, close=False).data("client", 10).ack("server")
    later = talk(client_port=40001, start=30)
    seen = observe(view(asked, later), LIMITS)
    assert seen is not None
    assert seen.observations["ended_by"] == {"open": 1}
    assert seen.observations["waited_max_s"] > 29
    assert observe(view(asked), LIMITS) is None  # the capture ends at once


def test_a_last_message_before_the_end_is_not_reported() -> None:
    assert observe(view(talk(close=False).data("client", 30).close()), LIMITS) is None


def test_a_response_that_the_capture_lacks_came() -> None:
    asked = talk(turns=1, close=False).data("client", 10).data("server", 500, drop=True).ack().close(after=3)
    assert observe(view(asked), LIMITS) is None


def test_without_packets_of_the_server() -> None:
    asked = talk(turns=0, close=False)
    asked.frames.clear()
    assert observe(view(asked.data("client", 10).fin("client", after=3)), LIMITS) is None
