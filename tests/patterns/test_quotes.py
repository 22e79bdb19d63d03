"""ICMP errors by name and by connection."""

import numpy as np

from pcapframe.patterns._quotes import connections_by_error, evidence_of, listed_counts, number_by, quotes_of
from tests.patterns.views import healthy, view
from tests.segments.test_quoted import START, quoting, syn


def test_counts_are_listed() -> None:
    assert number_by(np.array([1, 1, 0]), ["a", "b", "c"]) == {"b": 2, "a": 1}
    assert listed_counts({"a": 4000, "b": 3}) == "4,000 a, 3 b"
    assert listed_counts(dict.fromkeys("abcde", 1)) == "1 a, 1 b, 1 c and 2 more"


def test_connections_are_counted_once_for_each_error() -> None:
    traffic = view([syn(0), syn(1, port=40001), quoting(2, START), quoting(3, START), quoting(4, START, code=4)])
    quotes = quotes_of(traffic)
    first, second = "Destination unreachable (Host unreachable)", "Destination unreachable (Fragmentation needed)"
    assert connections_by_error(quotes) == ({first: 1, second: 1}, 1)
    assert connections_by_error(quotes, np.array([1])) == ({}, 0)
    assert evidence_of(traffic, quotes.errors[:1]).frames == (3,)
    assert quotes_of(view(*healthy(1))).errors.size == 0
