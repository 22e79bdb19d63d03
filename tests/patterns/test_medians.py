"""Medians of groups of numbers."""

import numpy as np
import pytest

from pcapframe.patterns._medians import group_medians


@pytest.mark.parametrize("groups", [1, 3, 70_000])
def test_medians_are_those_of_numpy(groups: int) -> None:
    rng = np.random.default_rng(groups)
    group, numbers = rng.integers(0, groups, 200), rng.random(200)
    found = group_medians(numbers, group, groups)
    assert found.size == groups
    for each in np.unique(group):
        assert found[each] == np.median(numbers[group == each])
    assert np.isnan(found[np.setdiff1d(np.arange(found.size), group)]).all()


def test_no_numbers() -> None:
    assert np.isnan(group_medians(np.empty(0), np.empty(0, np.int64), 2)).all()
