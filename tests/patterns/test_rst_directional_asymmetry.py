from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.patterns._traffic import Traffic
from pcapframe.patterns.rst_directional_asymmetry import (
    RstDirectionalAsymmetryLimits,
    _two_sided_binomial,
    observe,
)
from tests.builders import Conversation
from tests.patterns.views import frames, healthy, view

LIMITS = RstDirectionalAsymmetryLimits()


def reset_by(side: str, number: int, rsts: int = 1) -> Conversation:
    talk = Conversation(client_port=number, start=number).handshake().data("client", 10)
    for _ in range(rsts):
        talk.rst(side)  # type: ignore[arg-type]
    return talk


def test_all_from_servers() -> None:
    seen = observe(view(*(reset_by("server", i) for i in range(1, 7)), *healthy(3)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "rst_to_server": 0,
        "rst_from_server": 6,
        "ratio": 0.0,
        "affected_connections": [f"192.0.2.1:{i} <-> 198.51.100.1:80" for i in range(1, 7)],
        "affected_connections_total": 6,
        "rst_of_unknown_direction": 0,
        "inferred_roles": 0,
        "connections_to_server": 0,
        "connections_from_server": 6,
        "p_value": pytest.approx(2 / 2**6),
        "significance": 0.05,
    }
    assert seen.evidence.frame_count == 6


def test_five_votes_do_not_suffice() -> None:
    assert observe(view(*(reset_by("server", i) for i in range(1, 6))), LIMITS) is None


def test_one_each_way_is_no_asymmetry() -> None:
    assert observe(view(reset_by("server", 1), reset_by("client", 2)), LIMITS) is None


def test_many_rsts_of_one_connection_are_one_vote() -> None:
    assert observe(view(reset_by("client", 1, rsts=50), reset_by("server", 2)), LIMITS) is None


def test_connections_reset_by_both_have_no_vote() -> None:
    both = [reset_by("client", i).rst("server") for i in range(10, 20)]
    seen = observe(view(*both, *(reset_by("client", i) for i in range(1, 7))), LIMITS)
    assert seen is not None
    assert (seen.observations["connections_to_server"], seen.observations["connections_from_server"]) == (
        6,
        0,
    )
    assert (seen.observations["rst_to_server"], seen.observations["rst_from_server"]) == (16, 10)
    assert len(seen.observations["affected_connections"]) == 16
    assert seen.observations["affected_connections_total"] == 16


def test_inferred_roles_have_no_vote_and_are_told() -> None:
    older = [
        Conversation(client_port=60000 + i, server_port=50000, start=float(i)).handshake(drop=True).rst("server")
        for i in range(6)
    ]
    assert observe(view(*older), LIMITS) is None
    talks = frames(*older, *(reset_by("client", i) for i in range(1, 7)))
    seen = observe(Traffic(*talks), LIMITS)
    assert seen is not None
    assert (seen.observations["rst_to_server"], seen.observations["rst_from_server"]) == (6, 0)
    assert (seen.observations["affected_connections_total"], seen.observations["inferred_roles"]) == (6, 6)
    assert seen.description.endswith(" Left out: 6 RSTs in 6 connections where no packet shows the roles.")
    assert (seen.evidence.frame_count, seen.evidence.connection_count) == (6, 6)
    assert observe(Traffic(*talks, server_given=True), LIMITS) is None  # six each way
    told = (talks[1]["server_port"] == 80).to_numpy()
    assert observe(Traffic(*talks, server_given=told), LIMITS) == seen


def test_no_rst_whatever_is_significant() -> None:
    assert observe(view(*healthy(3)), RstDirectionalAsymmetryLimits(significance=2)) is None


def test_no_rst() -> None:
    assert observe(view(*healthy(2)), LIMITS) is None


@given(st.integers(0, 300), st.integers(0, 300))
def test_p_value_is_exact(one: int, other: int) -> None:
    trials = one + other
    tail = sum(comb(trials, i) for i in range(min(one, other) + 1))
    assert _two_sided_binomial(one, other) == pytest.approx(min(1, 2 * tail / 2**trials), rel=1e-9)


def test_p_value_of_many_votes() -> None:
    assert _two_sided_binomial(500_000, 500_000) == 1.0
    assert 0 <= _two_sided_binomial(100_000, 900_000) < 1e-300
    # By the normal distribution with continuity correction: z = (2 * 500 - 1) / 1000, p = 0.3178.
    assert _two_sided_binomial(499_500, 500_500) == pytest.approx(0.3178, abs=2e-4)
