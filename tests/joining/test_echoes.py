"""Which timestamps were echoed."""

import numpy as np
import pytest

from pcapframe.joining.echoes import Stamps, are_echoed


def stamps(pairs, flip=0):
    """Pairs of stream and timestamp; -1 is none."""
    stream, value = np.asarray(pairs, np.int64).reshape(-1, 2).T
    values = np.where(value < 0, 0, value).astype(np.uint32)
    return Stamps(stream.astype(np.int32) ^ flip, np.arange(stream.size, dtype=np.int32), values, value < 0)


def told(asked, sent, arrived, echoes):
    """The stream of an echo is that of the timestamp."""
    made = are_echoed(stamps(asked), sent=stamps(sent), arrived=stamps(arrived), echoes=stamps(echoes, 1))
    return made.tolist()


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
