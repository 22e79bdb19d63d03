"""What the measures read: always the same types, so that nothing is compiled twice; and chunks do not matter."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections import table
from pcapframe.connections.rows import Rows, by_sender, by_side, in_chunks, seconds
from tests.builders import Conversation
from tests.connections.made import segments


def whole(frame: pd.DataFrame) -> list[Rows]:
    return list(in_chunks(frame, np.zeros(len(frame), np.int64)))


def test_types_do_not_depend_on_the_capture() -> None:
    plain = segments(Conversation(timestamps=False).handshake())
    real = pf.label_segments(pf.read_pcap(pf.example("ipv6.pcapng"), progress=False))
    made = [whole(frame)[0] for frame in (plain, real)]
    kinds = [[(column.dtype, column.flags.c_contiguous, column.flags.writeable) for column in rows] for rows in made]
    assert kinds[0] == kinds[1]
    assert all(not writeable for _, _, writeable in kinds[0])
    assert whole(plain.iloc[:0]) == []


def test_null_has_one_value() -> None:
    (rows,) = whole(segments(Conversation(timestamps=False).handshake()))
    assert rows.tsval.tolist() == [-1, -1, -1]
    assert rows.payload_bytes.tolist() == [0, 0, 0]
    assert np.isnan(rows.ack_rtt_s[0])


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("name", ["losses.pcap", "midstream.pcap", "resets.pcap"])
def test_chunks_do_not_matter(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pf.label_segments(pf.read_pcap(pf.example(name), progress=False))
    expected = pf.build_connections(frame)
    monkeypatch.setattr(table, "in_chunks", lambda segments, place: in_chunks(segments, place, size))
    pd.testing.assert_frame_equal(pf.build_connections(frame), expected, check_exact=True)


def test_records_are_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapframe.connections.rows.BLOCK_ROWS", 3)
    records = np.zeros((7, 2), np.dtype([("a", np.uint32), ("b", np.uint64)]))
    records["a"], records["b"] = np.arange(14).reshape(7, 2), np.arange(14).reshape(7, 2) + 2**40
    made = by_sender(records)
    assert {name: (column.dtype, column.tolist()) for name, column in made.items()} == {
        name: (records[name].dtype, records[name].tolist()) for name in ("a", "b")
    }
    assert made["a"][:, 1].flags.c_contiguous


def test_columns_by_sender() -> None:
    made = by_side("packets", np.array([[1, 2], [3, 4]]))
    assert {name: column.tolist() for name, column in made.items()} == {
        "client_packets": [1, 3], "server_packets": [2, 4],
    }  # fmt: skip


def test_no_time_difference_is_nan() -> None:
    assert seconds(np.array([-1, 0, 1_500_000_000])).tolist()[1:] == [0.0, 1.5]
    assert np.isnan(seconds(np.array([-1]))[0])
