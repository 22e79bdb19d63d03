"""Marks of a chart of one connection, and parts of them."""

import numpy as np
import pandas as pd
import pytest

from pcapframe.plots._marks import MARKS, Marks


def marks(kind: str, time_s: list[float], low: list[float], high: list[float]) -> pd.DataFrame:
    kinds = pd.Categorical([kind] * len(time_s), ["a", "b"])
    frame = np.arange(len(time_s)) + 1
    return pd.DataFrame({"kind": kinds, "time_s": time_s, "low": low, "high": high, "frame": frame})


def many(count: int = 5 * MARKS) -> pd.DataFrame:
    low = np.arange(count) * 1.0
    return marks("b", np.linspace(0, 1, count).tolist(), low.tolist(), (low + 1).tolist())


def test_marks_are_joined_only_where_there_are_too_many() -> None:
    few = marks("a", [0.0, 1.0], [1.0, 2.0], [3.0, 4.0])
    assert Marks([few]).between()["marks"].tolist() == [1, 1]
    joined = Marks([few, many()]).between()
    assert len(joined) <= 2 + 2001
    assert joined["marks"].sum() == 5 * MARKS + 2
    assert (joined["low"].min(), joined["high"].max()) == (0, 5 * MARKS)
    assert joined.loc[joined["kind"] == "a", "high"].tolist() == [3, 4]


def test_a_part_has_every_mark_in_it_and_the_nearest_beyond_its_ends() -> None:
    every = many()
    part = Marks([every]).between(0.25, 0.26)
    inside = every[every["time_s"].between(0.25, 0.26)]
    assert part["frame"].tolist() == list(range(inside["frame"].iloc[0] - 1, inside["frame"].iloc[-1] + 2))
    assert set(part["marks"]) == {1}


@pytest.mark.parametrize(("first_s", "last_s"), [(-5.0, -4.0), (3.0, 4.0), (0.5, 0.5), (0.7, 0.2)])
def test_a_part_without_marks_has_at_most_its_neighbours(first_s: float, last_s: float) -> None:
    few = marks("a", [0.0, 1.0], [1.0, 2.0], [3.0, 4.0])
    assert Marks([few]).between(first_s, last_s)["frame"].isin([1, 2]).all()


def test_a_part_that_has_too_many_is_joined_within_it() -> None:
    part = Marks([many()]).between(0.5, 1.0, most=100)
    assert part["marks"].sum() == 2.5 * MARKS + 1
    assert len(part) <= 52
    assert part["time_s"].is_monotonic_increasing


def test_marks_out_of_order_are_put_in_order() -> None:
    found = Marks([marks("a", [2.0, 0.0, 1.0], [0, 0, 0], [1, 2, 3])]).between()
    assert found["time_s"].tolist() == [0, 1, 2]
    assert found["high"].tolist() == [2, 3, 1]


def test_no_marks() -> None:
    found = Marks([marks("a", [], [], [])]).between()
    assert found.empty
    assert "marks" in found
