import copy
import inspect
import pickle
import re
from dataclasses import FrozenInstanceError

import pytest

from pcapframe.errors import ParameterError
from pcapframe.patterns import Thresholds
from pcapframe.patterns._registry import PATTERNS
from pcapframe.patterns.packet_retransmission import PacketRetransmissionLimits


def test_every_pattern_has_its_parameters() -> None:
    known = Thresholds()
    for name, pattern in PATTERNS.items():
        assert getattr(known, name) == known.of(name) == pattern.LIMITS()
        assert name in dir(known)
    with pytest.raises(AttributeError, match="Thresholds has no 'zero_windows'"):
        _ = known.zero_windows


def test_known_defaults() -> None:
    values = Thresholds().to_dict()
    assert values["packet_retransmission.rate"] == 0.02
    assert values["rst_directional_asymmetry.significance"] == 0.05
    assert values["abnormal_termination.reset_rate"] == 0.1
    assert values["syn_response_imbalance.response_ratio"] == 0.5


def test_docstrings_name_every_parameter_with_unit_and_default() -> None:
    for pattern in PATTERNS.values():
        limits = pattern.LIMITS()
        docstring = inspect.getdoc(limits) or ""
        for name, default in limits._asdict().items():
            assert f"{name} : {type(default).__name__}, default {default!r}\n" in docstring
            described = docstring.split(f"{name} : ", 1)[1].split(" : ", 1)[0]
            assert re.search(r"\. \[[^\]]+\]", described), f"{pattern.NAME}.{name} has no unit"


def test_with_values_changes_only_these() -> None:
    changed = Thresholds().with_values({"packet_retransmission.rate": 1, "rst_unlike_ttl.hops": 5.0})
    assert changed.packet_retransmission.rate == 1.0
    assert type(changed.packet_retransmission.rate) is float
    assert changed.rst_unlike_ttl.hops == 5
    assert type(changed.rst_unlike_ttl.hops) is int
    assert changed.rst_unlike_ttl.min_connections == 1
    assert Thresholds().packet_retransmission.rate == 0.02


def test_values_survive_the_round_trip() -> None:
    changed = Thresholds().with_values({"long_idle_gaps.idle_s": 5})
    assert Thresholds().with_values(changed.to_dict()) == changed


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("packet_retransmission.rat", "packet_retransmission.rate"),
        ("idle_s", "long_idle_gaps.idle_s"),
        ("rst_unlike_ttl", "rst_unlike_ttl.hops"),
        ("packet_retransmissions.rate", "packet_retransmission.rate"),
    ],
)
def test_unknown_name_lists_near_ones(name: str, near: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(near)):
        Thresholds().with_values({name: 1})


def test_unknown_name_without_near_ones_lists_all() -> None:
    with pytest.raises(ParameterError, match=r"expected one of rst_directional_asymmetry\.significance, "):
        Thresholds().with_values({"???": 1})


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "0.1", None, True])
def test_values_that_cannot_be_meant(value: float) -> None:
    with pytest.raises(ParameterError, match=r"packet_retransmission\.rate is .*: expected a number"):
        Thresholds().with_values({"packet_retransmission.rate": value})


def test_counts_are_whole() -> None:
    with pytest.raises(ParameterError, match="expected a whole number"):
        Thresholds().with_values({"rst_unlike_ttl.hops": 1.5})


def test_frozen() -> None:
    with pytest.raises(AttributeError):
        Thresholds().packet_retransmission.rate = 1.0
    with pytest.raises(FrozenInstanceError):
        Thresholds().packet_retransmission = PacketRetransmissionLimits(rate=1.0)


def test_limits_can_be_given_whole() -> None:
    given = Thresholds(packet_retransmission=PacketRetransmissionLimits(rate=0.5))
    assert given == Thresholds().with_values({"packet_retransmission.rate": 0.5})
    assert given != Thresholds()
    assert hash(given) != hash(Thresholds())
    assert Thresholds(packet_retransmission=PacketRetransmissionLimits()) == Thresholds()
    assert pickle.loads(pickle.dumps(given)) == copy.deepcopy(given) == given
    assert eval(repr(Thresholds())) == Thresholds()
    assert repr(given) == "Thresholds(packet_retransmission=PacketRetransmissionLimits(rate=0.5))"
    with pytest.raises(ParameterError, match="there is no pattern 'retransmission'"):
        Thresholds(retransmission=PacketRetransmissionLimits())
    with pytest.raises(ParameterError, match="expected ZeroWindowLimits"):
        Thresholds(zero_window=PacketRetransmissionLimits())
