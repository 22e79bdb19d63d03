import os
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe.connections.rows import in_chunks
from pcapframe.threads import MOST_THERE, VARIABLE, Team, threads_to_use


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


def test_lanes_do_all_items_in_order(team: Team) -> None:
    done: list[list[int]] = [[], [], []]

    team.each_in_order(iter(range(50)), [lane.append for lane in done])

    assert done == [list(range(50))] * 3


def test_lanes_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is at the second item while the other is held up at the first."""
    monkeypatch.setenv(VARIABLE, "2")
    second = threading.Event()
    reached: list[bool] = []

    def slow(item: int) -> None:
        if item == 0:
            reached.append(second.wait(30))

    def fast(item: int) -> None:
        if item == 1:
            second.set()

    with Team(2) as team:
        team.each_in_order(range(3), [slow, fast])

    assert reached == [True]


def test_few_items_are_there_at_once(team: Team) -> None:
    """However long the slowest lane takes: each may be large."""
    made, done, most = 0, 0, 0

    def items() -> Iterator[int]:
        nonlocal made, most
        for item in range(40):
            made += 1
            most = max(most, made - done)
            yield item

    def slow(_item: int) -> None:
        nonlocal done
        done += 1

    team.each_in_order(items(), [slow, lambda _item: None])

    assert (made, done) == (40, 40)
    assert most <= MOST_THERE + 1


@pytest.mark.parametrize("place", ["lane", "making"])
def test_an_error_of_a_lane_or_of_an_item_ends_all(team: Team, place: str) -> None:
    def items() -> Iterator[int]:
        for item in range(1000):
            if place == "making" and item == 5:
                raise ValueError("five")
            yield item

    seen: list[int] = []

    def lane(item: int) -> None:
        seen.append(item)
        if place == "lane" and item == 5:
            raise ValueError("five")

    with pytest.raises(ValueError, match="five"):
        team.each_in_order(items(), [lambda _: None, lane])
    assert len(seen) <= 6
    team.each(seen.append, [7])  # the threads are there for more
    assert seen[-1] == 7


def test_no_items(team: Team) -> None:
    nothing: list[int] = []

    team.each_in_order(nothing, [lambda _: pytest.fail("nothing to do")])


def test_an_interrupt_while_threads_are_started_ends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "3")
    done: list[int] = []
    begun = threading.Event()

    def slow(item: int) -> None:
        begun.set()
        time.sleep(0.01)
        done.append(item)

    with Team(3) as team:
        assert team._pool is not None
        submit, calls = team._pool.submit, []

        def interrupted(*arguments: object) -> object:
            calls.append(arguments)
            if len(calls) == 2:
                begun.wait(30)
                raise KeyboardInterrupt
            return submit(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(team._pool, "submit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            team.each_in_order(range(10_000), [slow, lambda _: None, lambda _: None])
    assert len(done) < 100
