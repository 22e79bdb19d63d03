"""Where rows are kept: room for many, in pieces that grow."""

import gzip

import pytest

from pcapframe.capture import reader, storing
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.source import open_capture
from pcapframe.capture.storing import SMALLEST_PIECE
from pcapframe.packets import read_pcap
from tests.builders import packet, pcap


def test_rows_that_are_expected_but_have_no_room_are_not_waited_for() -> None:
    columns = PacketColumns()
    columns.rows.expected = 1 << 50
    capture = pcap([(i, b"") for i in range(3 * SMALLEST_PIECE)])
    with open_capture(capture) as stream:
        reader.read_capture(stream, columns, lambda _done, _size: None)
    assert columns.filled().time.size == columns.count == 3 * SMALLEST_PIECE


def test_an_estimate_that_is_too_low_does_not_move_all_rows_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    room = storing.new_piece
    monkeypatch.setattr(storing, "new_piece", lambda rows: made.append(rows) or room(rows))
    columns = PacketColumns()
    columns.rows.expected = 1
    rows = 9 * SMALLEST_PIECE
    with open_capture(gzip.compress(pcap([(i, bytes(100)) for i in range(rows)]), 1)) as stream:
        reader.read_capture(stream, columns, lambda _done, _size: None)
    assert columns.count == rows
    assert sum(made) < 2 * rows + SMALLEST_PIECE
    assert len(made) < 10


def test_rows_in_pieces_are_those_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fragments too, which are completed in an earlier piece."""
    first, second = bytearray(packet(payload=64)), bytearray(packet(payload=64))
    first[20:22], second[20:22] = b"\x20\x00", (84 // 8 + 1).to_bytes(2, "big")
    first[16:18] = (20 + 88).to_bytes(2, "big")
    frames = [bytes(first) + bytes(24), bytes(second)]
    frames += [packet(seq=i, payload=i % 50, vlan=7 if i % 1000 == 0 else None) for i in range(40_000)]
    capture = gzip.compress(pcap(list(enumerate(frames))), 1)
    expected = read_pcap(capture, progress=False)
    assert expected["tcp_flags"].notna().tolist()[:2] == [False, True]
    monkeypatch.setattr(storing, "SMALLEST_PIECE", 8192)
    monkeypatch.setattr(storing, "LARGEST_PIECE", 8192)
    found = read_pcap(capture, progress=False)
    assert found.equals(expected)


def test_a_row_is_not_held_twice_when_there_are_more_than_were_expected() -> None:
    columns = PacketColumns()
    rows = 9 * SMALLEST_PIECE
    columns.rows.expected = rows // 2
    with open_capture(gzip.compress(pcap([(i, b"") for i in range(rows)]), 1)) as stream:
        reader.read_capture(stream, columns, lambda _done, _size: None)
    assert sum(piece.rows for piece in columns.rows._pieces) < 1.5 * rows
    assert columns.filled().time.tolist() == [i * 10**9 for i in range(rows)]
