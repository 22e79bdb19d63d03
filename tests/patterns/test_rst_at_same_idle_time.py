import pytest

from pcapframe.patterns.rst_at_same_idle_time import RstAtSameIdleTimeLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = RstAtSameIdleTimeLimits()


def silent(number: int, idle_s: float, side: str = "server") -> Conversation:
    """A connection reset after a silence, the RST its fifth packet."""
    talk = Conversation(client_port=number, start=1000 * number).handshake().data("client", 10)
    return talk.rst(side, after=idle_s)  # type: ignore[arg-type]


def test_same_time_on_many() -> None:
    same = [silent(i, 300 + i / 10, "client" if i == 1 else "server") for i in range(1, 6)]
    others = [silent(10, 20), silent(11, 900)]
    at_once = [silent(i, 0.001) for i in range(20, 40)]
    seen = observe(view(*same, *others, *at_once, *healthy(1)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "connections": 5,
        "reset_after_idle": 7,
        "share": pytest.approx(5 / 7),
        "idle_median_s": pytest.approx(300.3),
        "idle_min_s": pytest.approx(300.1),
        "idle_max_s": pytest.approx(300.5),
        "rst_to_server": 1,
        "rst_from_server": 4,
        "by_server": {"198.51.100.1:80": 5},
        "by_server_total": 1,
    }
    assert seen.evidence.connection_count == 5
    assert seen.evidence.frame_count == 5


def test_only_the_first_rst_of_a_connection_counts() -> None:
    talks = [silent(i, 0.001).rst("server", after=60) for i in range(1, 9)]
    assert observe(view(*talks), LIMITS) is None


def test_four_do_not_suffice() -> None:
    assert observe(view(*(silent(i, 60) for i in range(1, 5))), LIMITS) is None


def test_scattered_times() -> None:
    assert observe(view(*(silent(i, 1.1**i) for i in range(1, 30))), LIMITS) is None


def test_share_among_many() -> None:
    talks = [*(silent(i, 60) for i in range(1, 6)), *(silent(i, 1.1**i) for i in range(6, 30))]
    assert observe(view(*talks), LIMITS) is None
    assert observe(view(*talks), RstAtSameIdleTimeLimits(min_share=0.1)) is not None


def test_rst_without_a_packet_before_it() -> None:
    talks = [Conversation(client_port=i).rst("server") for i in range(1, 9)]
    assert observe(view(*talks), LIMITS) is None


def test_no_rst() -> None:
    assert observe(view(*healthy(2)), RstAtSameIdleTimeLimits(min_connections=0)) is None


def test_inferred_roles_give_no_direction() -> None:
    talks = [
        Conversation(client_port=i, server_port=50000, start=1000 * i).handshake(drop=True).data("client", 10)
        for i in range(60000, 60005)
    ]
    seen = observe(view(silent(1, 300), *(talk.rst("client", after=300) for talk in talks)), LIMITS)
    assert seen is not None
    assert (seen.observations["rst_to_server"], seen.observations["rst_from_server"]) == (0, 1)
    assert seen.description.endswith("; their RSTs: 1 from the server, 5 of unknown direction.")
