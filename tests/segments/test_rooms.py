import numpy as np
import pytest

from pcapframe.segments.rooms import Rooms


@pytest.mark.parametrize("seed", range(3))
def test_connections_that_are_under_way_in_a_chunk_have_rooms_of_their_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    begins = np.sort(rng.integers(0, 400, 60))
    rows = np.concatenate([np.sort(rng.integers(begin, begin + 30, 5)) for begin in begins])
    seen = np.repeat(np.arange(60), 5)[np.argsort(rows, kind="stable")]
    first = dict.fromkeys(seen.tolist())  # numbered in the order of their first segments
    conn_id = np.array([list(first).index(one) for one in seen.tolist()], np.int32)
    rooms = Rooms(conn_id, 20)
    assert rooms.over(0, 20).rooms.size == 0
    before = int(conn_id[:40].max()) + 1
    rooms.reuse(40, before, 60)
    over = np.concatenate(
        [rooms.over_before().conn_ids, *(rooms.over(at, at + 20).conn_ids for at in range(40, 300, 20))]
    )
    assert sorted(over.tolist()) == list(range(60))
    for start in range(40, 300, 20):
        here = np.flatnonzero(np.isin(np.arange(60), conn_id[start : start + 20]))
        under_way = {one for one in here if (conn_id[:start] == one).any() or (conn_id[start:] == one).any()}
        held = {one: set(rooms.of(40, 300)[conn_id[40:] == one].tolist()) for one in under_way}
        assert all(len(room) == 1 for room in held.values())
        assert len(set().union(*held.values())) == len(held)
    assert rooms.count(60) < 60


def test_rooms_that_many_connections_leave_at_once_are_given_once() -> None:
    """12 of 20 connections are over in the first chunk; the other 8 are under way together."""
    conn_id = np.array([*range(12), *range(12, 20), *range(12, 20)], np.int32)
    rooms = Rooms(conn_id, 12)
    rooms.reuse(0, 0, 20)
    assert len(set(rooms.of(12, 20).tolist())) == 8
