"""Delays and frames of a join, by hand."""

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.joining.frames import _merge, _note_delays, _note_frames

SECOND = 10**9


def numbers(*values):
    return np.asarray(values, np.int64)


def test_delays_of_one_pair_of_points():
    """Row 2 takes 4 s, of which 1 s may be the clock's; row 0 has no time at the second point."""
    made = [np.full(3, np.nan) for _ in range(3)]
    begin = numbers(3 * SECOND, SECOND), np.zeros(2), np.zeros(2)
    end = numbers(NO_TIME, 5 * SECOND), np.full(2, 1e9), np.full(2, 5e8)
    _note_delays(numbers(0, 2), *begin, *end, *made)
    assert [column[2] for column in made] == [4.0, 3.0, 4.5]
    assert all(np.isnan(column[:2]).all() for column in made)


def test_order_of_two_points():
    """Rows 0 to 2 at 1, 3 and 3, rows 3 to 5 at 0, 3 and 9: at the same time the first point's are first."""
    order = np.empty(6, np.int32)
    _merge(numbers(1, 3, 3), numbers(0, 3, 9), order)
    assert order.tolist() == [3, 0, 1, 2, 4, 5]


def test_frames_and_flags_of_the_point_that_has_them():
    place = np.asarray([[-1, 0], [1, 1]], np.int64)
    for first, step, index in ((0, 0, numbers(11, 12, 13)), (11, 1, numbers())):
        frame, is_null, flags = np.zeros(2, np.uint32), np.zeros(2, np.bool_), np.full(2, 7, np.uint16)
        numbered = first, step, index, np.asarray([1, 2, 4], np.uint16)
        _note_frames(place, 0, numbers(1, 0), numbers(0, 2), *numbered, frame, is_null, flags)
        assert (frame.tolist(), is_null.tolist(), flags.tolist()) == ([13, 0], [False, True], [4, 7])
