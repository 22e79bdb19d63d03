import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe import memory
from pcapframe.rows import first_rows, frames_at, rows_at, take_rows

INDEXES = [pd.RangeIndex(1, 7), pd.Index([1, 2, 4, 8, 9, 11])]


@pytest.mark.parametrize("index", INDEXES)
def test_frames_and_places_are_the_reverse_of_each_other(index: pd.Index) -> None:
    frame = pd.DataFrame(index=index)
    rows = np.array([0, 3, 5])
    assert frames_at(frame, rows).tolist() == index[rows].tolist()
    assert rows_at(frame, index[rows]).tolist() == rows.tolist()


def test_a_frame_that_is_not_there_has_the_place_of_the_next() -> None:
    assert rows_at(pd.DataFrame(index=INDEXES[1]), [0, 3, 12]).tolist() == [0, 2, 6]
    assert rows_at(pd.DataFrame(index=INDEXES[0]), [0, 12]).tolist() == [0, 6]


@pytest.mark.parametrize("stretch", [1, 2, 100])
def test_first_rows_are_first_in_any_stretch(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "STRETCH_ROWS", stretch)
    assert first_rows(np.array([2, 0, 2, 1, 0]), 4).tolist() == [1, 3, 0, -1]


@pytest.mark.parametrize("stretch", [3, 1 << 16])
def test_rows_are_those_that_pandas_takes(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "STRETCH_ROWS", stretch)
    analysis = pf.analyze(pf.example("losses.pcap"))
    for frame in (analysis.packets, analysis.segments):
        rows = np.array([0, 2, 3, 50, 51, 700])
        bare = frame.copy(deep=False)
        bare.attrs = {}
        assert_frame_equal(take_rows(bare, rows), bare.iloc[rows])
