import pytest

from pcapframe.patterns.rst_after_fin import RstAfterFinLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = RstAfterFinLimits()


def test_who_reset_after_which_fin() -> None:
    by_closer = Conversation(client_port=1).handshake().fin("client").data("server", 10).rst("client", after=0.5)
    by_peer = Conversation(client_port=2, start=10).handshake().fin("client").rst("server", after=1)
    closed = Conversation(client_port=3, start=20).handshake().close().rst("server", after=2)
    before = Conversation(client_port=4, start=30).handshake().rst("client").fin("server")
    seen = observe(view(by_closer, by_peer, closed, before, *healthy(2, start=40)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "connections": 3,
        "closing_connections": 6,
        "share": 0.5,
        "rsts": 3,
        "after_both_fins": 1,
        "after_one_fin": 2,
        "from_first_closer": 1,
        "from_its_peer": 2,
        # 0.52 s, 1 s, and 0.02 s, 0.0001 s and 2 s
        "delay_median_s": pytest.approx(1.0),
    }
    assert seen.evidence.frames == (6, 11, 18)
    assert seen.description == (
        "3 of 6 connections with a FIN (50.0 %) had a RST after it, 1 s later (median). Of 3 such RSTs, 1 came after "
        "FINs of both sides, 2 after the FIN of one side."
    )


def test_packets_and_connections_are_told_apart() -> None:
    twice = Conversation().handshake().close().rst("server", after=2).rst("server", after=0.1)
    seen = observe(view(twice), LIMITS)
    assert seen is not None
    assert seen.description.startswith("1 of 1 connection with a FIN (100.0 %)")
    assert seen.description.endswith("Of 2 such RSTs, 2 came after FINs of both sides, 0 after the FIN of one side.")


def test_a_fin_that_ended_nothing_does_not_count() -> None:
    talk = Conversation().handshake().data("client", 100).send("server", "FA", lost=True)
    talk.hosts["server"].next -= 1
    assert observe(view(talk.data("server", 500).ack("client").rst("client", after=1)), LIMITS) is None


def test_fins_alone() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None


def test_rsts_alone() -> None:
    assert observe(view(Conversation().refused()), LIMITS) is None


def test_threshold() -> None:
    talk = Conversation().handshake().close().rst("server")
    assert observe(view(talk), RstAfterFinLimits(min_connections=2)) is None
