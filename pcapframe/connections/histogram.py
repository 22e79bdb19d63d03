"""Sparse histograms of times, one for each of many owners.

As in HdrHistogram, a bin is a float's exponent and the first seven bits of its mantissa, so that every bin is less than
1 % wide. Only bins with a sample take memory. The quantiles do not depend on how the samples were split into chunks.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit, unchecked

__all__ = ["Histogram", "Samples", "keep"]

BIN_SHIFT = 52 - 7  # a bin is at most 1 / 128 wide
BIN_BITS = 18  # enough for the bin of any int64
FEWEST_PENDING = 1 << 18  # fewest samples that are counted at a time
NEVER = -1  # below every sample


class Samples(NamedTuple):
    """Buffer into which a kernel writes samples, by `keep`."""

    keys: Array  # int64, owner << BIN_BITS | bin
    lowest: Array  # int64 [ns], by owner
    highest: Array  # int64 [ns], NEVER for an owner without a sample


@inner_jit
def keep(samples: Any, count: Any, owner: Any, time: Any) -> Any:
    """Append a sample of at least 0 ns to the `count` others; return the new count."""
    unchecked(samples.keys)[count] = np.int64(owner) << BIN_BITS | np.float64(time).view(np.int64) >> BIN_SHIFT
    lowest, highest = unchecked(samples.lowest), unchecked(samples.highest)
    lowest[owner] = min(lowest[owner], time)
    highest[owner] = max(highest[owner], time)
    return count + 1


@jit
def _merge(keys: Any, counts: Any, other_keys: Any, other_counts: Any, out_keys: Any, out_counts: Any) -> Any:
    """Merge counts by key, both in order of keys, the other side with repeats; return how many keys there are."""
    found, i, j = -1, 0, 0
    while i < keys.size or j < other_keys.size:
        if j == other_keys.size or (i < keys.size and keys[i] <= other_keys[j]):
            key, count = keys[i], counts[i]
            i += 1
        else:
            key, count = other_keys[j], other_counts[j]
            j += 1
        if found < 0 or out_keys[found] != key:
            found += 1
            out_keys[found], out_counts[found] = key, count
        else:
            out_counts[found] += count
    return found + 1


@jit
def _find(keys: Any, counts: Any, shares: Any, out: Any) -> None:
    """Put the middle of each owner's bin in which `shares` of its samples are reached into `out` [ns]."""
    first = place = 0
    while first < keys.size:
        owner = keys[first] >> BIN_BITS
        end, total = first, np.int64(0)
        while end < keys.size and keys[end] >> BIN_BITS == owner:
            total += counts[end]
            end += 1
        for k in range(shares.size):
            rank = np.int64(np.ceil(total * shares[k]))
            at, reached = first, counts[first]
            while reached < rank:
                at += 1
                reached += counts[at]
            low = (keys[at] & ((1 << BIN_BITS) - 1)) << BIN_SHIFT
            out[k, place] = np.int64(low | 1 << (BIN_SHIFT - 1)).view(np.float64)
        first = end
        place += 1


class Histogram:
    """Samples of times by owner.

    Parameters
    ----------
    owners : int
        How many there are, from 0.
    """

    def __init__(self, owners: int) -> None:
        self._lowest, self._highest = np.full(owners, np.iinfo(np.int64).max), np.full(owners, NEVER)
        self._keys, self._counts = np.empty(0, np.int64), np.empty(0, np.int64)  # in order of keys
        self._pending: list[Array] = []

    def room(self, samples: int) -> Samples:
        """Return a buffer into which a kernel can write new samples, by `keep`.

        Parameters
        ----------
        samples : int
            Most samples that it will write.

        Returns
        -------
        Samples
            Pass it to `add`.
        """
        return Samples(np.empty(samples, np.int64), self._lowest, self._highest)

    def add(self, samples: Samples, count: int) -> None:
        """Count the samples that a kernel kept.

        Parameters
        ----------
        samples : Samples
            From `room`.
        count : int
            How many it kept.
        """
        self._pending.append(samples.keys[:count].copy())
        if sum(keys.size for keys in self._pending) >= max(FEWEST_PENDING, self._keys.size):
            self._count_pending()

    def merge(self, other: "Histogram") -> None:
        """Add the samples of another histogram of the same owners.

        Parameters
        ----------
        other : Histogram
            Not modified.
        """
        other._count_pending()
        self._take(other._keys, other._counts)
        np.minimum(self._lowest, other._lowest, out=self._lowest)
        np.maximum(self._highest, other._highest, out=self._highest)

    def quantiles(self, *shares: float) -> tuple[Array, list[Array]]:
        """Return quantiles of the owners that have a sample.

        Parameters
        ----------
        *shares : float
            From 0, the smallest sample, to 1, the largest. Values between are the middle of a bin. [0 to 1]

        Returns
        -------
        ndarray of int
            The owners, ascending.
        list of ndarray of float64
            One per share, in the order of the owners. [s]
        """
        self._count_pending()
        owners = np.flatnonzero(self._highest != NEVER)
        between = np.array([share for share in shares if 0 < share < 1])
        middles = np.empty((between.size, owners.size))
        _find(self._keys, self._counts, between, middles)
        lowest, highest = self._lowest[owners] / 1e9, self._highest[owners] / 1e9
        found = iter(middles / 1e9)
        return owners, [
            np.clip(next(found), lowest, highest) if 0 < share < 1 else highest if share else lowest for share in shares
        ]

    def _count_pending(self) -> None:
        if self._pending:
            keys = np.sort(np.concatenate(self._pending))
            self._pending = []
            self._take(keys, np.ones(keys.size, np.int64))

    def _take(self, keys: Array, counts: Array) -> None:
        """Add counts, given in order of their keys."""
        most = self._keys.size + keys.size
        out_keys, out_counts = np.empty(most, np.int64), np.empty(most, np.int64)
        size = _merge(self._keys, self._counts, keys, counts, out_keys, out_counts)
        self._keys, self._counts = out_keys[:size].copy(), out_counts[:size].copy()
