import re
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import pcapframe
from pcapframe.arrays import NO_TIME, changes, column_of, seconds_from, stable_order, sum_by


def test_changes_of_nothing() -> None:
    assert changes(np.empty(0, np.int64)).tolist() == []


def test_changes_in_any_column() -> None:
    assert changes(np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6])).tolist() == [True, False, True, True]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50))
def test_stable_order_sorts_as_a_stable_argsort(numbers: list[int]) -> None:
    ids = np.array(numbers, np.int64)
    assert stable_order(ids, 2**32).tolist() == np.argsort(ids, kind="stable").tolist()


def test_seconds_from_unknown_times() -> None:
    times = np.array([0, NO_TIME, NO_TIME])
    assert str(seconds_from(times, np.array([2_000_000_000, 0, NO_TIME])).tolist()) == "[2.0, nan, nan]"


def test_sum_by_two_keys() -> None:
    first, sums = sum_by(np.array([1, 2, 3, 4]), np.array([7, 7, 7, 8]), np.array([1, 2, 1, 1]))
    assert (first.tolist(), sums.tolist()) == ([0, 3, 1], [4, 4, 2])


def test_sum_by_of_nothing() -> None:
    first, sums = sum_by(np.empty(0, np.int64), np.empty(0, np.int64))
    assert (first.size, sums.size) == (0, 0)


def test_no_time_has_one_home() -> None:
    package = Path(pcapframe.__file__).parent
    homes = [path.name for path in package.rglob("*.py") if re.search(r"^NO_TIME\s*=", path.read_text(), re.MULTILINE)]
    assert homes == ["arrays.py"]
    assert pd.NaT._value == NO_TIME  # type: ignore[attr-defined]


def test_what_is_behind_a_column_is_what_the_series_has() -> None:
    columns = {"plain": [1, 2], "null": pd.array([1, None], "UInt8"), "text": pd.Categorical(["a", "b"])}
    frame = pd.DataFrame(columns | {"time": pd.to_datetime([0, 1], utc=True)})
    for name in frame:
        behind = column_of(frame, name)
        assert behind.dtype == frame[name].dtype
        assert pd.Series(behind).equals(frame[name])
    assert column_of(frame, "null") is frame["null"].array
