from pcapframe.patterns.sack_beyond_sent import SackBeyondSentLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = SackBeyondSentLimits()


def transfer(*blocks: tuple[int, int], port: int = 1, **options: object) -> Conversation:
    """Three segments up to 3001 of which the server lacks the first, and an answer with SACK, the seventh packet."""
    talk = Conversation(client_port=port, **options).handshake()  # type: ignore[arg-type]
    talk.data("client", 1000, lost=True).data("client", 2000, segment=1000)
    return talk.ack("server", sack=blocks)


def test_edges_beyond_what_was_sent() -> None:
    seen = observe(view(transfer((1_000_000, 1_500_000)), transfer((1001, 3001), port=2, start=5)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "packets": 1,
        "sack_packets": 2,
        "from_client": 0,
        "from_server": 1,
        "connections": 1,
        "beyond_max_bytes": 1_500_000 - 3001,
        "by_connection": {"192.0.2.1:1 <-> 198.51.100.1:80": 1},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == (7,)
    assert seen.description == (
        "1 of 2 packets with SACK reports data that the peer never sent, up to 1,496,999 bytes beyond it, in 1 "
        "connection."
    )


def test_edges_before_the_syn() -> None:
    seen = observe(view(transfer((-9000, -8000))), LIMITS)
    assert seen is not None
    assert seen.observations["beyond_max_bytes"] is None
    assert "never sent, in 1 connection." in seen.description


def test_sack_of_what_was_sent_and_of_what_came_twice() -> None:
    talk = transfer((1001, 3001)).retransmit("client", 1).ack("server").retransmit("client", 1)
    assert observe(view(talk.ack("server", sack=[(1, 1001)])), LIMITS) is None  # the last one a DSACK


def test_sack_of_what_is_sent_where_the_capture_looks_later() -> None:
    early = Conversation().handshake().data("client", 1000, lost=True).ack("server", sack=[(1001, 2001)])
    assert observe(view(early.data("client", 1000)), LIMITS) is None


def test_one_direction_says_nothing_of_the_other() -> None:
    talk = Conversation().handshake(drop=True)
    for _ in range(3):
        talk.ack("server", sack=[(5000, 9000)])
    assert observe(view(talk), LIMITS) is None


def test_no_sack_and_threshold() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None
    assert observe(view(transfer((10_000, 11_000))), SackBeyondSentLimits(min_packets=2)) is None
