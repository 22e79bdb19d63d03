from pcapframe.patterns.open_at_edges import OpenAtEdgesLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = OpenAtEdgesLimits()


def midstream(number: int) -> Conversation:
    talk = Conversation(client_port=number, start=number)
    return talk.syn(drop=True).syn_ack(drop=True).data("client", 10).ack("server")


def test_start_and_end() -> None:
    at_start = midstream(1).close()  # frames 1 to 5
    throughout = midstream(2)  # 6 and 7
    at_end = Conversation(client_port=3, start=3).handshake()  # 8 to 10
    half_closed = Conversation(client_port=4, start=4).handshake().fin("server")  # 11 to 14
    seen = observe(view(at_start, throughout, at_end, half_closed, *healthy(2, start=10)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "open_at_start": 2,
        "open_at_end": 3,
        "half_closed_at_end": 1,
        "open_throughout": 1,
        "total_connections": 6,
    }
    assert seen.evidence.connection_count == 4
    assert seen.evidence.frames == (1, 6, 7, 10, 14)
    assert seen.description == (
        "Of 6 connections, 2 were already open at the start of the capture and 3 still open at its end, 1 of these "
        "closed by one side. 1 was open from start to end."
    )


def test_nothing_is_said_of_what_was_not_seen() -> None:
    seen = observe(view(Conversation(client_port=9).handshake(), *healthy(1, start=10)), LIMITS)
    assert seen is not None
    assert seen.description == (
        "Of 2 connections, 0 were already open at the start of the capture and 1 still open at its end."
    )


def test_connection_of_one_packet() -> None:
    seen = observe(view(Conversation().syn(drop=True).syn_ack(drop=True).data("client", 10)), LIMITS)
    assert seen is not None
    assert seen.observations["open_throughout"] == 1
    assert seen.evidence.frames == (1,)


def test_failed_handshakes_are_not_open() -> None:
    talks = (
        Conversation().syn(),
        Conversation(client_port=2).syn().syn_ack(),
        Conversation(client_port=3).refused(),
    )
    assert observe(view(*talks), LIMITS) is None


def test_whole_connections() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None


def test_threshold() -> None:
    assert observe(view(midstream(1)), OpenAtEdgesLimits(min_connections=2)) is None


def test_a_syn_ack_shows_that_a_connection_began_in_the_capture() -> None:
    one_way = Conversation(client_port=1).syn(drop=True).syn_ack().ack(drop=True).data("server", 10)
    seen = observe(view(one_way), LIMITS)
    assert seen is not None
    assert seen.observations["open_at_start"] == 0
    assert seen.observations["open_at_end"] == 1
