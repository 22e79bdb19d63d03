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
    assert told([0, 2], [200, 0, 3], [400, 0, 150], 0.02) == [True, False]


def test_few_missing_show_nothing():
    """Two of three are missing, where the capture lacks one packet of fifty: it may be chance."""
    assert told([0], [2], [1], 0.02) == [False]


def test_one_of_many_connections_without_a_missing_one():
    """Each of ten connections lacks one of 20 ACKs where 490 lack none: that is what the capture lacks."""
    missing = np.zeros(1000, np.int64)
    missing[:20:2] = 1
    assert not any(told([0, 2, 4], missing, np.full(1000, 20), 0.002))


def test_one_connection_of_many_that_loses_acks():
    """200 of 600 are missing in one, beside 499 that lack no more than the capture does."""
    missing, arrived = np.full(1000, 2), np.full(1000, 100)
    missing[0], arrived[0] = 200, 400
    assert told([0, 2], missing, arrived, 0.02) == [True, False]
