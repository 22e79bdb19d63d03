"""Offset and drift from differences of both directions, with values worked out by hand."""

import numpy as np
import pytest

from pcapframe.arrays import NO_TIME
from pcapframe.joining.clocks import compare_clocks

SECOND = 1_000_000_000


def compared(count=100, *, offset=0, drift=0.0, forward=3_000_001, backward=5_000_001, noise=0, seed=1):
    """A clock of packets each way that take at least `forward` and `backward` ns, over one minute."""
    random = np.random.default_rng(seed)
    here = np.sort(random.integers(0, 60 * SECOND, 2 * count)) + 1_700_000_000 * SECOND
    is_forward = np.arange(2 * count) % 2 == 0
    queued = random.exponential(noise, 2 * count) if noise else np.zeros(2 * count)
    path = np.where(is_forward, forward + queued, -backward - queued)
    there = here + path.astype(np.int64) + offset + (drift * (here - here[0])).astype(np.int64)
    order = np.argsort(there, kind="stable")
    return compare_clocks(here[order], there[order], is_forward[order], np.arange(here.size))


def offset_of(clock):
    return clock.base / 1e9 + clock.pieces[0].offset


def test_interval_is_that_of_the_path():
    """Forward at least 3 ms, back at least 5 ms: the offset is between -3 and +5 ms of the true one, middle +1 ms."""
    clock = compared(offset=7 * SECOND)
    assert clock.is_beyond is True
    assert offset_of(clock) == pytest.approx(7 - 0.001, abs=1e-6)
    assert clock.base / 1e9 + clock.pieces[0].low[0] == pytest.approx(7 - 0.005, abs=5e-5)
    assert clock.base / 1e9 + clock.pieces[0].high[0] == pytest.approx(7 + 0.003, abs=5e-5)
    assert clock.margin == pytest.approx(0.004, abs=1e-6)


def test_no_path_no_width():
    clock = compared(offset=SECOND, forward=10, backward=10)
    assert offset_of(clock) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_drift_within_a_part_in_a_million(seed):
    """300 packets each way over a minute, with queues of half a millisecond on average."""
    clock = compared(300, offset=3 * SECOND, drift=30e-6, noise=500_000, seed=seed)
    piece = clock.pieces[0]
    assert len(clock.pieces) == 1
    assert piece.drift * 1e6 == pytest.approx(30, abs=1)
    assert piece.drift_low < 30e-6 < piece.drift_high
    assert clock.base / 1e9 + piece.low[0] <= 3 <= clock.base / 1e9 + piece.high[0]


def test_width_and_drift_over_a_minute():
    """300 packets each way, 30 ppm, queues of a millisecond on average: beyond the path's 4 ms 20 us, and 0.6 ppm."""
    widths, drifts = [], []
    for seed in range(100):
        clock = compared(300, drift=30e-6, noise=1_000_000, seed=seed)
        piece = clock.pieces[0]
        low, high = (clock.base + 1e9 * edge[0] for edge in (piece.low, piece.high))
        assert low <= 0 <= high  # the true offset at the first packet
        widths.append((high - low) / 2 - 4_000_001)
        drifts.append(abs(piece.drift - 30e-6))
    assert np.quantile(widths, 0.95) <= 20_000
    assert np.quantile(drifts, 0.95) <= 0.6e-6


@pytest.mark.parametrize("shape", [1, 2])
def test_interval_holds_the_truth_where_the_path_takes_almost_no_time(shape):
    """No path hides an error of the drift there: queues alone, of a millisecond, few of them empty with shape 2."""
    for seed in range(40):
        random = np.random.default_rng(seed)
        here = np.sort(random.integers(0, 60 * SECOND, 600))
        is_forward = random.random(600) < 0.5
        took = random.gamma(shape, 1_000_000 / shape, 600).astype(np.int64) + 1
        there = here + np.where(is_forward, took, -took)
        true = 30 * there // 1_000_000  # 30 ppm
        there = there + true
        order = np.argsort(there, kind="stable")
        clock = compare_clocks(here[order], there[order], is_forward[order], np.arange(600))
        _, low, high = (edge + clock.base for edge in clock.offset_at(there[order], np.arange(600)))
        assert (low <= true[order] + 2).all(), seed
        assert (high >= true[order] - 2).all(), seed


QUEUES = {
    "gamma 0.25": lambda random, count: random.gamma(0.25, 4e6, count),
    "gamma 0.5": lambda random, count: random.gamma(0.5, 2e6, count),
    "gamma 4": lambda random, count: random.gamma(4, 2.5e5, count),
    "lognormal": lambda random, count: 1e6 * np.exp(random.normal(0, 1, count)),
    "pareto": lambda random, count: 1e5 * random.pareto(1.2, count),
    "mostly empty": lambda random, count: random.exponential(np.where(random.random(count) < 0.8, 2e4, 5e6)),
}


