from pcapframe.patterns.keep_alives_unanswered import KeepAlivesUnansweredLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = KeepAlivesUnansweredLimits()


def idle(answered: int, unanswered: int, **options: object) -> Conversation:
    """Request and answer, then keep-alives every 10 s; the first is the seventh packet."""
    talk = Conversation(**options).handshake().data("client", 10).data("server", 10).ack()  # type: ignore[arg-type]
    for _ in range(answered):
        talk.keep_alive("client", after=10).ack("server")
    for _ in range(unanswered):
        talk.keep_alive("client", after=10)
    return talk


def test_unanswered_ones() -> None:
    talk = idle(1, 3, client_port=1).rst("client", after=10)  # frames 7 and 8, 9, 10, 11
    other = idle(2, 0, client_port=2, start=100)
    seen = observe(view(talk, other, *healthy(1, start=300, port=3)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "unanswered": 3,
        "keep_alives": 6,
        "connections": 1,
        "connections_with_keep_alives": 2,
        "from_client": 3,
        "from_server": 0,
        "ended_by_rst": 1,
        "by_connection": {"192.0.2.1:1 <-> 198.51.100.1:80": 3},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == (9, 10, 11)
    assert seen.description == (
        "3 of 6 keep-alives (50.0 %) were unanswered, in 1 of 2 connections with any; 1 of these ended by a RST."
    )


def test_answered_and_few() -> None:
    assert observe(view(idle(5, 0), *healthy(1, start=300, port=3)), LIMITS) is None
    assert observe(view(idle(5, 1), *healthy(1, start=300, port=3)), LIMITS) is None


def test_the_end_of_the_capture() -> None:
    talk = idle(1, 2)
    assert observe(view(talk), LIMITS) is None  # the last one has no time to be answered
    assert observe(view(talk), KeepAlivesUnansweredLimits(settle_s=0)) is not None


def test_one_direction() -> None:
    talk = Conversation().syn().syn_ack(drop=True).ack().data("client", 10).ack("server", drop=True)
    for _ in range(5):
        talk.keep_alive("client", after=10)
    assert observe(view(talk), LIMITS) is None
