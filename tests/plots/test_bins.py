import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.arrays import NO_TIME
from pcapframe.plots._bins import AT_MOST, bin_of, known_times, time_edges, to_time, width_text

SECOND = 10**9
TIMES = st.integers(-(2**63) + 1, 2**63 - 1)


@pytest.mark.parametrize(
    ("span", "width"),
    [
        ((5, 5), 1),
        ((0, 119), 1),
        ((0, 120), 2),
        ((0, 7 * SECOND), 100_000_000),
        ((0, 120 * SECOND), 2 * SECOND),
        ((0, 900 * SECOND), 10 * SECOND),
        ((0, 86_400 * SECOND), 900 * SECOND),
        ((0, 365 * 86_400 * SECOND), 5 * 86_400 * SECOND),
    ],
)
def test_width_is_the_narrowest_round_one(span: tuple[int, int], width: int) -> None:
    edges = time_edges(span)
    assert np.diff(edges).tolist() == [width] * (edges.size - 1)


@given(TIMES, TIMES)
def test_bins_cover_the_span_and_are_few(one: int, other: int) -> None:
    span = min(one, other), max(one, other)
    # Beyond what 64 bits hold there is no edge left: the outermost century.
    span = max(span[0], -(9 * 10**18)), min(span[1], 9 * 10**18)
    if span[0] > span[1]:
        return
    edges = time_edges(span)
    assert edges[0] <= span[0]
    assert edges[-1] > span[1]
    assert 1 <= edges.size - 1 <= AT_MOST
    assert (edges % (edges[1] - edges[0]) == 0).all()
    assert bin_of(np.array(span), edges).tolist() == [0, edges.size - 2]


def test_no_time_no_bins() -> None:
    none = np.array([NO_TIME])
    assert known_times(none, np.empty(0, np.int64)) is None
    assert time_edges(None).size == 0
    assert known_times(none, np.array([7, 3, NO_TIME])) == (3, 7)


def test_times_are_utc() -> None:
    assert to_time(np.array([0]))[0].isoformat() == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("width", "text"),
    [(1, "1 ns"), (20_000, "20 µs"), (500_000_000, "500 ms"), (60 * SECOND, "1 min"), (43_200 * SECOND, "12 h"),
     (200_000 * 86_400 * SECOND // 100, "2,000 d")],
)  # fmt: skip
def test_width_is_written_in_a_unit_that_suits(width: int, text: str) -> None:
    assert width_text(np.array([0, width])) == text
