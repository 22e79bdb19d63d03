import pytest

from pcapframe.patterns.handshake_time_outliers import HandshakeTimeOutliersLimits, observe
from tests.builders import Conversation
from tests.patterns.views import view

LIMITS = HandshakeTimeOutliersLimits()


def handshakes(*rtts: float, server: str = "198.51.100.1", first: int = 1) -> list[Conversation]:
    return [
        Conversation(client_port=first + i, server=server, start=first + i, rtt=rtt).handshake()
        for i, rtt in enumerate(rtts)
    ]


def test_slower_and_faster() -> None:
    usual = [0.2, 0.21] * 6
    seen = observe(view(*handshakes(*usual, 0.5, 0.01)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert (found["slower"], found["faster"], found["handshakes"], found["servers"]) == (1, 1, 14, 1)
    assert found["with_repeated_syn"] == 0
    assert found["outliers_total"] == 2
    assert found["outliers"] == [
        {
            "conn_id": 12,
            "connection": "192.0.2.1:13 <-> 198.51.100.1:80",
            "handshake_s": pytest.approx(0.5),
            "server_median_s": pytest.approx(0.205),
        },
        {
            "conn_id": 13,
            "connection": "192.0.2.1:14 <-> 198.51.100.1:80",
            "handshake_s": pytest.approx(0.01),
            "server_median_s": pytest.approx(0.205),
        },
    ]
    assert seen.evidence.frames == (37, 38, 40, 41)


def test_repeated_syns_are_counted_beside() -> None:
    slow = Conversation(client_port=99, start=99, rtt=0.02).syn().syn(after=1).syn_ack().ack()
    seen = observe(view(*handshakes(*[0.02] * 10), slow), LIMITS)
    assert seen is not None
    assert (seen.observations["slower"], seen.observations["with_repeated_syn"]) == (1, 1)


def test_each_server_has_its_own_median() -> None:
    near, far = handshakes(*[0.002] * 10), handshakes(*[0.3] * 10, server="198.51.100.2", first=50)
    assert observe(view(*near, *far), LIMITS) is None


def test_spread_of_the_server_counts() -> None:
    # Median 0.2 s, median absolute deviation 0.05 s: six scaled deviations are 0.44 s.
    wide = [0.1, 0.15, 0.15, 0.15, 0.2, 0.2, 0.2, 0.25, 0.25, 0.25, 0.3]
    assert observe(view(*handshakes(*wide, 0.6)), LIMITS) is None
    assert observe(view(*handshakes(*wide, 0.7)), LIMITS) is not None


def test_few_handshakes_are_not_compared() -> None:
    assert observe(view(*handshakes(*[0.02] * 8, 0.9)), LIMITS) is None
    assert observe(view(*handshakes(*[0.02] * 9, 0.9)), LIMITS) is not None


def test_no_handshake() -> None:
    assert observe(view(Conversation().syn()), LIMITS) is None
