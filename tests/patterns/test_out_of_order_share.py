import pytest

from pcapframe.patterns.out_of_order_share import OutOfOrderShareLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = OutOfOrderShareLimits()


def swapped(number: int = 1, pairs: int = 1, segments: int = 0) -> Conversation:
    """A handshake, data in order, then pairs of segments of which the first arrives after the second."""
    talk = Conversation(client_port=number, start=number, ip_ids={}).handshake()
    talk.data("client", 100 * segments, segment=100)
    for _ in range(pairs):
        seq, ip_id = talk.hosts["client"].next, talk.ip_ids["192.0.2.1"]
        talk.send("client", "A", 100, seq=seq + 100, ip_id=ip_id + 1)
        talk.send("client", "A", 100, seq=seq, ip_id=ip_id)
        talk.ip_ids["192.0.2.1"] = ip_id + 2
        talk.ack("server")
    return talk


def test_share_of_all_segments() -> None:
    seen = observe(view(swapped(segments=4)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["reordered_segments"], found["segments"]) == (
        1,
        8,
    )  # SYN, SYN-ACK, four in order, two swapped
    assert found["share"] == pytest.approx(1 / 8)
    assert found["share_low"] < 1 / 8 < found["share_high"]
    assert found["threshold"] == 0.01
    assert (found["connections"], found["connections_above"]) == (1, 0)
    assert found["by_connection"] == {"192.0.2.1:1 <-> 198.51.100.1:80": 1}
    assert (found["by_connection_total"], found["from_client"], found["from_server"]) == (1, 1, 0)
    assert seen.evidence.frames == (9,)


def test_one_connection_among_many() -> None:
    traffic = view(swapped(pairs=3, segments=150), *healthy(100, start=10))
    seen = observe(traffic, LIMITS)
    assert seen is not None
    assert seen.observations["share"] < 0.01
    assert seen.observations["connections_above"] == 1
    assert observe(traffic, OutOfOrderShareLimits(min_segments=1000)) is None


def test_small_share() -> None:
    assert observe(view(swapped(segments=200)), LIMITS) is None


def test_in_order() -> None:
    assert observe(view(*healthy(2)), OutOfOrderShareLimits(share=0)) is None
