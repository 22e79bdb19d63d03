"""The segments of some connections: those of a mask, in order, without copies."""

import numpy as np
import pytest

from pcapframe.gathering import gather


def test_rows_are_those_of_the_wanted_connections_without_copies() -> None:
    conn_id = np.array([3, 0, 3, 1, 0, 3])
    copies = np.array([False, False, True, False, False, False])
    rows, ids = gather(conn_id, copies, np.array([True, False, False, True]))
    assert rows.tolist() == [0, 1, 4, 5]
    assert ids.tolist() == [3, 0, 0, 3]


@pytest.mark.parametrize("wanted", [False, True])
def test_none_and_all(wanted: bool) -> None:
    rows, _ = gather(np.zeros(3, np.int32), np.zeros(3, np.bool_), np.array([wanted]))
    assert rows.tolist() == ([0, 1, 2] if wanted else [])
    assert gather(np.empty(0, np.int32), np.empty(0, np.bool_), np.array([wanted]))[0].tolist() == []
