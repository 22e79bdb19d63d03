"""Frames as plain arrays: null in the frame is the null value in the array, whatever the column and the chunk."""

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import pcapframe as pf
from pcapframe import schema
from pcapframe.plain import PlainColumns, null_mask
from pcapframe.schema import PACKETS, SEGMENTS, names

CAPTURES = ("losses.pcap", "ipv6.pcapng", "midstream.pcap")


def packets(name: str = "losses.pcap") -> pd.DataFrame:
    return pf.read_pcap(pf.example(name), progress=False)


def is_null(array: np.ndarray, column: schema.Column) -> np.ndarray:
    if column.null_value is None:
        return np.zeros(array.size, np.bool_)
    return np.isnan(array) if array.dtype.kind == "f" else array == column.null_value


@pytest.mark.parametrize("name", CAPTURES)
def test_null_stays_null_and_values_stay_values(name: str) -> None:
    read = packets(name)
    for frame, declared in ((read, PACKETS), (pf.label_segments(read), SEGMENTS)):
        one_each = [column for column in declared if not column.dtype.startswith("list")]
        plain = PlainColumns(frame, declared, names(one_each))
        for column in one_each:
            array, data = plain[column.name], frame[column.name]
            assert array.dtype == column.plain_dtype
            assert not array.flags.writeable
            known = ~is_null(array, column)
            assert known.tolist() == data.notna().tolist(), column.name
            if column.dtype == "category":
                data = data.cat.codes
            expected = data[known].to_numpy()
            if column.dtype.startswith("datetime"):
                expected = data[known].to_numpy("datetime64[ns]").view(np.int64)
            assert array[known].tolist() == expected.tolist(), column.name


@pytest.mark.parametrize("columns", [PACKETS, SEGMENTS, schema.CONNECTIONS, schema.RESENDS])
def test_a_null_value_is_no_value(columns: tuple[schema.Column, ...]) -> None:
    for column in columns:
        assert (column.null_value is None) == (column.null == schema.NEVER)
        if column.dtype.startswith("UInt"):
            highest = np.iinfo(column.dtype.lower()).max
            assert column.plain_dtype.type(highest) == highest
            assert column.plain_dtype.kind == "i"


def test_chunks_are_rows_of_the_frame() -> None:
    frame = packets()
    wanted = names(PACKETS)
    wanted.remove("sack")
    plain = PlainColumns(frame, PACKETS, wanted)
    for start, stop in ((0, 100), (100, 101), (150, 900), (len(frame), len(frame))):
        chunk = plain.chunk(start, stop)
        for name in wanted:
            assert np.array_equal(chunk[name], plain[name][start:stop]), name


def lists(frame: pd.DataFrame, start: int, stop: int) -> list[list[int]]:
    chunk = PlainColumns(frame, PACKETS, ["sack", "sack_at"]).chunk(start, stop)
    assert chunk["sack"].dtype == np.uint32
    at, edges = chunk["sack_at"], chunk["sack"]
    return [edges[a:b].tolist() for a, b in itertools.pairwise(at)]


def expected_lists(frame: pd.DataFrame, start: int, stop: int) -> list[list[int]]:
    return [[] if edges is pd.NA else list(edges) for edges in frame["sack"].iloc[start:stop]]


def test_lists() -> None:
    frame = packets()
    for start, stop in ((0, 100), (100, 101), (150, 900), (len(frame), len(frame))):
        assert lists(frame, start, stop) == expected_lists(frame, start, stop)


def test_lists_in_several_pieces_and_nulls_that_hide_values() -> None:
    frame = packets()
    with_sack = np.flatnonzero(frame["sack"].notna())
    assert with_sack.size > 10
    whole = pa.chunked_array(frame["sack"].array.__arrow_array__()).combine_chunks()
    missing = whole.is_null().to_numpy(zero_copy_only=False)
    missing[with_sack[:5]] = True
    hiding = pa.ListArray.from_arrays(whole.offsets, whole.values, mask=pa.array(missing))
    pieces = pa.chunked_array([hiding[:40], hiding[40:]])
    frame = frame.assign(sack=pd.arrays.ArrowExtensionArray(pieces))
    assert lists(frame, 0, len(frame)) == expected_lists(frame, 0, len(frame))


def test_no_rows() -> None:
    chunk = PlainColumns(packets()[:0], PACKETS, ["sack", "tsval", "time"]).chunk(0, 0)
    assert chunk["sack_at"].tolist() == [0]
    assert chunk["tsval"].dtype == np.int64


@pytest.mark.parametrize("dtype", ["float64", "UInt32", "uint32[pyarrow]", "object", "string"])
def test_where_a_column_is_null_whatever_marks_that(dtype: str) -> None:
    column = pd.Series([1, None, 3], dtype=dtype)
    found = null_mask(column)
    assert found is not None
    assert found.tolist() == [False, True, False]


def test_a_column_that_cannot_be_null() -> None:
    assert null_mask(pd.Series([1, 2], dtype="uint32")) is None
