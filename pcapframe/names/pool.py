"""Names that were found, each kept once, as the bytes that a capture has."""

import itertools
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.capture.bits import byte
from pcapframe.jit import inner_jit, jit

__all__ = ["LONGEST_NAME", "NO_NAME", "Pool", "add_name", "is_short", "new_pool", "pool_names", "pool_with_room"]

NO_NAME = -1
LONGEST_NAME = 1024  # a longer one is left out [bytes]
MOST_BYTES = 64 << 20  # of all names together; further names are left out
SPARE = 600  # names that one segment adds at most
FIRST_BYTES, FIRST_NAMES = 1 << 20, 1 << 12
USED, NAMES, LEFT_OUT = range(3)  # in `Pool.counts`


class Pool(NamedTuple):
    """Distinct names, one after another."""

    text: Array  # uint8
    ends: Array  # int64, where each name ends; the first value is 0
    slots: Array  # int32, open addressing: number of the name + 1, 0 where free
    seed: Array  # uint64, odd and random: nobody can prepare names that collide
    counts: Array  # int64: bytes used, names, and names that were left out


def new_pool() -> Pool:
    """Return an empty pool."""
    return Pool(
        np.empty(FIRST_BYTES, np.uint8),
        np.zeros(FIRST_NAMES + 1, np.int64),
        np.zeros(2 * FIRST_NAMES, np.int32),
        np.random.default_rng().integers(1, 2**63, 2, np.uint64) * np.uint64(2) + np.uint64(1),
        np.zeros(3, np.int64),
    )


@inner_jit
def _hash(data: Any, at: Any, end: Any, seed: Any) -> Any:
    h = seed[1]
    for i in range(at, end):
        h = (h ^ np.uint64(byte(data, i))) * seed[0]
        h ^= h >> np.uint64(29)
    return np.int64(h >> np.uint64(30))


@inner_jit
def add_name(pool: Any, data: Any, at: Any, end: Any) -> Any:
    """Return the number of the name between `at` and `end`; a new one gets the next.

    `NO_NAME` for an empty name, one that is too long, and one that finds no room.
    """
    size = end - at
    if size <= 0 or size > LONGEST_NAME:
        return np.int64(NO_NAME)
    mask = pool.slots.size - 1
    slot = _hash(data, at, end, pool.seed) & mask
    while True:
        number = np.int64(pool.slots[slot]) - 1
        if number < 0:
            break
        begin = pool.ends[number]
        if pool.ends[number + 1] - begin == size:
            same = True
            for i in range(size):
                if pool.text[begin + i] != byte(data, at + i):
                    same = False
                    break
            if same:
                return number
        slot = (slot + 1) & mask
    counts = pool.counts
    number, begin = counts[NAMES], counts[USED]
    if begin + size > pool.text.size or number + 1 >= pool.ends.size:
        counts[LEFT_OUT] += 1
        return np.int64(NO_NAME)
    for i in range(size):
        pool.text[begin + i] = byte(data, at + i)
    counts[USED] = begin + size
    counts[NAMES] = number + 1
    pool.ends[number + 1] = begin + size
    pool.slots[slot] = number + 1
    return number


@jit
def _rehash(text: Any, ends: Any, count: Any, seed: Any, slots: Any) -> None:
    """Insert every name into an empty, larger table."""
    mask = slots.size - 1
    for number in range(count):
        slot = _hash(text, ends[number], ends[number + 1], seed) & mask
        while slots[slot]:
            slot = (slot + 1) & mask
        slots[slot] = number + 1


@inner_jit
def is_short(pool: Any) -> Any:
    """Whether the pool may lack room for the names of one more segment, and can get some."""
    used, names = pool.counts[USED], pool.counts[NAMES]
    return pool.text.size < MOST_BYTES and (
        used + SPARE * LONGEST_NAME > pool.text.size or names + SPARE >= pool.ends.size
    )


def pool_with_room(pool: Pool) -> Pool:
    """Return the pool with room for the names of one more segment, as long as it may grow."""
    used, count = int(pool.counts[USED]), int(pool.counts[NAMES])
    if pool.text.size >= MOST_BYTES:
        return pool
    if used + SPARE * LONGEST_NAME > pool.text.size:
        text = np.empty(min(4 * pool.text.size, MOST_BYTES), np.uint8)
        text[:used] = pool.text[:used]
        pool = pool._replace(text=text)
    if count + SPARE >= pool.ends.size:
        ends = np.zeros(4 * count + 1, np.int64)
        ends[: count + 1] = pool.ends[: count + 1]
        slots = np.zeros(1 << int(2 * ends.size - 1).bit_length(), np.int32)
        _rehash(pool.text, ends, count, pool.seed, slots)
        pool = pool._replace(ends=ends, slots=slots)
    return pool


def pool_names(pool: Pool) -> list[str]:
    r"""Return the names as text; bytes that are no UTF-8 stand as ``\xff``."""
    ends = pool.ends[: int(pool.counts[NAMES]) + 1].tolist()
    text = pool.text[: int(pool.counts[USED])].tobytes()
    return [text[begin:end].decode("utf-8", "backslashreplace") for begin, end in itertools.pairwise(ends)]
