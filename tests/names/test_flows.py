import numpy as np

from pcapframe.jit import jit
from pcapframe.names.flows import (
    FLOW,
    MOST_FLOWS,
    OPEN,
    RANGES,
    SLOT_BYTES,
    SLOTS,
    Flows,
    Slots,
    find_flow,
    flows_with_room,
    new_flows,
    new_slots,
    put,
    slot_of,
    take_slot,
)


@jit
def _insert(flows: Flows, first: int, count: int) -> None:
    mask = flows.table.size - 1
    for number in range(first, first + count):
        place = find_flow(flows.table, flows.seed, mask, np.int64(number), np.int64(7), np.int64(80))
        if place < 0:
            flow = flows.table[-1 - place]
            flows.counts[0] += flow.state == 0
            flow.src, flow.dst, flow.ports, flow.state = number, 7, 80, OPEN


@jit
def _found(flows: Flows, first: int, count: int) -> int:
    mask = flows.table.size - 1
    there = 0
    for number in range(first, first + count):
        there += find_flow(flows.table, flows.seed, mask, np.int64(number), np.int64(7), np.int64(80)) >= 0
    return there


def test_directions_are_found_again_while_the_table_grows() -> None:
    flows = new_flows()
    for first in range(0, 160_000, 1000):
        flows = flows_with_room(flows, 1000)
        _insert(flows, first, 1000)
    assert _found(flows, 0, 160_000) > 159_990
    assert _found(flows, 200_000, 1000) == 0


def test_the_table_is_bounded() -> None:
    flows = new_flows()
    for first in range(0, 3_000_000, 1000):
        flows = flows_with_room(flows, 1000)
        _insert(flows, first, 1000)
    assert flows.table.size == MOST_FLOWS
    assert _found(flows, 2_999_000, 1000) > 900  # the last ones are there


@jit
def _take(table: np.ndarray, slots: Slots) -> None:
    for number in range(table.size):
        table[number].src = number
        take_slot(table[number], slots.slots, slots.free, slots.counts)


@jit
def _kept(table: np.ndarray, slots: Slots) -> int:
    kept = 0
    for number in range(table.size):
        kept += slot_of(table[number], slots.slots) >= 0
    return kept


def test_the_oldest_slot_is_given_up() -> None:
    table, slots = np.zeros(SLOTS + 10, FLOW), new_slots()
    _take(table, slots)
    assert _kept(table, slots) == SLOTS
    assert _kept(table[10:], slots) == SLOTS


@jit
def _put(slots: Slots, data: np.ndarray, offset: int, there: int, size: int) -> bool:
    return put(
        slots.slots[0], slots.held, np.int64(0), data, np.int64(0), np.int64(offset), np.int64(there), np.int64(size)
    )


def fresh() -> Slots:
    slots = new_slots()
    slots.slots["cut"] = -1
    return slots


def test_bytes_are_put_to_their_places() -> None:
    slots, stream = fresh(), np.arange(100, dtype=np.uint8)
    steps = [((50, 60), False), ((20, 55), False), ((70, 80), False), ((0, 10), True), ((0, 5), False), ((8, 25), True)]
    for (low, high), more in steps:
        assert _put(slots, stream[low:high].copy(), low, high - low, high - low) is more
    assert slots.slots[0]["filled"] == 60
    assert slots.held[:60].tolist() == stream[:60].tolist()
    assert _put(slots, stream[60:75].copy(), 60, 15, 15)
    assert slots.slots[0]["filled"] == 80


def test_holes_and_length_are_bounded_and_copies_take_no_room() -> None:
    slots, data = fresh(), np.ones(10, np.uint8)
    for number in range(3 * RANGES):
        for _ in range(2):
            _put(slots, data, 100 + 20 * number, 10, 10)
    assert slots.slots[0]["ranges"] == RANGES
    assert not _put(slots, data, SLOT_BYTES + 5, 10, 10)
    assert slots.held[SLOT_BYTES:].sum() == 0


def test_where_the_capture_cut_a_segment() -> None:
    slots, data = fresh(), np.ones(10, np.uint8)
    _put(slots, data, 0, 4, 10)
    assert (slots.slots[0]["filled"], slots.slots[0]["cut"]) == (4, 4)
