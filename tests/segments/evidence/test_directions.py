"""What is read off the state of both directions."""

import numpy as np
import pytest

from pcapframe.jit import jit
from pcapframe.segments.evidence.directions import DIRECTION, MILLISECOND, is_dsack, round_trip, ticks_soon


@jit
def dsack_of(ack, sack):  # type: ignore[no-untyped-def]
    return is_dsack(ack, sack, 0, sack.size)


@jit
def round_trip_of(directions):  # type: ignore[no-untyped-def]
    return round_trip(directions[0], directions[1])


@jit
def ticks_soon_at(directions, time):  # type: ignore[no-untyped-def]
    return ticks_soon(directions[0], directions[1], time)


@pytest.mark.parametrize(
    ("ack", "edges", "expected"),
    [
        (4000, [], False),
        (4000, [3000, 3500], True),  # RFC 2883 section 4.1.1: below the acknowledgement
        (4000, [4500, 5000], False),  # RFC 2018: bytes beyond it
        (4000, [5000, 5500, 4500, 6000], True),  # RFC 2883 section 4.2.1: inside the second block
        (4000, [5000, 5500, 6000, 7000], False),
        (0x100, [0xFFFFFF00, 0x80], True),  # numbers wrap
        (0xFFFFFF00, [0x10, 0x80], False),
    ],
)
def test_the_first_block_may_report_bytes_that_came_twice(ack: int, edges: list[int], expected: bool) -> None:
    assert dsack_of(np.uint32(ack), np.array(edges, np.uint32)) == expected


@pytest.mark.parametrize(
    ("own", "peer", "expected"),
    [
        (0, 0, 3 * MILLISECOND),  # nothing known
        (0, 80 * MILLISECOND, 70 * MILLISECOND),  # one way is longer than the least
        (0, MILLISECOND, 3 * MILLISECOND),
        (8000, 16_000, 21_000),  # seven eighths of the sum
    ],
)
def test_the_round_trip_is_the_sum_of_both_ways(own: int, peer: int, expected: int) -> None:
    directions = np.zeros(2, DIRECTION)
    directions["rtt"] = own, peer
    assert round_trip_of(directions) == expected


@pytest.mark.parametrize(
    ("ticks", "elapsed_ms", "rtt_ms", "expected"),
    [
        (100, 100, 5, True),  # a tick a millisecond, five in a round trip
        (10, 100, 19, False),  # a tick in 10 ms: less than two in 19
        (10, 100, 20, True),
        (3, 30, 500, False),  # too few to tell
        (100, 100, 0, False),  # no round trip seen
    ],
)
def test_whether_the_clock_ticks_in_a_round_trip(ticks: int, elapsed_ms: int, rtt_ms: int, expected: bool) -> None:
    directions = np.zeros(2, DIRECTION)
    directions["rtt"] = 1 if rtt_ms else 0, max(rtt_ms * MILLISECOND - 1, 0)
    directions["first_tsval"], directions["newest_tsval"], directions["first_tsval_at"] = 2**32 - 2, ticks - 2, 1
    assert ticks_soon_at(directions, 1 + elapsed_ms * MILLISECOND) == expected
