"""Columns of a picture: the shortest type that has every number as it is."""

import numpy as np
import pytest

from pcapframe.browser._columns import TYPES, Columns


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([], "u1"), ([0, 255], "u1"), ([256], "u2"), ([65_536], "u4"), ([2**32], "f8"), ([-1], "f8"), ([0.5], "f8"),
        ([1, float("nan")], "f8"), ([float("inf")], "f8"),
    ],
)  # fmt: skip
def test_no_number_changes(numbers: list[float], kind: str) -> None:
    columns = Columns()
    columns.add([7, 8, 9])  # so that it does not begin at 0
    found, offset, length = columns.add(numbers)
    assert (found, length, offset % 8) == (kind, len(numbers), 0)
    np.testing.assert_array_equal(np.frombuffer(columns.joined(), TYPES[found], length, offset), numbers)


def test_a_type_that_is_asked_for_is_kept() -> None:
    assert Columns().add([1], "f8") == ["f8", 0, 1]
