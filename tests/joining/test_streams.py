"""Orders, acknowledgements and ranges of streams, by hand."""

import numpy as np

from pcapframe.joining.streams import (
    LATE,
    covered,
    keys_of,
    merge_ranges,
    note_first_acks,
    perhaps_alike,
    touching,
    whole_until,
)
from pcapframe.joining.transmissions import NO_ACK


def numbers(*values):
    return np.asarray(values, np.int64)


def test_when_a_peer_first_acknowledged():
    """Stream 1 acknowledges 100 at 10, 50 at 20 and 300 at 30; asked are 301, 100, 300 and 101 of stream 0."""
    found = np.full(4, LATE)
    note_first_acks(
        numbers(0, 4), numbers(4, 4), numbers(1, 3, 2, 0), numbers(301, 100, 300, 101), numbers(0, 1, 1, 1),
        numbers(NO_ACK, 100, 50, 300), numbers(5, 10, 20, 30), found,
    )  # fmt: skip
    assert found.tolist() == [LATE, 10, 30, 30]


def test_ranges_that_meet_are_one():
    """Of stream 0 0 to 5, 5 to 7 and 9 to 10; of stream 2 0 to 4 and 1 to 2."""
    count, made = np.zeros(4, np.int64), np.zeros((2, 5), np.int64)
    merge_ranges(numbers(0, 0, 0, 2, 2), numbers(0, 5, 9, 0, 1), numbers(5, 7, 10, 4, 2), count, *made)
    assert count.tolist() == [0, 2, 0, 1]
    assert made[:, :3].tolist() == [[0, 9, 0], [7, 10, 4]]


def test_items_that_touch_ranges():
    """Asked are 10 to 20 and 40 to 50 of stream 1."""
    items = [(1, 0, 9), (1, 0, 10), (1, 15, 16), (1, 20, 30), (1, 21, 39), (1, 5, 99), (0, 12, 13), (2, 12, 13)]
    near = np.empty(8, np.int64)
    columns = [numbers(*column) for column in zip(*items, strict=True)]
    size = touching(numbers(0, 0, 2, 2), numbers(10, 40), numbers(20, 50), *columns, near)
    assert near[:size].tolist() == [1, 2, 3, 5]


def test_ranges_that_are_whole():
    """0 to 100 and 100 to 250 meet; 300 to 400 stands alone."""
    asked = [(0, 250), (50, 200), (0, 300), (260, 270), (310, 400)]
    found, until = np.zeros(5, np.bool_), np.empty(3, np.int64)
    items = numbers(0, 3), numbers(0, 1, 2), numbers(0, 100, 300)
    whole_until(*items, numbers(100, 250, 400), until)
    assert until.tolist() == [250, 250, 400]
    covered(
        *items, until, numbers(0, 0, 0, 0, 0),
        numbers(*(low for low, _ in asked)), numbers(*(high for _, high in asked)), found,
    )  # fmt: skip
    assert found.tolist() == [True, True, False, False, True]


def test_rows_like_some():
    """Of bare ACKs the number that they acknowledge counts, of data it does not."""
    start, end, ack = numbers(1, 1, 1, 1, 9), numbers(1, 1, 5, 5, 9), numbers(7, 8, 7, 8, 7)
    near, zeros = np.empty(5, np.int64), numbers(0, 0, 0, 0, 0)
    key, table = np.empty(5, np.uint64), np.zeros(1 << 16, np.bool_)
    keys_of(zeros, start, end, ack, zeros, key)
    table[(key[[0, 3]] & np.uint64(table.size - 1)).astype(np.int64)] = True
    size = perhaps_alike(zeros, start, end, ack, zeros, table, 100, near)
    assert near[:size].tolist() == [100, 102, 103]
