"""Which timestamps were echoed."""

import numpy as np
import pytest

from pcapframe.joining.echoes import are_echoed


def told(asked, sent, arrived, echoes):
    """Pairs of stream and timestamp."""
    made = [tuple(np.asarray(each, np.int64).reshape(-1, 2).T) for each in (asked, sent, arrived, echoes)]
    return are_echoed(*made).tolist()


def test_echoed():
    assert told([(0, 500), (0, 501)], [(0, 499), (0, 500), (0, 501)], [(0, 499)], [(0, 500)]) == [True, False]


@pytest.mark.parametrize(
    ("sent", "arrived", "echoes"),
    [
        ([(0, 500), (0, 500)], [], [(0, 500)]),
        ([(0, 500)], [(0, 500)], [(0, 500)]),
        ([(0, 500)], [], [(1, 500)]),
        ([(0, 500)], [], []),
    ],
    ids=["two packets have it", "one of them arrived", "another stream", "nothing echoed"],
)
def test_nothing_shown(sent, arrived, echoes):
    assert told([(0, 500)], sent, arrived, echoes) == [False]


def test_without_timestamps():
    assert told([(0, -1)], [(0, -1)], [], [(0, -1)]) == [False]
