"""Where points are along the path, by packets of both directions."""

import itertools

import pytest

import pcapframe as pf
from tests.joining.made import MS, analysis, beyond, talk


def order(**points):
    made = pf.join_captures({name: analysis(frames) for name, frames in points.items()})
    return made.points["order"].astype(object).where(made.points["order"].notna(), None).tolist()


@pytest.mark.parametrize("names", list(itertools.permutations("abcd")))
def test_four_points_in_any_order(names):
    """`b` and `c` are a tenth of a millisecond apart, both 5 ms from the client."""
    frames = list(talk(6))
    paths = {"a": 0, "b": 5 * MS, "c": 5 * MS + MS / 10, "d": 9 * MS}
    captures = {name: beyond(frames, path=paths[name]) if paths[name] else frames for name in names}
    assert order(**captures) == ["abcd".index(name) for name in names]


def test_the_same_capture_twice_has_no_order():
    frames = list(talk(6))
    assert order(a=frames, b=frames) == [None, None]


def test_one_direction_has_no_order():
    frames = list(talk(6))
    one_way = [frame for frame in beyond(frames) if frame[1][26:30] == bytes([192, 0, 2, 1])]
    assert order(a=frames, b=one_way) == [None, None]


def test_a_copy_of_the_first_leaves_the_others_in_order():
    frames = list(talk(6))
    assert order(a=frames, again=frames, b=beyond(frames)) == [0, None, 1]
