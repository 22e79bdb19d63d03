"""Transfers that the window or repairing holds back."""

import pytest

from pcapframe.patterns.held_back_transfers import HeldBackTransfersLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = HeldBackTransfersLimits()
SEGMENT = 1000


def narrow(port: int = 40000, rounds: int = 20, segments: int = 2, wait: float = 0.0) -> Conversation:
    """Rounds of two segments into a window of two, 50 ms and `wait` to the acknowledgement and back."""
    made = Conversation(
        client_port=port, rtt=0.05, mss=SEGMENT, timestamps=False, window_scale=None, window=2 * SEGMENT
    ).handshake()
    for _ in range(rounds):
        made.data("client", segments * SEGMENT, segment=SEGMENT).wait(wait).ack("server")
    return made.close()


def test_limited_by_the_window() -> None:
    seen = observe(view(narrow(), *healthy(3, port=50000, start=20)), LIMITS)
    assert seen is not None
    found = seen.observations
    assert [found[name] for name in ("directions", "total_directions", "connections", "total_connections")] == [
        1, 1, 1, 4,
    ]  # fmt: skip
    assert found["busy_s"] == pytest.approx(20 * 0.0502 - 0.0001 + 0.05)  # with the FIN
    assert found["window_limited_s"] == pytest.approx(19 * 0.0501)
    assert found["repairing_s"] == 0
    (listed,) = found["by_connection"]
    assert (listed["conn_id"], listed["sender"]) == (0, "client")
    assert listed["window_limited_s"] == found["window_limited_s"]
    assert seen.evidence.frames == tuple(range(5, 5 + 3 * 20, 3))  # the second segment of each round
    assert "held back for 90.3 % of the 1.05 s in which they were busy: 952 ms (90.3 %) limited" in seen.description


def test_repairing() -> None:
    made = Conversation(rtt=0.05, timestamps=False).handshake().data("client", 1000, lost=True)
    made.retransmit("client", after=0.3).retransmit("client", after=0.6).ack("server").close()
    seen = observe(view(made), LIMITS)
    assert seen is not None
    assert seen.observations["repairing_s"] == pytest.approx(0.65)
    assert seen.observations["repairing_share"] == pytest.approx(0.65 / (0.3 + 0.65 + 0.05), rel=1e-3)
    assert seen.evidence.frames == (5, 6)


def test_both_limits_are_inclusive() -> None:
    both = view(narrow())
    found = observe(both, LIMITS)
    assert found is not None
    busy, share = found.observations["busy_s"], found.observations["window_share"]
    assert observe(both, HeldBackTransfersLimits(busy_s=busy, share=share - 1e-9)) is not None
    assert observe(both, HeldBackTransfersLimits(busy_s=busy + 1e-6)) is None
    assert observe(both, HeldBackTransfersLimits(share=share + 1e-6)) is None
    assert observe(both, HeldBackTransfersLimits(min_directions=2)) is None


def test_a_window_that_is_never_full_is_not_reported() -> None:
    assert observe(view(narrow(segments=1)), LIMITS) is None
    assert observe(view(*healthy(5)), LIMITS) is None
