import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.arrays import NO_TIME
from pcapframe.capture.merging import is_merged, merge_order

TIMES = st.lists(st.lists(st.just(NO_TIME) | st.integers(0, 30), max_size=4), min_size=1, max_size=4)


def test_merge_never_reorders_a_capture() -> None:
    order = merge_order(np.array([5, 1, 2, 3, 1, 9]), [3, 3])
    assert order.tolist() == [3, 4, 0, 1, 2, 5]


@pytest.mark.parametrize(
    ("captures", "merged"),
    [
        ([[1, 3, 2], [4]], True),
        ([[1, 3, 2], [3]], False),  # on a tie the last capture comes first
        ([[1], [], [2]], True),
        ([[NO_TIME, 1], [2]], False),
        ([[1, NO_TIME], [2]], True),
        ([[1], [NO_TIME, 2]], False),
        ([[]], True),
    ],
)
def test_files_of_a_ring_are_merged_as_they_are(captures: list[list[int]], merged: bool) -> None:
    time = np.array([one for capture in captures for one in capture], np.int64)
    assert is_merged(time, [len(capture) for capture in captures]) == merged


@given(captures=TIMES)
def test_what_is_merged_has_the_order_that_it_has(captures: list[list[int]]) -> None:
    time = np.array([one for capture in captures for one in capture], np.int64)
    counts = [len(capture) for capture in captures]
    if is_merged(time, counts):
        assert merge_order(time, counts).tolist() == list(range(time.size))
