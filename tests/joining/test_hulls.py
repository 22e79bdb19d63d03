"""Lines between differences of both directions, worked out by hand."""

import numpy as np
import pytest

from pcapframe.joining.hulls import Points, best_slope, edge_slope


def points(upper, lower, slack=0.0):
    rows = sorted([(x, y, True) for x, y in upper] + [(x, y, False) for x, y in lower])
    x, y, is_upper = (np.asarray(column) for column in zip(*rows, strict=True))
    return Points(np.arange(x.size), x.astype(float), y.astype(float), is_upper, slack)


def test_points_inside_are_not_on_the_hull():
    """In 100 us: (1, 5) is above the line from (0, 1) to (2, 1); (1, 0) is on the upper hull of the others."""
    us = 100e-6
    hulls = points([(0, us), (1, 5 * us), (2, us)], [(0, -us), (1, 0), (2, -us)]).hulls()
    assert (hulls.upper_x.tolist(), hulls.upper.tolist()) == ([0, 2], [us, us])
    assert (hulls.lower_x.tolist(), hulls.lower.tolist()) == ([0, 1, 2], [-us, 0, -us])


def test_points_that_only_steeper_lines_touch_are_left_out():
    """A clock gains no more than 500 us a second: (1, 0) keeps all such lines from (2, 5 ms)."""
    hulls = points([(0, 0), (1, 0), (2, 5e-3)], [(0, -1), (1, -1), (2, -1)]).hulls()
    assert hulls.upper_x.tolist() == [0, 1]


def test_points_out_of_order():
    hulls = Points(
        np.arange(3), np.asarray([2.0, 0, 1]), np.asarray([1.0, 1, 0]), np.asarray([1, 1, 0], bool), 0
    ).hulls()
    assert hulls.upper_x.tolist() == [0, 2]


def test_best_line_and_the_steepest_ones():
    """Between 1 and -1 ms, 10 s apart: level lines have 2 ms of room; 0.2 ms a second just fits."""
    hulls = points([(0, 1e-3), (10, 1e-3)], [(0, -1e-3), (10, -1e-3)]).hulls()
    slope, room = best_slope(hulls)
    assert (slope, room) == (pytest.approx(0, abs=1e-12), pytest.approx(2e-3))
    assert edge_slope(hulls, slope, 500e-6) == pytest.approx(2e-4)
    assert edge_slope(hulls, slope, -500e-6) == pytest.approx(-2e-4)


def test_slack_widens_on_both_sides():
    assert points([(0, 1)], [(0, 1)], slack=0.25).room() == pytest.approx(0.5)


def test_no_line_where_the_directions_cross():
    assert points([(0, -1)], [(0, 1)]).room() == pytest.approx(-2)
    assert points([(0, -1)], [(0, 1)]).turned().room() == pytest.approx(2)


def test_one_direction_hinders_nothing():
    assert points([(0, 1), (1, 1)], []).hulls() is None
    assert points([(0, 1), (1, 1)], []).room() == np.inf
