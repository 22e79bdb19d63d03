"""Quantiles out of bins: within a percent of exact ones, the same for any split, and no larger than the bins."""

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.connections.histogram import FEWEST_PENDING, Histogram, keep

OWNERS = 4
SHARES = (0, 0.25, 0.5, 0.95, 1)


@numba.njit
def keep_all(room: Any, owners: Any, times: Any) -> Any:
    count = 0
    for i in range(times.size):
        count = keep(room, count, owners[i], times[i])
    return count


def add(histogram: Histogram, owners: np.ndarray, times: np.ndarray) -> None:
    room = histogram.room(times.size)
    histogram.add(room, keep_all(room, owners, times))


def test_quantiles_are_within_a_percent() -> None:
    rng = np.random.default_rng(7)
    sample = rng.lognormal(16, 1.5, 5000).astype(np.int64)
    owner = np.repeat([0, 3], 2500)
    histogram = Histogram(OWNERS)
    add(histogram, owner, sample)
    known, (lowest, _, median, p95, highest) = histogram.quantiles(*SHARES)
    assert known.tolist() == [0, 3]
    for of, owner_ in enumerate(known):
        exact = np.sort(sample[owner == owner_]) / 1e9
        assert median[of] == pytest.approx(exact[1249], rel=0.01)
        assert p95[of] == pytest.approx(exact[2374], rel=0.01)
        assert (lowest[of], highest[of]) == (exact[0], exact[-1])


samples = st.lists(st.tuples(st.integers(0, OWNERS - 1), st.integers(0, 2**62)), max_size=60)


@given(samples, st.lists(st.integers(0, 60), max_size=5), st.booleans())
def test_any_split_merged_gives_the_same(sample: list[tuple[int, int]], cuts: list[int], one_by_one: bool) -> None:
    owners, times = np.array(sample, np.int64).reshape(-1, 2).T
    whole, merged = Histogram(OWNERS), Histogram(OWNERS)
    add(whole, owners, times)
    for part in np.split(np.arange(times.size), sorted(cut for cut in cuts if cut <= times.size)):
        if one_by_one:
            add(merged, owners[part], times[part])
        else:
            chunk = Histogram(OWNERS)
            add(chunk, owners[part], times[part])
            merged.merge(chunk)
    (owners, expected), (others, found) = whole.quantiles(*SHARES), merged.quantiles(*SHARES)
    assert owners.tolist() == others.tolist()
    assert np.array_equal(expected, found)


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=40), st.sampled_from(SHARES))
def test_a_quantile_is_the_sample_of_that_rank(times: list[int], share: float) -> None:
    histogram = Histogram(1)
    add(histogram, np.zeros(len(times), np.int64), np.array(times))
    rank = max(int(np.ceil(len(times) * share)), 1) - 1
    assert histogram.quantiles(share)[1][0][0] == pytest.approx(sorted(times)[rank] / 1e9, rel=1 / 128)


def test_memory_is_bounded_by_bins() -> None:
    """Samples that fall into the same few bins again take no more, however many they are."""
    histogram = Histogram(1)
    for _ in range(40):
        room = histogram.room(FEWEST_PENDING // 2)
        room.keys[:] = np.arange(room.keys.size) % 50
        histogram.add(room, room.keys.size)
        assert histogram._keys.size <= 50
        assert sum(keys.size for keys in histogram._pending) < FEWEST_PENDING
    assert histogram._counts.sum() + sum(keys.size for keys in histogram._pending) == 20 * FEWEST_PENDING
