import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections import table
from pcapframe.connections.blocks import Assembled, Block, in_blocks, in_parts
from pcapframe.connections.shared import Shared


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("place", [[0, 0, 1, 2, 3], [0, 3, 1, 2, 0], [0]])
def test_each_connection_is_in_one_block_with_all_its_segments(place: list[int], size: int) -> None:
    found = []
    for block in in_blocks(np.array(place), max(place) + 1, size):
        rows = np.arange(len(place))[block.rows]
        assert (np.diff(rows) > 0).all()
        assert (block.place < block.connections).all()
        assert block.connections <= size
        found += [(row, block.first + at) for row, at in zip(rows.tolist(), block.place.tolist(), strict=True)]
    assert sorted(found) == list(enumerate(place))


@pytest.mark.parametrize("place", [[0, 0, 1, 2, 3, 4], [0, 3, 1, 4, 2, 0]])
def test_a_block_is_cut_into_those_of_its_connections(place: list[int]) -> None:
    for large in in_blocks(np.array(place), 5, 4):
        parts = list(in_parts(large, 2))
        assert sum(part.connections for part in parts) == large.connections
        for part in parts:
            rows = np.arange(len(place))[part.rows]
            assert np.array(place)[rows].tolist() == (part.first + part.place).tolist()
            assert (part.place < part.connections).all()


def test_parts_of_one_value_become_one_column_and_others_are_joined() -> None:
    assembled = Assembled(5, Shared())
    for block, (first, size) in enumerate(((0, 3), (3, 2))):
        numbers, mask = np.full(size, 7), np.zeros(size, np.bool_)
        columns = {"same": np.zeros(size), "too": np.zeros(size), "other": np.full(size, block)}
        columns["null"] = pd.arrays.IntegerArray(numbers, mask | bool(block))
        assembled.put(Block(first, size, slice(0), numbers), columns)
    made = assembled.columns()
    assert made["same"].tolist() == [0] * 5
    assert made["same"] is made["too"]
    assert made["other"].tolist() == [0, 0, 0, 1, 1]
    assert made["null"].isna().tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("most_single", [0, 1000])  # segments of a connection, for large blocks that are cut again
@pytest.mark.parametrize("name", ["resets.pcap", "waits_server.pcap"])
def test_connections_are_the_same_in_whatever_blocks(
    name: str, most_single: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = pf.label_segments(pf.read_pcap(pf.example(name), progress=False))
    whole = pf.build_connections(segments)
    monkeypatch.setattr(table, "FEW_SEGMENTS", len(segments) + 1)
    for constant, value in (("MOST_SINGLE", most_single), ("BLOCK", 3), ("LARGE_BLOCK", 7)):
        monkeypatch.setattr(table, constant, value)
    pd.testing.assert_frame_equal(pf.build_connections(segments), whole)
