import pytest

from pcapframe.patterns.zero_window import ZeroWindowLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = ZeroWindowLimits()


def test_how_long_windows_stay_closed() -> None:
    twice = Conversation(client_port=1).handshake().data("server", 100)
    twice.ack(window=0).ack(window=0, after=1).ack(window=500, after=1)  # closed for 2 s, frames 5 and 6
    twice.data("server", 100).ack(window=0).ack(window=500, after=4)  # for 4 s, frame 9
    for_good = Conversation(client_port=2, start=20).handshake().data("client", 100)
    for_good.ack("server", window=0).rst("server", window=0, after=3)  # frame 15
    seen = observe(view(twice, for_good, *healthy(1, start=30)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "packets": 4,
        "total_packets": 26,
        "from_client": 3,
        "from_server": 1,
        "connections": 2,
        "by_connection": {"192.0.2.1:1 <-> 198.51.100.1:80": 3, "192.0.2.1:2 <-> 198.51.100.1:80": 1},
        "by_connection_total": 2,
        "closures": 3,
        "not_reopened": 1,
        "not_reopened_max_s": pytest.approx(3.0),
        "closed_total_s": pytest.approx(6.0),
        "closed_median_s": pytest.approx(3.0),
        "closed_max_s": pytest.approx(4.0),
    }
    assert seen.evidence.frames == (5, 6, 9, 15)
    assert seen.description.endswith(
        "Windows closed 3 times: 2 times for 4 s at most and 1 time not seen to open again for 3 s at least."
    )


def test_window_that_stays_closed() -> None:
    talk = Conversation().handshake().data("server", 100).ack(window=0).keep_alive("server", after=12).ack(window=0)
    seen = observe(view(talk.keep_alive("server", after=24)), LIMITS)
    assert seen is not None
    assert (seen.observations["closures"], seen.observations["not_reopened"]) == (1, 1)
    assert seen.observations["closed_max_s"] is None
    assert seen.description.endswith("Windows closed 1 time, not seen to open again for 36 s at least.")


def test_each_side_has_its_own_window() -> None:
    talk = Conversation().handshake().data("server", 10).ack(window=0).ack("server").ack("server").ack(after=1)
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    assert seen.observations["closed_max_s"] == pytest.approx(1.0201, abs=1e-3)
    assert seen.description.endswith("Windows closed 1 time, for 1.02 s at most.")


def test_open_windows() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None
