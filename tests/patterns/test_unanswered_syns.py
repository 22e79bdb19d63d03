import pytest

from pcapframe.patterns.unanswered_syns import UnansweredSynsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view
from tests.segments.test_quoted import START, quoting, syn

LIMITS = UnansweredSynsLimits()


def test_retries_and_their_spacing() -> None:
    doubling = Conversation(client_port=1).syn().syn(after=1).syn(after=2).syn(after=4)
    steady = Conversation(client_port=2, start=0.5).syn().syn(after=1).syn(after=1)
    late = Conversation(client_port=3, server_port=443, start=30.5).syn()
    seen = observe(view(doubling, steady, late, *healthy(1, start=31, client="192.0.2.7")), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "unanswered_connections": 3,
        "attempted_connections": 4,
        "unanswered_share": 0.75,
        "syns": 8,
        "retries": 5,
        "retry_spacing_median_s": [pytest.approx(1), pytest.approx(1.5), pytest.approx(4)],
        "by_server": {"198.51.100.1:80": 2, "198.51.100.1:443": 1},
        "by_server_total": 2,
        "begun_at_end": 1,
        "icmp_connections": 0,
        "icmp_errors": {},
    }
    assert seen.evidence.frame_count == 8
    assert seen.description.endswith("Median wait before each of the first 3 retries: 1 s, 1.5 s, 4 s.")


def test_one_syn_without_retry() -> None:
    seen = observe(view(Conversation().syn()), LIMITS)
    assert seen is not None
    assert seen.observations["retry_spacing_median_s"] == []
    assert (seen.observations["retries"], seen.observations["begun_at_end"]) == (0, 1)
    assert seen.description.endswith("stayed without a TCP answer.")


def test_one_retry() -> None:
    seen = observe(view(Conversation().syn().syn(after=1)), LIMITS)
    assert seen is not None
    assert seen.description.endswith("Median wait before the first retry: 1 s.")


def test_answered() -> None:
    assert observe(view(Conversation().refused(), *healthy(1, port=1, start=5)), LIMITS) is None


def test_threshold() -> None:
    assert observe(view(Conversation().syn()), UnansweredSynsLimits(min_connections=2)) is None


def test_what_icmp_said_stands_beside_it() -> None:
    frames = [syn(0), syn(1, port=40001), syn(2, port=40002), quoting(3, START), quoting(4, START, sport=40002)]
    seen = observe(view(frames), UnansweredSynsLimits())
    assert seen is not None
    unreachable = "Destination unreachable (Host unreachable)"
    assert seen.observations["icmp_connections"] == 2
    assert seen.observations["icmp_errors"] == {unreachable: 2}
    assert "stayed without a TCP answer." in seen.description
    assert seen.description.endswith(f" ICMP errors quote packets of 2 of them: {unreachable}.")
    assert seen.evidence.frames == (1, 2, 3)
