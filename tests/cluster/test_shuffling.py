"""Pieces of bytes on their way."""

from typing import Any

import pytest

from pcapframe.cluster._shuffling import frame_of_pieces, gathered, keys_for, moved, pieces_in

delayed = pytest.importorskip("dask.delayed").delayed
pytest.importorskip("distributed")


@pytest.mark.filterwarnings("default")  # of other packages
def test_each_receiver_gets_its_pieces_and_no_others(client: Any) -> None:
    keys = keys_for(5)
    sent = [
        delayed(frame_of_pieces)(
            keys, [f"{number} to {to}".encode() for to in range(5)], dask_key_name=f"send-{number}"
        )
        for number in range(2)
    ]
    told: list[tuple[int, int]] = []
    found = gathered(client, client.compute(moved(sent, 5)), lambda *done: told.append(done))
    assert [sorted(pieces_in(frame)) for frame in found] == [
        [f"0 to {to}".encode(), f"1 to {to}".encode()] for to in range(5)
    ]
    assert told[-1] == (5, 5)
