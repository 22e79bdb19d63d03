"""Which segments are looked at, and how they follow each other."""

from pcapframe.events import Totals, gather_events
from tests.builders import Conversation
from tests.patterns.views import frames


def gathered(talk: Conversation) -> tuple[list[int], Totals]:
    rows, totals = gather_events(*frames(talk))
    return (rows + 1).tolist(), totals  # frames


def test_an_idle_time_is_kept_with_what_is_around_it() -> None:
    talk = Conversation().handshake().data("client", 9).ack("server").data("client", 9, after=5).ack("server")
    events, totals = gathered(talk.data("server", 9))
    (idle,) = totals.idle
    assert (idle["frame"], idle["before"], idle["behind"], idle["answer"]) == (6, 5, 7, 7)
    assert {5, 6, 7} <= set(events)


def test_a_reset_is_kept_with_the_packets_before_it() -> None:
    talk = Conversation().handshake().data("client", 9).ack("server").data("client", 9).rst("server")
    events, totals = gathered(talk)
    (reset,) = totals.resets
    assert (reset["frame"], reset["before"], reset["earlier"]) == (7, 6, 4)
    assert {4, 6, 7} <= set(events)


def test_a_window_that_opens_again_is_an_event() -> None:
    talk = Conversation().handshake()
    for _ in range(5):
        talk.data("server", 9).ack("client")
    talk.ack("client", window=0).ack("client", window=500)
    opens = len(list(talk))
    for _ in range(5):
        talk.data("server", 9).ack("client")
    events, _ = gathered(talk)
    assert opens in events
    assert opens - 6 not in events


def test_segments_of_several_packets_are_counted() -> None:
    talk = Conversation().handshake().data("client", 3000).ack("server").data("server", 100)
    _, totals = gathered(talk)
    assert totals.sides["oversized"].tolist() == [0, 1]
    assert totals.sides["largest_oversized"].tolist() == [0, 3000]
    assert totals.oversized["frame"].tolist() == [4]


def test_connections_of_one_packet_say_nothing_of_each_other() -> None:
    long = Conversation(client_port=50000).handshake().data("client", 9).ack("server")
    alone = [Conversation(client_port=40000 + port, start=2.0 * port) for port in range(4)]
    alone[0].data("client", 10_000)
    alone[1].rst("client")
    alone[2].data("client", 10_000)
    alone[3].ack("server")
    rows, totals = gather_events(*frames(long, *alone))
    assert totals.idle.size == 0
    assert totals.resets[["before", "earlier"]].tolist() == [(-1, -1)]
    assert sorted(totals.sides["oversized"].tolist())[-3:] == [0, 1, 1]
    assert totals.oversized.size == 2
    assert set(range(9)) - set(rows.tolist()) == {3}  # the ACK that ends the handshake
