"""What takes every segment of a few connections."""

import numpy as np

from pcapframe.events import most_repeated


def test_the_most_repeated_of_each_side() -> None:
    side, seq = np.array([0, 0, 0, 0, 3, 3, 3, 3]), np.array([5, 5, 9, 9, 1, 1, 1, 2])
    found = most_repeated(side, seq, np.full(8, 100), 2)
    assert found.side.tolist() == [0, 3]
    assert found.seq.tolist() == [5, 1]  # the first of two that are as often
    assert found.resends.tolist() == [2, 3]
    assert most_repeated(side, seq, np.full(8, 100), 4).side.size == 0
