import pytest

from pcapframe.patterns.duplicate_ack_share import DuplicateAckShareLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = DuplicateAckShareLimits()


def repeating(duplicates: int, acks: int = 0) -> Conversation:
    """Data that the server acknowledges one by one, then `duplicates` repeats."""
    talk = Conversation(client_port=1).handshake()
    for _ in range(acks + 1):
        talk.data("client", 10).ack("server")
    for _ in range(duplicates):
        talk.ack("server", after=0.01)
    return talk


def test_share_of_all_acknowledgements() -> None:
    seen = observe(view(repeating(3, acks=45)), LIMITS)  # a share of 50 packets: one of the handshake, 46, three
    assert seen is not None
    found = seen.observations
    assert (found["duplicate_acks"], found["acks"]) == (3, 50)
    assert found["share"] == pytest.approx(0.06)
    assert found["share_low"] < 0.06 < found["share_high"]
    assert found["threshold"] == 0.05
    assert (found["connections"], found["connections_above"]) == (1, 1)
    assert found["by_connection"] == {"192.0.2.1:1 <-> 198.51.100.1:80": 3}
    assert (found["by_connection_total"], found["from_client"], found["from_server"]) == (1, 0, 3)
    assert seen.evidence.frames == (96, 97, 98)


def test_one_connection_among_many() -> None:
    traffic = view(repeating(5, acks=60), *healthy(100, start=10))
    seen = observe(traffic, LIMITS)
    assert seen is not None
    assert seen.observations["share"] < 0.05
    assert seen.observations["connections_above"] == 1
    assert observe(traffic, DuplicateAckShareLimits(min_acks=1000)) is None


def test_a_share_of_few_acknowledgements_says_little() -> None:
    assert observe(view(repeating(3, acks=40)), LIMITS) is None  # 3 of 45
    assert observe(view(repeating(2)), DuplicateAckShareLimits(min_acks=4)) is not None  # 2 of 4


def test_small_share() -> None:
    assert observe(view(repeating(2, acks=60)), LIMITS) is None


def test_none() -> None:
    assert observe(view(*healthy(2)), DuplicateAckShareLimits(share=0)) is None
