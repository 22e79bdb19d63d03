"""Bytes not captured before, against a set of the bytes captured."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.conversation.unseen import DIRECTION, MOST_HOLES, Holes, take_unseen
from pcapframe.jit import jit


@jit
def _take(direction, holes, spans, late, out):
    for i in range(out.size):
        out[i] = take_unseen(direction[0], holes, spans[i, 0], spans[i, 1], late)


def taken(spans: list[tuple[int, int]], *, late: bool = True) -> tuple[list[int], np.void]:
    direction = np.zeros(1, DIRECTION)
    room = 2 * len(spans) + 1
    holes = Holes(np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int32), np.zeros(2, np.int64))
    out = np.zeros(len(spans), np.int64)
    _take(direction, holes, np.array(spans, np.int64).reshape(-1, 2), late, out)
    return out.tolist(), direction[0]


SPANS = st.lists(st.tuples(st.integers(-60, 60), st.integers(1, 25)), max_size=60)


@given(SPANS)
def test_every_byte_counts_once(spans: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in spans]
    seen: set[int] = set()
    low, expected = None, []
    for start, end in ranges:
        new = set(range(start, end)) - seen
        if low is not None and end < low:
            seen |= set(range(end, low))  # what lies between counts as captured
        low = start if low is None else min(low, start)
        expected.append(len(new))
        seen |= new
    assert taken(ranges)[0] == expected


def test_forgotten_holes_count_as_captured() -> None:
    order = [(10 * i, 10 * i + 5) for i in range(MOST_HOLES + 3)]
    counts, direction = taken([*order, (5, 10), (10 * MOST_HOLES + 5, 10 * MOST_HOLES + 10)])
    assert direction["holes"] == MOST_HOLES - 1
    assert counts[-2:] == [0, 5]


def test_many_holes_in_a_random_order() -> None:
    spans = [(i, i + 1) for i in range(100)]
    random.Random(1).shuffle(spans)
    counts, direction = taken([(-1, 0), *spans])
    assert sum(counts) == 101
    assert direction["holes"] == 0


@pytest.mark.parametrize(("late", "counts"), [(True, [10, 10, 0, 0]), (False, [10, 10, 10, 10])])
def test_lower_numbers_of_another_host_begin_anew(late: bool, counts: list[int]) -> None:
    spans = [(1, 11), (-1000, -990), (-990, -980), (-980, -970)]
    assert taken(spans, late=late)[0] == counts
