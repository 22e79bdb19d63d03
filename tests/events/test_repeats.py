"""What takes every segment of a few connections."""

import numpy as np
import pytest

from pcapframe.events import most_repeated
from pcapframe.events.repeats import _often


def test_the_most_repeated_of_each_side() -> None:
    side, seq = np.array([0, 0, 0, 0, 3, 3, 3, 3]), np.array([5, 5, 9, 9, 1, 1, 1, 2])
    found = most_repeated(side, seq, np.full(8, 100), 2)
    assert found.side.tolist() == [0, 3]
    assert found.seq.tolist() == [5, 1]  # the first of two that are as often
    assert found.resends.tolist() == [2, 3]
    assert most_repeated(side, seq, np.full(8, 100), 4).side.size == 0


@pytest.mark.parametrize("fewest", [1, 3])
def test_rows_that_may_repeat_are_all_that_do(fewest: int) -> None:
    random = np.random.default_rng(7)
    columns = [random.integers(0, high, 4_000) for high in (3, 40, 1 << 40)]
    columns[2][::2] = 1_448  # half of the segments have one size
    rows = np.column_stack(columns)
    _, number, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)

    found = _often(fewest, *columns)

    assert set(np.flatnonzero(counts[number.ravel()] >= fewest)) <= set(found)
    assert fewest == 1 or found.size < 3_000