@pytest.mark.parametrize("kind", QUEUES)
def test_interval_holds_the_truth_whatever_the_queues(kind):
    """3 ms one way and 0.3 the other, either capture nearer to the clients, every third clock set within."""
    for seed in range(12):
        random = np.random.default_rng(seed)
        here = np.sort(random.integers(0, 60 * SECOND, 400))
        is_forward = random.random(400) < 0.5
        queued = QUEUES[kind](random, 400)
        took = np.where(is_forward, 3e6 + queued, -3e5 - queued).astype(np.int64) * (-1) ** seed
        there = here + took
        true = (20 + seed) * there // 1_000_000 + np.where((seed % 3 == 0) & (there > 30 * SECOND), SECOND // 2, 0)
        order = np.argsort(there, kind="stable")
        clock = compare_clocks(here[order], (there + true)[order], is_forward[order], np.arange(400))
        assert clock.is_beyond == (seed % 2 == 0), seed
        _, low, high = (edge + clock.base for edge in clock.offset_at((there + true)[order], np.arange(400)))
        assert (low <= true[order] + 2).all(), seed
        assert (high >= true[order] - 2).all(), seed


def test_queues_that_are_often_empty_show_the_clock_best():
    """300 packets each way, gamma 0.5: the quickest are at the floor at all times, a few slow ones say nothing."""
    widths, drifts = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        here = np.sort(random.integers(0, 60 * SECOND, 600))
        is_forward = random.permutation(np.arange(600) % 2 == 0)
        there = here + (np.where(is_forward, 1, -1) * (4_000_000 + random.gamma(0.5, 2e6, 600))).astype(np.int64)
        order = np.argsort(there, kind="stable")
        (piece,) = compare_clocks(here[order], there[order], is_forward[order], np.arange(600)).pieces
        widths.append(1e9 * (piece.high[0] - piece.low[0]) / 2 - 4_000_000)
        drifts.append(abs(piece.drift))
    assert max(widths) <= 20_000
    assert max(drifts) <= 0.6e-6


@pytest.mark.parametrize("unit", [100, 1_000, 1_000_000])
def test_times_that_are_cut_off_widen_the_interval(unit):
    """The path takes 50 ns each way, far less than a unit of the times."""
    random = np.random.default_rng(unit)
    here = np.sort(random.integers(0, 60 * SECOND, 2000))
    is_forward = np.arange(2000) % 2 == 0
    there = here + np.where(is_forward, 50, -50) + 5 * SECOND + unit // 2
    clock = compare_clocks(here // unit * unit, there // unit * unit, is_forward, np.arange(2000))
    assert len(clock.pieces) == 1
    _, low, high = (edge + clock.base for edge in clock.offset_at(there // unit * unit, np.arange(2000)))
    assert (low <= 5 * SECOND + unit // 2).all()
    assert (high >= 5 * SECOND + unit // 2).all()
    assert (high - low).max() <= 8 * unit


def test_a_queue_that_stands_widens_the_interval():
    """From the middle on packets to the server take 50 ms more: the offset of all of them stays inside."""
    random = np.random.default_rng(3)
    here = np.sort(random.integers(0, 60 * SECOND, 600))
    is_forward = np.arange(600) % 2 == 0
    path = np.where(is_forward, 2_000_000 + (here > 30 * SECOND) * 50_000_000, -2_000_000)
    there = here + path + random.exponential(100_000, 600).astype(np.int64) * np.where(is_forward, 1, -1)
    order = np.argsort(there, kind="stable")
    (piece,) = (clock := compare_clocks(here[order], there[order], is_forward[order], np.arange(600))).pieces
    assert (clock.base / 1e9 + piece.low <= 0).all()
    assert (clock.base / 1e9 + piece.high >= 0).all()


def test_other_side_of_the_path():
    assert compared(forward=-3_000_001, backward=-5_000_001).is_beyond is False


def test_one_direction_tells_no_offset():
    here = np.arange(10) * SECOND
    clock = compare_clocks(here, here + 5, np.ones(10, bool), np.arange(10))
    assert clock.pieces == []
    assert clock.is_beyond is None


def test_without_times():
    here = np.full(4, NO_TIME)
    assert compare_clocks(here, here, np.array([True, False, True, False]), here) is None


def test_two_steps():
    here = np.arange(0, 60 * SECOND, SECOND // 10) + 1
    is_forward = np.arange(here.size) % 2 == 0
    set_to = np.where(here < 20 * SECOND, 0, np.where(here < 45 * SECOND, 3 * SECOND, -SECOND))
    there = here + np.where(is_forward, 2_000_001, -2_000_001) + set_to
    clock = compare_clocks(here, there, is_forward, np.arange(here.size))
    assert [round(size) for _, size in clock.steps] == [3, -4]
    assert [round(at) for at, _ in clock.steps] == [20, 45]
    offset, low, high = (values + clock.base for values in clock.offset_at(there, np.arange(here.size)))
    assert (low <= set_to).all()
    assert (set_to <= high).all()
    assert np.abs(offset - set_to).max() < 1_000_000
