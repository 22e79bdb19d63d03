from pcapframe.patterns.window_probes_unanswered import WindowProbesUnansweredLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = WindowProbesUnansweredLimits()


def shut(answered: int, unanswered: int, **options: object) -> Conversation:
    """Data against a window that closes with the fifth packet, then probes; the first is the sixth."""
    talk = Conversation(**options).handshake().data("server", 1000).ack(window=0)  # type: ignore[arg-type]
    for i in range(answered + unanswered):
        talk.keep_alive("server", after=0.3 * 2**i)
        if i < answered:
            talk.ack(window=0)
    return talk


def test_unanswered_ones() -> None:
    seen = observe(view(shut(1, 4), *healthy(1, start=60, port=3)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "unanswered": 4,
        "window_probes": 5,
        "connections": 1,
        "connections_with_window_probes": 1,
        "from_client": 0,
        "from_server": 4,
        "ended_by_rst": 0,
        "by_connection": {"192.0.2.1:40000 <-> 198.51.100.1:80": 4},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == (8, 9, 10, 11)
    assert seen.description == (
        "4 of 5 window probes (80.0 %) were unanswered, in 1 of 1 connection with any; 0 of these ended by a RST."
    )


def test_answered_and_few() -> None:
    assert observe(view(shut(4, 0), *healthy(1, start=60, port=3)), LIMITS) is None
    assert observe(view(shut(4, 1), *healthy(1, start=60, port=3)), LIMITS) is None
    assert observe(view(shut(1, 4)), WindowProbesUnansweredLimits(min_unanswered=4)) is None  # the last is too late


def test_keep_alives_are_no_window_probes() -> None:
    talk = Conversation().handshake().data("client", 10).ack("server")
    for _ in range(4):
        talk.keep_alive("client", after=10)
    assert observe(view(talk, *healthy(1, start=100, port=3)), LIMITS) is None
