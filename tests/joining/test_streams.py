"""Orders, acknowledgements and ranges of streams, by hand."""

import numpy as np

from pcapframe.joining.streams import LATE, by_stream, covered, first_acks
from pcapframe.joining.transmissions import NO_ACK


def numbers(*values):
    return np.asarray(values, np.int64)


def test_streams_one_after_the_other():
    order = np.empty(5, np.int64)
    by_stream(numbers(1, 0, 1, 2, 0), numbers(0, 2, 4), order)
    assert order.tolist() == [1, 4, 0, 2, 3]


def test_when_a_peer_first_acknowledged():
    """Stream 1 acknowledges 100 at 10, 50 at 20 and 300 at 30."""
    found = np.empty(4, np.int64)
    first_acks(
        numbers(0, 0, 4), numbers(0, 1, 2, 3), numbers(NO_ACK, 100, 50, 300), numbers(5, 10, 20, 30),
        numbers(0, 0, 0, 0), numbers(100, 101, 300, 301), found,
    )  # fmt: skip
    assert found.tolist() == [10, 30, 30, LATE]


def test_ranges_that_are_whole():
    """0 to 100 and 100 to 250 meet; 300 to 400 stands alone."""
    asked = [(0, 250), (50, 200), (0, 300), (260, 270), (310, 400)]
    found = np.zeros(5, np.bool_)
    covered(
        numbers(0, 3), numbers(0, 1, 2), numbers(0, 100, 300), numbers(100, 250, 400), numbers(0, 0, 0, 0, 0),
        numbers(*(low for low, _ in asked)), numbers(*(high for _, high in asked)), found,
    )  # fmt: skip
    assert found.tolist() == [True, True, False, False, True]
