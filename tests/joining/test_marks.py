"""Which connections carry the same identifications and timestamps."""

import numpy as np
import pytest

from pcapframe.joining.marks import Marks, marked_pairs, timed_alike


def marks(*connections):
    """Connections of two sides with the identifications, timestamps and ends of their packets."""
    return Marks(*(np.asarray([[*one[at], *two[at]] for one, two in connections], np.int64) for at in range(3)))


ENDS = (1, 101, 201, 301, 501)
TIMES = (7000, 7010, 7050, 7200, 7900)
CLIENT = (ENDS, (4711, 4712, 4713, 4714, 4715), TIMES)
SERVER = (ENDS, (-1, 2999, 3000, 3001, 3002), (-1, 30, 50, 90, 120))


def moved(times, by):
    return tuple((time + by) % 2**32 for time in times)


def pairs(one, other):
    return list(zip(*(each.tolist() for each in marked_pairs(one, other)), strict=True))


def test_both_sides_agree_whatever_timestamps_say():
    shifted = (ENDS, CLIENT[1], moved(TIMES, 77)), SERVER
    elsewhere = (ENDS, (5001, 5002, 5003, 5004, 5005), TIMES), (ENDS, (-1, 6002, 6003, 6004, 6005), TIMES)
    assert pairs(marks((CLIENT, SERVER)), marks(elsewhere, shifted)) == [(0, 1)]


def test_one_side_and_its_timestamps():
    """Shifted by anything, also over the end of 32 bits."""
    silent = (ENDS, (-1,) * 5, (-1,) * 5)
    other = (ENDS, CLIENT[1], moved(TIMES, 2**32 - 7100)), silent
    assert pairs(marks((CLIENT, silent)), marks(other)) == [(0, 0)]


@pytest.mark.parametrize(
    "times", [(-1,) * 5, (7000, 7011, 7055, 7210, 7999), (7000, 7010, 7010, 7010, 7010)], ids=["none", "others", "few"]
)
def test_identifications_of_one_side_are_not_enough(times):
    silent = (ENDS, (-1,) * 5, (-1,) * 5)
    assert pairs(marks((CLIENT, silent)), marks(((ENDS, CLIENT[1], times), silent))) == []


def test_one_identification_by_chance():
    other = (ENDS, (5001, 4712, 5003, 5004, 5005), TIMES), (ENDS, (-1, 6002, 6003, 6004, 3002), TIMES)
    assert pairs(marks((CLIENT, SERVER)), marks(other)) == []


@pytest.mark.parametrize("ids", [(0,) * 5, (1, 2, 3, 4, 5)])
def test_zero_and_small_numbers_are_no_marks(ids):
    zero = (ENDS, ids, TIMES)
    assert pairs(marks((zero, zero)), marks((zero, zero))) == []


FAR_ENDS = tuple(2**n for n in range(8))
FAR_TIMES = (7000, 7000, 7040, 7040, 7240, 7240, 8240, 9000)
NO_IDS = (0,) * 8


def bits(times, far_times=FAR_TIMES, ends=FAR_ENDS):
    one, other = ((FAR_ENDS, NO_IDS, each) for each in (FAR_TIMES, far_times))
    far = (ends, NO_IDS, moved(times, 2**32 - 7100))
    return timed_alike(marks((one, other)), marks((far, other)), np.array([0]), np.array([0])).tolist()


def test_distances_between_timestamps_alone():
    """Of each side 40, 240, 1,240 and 2,000 ms are known: log2(1 + d / 16) are 1.81, 4, 6.29 and 6.98."""
    assert bits(FAR_TIMES) == pytest.approx([38.15], abs=0.1)
    assert bits((*FAR_TIMES[:-1], 9001)) == [0.0]
    assert bits(FAR_TIMES, ends=tuple(3 * end for end in FAR_ENDS)) == [0.0]
