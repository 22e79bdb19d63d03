import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.memory import one_block

DTYPES = ["bool", "uint8", "int16", "uint32", "int64", "float64"]


@given(rows=st.integers(0, 300), dtypes=st.lists(st.sampled_from(DTYPES), max_size=8))
def test_columns_share_no_byte(rows: int, dtypes: list[str]) -> None:
    columns = one_block(rows, dtypes)
    assert [column.dtype.name for column in columns] == dtypes
    assert all(column.shape == (rows,) and column.flags.c_contiguous and column.flags.aligned for column in columns)
    for number, column in enumerate(columns):
        column[:] = number % 2
    for number, column in enumerate(columns):
        assert (column == number % 2).all()


def test_one_piece_of_memory() -> None:
    first, last = one_block(10, ["uint8", "int64"])
    assert np.shares_memory(first.base, last.base)
