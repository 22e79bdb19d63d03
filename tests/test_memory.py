from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe import disk, memory
from pcapframe.disk import FOLDER, MEMORY, disk_may_be_used, expect_memory
from pcapframe.memory import bytes_to_analyze, computed, extremes, mib, new_column, one_block, pieces, rows_where, taken
from tests.builders import packet, pcap

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


def test_estimates_are_above_what_the_frames_take() -> None:
    captures = [
        [b""] * 5000,
        [packet(payload=10, flags="A")] * 5000,
        [packet(sport=1024 + n, flags="S") for n in range(5000)],
    ]
    for frames in captures:
        found = pf.analyze(pcap(list(enumerate(frames))))
        taken = sum(
            int(frame.memory_usage(index=False).sum()) for frame in (found.packets, found.segments, found.connections)
        )
        assert bytes_to_analyze(len(found.packets), len(found.segments), len(found.connections)) > taken


def test_mebibytes_are_rounded_up() -> None:
    assert [mib(n) for n in (0, 1, 1 << 20, (1 << 20) + 1, 5000 << 20)] == [
        "0 MiB", "1 MiB", "1 MiB", "2 MiB", "5,000 MiB"
    ]  # fmt: skip


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Columns go to the disk, of which a piece may touch two blocks of 16 rows."""
    monkeypatch.setenv(MEMORY, "0")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr(disk, "SMALLEST_BLOCK", 0)
    for name, value in (("STRETCH_ROWS", 31), ("PIECE_ROWS", 50), ("MAPPED_BITS", 4), ("MOST_MAPPED", 2)):
        monkeypatch.setattr(memory, name, value)
    monkeypatch.setattr(memory, "FEW_ROWS", 4)
    with disk_may_be_used():
        expect_memory(1)
        yield


ORDERS = {
    "all": np.arange(300),
    "few": np.arange(0, 300, 37),
    "two captures": np.stack([np.arange(150), np.arange(150, 300)], axis=1).ravel(),
    "backwards": np.arange(300)[::-1],
    "anywhere": np.random.default_rng(1).permutation(300),
    "none": np.empty(0, np.intp),
}


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize("name", ORDERS)
def test_what_is_taken_piece_by_piece_is_all(name: str) -> None:
    column, places = new_column(300, np.int64), ORDERS[name]
    column[:] = np.arange(300) * 7
    assert taken(column, places).tolist() == (places * 7).tolist()
    cuts = pieces(places)
    assert np.concatenate([places[some] for some in cuts]).tolist() == places.tolist()
    for some in cuts:
        assert places[some].size <= 50
        assert np.unique(places[some] // 16).size <= 2 + 4 + 1  # since it is cut at every fourth place, not at any


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize("rows", [0, 1, 31, 100])
def test_what_is_computed_stretch_by_stretch_is_all(rows: int) -> None:
    values = np.arange(rows) % 5 - 1
    assert computed(rows, np.int16, lambda some: values[some]).tolist() == values.tolist()
    assert rows_where(rows, lambda some: values[some] == 2).tolist() == np.flatnonzero(values == 2).tolist()
    assert extremes(values, -1) == ((0, min(rows - 2, 3)) if rows > 1 else (-1, -1))
