import pytest

from pcapframe.patterns.rst_at_same_age import RstAtSameAgeLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = RstAtSameAgeLimits()


def aged(number: int, age_s: float, *, apart: float = 100.0, side: str = "server") -> Conversation:
    """A connection that is busy to its end, when it is reset."""
    talk = Conversation(client_port=number, start=apart * number).handshake()
    for _ in range(3):
        talk.data("client", 10, after=age_s / 5).ack("server")
    return talk.rst(side, after=apart * number + age_s - talk.now)  # type: ignore[arg-type]


def test_same_age_on_many() -> None:
    same = [aged(i, 60 + i / 10, side="client" if i == 1 else "server") for i in range(1, 6)]
    seen = observe(view(*same, aged(10, 20), aged(11, 900), *healthy(1)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "connections": 5,
        "reset_at_age": 7,
        "share": pytest.approx(5 / 7),
        "age_median_s": pytest.approx(60.3),
        "age_min_s": pytest.approx(60.1),
        "age_max_s": pytest.approx(60.5),
        "begun_within_s": pytest.approx(400),
        "rst_to_server": 1,
        "rst_from_server": 4,
        "by_server": {"198.51.100.1:80": 5},
        "by_server_total": 1,
    }
    assert seen.evidence.connection_count == seen.evidence.frame_count == 5
    assert seen.description == (
        "5 of 7 connections reset at an age of at least 5 s (71.4 %) had an age of 60.1 s to 60.5 s then, begun within "
        "400 s; their RSTs: 1 to the server, 4 from the server."
    )


def test_begun_together_and_reset_together() -> None:
    assert observe(view(*(aged(i, 60 + i / 10, apart=0.1) for i in range(1, 9))), LIMITS) is None


def test_scattered_ages_and_few() -> None:
    assert observe(view(*(aged(i, 6 * 1.2**i) for i in range(1, 9))), LIMITS) is None
    assert observe(view(*(aged(i, 60) for i in range(1, 5))), LIMITS) is None


def test_an_age_needs_its_syn() -> None:
    talks = [
        Conversation(client_port=i, start=100 * i).handshake(drop=True).data("client", 10).rst("server", after=60)
        for i in range(1, 9)
    ]
    assert observe(view(*talks), LIMITS) is None


def test_share_among_many() -> None:
    talks = [*(aged(i, 60) for i in range(1, 6)), *(aged(i, 6 * 1.1**i) for i in range(6, 28))]
    assert observe(view(*talks), LIMITS) is None
    assert observe(view(*talks), RstAtSameAgeLimits(min_share=0.1)) is not None


def test_no_rst() -> None:
    assert observe(view(*healthy(2)), RstAtSameAgeLimits(min_connections=0)) is None
