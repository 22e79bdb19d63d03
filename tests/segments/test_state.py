"""Sequence arithmetic modulo 2**32 (RFC 9293 section 3.4), and tables that grow."""

import numpy as np
import pytest

from pcapframe.segments.state import RESERVED, after, allocate, before, grown, release


@pytest.mark.parametrize(("a", "b"), [(1, 0), (0, 0xFFFFFFFF), (100, 0xFFFFFF00), (0x7FFFFFFF, 0)])
def test_after_and_before(a: int, b: int) -> None:
    a_, b_ = np.uint32(a), np.uint32(b)
    with np.errstate(over="ignore"):
        assert after.py_func(a_, b_)
        assert before.py_func(b_, a_)
        assert not after.py_func(b_, a_)
        assert not before.py_func(a_, a_)


def test_grown_keeps_what_is_there() -> None:
    table = np.arange(4)
    assert grown(table, 4) is table
    larger = grown(table, 5)
    assert larger.tolist() == [0, 1, 2, 3, 0, 0, 0, 0]


def test_places_are_given_again_before_new_ones_are_taken() -> None:
    """A pool whose counters begin at the fourth of `free`, as the second of two has them."""
    free, link = np.array([7, 8, 9, -1, 0, 0]), np.zeros(8, np.int32)
    assert [allocate.py_func(free, link, 3) for _ in range(3)] == [0, 1, 2]
    release.py_func(free, link, 0, 3)
    release.py_func(free, link, 2, 3)
    assert free.tolist() == [7, 8, 9, 2, 3, 1]
    assert [allocate.py_func(free, link, 3) for _ in range(3)] == [2, 0, 3]
    assert free.tolist() == [7, 8, 9, -1, 4, 4]


def test_room_that_is_known_to_be_needed_is_made_at_once() -> None:
    table = grown(np.zeros((0, 2), np.int64), 3, most=100)
    assert table.shape == (100, 2)
    assert grown(table, 90, most=100) is table
    huge = grown(np.zeros(0, np.int64), 3, most=2**60)  # only as address space
    assert huge.nbytes == RESERVED
