from pcapframe.patterns.window_moved_back import WindowMovedBackLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = WindowMovedBackLimits()


def test_an_edge_that_moves_back() -> None:
    talk = Conversation(client_port=1).handshake().data("server", 1000)  # the client offered 1 + 502 * 128 = 64257
    talk.ack(window=400).data("server", 1000)  # to 1001 + 51200 = 52201, 12,056 bytes back; frame 5
    talk.ack(window=392)  # 2001 + 50176 = 52177, 24 bytes back: less than one unit of 128
    talk.data("server", 10).ack(window=100)  # 2011 + 12800 = 14811, 37,390 bytes behind 52201; frame 9
    seen = observe(view(talk, *healthy(1, start=10)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "packets": 2,
        "ack_packets": 17,
        "from_client": 2,
        "from_server": 0,
        "connections": 1,
        "total_connections": 2,
        "moved_back_median_bytes": (12056 + 37390) / 2,
        "moved_back_max_bytes": 37390,
        "by_connection": {"192.0.2.1:1 <-> 198.51.100.1:80": 2},
        "by_connection_total": 1,
    }
    assert seen.evidence.frames == (5, 9)
    assert seen.description == (
        "2 of 17 packets with ACK moved the right edge of their sender's window back, by 37,390 bytes at most, in 1 of "
        "2 connections."
    )


def test_a_window_that_data_fills_keeps_its_edge() -> None:
    talk = Conversation(window_scale=None).handshake(window=4000)
    for left in (3000, 2000, 1000, 0):
        talk.data("server", 1000).ack(window=left)
    assert observe(view(talk), LIMITS) is None


def test_an_overtaken_acknowledgement_moves_nothing() -> None:
    talk = Conversation(window_scale=None).handshake(window=4000).data("server", 1000).data("server", 1000)
    talk.ack(window=5000, ts=(10_100, 70_020)).ack(window=3000, ack=1001, ts=(10_090, 70_020))
    assert observe(view(talk), LIMITS) is None


def test_a_side_that_has_closed_may_offer_what_it_likes() -> None:
    talk = Conversation().handshake().data("server", 10).fin("client", window=3).ack("server").data("server", 10)
    assert observe(view(talk.ack(window=0)), LIMITS) is None


def test_an_unknown_scale_and_resets_say_nothing() -> None:
    talk = Conversation().handshake(drop=True).data("server", 10).ack().data("server", 10).ack(window=1)
    assert observe(view(talk), LIMITS) is None
    assert observe(view(Conversation().handshake().data("server", 10).ack().rst("client", window=0)), LIMITS) is None


def test_threshold() -> None:
    talk = Conversation().handshake().data("server", 1000).ack(window=400)
    assert observe(view(talk), LIMITS) is not None
    assert observe(view(talk), WindowMovedBackLimits(min_packets=2)) is None
    assert observe(view(talk), WindowMovedBackLimits(min_bytes=12057)) is None
