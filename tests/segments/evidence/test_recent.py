"""Rings of what a direction remembers, compared with lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.segments.evidence import recent
from pcapframe.segments.evidence.directions import NOBODY
from pcapframe.segments.evidence.recent import CLAIMS, FEWEST, PACKETS, RESENDS, ROOM, STRIDES, TOP, Recent

FIRST, MOST = 3, 6  # logarithms of sizes


@pytest.fixture(scope="module", autouse=True)
def _in_python() -> None:
    """Run the code of kernels as it stands."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("begin", "give_back", "newest", "add", "double", "_first_link", "_chain", "_tag"):
            patch.setattr(recent, name, getattr(recent, name).py_func)
        with np.errstate(over="ignore"):
            yield


@given(keys=st.lists(st.integers(-3, 40), max_size=300), kind=st.sampled_from([PACKETS, RESENDS]))
def test_the_newest_entry_of_a_key_is_found_as_long_as_it_is_among_the_last(keys: list[int], kind: int) -> None:
    memory = Recent.empty().with_room(0)
    size, at = FIRST, recent.begin(memory, kind, FIRST)
    other = recent.begin(memory, kind, FIRST)
    for count, key in enumerate(map(np.int64, keys)):
        if count >= 1 << size and size < MOST:
            at, size = recent.double(memory, kind, at, size, count), size + 1
        kept = keys[max(0, count - (1 << size)) : count]
        expected = max((place for place, one in enumerate(kept) if one == key), default=NOBODY)
        found = recent.newest(memory, kind, at, size, count, key)
        assert (found == NOBODY) == (expected == NOBODY)
        if found != NOBODY:
            assert memory.words[found + 1] == count - len(kept) + expected
        assert recent.newest(memory, kind, other, FIRST, 0, key) == NOBODY
        memory.words[recent.add(memory, kind, at, size, count, key) + 1] = count


def test_what_is_given_back_is_used_again() -> None:
    memory = Recent.empty().with_room(0)
    first = recent.begin(memory, CLAIMS, FIRST)
    for number in range(FEWEST):
        memory.words[first + STRIDES[CLAIMS] * number] = number
    larger = recent.double(memory, CLAIMS, first, FIRST, FEWEST)
    assert memory.words[larger : larger + FEWEST * STRIDES[CLAIMS] : STRIDES[CLAIMS]].tolist() == list(range(FEWEST))
    used = int(memory.state[TOP])
    assert recent.begin(memory, CLAIMS, FIRST) == first
    recent.give_back(memory, CLAIMS, larger, FIRST + 1)
    assert recent.begin(memory, CLAIMS, FIRST + 1) == larger
    assert memory.state[TOP] == used


def test_there_is_room_for_a_packet_whatever_it_adds() -> None:
    memory = Recent.empty().with_room(0)
    assert memory.words.size == ROOM
    memory.state[TOP] = 5
    memory.words[4] = 9
    larger = memory.with_room(0)
    assert larger.words.size >= 5 + ROOM
    assert larger.words[4] == 9
