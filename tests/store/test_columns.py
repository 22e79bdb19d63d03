"""Columns that are read part by part."""

import pandas as pd
import pyarrow as pa
import pytest

from pcapframe.schema import Column
from pcapframe.store.columns import column_to_read


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("uint32", [1, 2, 3]), ("UInt8", [1, None, 3]), ("boolean", [True, None, False]), ("str", ["a", None, "b"])],
)
def test_a_column_has_its_own_type(dtype, values):
    column = column_to_read(Column("name", dtype, "", "null", ""), 3, {})
    assert column.row_bytes > 0
    column.allocate()
    for place in (0, 1):
        rows = slice(2 * place, 2 * place + 2)
        some = pa.array(values[rows], pa.large_string() if dtype == "str" else None)
        column.put(rows.start, rows.start + len(some), pa.chunked_array([some]))
    pd.testing.assert_series_equal(pd.Series(column.made()), pd.Series(values, dtype=dtype))


def test_texts_are_numbered_as_in_all_parts():
    dtype = pd.CategoricalDtype(["b", "a"])
    column = column_to_read(Column("name", "category", "", "null", ""), 3, {"name": dtype})
    column.allocate()
    for place, texts in ((0, ["a", None]), (2, ["b"])):
        column.put(place, place + len(texts), pa.chunked_array([pa.array(texts).dictionary_encode()]))
    assert column.made().tolist()[0::2] == ["a", "b"]
    assert column.made().codes.tolist() == [1, -1, 0]
