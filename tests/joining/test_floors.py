"""Which slopes are likely below packets of known delays."""

import numpy as np
import pytest

from pcapframe.joining.floors import ALMOST_SURE, LIKELY, Floor, likely_slopes

MINUTE = np.linspace(0, 60, 400)
WIDEST = 500e-6


ALL = np.ones(MINUTE.size, bool)


def slopes(forward, backward, more=ALMOST_SURE):
    floors = [Floor.of(MINUTE, forward, ALL, 1, 0.0, 1e-9), Floor.of(MINUTE, -backward, ALL, -1, 0.0, 1e-9)]
    return likely_slopes(floors, -WIDEST, WIDEST, more)


def queued(seed, mean=1e-3):
    return np.random.default_rng(seed).exponential(mean, MINUTE.size)


def test_packets_that_are_always_quick_leave_one_slope():
    low, high = slopes(np.full(MINUTE.size, 0.01), np.full(MINUTE.size, 0.02))
    assert low == pytest.approx(0, abs=1e-9)
    assert high == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("drift", [-100e-6, 0.0, 30e-6])
def test_both_directions_show_a_drift(drift):
    """Slopes count from the line that is taken off."""
    forward = Floor.of(MINUTE, 0.01 + queued(1) + drift * MINUTE, ALL, 1, drift, 1e-9)
    backward = Floor.of(MINUTE, -0.01 - queued(2) + drift * MINUTE, ALL, -1, drift, 1e-9)
    low, high = likely_slopes([forward, backward], -WIDEST, WIDEST, ALMOST_SURE)
    assert low < 0 < high
    assert high - low < 8e-6


def test_what_is_likely_is_narrower():
    sure, likely = (slopes(queued(3), queued(4), more) for more in (ALMOST_SURE, LIKELY))
    assert sure[0] < likely[0] < likely[1] < sure[1]


def test_path_that_becomes_longer_tells_nothing():
    """One direction takes 50 ms more in the second half: a queue that stands, or another path."""
    longer = np.where(MINUTE > 30, 0.05, 0.0)
    assert slopes(0.01 + longer + queued(5), 0.01 + queued(6)) == (-WIDEST, WIDEST)


def test_few_packets_tell_nothing():
    few = np.linspace(0, 60, 20)
    floors = [Floor.of(few, np.zeros(20), ALL[:20], 1, 0.0, 1e-9)] * 2
    assert likely_slopes(floors, -WIDEST, WIDEST, LIKELY) == (-WIDEST, WIDEST)


def test_packets_of_one_time():
    floor = Floor.of(np.ones(50), np.arange(50.0), ALL[:50], 1, 0.0, 1e-9)
    assert likely_slopes([floor, floor], -WIDEST, WIDEST, LIKELY) == (-WIDEST, WIDEST)
