"""Where a capture begins late or ends early: what it could have, and what it could not."""

from fractions import Fraction

import numpy as np
import pytest

from pcapframe.joining.edges import passing_times
from tests.joining.made import MS, beyond, joined, talk


def test_times_by_side():
    """Two packets of the client take 10 and 30, one of the server arrives 20 before it is seen farther on."""
    place = np.array([[0, 0], [1, 1], [2, 2], [3, -1]])
    times = [np.array([0, 100, 200, 300]), np.array([10, 130, 180])]
    assert passing_times(place, np.array([0, 0, 1, 0]), times, 0, 1).tolist() == [[10, 20, 30], [-20, -20, -20]]


@pytest.mark.parametrize("part", [slice(30, None), slice(None, 30), slice(15, 50)])
@pytest.mark.parametrize("end", ["client", "server"])
def test_outside_of_a_capture_nothing_is_lost_added_or_missed(part, end):
    """Packets take 1 to 7 ms, so those next to the ends may have passed before the capture began, or after its end."""
    frames = list(talk(20))
    slow = [(time + MS * Fraction(number * 7 % 6, 2), data) for number, (time, data) in enumerate(beyond(frames))]
    points = {"client": frames, "server": sorted(slow, key=lambda frame: frame[0])}
    points[end] = points[end][part]
    rows = joined(points["client"], points["server"]).segments
    assert (rows["fate"] == "passed").sum() == len(points[end])
    assert set(rows["fate_rule"]) == {"seen", "outside_capture"}
