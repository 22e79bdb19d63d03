import pytest

from pcapframe.patterns.long_idle_gaps import LongIdleGapsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = LongIdleGapsLimits()


def test_what_ends_idle_gaps() -> None:
    one = Conversation(client_port=1).handshake().data("client", 10, after=60)  # frame 4
    one.ack("server").keep_alive("client", 0, after=100).ack("server")  # frame 6
    one.rst("server", after=200)  # frame 8
    two = Conversation(client_port=2, start=400).handshake().data("server", 10).fin("client", after=80)  # frame 13
    seen = observe(view(one, two, *healthy(2, start=500)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "gaps": 4,
        "connections": 2,
        "total_connections": 4,
        "by_connection": {"192.0.2.1:1 <-> 198.51.100.1:80": 3, "192.0.2.1:2 <-> 198.51.100.1:80": 1},
        "by_connection_total": 2,
        "longest_s": pytest.approx(200),
        "median_s": pytest.approx(90),
        "threshold_s": 60.0,
        "ended_by": {"rst": 1, "fin": 1, "keep_alive": 1, "data": 1},
        "ended_by_client": 3,
    }
    assert seen.evidence.frames == (4, 6, 8, 13)
    assert seen.description.endswith("ended by: 1 RST, 1 FIN, 1 keep-alive, 1 data.")


def test_window_probes_are_no_keep_alives() -> None:
    talk = Conversation().handshake().data("server", 100).ack(window=0).keep_alive("server", after=60).ack(window=0)
    talk.ack(window=500).keep_alive("server", after=100).ack(window=500)
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    assert seen.observations["ended_by"] == {"window_probe": 1, "keep_alive": 1}
    assert seen.description.endswith("ended by: 1 window probe, 1 keep-alive.")


def test_shorter_idle_gaps() -> None:
    talk = Conversation().handshake().data("client", 10, after=59).ack("server").data("client", 10, after=59)
    assert observe(view(talk), LIMITS) is None
    assert observe(view(talk), LongIdleGapsLimits(idle_s=59)) is not None


def test_retries_of_unanswered_syns_are_left_out() -> None:
    assert observe(view(Conversation().syn().syn(after=64)), LIMITS) is None


def test_connections_side_by_side() -> None:
    talks = [Conversation(client_port=i, start=100 * i).handshake() for i in range(1, 4)]
    assert observe(view(*talks), LIMITS) is None
