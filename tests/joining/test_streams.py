"""Orders, acknowledgements and ranges of streams, by hand."""

import numpy as np

from pcapframe.joining.streams import (
    LATE,
    by_stream,
    covered,
    first_acks,
    highest_acks,
    keys_of,
    perhaps_alike,
    whole_until,
)
from pcapframe.joining.transmissions import NO_ACK


def numbers(*values):
    return np.asarray(values, np.int64)


def test_streams_one_after_the_other():
    order = np.empty(5, np.int64)
    by_stream(numbers(1, 0, 1, 2, 0), numbers(0, 2, 4), order)
    assert order.tolist() == [1, 4, 0, 2, 3]


def test_when_a_peer_first_acknowledged():
    """Stream 1 acknowledges 100 at 10, 50 at 20 and 300 at 30."""
    found, highest = np.empty(4, np.int64), np.empty(4, np.int64)
    streams = numbers(0, 0, 4), numbers(0, 1, 2, 3)
    highest_acks(*streams, numbers(NO_ACK, 100, 50, 300), highest)
    assert highest.tolist() == [NO_ACK, 100, 100, 300]
    first_acks(
        *streams, highest, numbers(5, 10, 20, 30), numbers(0, 0, 0, 0), numbers(100, 101, 300, 301), found
    )  # fmt: skip
    assert found.tolist() == [10, 30, 30, LATE]


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
    near = np.empty(5, np.int64)
    key, zeros = np.empty(5, np.uint64), numbers(0, 0, 0, 0, 0)
    keys_of(zeros, start, end, ack, zeros, key)
    size = perhaps_alike(key, numbers(0, 3), np.zeros(1 << 16, np.bool_), near)
    assert near[:size].tolist() == [0, 2, 3]
