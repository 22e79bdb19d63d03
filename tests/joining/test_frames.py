"""Delays and frames of a join, by hand."""

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.joining.frames import _note_delays, _note_frames

SECOND = 10**9


def numbers(*values):
    return np.asarray(values, np.int64)


def test_delays_of_one_pair_of_points():
    """Row 0 takes 4 s, of which 1 s may be the clock's; row 1 is seen at one point; row 2 has no time there."""
    place = np.asarray([[0, 0], [1, -1], [2, 1]], np.int64)
    first, last = numbers(0, 0, 0), numbers(1, 0, 1)
    made = [np.full(3, np.nan) for _ in range(3)]
    begin = numbers(SECOND, 2 * SECOND, 3 * SECOND), np.zeros(1), np.zeros(1)
    end = numbers(5 * SECOND, NO_TIME), np.full(2, 1e9), np.full(2, 5e8)
    _note_delays(place, numbers(2, 1, 0), first, last, 0, 1, *begin, *end, *made)
    assert [column[2] for column in made] == [4.0, 3.0, 4.5]
    assert all(np.isnan(column[:2]).all() for column in made)


def test_frames_and_flags_of_the_point_that_has_them():
    frame, is_null, flags = np.zeros(2, np.uint32), np.zeros(2, np.bool_), np.full(2, 7, np.uint16)
    place = np.asarray([[-1, 0], [1, 1]], np.int64)
    _note_frames(place, 0, numbers(1, 0), numbers(0, 2), numbers(11, 12, 13), np.asarray([1, 2, 4], np.uint16), frame,
                 is_null, flags)  # fmt: skip
    assert (frame.tolist(), is_null.tolist(), flags.tolist()) == ([13, 0], [False, True], [4, 7])
