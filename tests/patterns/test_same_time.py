"""The most first RSTs that come after the same time, which two patterns share."""

import numpy as np

from pcapframe.patterns._same_time import largest_group
from pcapframe.patterns.rst_at_same_idle_time import RstAtSameIdleTimeLimits

LIMITS = RstAtSameIdleTimeLimits(tolerance=0.1, min_connections=3, min_share=0.5)


def test_the_largest_group_within_the_tolerance() -> None:
    rows, times = np.array([9, 7, 5, 3, 1]), np.array([60.0, 66.0, 1.0, 63.0, 67.0])
    group = largest_group(rows, times, LIMITS)
    assert group is not None
    assert group.resets.tolist() == [3, 7, 9]  # 60 s, and those up to a tenth longer
    assert group.times.tolist() == [60.0, 63.0, 66.0]
    assert group.considered == 5
    assert group.when("idle") == {"share": 0.6, "idle_median_s": 63.0, "idle_min_s": 60.0, "idle_max_s": 66.0}


def test_too_few_or_too_small_a_share() -> None:
    assert largest_group(np.empty(0, np.intp), np.empty(0), LIMITS) is None
    assert largest_group(np.arange(2), np.array([5.0, 5.0]), LIMITS) is None
    spread = np.concatenate([np.full(3, 5.0), 10.0 * 2.0 ** np.arange(4)])
    assert largest_group(np.arange(7), spread, LIMITS) is None
