"""Which slopes are likely below packets of known delays."""

import numpy as np
import pytest

from pcapframe.joining.floors import Floor, likely_slopes

MINUTE = np.linspace(0, 60, 400)
WIDEST = 500e-6
NOTHING = (None, (-WIDEST, WIDEST), (-WIDEST, WIDEST))


ALL = np.ones(MINUTE.size, bool)


def slopes(forward, backward):
    floors = [Floor.of(MINUTE, forward, ALL, 1, 0.0, 1e-9), Floor.of(MINUTE, -backward, ALL, -1, 0.0, 1e-9)]
    return likely_slopes(floors, -WIDEST, WIDEST)


def queued(seed, mean=1e-3):
    return np.random.default_rng(seed).exponential(mean, MINUTE.size)


def test_packets_that_are_always_quick_leave_one_slope():
    low, high = slopes(np.full(MINUTE.size, 0.01), np.full(MINUTE.size, 0.02)).almost_sure
    assert low == pytest.approx(0, abs=1e-9)
    assert high == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("drift", [-100e-6, 0.0, 30e-6])
def test_both_directions_show_a_drift(drift):
    """Slopes count from the line that is taken off."""
    forward = Floor.of(MINUTE, 0.01 + queued(1) + drift * MINUTE, ALL, 1, drift, 1e-9)
    backward = Floor.of(MINUTE, -0.01 - queued(2) + drift * MINUTE, ALL, -1, drift, 1e-9)
    found = likely_slopes([forward, backward], -WIDEST, WIDEST)
    low, high = found.almost_sure
    assert low < 0 < high
    assert high - low < 8e-6
    assert found.mean == pytest.approx(0, abs=0.6e-6)


def test_what_is_likely_is_narrower():
    mean, likely, sure = slopes(queued(3), queued(4))
    assert likely[0] < mean < likely[1]
    assert sure[0] < likely[0] < likely[1] < sure[1]


def test_path_that_becomes_longer_tells_nothing():
    """One direction takes 50 ms more in the second half: a queue that stands, or another path."""
    longer = np.where(MINUTE > 30, 0.05, 0.0)
    assert slopes(0.01 + longer + queued(5), 0.01 + queued(6)) == NOTHING


@pytest.mark.parametrize("shape", [0.25, 0.5])
def test_most_packets_without_a_queue_leave_almost_one_slope(shape):
    """Of many quick packets the few slow ones at either end of the time leave much room, as they count up."""
    for seed in range(20):
        random = np.random.default_rng(seed)
        forward, backward = (0.01 + random.gamma(shape, 1e-3 / shape, MINUTE.size) for _ in range(2))
        low, high = slopes(forward, backward).almost_sure
        assert high - low < 1e-6


def test_few_packets_tell_nothing():
    few = np.linspace(0, 60, 20)
    floors = [Floor.of(few, np.zeros(20), ALL[:20], 1, 0.0, 1e-9)] * 2
    assert likely_slopes(floors, -WIDEST, WIDEST) == NOTHING


def test_packets_of_one_time():
    floor = Floor.of(np.ones(50), np.arange(50.0), ALL[:50], 1, 0.0, 1e-9)
    assert likely_slopes([floor, floor], -WIDEST, WIDEST) == NOTHING
