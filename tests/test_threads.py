import os
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe.connections.rows import in_chunks
from pcapframe.threads import VARIABLE, Team, threads_to_use


@pytest.mark.parametrize(("given", "expected"), [("1", 1), ("7", 7)])
def test_threads_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch, given: str, expected: int) -> None:
    monkeypatch.setenv(VARIABLE, given)

    assert threads_to_use() == expected


@pytest.mark.parametrize("given", ["", "0", "-2", "many", "²"])
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot restrict a process to some cores")
def test_threads_are_the_cores_of_the_process(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(VARIABLE, given)
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})

        assert threads_to_use() == 1
    finally:
        os.sched_setaffinity(0, cores)


@pytest.fixture(params=["1", "2", "5"])
def team(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    monkeypatch.setenv(VARIABLE, request.param)
    with Team(4) as made:
        yield made


def test_every_item_is_done_once(team: Team) -> None:
    done: list[int] = []

    team.each(done.append, range(100))

    assert sorted(done) == list(range(100))


def test_all_threads_see_what_the_caller_set(team: Team) -> None:
    """Such as where columns go."""
    variable = ContextVar("variable", default=0)
    variable.set(7)
    seen: list[int] = []

    team.each(lambda _: seen.append(variable.get()), range(20))

    assert seen == [7] * 20
    assert team.size == min(4, threads_to_use())


def test_items_are_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2")
    both = threading.Barrier(2, timeout=10)

    with Team(2) as team:
        team.each(lambda _: both.wait(), [1, 2])  # ends only if both are there together


@pytest.mark.parametrize("failing", range(4))
def test_what_the_work_raises_ends_it(team: Team, failing: int) -> None:
    def work(item: int) -> None:
        if item == failing:
            raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match=f"item {failing}"):
        team.each(work, range(4))


@pytest.mark.parametrize("example", ["losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_results_do_not_depend_on_the_threads(monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    results = []
    # Chunks of a few rows, so that there are many of them.
    monkeypatch.setattr("pcapframe.connections.table.in_chunks", partial(in_chunks, rows=5))
    for threads in ("1", "2", "3"):
        monkeypatch.setenv(VARIABLE, threads)
        results.append(pf.analyze(pf.example(example), progress=False))

    alone, *shared = results
    for other in shared:
        assert_frame_equal(other.segments, alone.segments)
        assert_frame_equal(other.connections, alone.connections)
        assert other.patterns == alone.patterns
        assert other.standouts == alone.standouts
        assert other.health == alone.health
