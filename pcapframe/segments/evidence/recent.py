"""What is remembered of the last packets of a direction, its last retransmissions, and bytes acknowledged unseen.

Each direction has rings of its own, so that what is said of a connection does not depend on others in the capture. A
ring begins with `FEWEST` entries and doubles with what its direction needs, up to a bound; then the oldest entry is
overwritten. All rings lie in one array of words, in blocks of powers of two; blocks given back are used again.

Entries with a key are found by it: chains of entries lead from the newest to older ones, one for each value of some
bits of a hash of the key. A link holds the place of an entry in the ring, plus 1, and bits of its key, so that other
entries are seldom read. The hash is keyed: nobody can make packets that share one chain.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.segments.evidence.directions import NOBODY
from pcapframe.segments.state import grown

__all__ = ["CLAIMS", "FEWEST", "PACKETS", "RESENDS", "Recent", "add", "begin", "double", "give_back", "newest"]

PACKETS, RESENDS, CLAIMS = range(3)  # kinds of rings
STRIDES = (2, 4, 8)  # words of an entry, without links
BLOCKS = (3, 5, 8)  # and with them: two links in a word
FIRST = 3  # logarithm of the entries that a ring begins with
FEWEST = 1 << FIRST
LOGARITHMS = 24
TOP, SEED, FREE = 0, 1, 2  # in the state: words used, the key, first free block of each kind and size
ROOM = 1 << 17  # words that one packet may take at most [8 bytes]
PLACE, TAG = 0xFFFF, 0xFFFF << 16  # parts of a link
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Recent(NamedTuple):
    """The rings of all directions."""

    words: Array  # int64
    links: Array  # int32, the same memory
    state: Array  # int64

    @classmethod
    def empty(cls) -> "Recent":
        """Return no rings."""
        state = np.full(FREE + len(STRIDES) * LOGARITHMS, NOBODY, np.int64)
        state[TOP], state[SEED] = 0, np.random.default_rng().integers(1, 2**62) * 2 + 1
        words = np.zeros(0, np.int64)
        return cls(words, words.view(np.int32), state)

    def with_room(self, most: int) -> "Recent":
        """Return the same rings with room for one packet at least; `most` words are all that is ever needed."""
        needed = int(self.state[TOP]) + ROOM
        words = grown(self.words, needed, max(most, needed))
        return Recent(words, words.view(np.int32), self.state)


@inner_jit
def begin(memory: Any, kind: Any, logarithm: Any) -> Any:
    """Return the place of a new ring of so many entries."""
    words, links, state = memory
    free = FREE + LOGARITHMS * kind + logarithm
    at = state[free]
    if at >= 0:
        state[free] = words[at]
    else:
        at = state[TOP]
        state[TOP] += np.int64(BLOCKS[kind]) << logarithm
    if kind != CLAIMS:
        first = _first_link(at, kind, logarithm)
        for i in range(1 << logarithm):
            links[first + i] = 0
    return at


@inner_jit
def give_back(memory: Any, kind: Any, at: Any, logarithm: Any) -> None:
    """Give the memory of a ring back."""
    words, _links, state = memory
    free = FREE + LOGARITHMS * kind + logarithm
    words[at] = state[free]
    state[free] = at


@inner_jit
def _first_link(at: Any, kind: Any, logarithm: Any) -> Any:
    """Return the place of the first of a ring's links: those to the newest entries, then those of its entries."""
    return 2 * (at + (np.int64(STRIDES[kind]) << logarithm))


@inner_jit
def _chain(state: Any, key: Any, logarithm: Any) -> Any:
    """Return the number of the chain that a key is in."""
    return np.int64((np.uint64(key) * np.uint64(state[SEED])) >> np.uint64(64 - logarithm))


@inner_jit
def _tag(key: Any) -> Any:
    """Return the bits of a key that a link to its entry holds."""
    return np.int64((np.uint64(key) * MULTIPLIER) >> np.uint64(48)) << 16


@inner_jit
def newest(memory: Any, kind: Any, at: Any, logarithm: Any, count: Any, key: Any) -> Any:
    """Return the place of the newest entry with a key, NOBODY for none; `count` entries were added so far."""
    words, links, state = memory
    stride, size = np.int64(STRIDES[kind]), np.int64(1) << logarithm
    first = _first_link(at, kind, logarithm)
    tag = _tag(key)
    age, link = np.int64(0), np.int64(links[first + _chain(state, key, logarithm)])
    while link != 0:
        entry = (link & PLACE) - 1
        its_age = (count - 1 - entry & size - 1) + 1
        if its_age <= age:  # overwritten: that is an entry of another chain
            return np.int64(NOBODY)
        if (link & TAG) == tag and words[at + stride * entry] == key:
            return at + stride * entry
        age = its_age
        link = np.int64(links[first + size + entry])
    return np.int64(NOBODY)


@inner_jit
def add(memory: Any, kind: Any, at: Any, logarithm: Any, count: Any, key: Any) -> Any:
    """Add an entry with a key, the oldest one's place where the ring is full; return its place, to be filled."""
    words, links, state = memory
    size = np.int64(1) << logarithm
    entry, first = count & size - 1, _first_link(at, kind, logarithm)
    chain = first + _chain(state, key, logarithm)
    links[first + size + entry] = links[chain]
    links[chain] = np.int32(_tag(key) | entry + 1)
    place = at + np.int64(STRIDES[kind]) * entry
    words[place] = key
    return place


@inner_jit
def double(memory: Any, kind: Any, at: Any, logarithm: Any, count: Any) -> Any:
    """Return the place of a ring with twice the room, to which the entries of a full one are moved."""
    words, _links, _state = memory
    larger, stride = begin(memory, kind, logarithm + 1), np.int64(STRIDES[kind])
    size = np.int64(1) << logarithm
    for number in range(count - size, count):
        old = at + stride * (number & size - 1)
        if kind == CLAIMS:
            new = larger + stride * (number & 2 * size - 1)
        else:
            new = add(memory, kind, larger, logarithm + 1, number, words[old])
        for k in range(stride):
            words[new + k] = words[old + k]
    give_back(memory, kind, at, logarithm)
    return larger
