"""Bare ACKs of which far more are missing than a capture lacks packets, by hand."""

import numpy as np

from pcapframe.joining.rates import are_mostly_lost


def told(asked, missing, arrived, lacks):
    return are_mostly_lost(*(np.asarray(each, np.int64) for each in (asked, missing, arrived)), lacks).tolist()


def test_a_third_is_missing_where_the_capture_lacks_one_of_fifty():
    assert told([0, 0], [200], [400], 0.02) == [True, True]


def test_as_many_are_missing_as_the_capture_lacks():
    assert told([0], [8], [400], 0.02) == [False]


def test_a_connection_that_lacks_no_more_beside_one_that_does():
    assert told([0, 1], [200, 3], [400, 150], 0.02) == [True, False]


def test_few_missing_show_nothing():
    """Two of three are missing, where the capture lacks one packet of fifty: it may be chance."""
    assert told([0], [2], [1], 0.02) == [False]
