"""Frames come back from Parquet exactly, and other tools read the files as they are."""

import itertools

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe.schema import PACKETS, Column
from pcapframe.store import read_table, tables, write_table
from tests.builders import Conversation, pcap

NUMBERS = (
    Column("port", "UInt16", "", "null", "nullable"),
    Column("bytes", "uint32", "", "never null", "plain"),
    Column("name", "category", "", "null", "text"),
    Column("time", "datetime64[ns, UTC]", "", "null", "time"),
    Column("took_s", "float64", "s", "NaN", "number"),
)


def frame_of(rows: int) -> pd.DataFrame:
    numbers = np.arange(rows)
    names = pd.CategoricalDtype(["unused", *(f"10.0.0.{number}" for number in range(7))])
    return pd.DataFrame(
        {
            "port": pd.array(np.where(numbers % 3, numbers % 60000, 0), "UInt16"),
            "bytes": (numbers * 7).astype(np.uint32),
            "name": pd.Categorical.from_codes(numbers % 9 - 1, dtype=names),
            "time": pd.to_datetime(numbers * 10**15, unit="ns", utc=True),
            "took_s": np.where(numbers % 5, numbers / 7, np.nan),
        },
        index=pd.RangeIndex(1, rows + 1, name="frame"),
    ).assign(port=lambda made: made["port"].mask(numbers % 3 == 0))


@pytest.mark.parametrize("rows", [0, 1, 10, 1000])
@pytest.mark.parametrize("group", [3, 1 << 20])
def test_a_frame_comes_back(tmp_path, monkeypatch, rows, group):
    """Also of several row groups, whose dictionaries differ."""
    monkeypatch.setattr(tables, "ROWS_A_GROUP", group)
    frame = frame_of(rows)
    write_table(tmp_path / "a.parquet", [frame], [NUMBERS], store="a")
    back = read_table([tmp_path / "a.parquet"], NUMBERS, {"name": frame["name"].dtype}, index="frame", store="a")
    assert_frame_equal(frame, back, check_exact=True)
    assert back["name"].cat.categories.tolist() == frame["name"].cat.categories.tolist()


@pytest.mark.parametrize("group", [2, 5, 1 << 20])
@pytest.mark.parametrize("kept", [[], [1], [9], [2, 3, 8], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
def test_a_frame_of_some_of_the_rows_stands_beside(tmp_path, monkeypatch, group, kept):
    monkeypatch.setattr(tables, "ROWS_A_GROUP", group)
    frame = frame_of(10)
    part = pd.DataFrame(
        {"conn": np.arange(len(kept), dtype=np.int32)}, index=pd.Index(kept, name="frame", dtype="int64")
    )
    of_part = (Column("conn", "int32", "", "never null", "number"),)
    write_table(tmp_path / "a.parquet", [frame, part], [NUMBERS[:2], of_part], store="a")
    whole = pd.read_parquet(tmp_path / "a.parquet")
    assert whole["conn"].dropna().astype(int).tolist() == list(range(len(kept)))
    assert whole.loc[whole["conn"].notna(), "frame"].tolist() == kept
    back = read_table([tmp_path / "a.parquet"], (NUMBERS[1], *of_part), {}, index="frame", having="conn", store="a")
    assert_frame_equal(back, frame[["bytes"]].loc[kept].join(part), check_index_type=False)


def test_time_is_ordered_by_row_group(tmp_path, monkeypatch):
    """So that a tool that asks for a time reads few of them."""
    monkeypatch.setattr(tables, "ROWS_A_GROUP", 4)
    packets = pf.read_pcap(pcap(Conversation().handshake().data("client", 3000).close()))
    write_table(tmp_path / "a.parquet", [packets], [PACKETS], store="a")
    file = pq.ParquetFile(tmp_path / "a.parquet")
    place = file.schema_arrow.get_field_index("time")
    limits = [file.metadata.row_group(group).column(place).statistics for group in range(file.num_row_groups)]
    assert len(limits) == -(-len(packets) // 4)
    assert all(before.max <= after.min for before, after in itertools.pairwise(limits))
