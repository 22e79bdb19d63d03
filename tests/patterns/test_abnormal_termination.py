import pytest

from pcapframe.patterns.abnormal_termination import AbnormalTerminationLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = AbnormalTerminationLimits()


def test_resets_and_refusals() -> None:
    reset = Conversation(client_port=1).handshake().rst("client")
    refused = Conversation(client_port=2, start=1).refused()
    seen = observe(view(reset, refused, *healthy(6, start=10)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "reset_count": 2,
        "normal_close": 6,
        "total_connections": 8,
        "reset_rate": 0.25,
        "reset_rate_low": pytest.approx(0.0715, abs=1e-4),
        "reset_rate_high": pytest.approx(0.5907, abs=1e-4),
        "threshold": 0.1,
        "refused": 1,
    }
    assert seen.evidence.frames == (4, 6)


def test_rst_after_both_fins_is_no_reset() -> None:
    assert observe(view(*(talk.rst("client") for talk in healthy(3))), LIMITS) is None


def test_one_in_ten_is_not_above_the_threshold() -> None:
    reset = Conversation(client_port=1).handshake().rst("client")
    assert observe(view(reset, *healthy(9, start=10)), LIMITS) is None
    assert observe(view(reset, *healthy(8, start=10)), LIMITS) is not None


def test_no_resets() -> None:
    assert observe(view(*healthy(2)), AbnormalTerminationLimits(reset_rate=0)) is None
