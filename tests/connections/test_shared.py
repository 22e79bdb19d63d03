import pickle

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections import shared
from pcapframe.connections.shared import FEWEST_ROWS, Shared


def test_columns_of_one_value_and_type_are_one_array():
    found = Shared()
    zeros, ones = np.zeros(FEWEST_ROWS), np.ones(FEWEST_ROWS)
    first = found(zeros)
    assert found(zeros.copy()) is first
    assert found(ones)[0] == 1
    assert found(np.zeros(FEWEST_ROWS, np.int64)) is not first
    assert found(-zeros) is not first  # another zero


def test_a_column_with_another_value_anywhere_stays():
    found = Shared()
    found(np.zeros(FEWEST_ROWS))
    for place in (0, 1, FEWEST_ROWS - 1):
        column = np.zeros(FEWEST_ROWS)
        column[place] = 1
        assert found(column) is column


def test_null_columns_are_told_from_those_with_values():
    found = Shared()
    data, none = np.zeros(FEWEST_ROWS, np.int64), np.zeros(FEWEST_ROWS, np.bool_)
    null, known = (found(pd.arrays.IntegerArray(data, mask)) for mask in (~none, none))
    assert null.isna().all()
    assert not known.isna().any()
    assert found(pd.arrays.IntegerArray(data.copy(), ~none)) is null


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap", "midstream.pcap"])
def test_a_frame_with_shared_columns_is_the_same_and_each_can_be_written(name, monkeypatch):
    segments = pf.label_segments(pf.read_pcap(pf.example(name)))
    expected = pf.build_connections(segments)
    monkeypatch.setattr(shared, "FEWEST_ROWS", 1)
    found = pf.build_connections(segments)
    pd.testing.assert_frame_equal(found, expected)
    places = [place for place, dtype in enumerate(found.dtypes) if dtype.kind in "iuf"]
    for frame in (pickle.loads(pickle.dumps(found)), found):
        for number, place in enumerate(places):
            frame.iloc[0, place] = number
        pd.testing.assert_frame_equal(frame.iloc[1:], expected.iloc[1:])
        assert frame.iloc[0, places].tolist() == list(range(len(places)))


def test_what_reads_shared_columns_writes_to_none(monkeypatch):
    monkeypatch.setattr(shared, "FEWEST_ROWS", 1)
    share = Shared.__call__

    def protected(self, column):
        found = share(self, column)
        if any(found is one for one in self._arrays.values()):
            for part in (found._data, found._mask) if isinstance(found, shared.NUMBERS) else (found,):
                part.flags.writeable = False
        return found

    monkeypatch.setattr(Shared, "__call__", protected)
    assert str(pf.analyze(pf.example("resets.pcap"), progress=False))
