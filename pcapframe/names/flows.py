"""Directions of TCP whose first payload is awaited or read, while a capture is read.

A table of bounded size: where it is full, a direction that has come last takes the place of another.
A ClientHello or the head of a request that comes in several segments is collected in a slot. These are bounded too:
where all are taken, the one that was taken first is given up.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit

__all__ = ["FLOW", "SLOT_BYTES", "Flows", "Slots", "find_flow", "flows_with_room", "free_slot", "home_of",
           "new_flows", "new_slots", "put", "slot_of", "take_slot"]  # fmt: skip

FREE, NEW, OPEN, HELD, DNS_STREAM, SETTLED = range(6)  # states
FLOW = np.dtype(
    [
        ("src", np.int32),
        ("dst", np.int32),
        ("ports", np.uint32),
        ("base", np.uint32),  # sequence number of the first byte that is awaited or read
        ("slot", np.int32),
        ("state", np.int8),
        ("kind", np.int8),  # application whose beginning is in the slot; 0 before it is known
        ("is_renewed", np.bool_),  # a SYN with another number is in this batch, and not read yet
    ],
    align=True,
)
FIRST_FLOWS, MOST_FLOWS = 1 << 14, 1 << 20
REACH = 8  # places where a flow may lie
SLOTS = 2048
SLOT_BYTES = 1 << 14
RANGES = 16  # in a slot, beyond the first bytes
NONE = -1
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, with bits everywhere
SLOT = np.dtype(
    [
        ("src", np.int32),
        ("dst", np.int32),
        ("ports", np.uint32),
        ("filled", np.int32),  # up to where there is no hole [bytes]
        ("cut", np.int32),  # where the capture lacks what follows, -1 for nowhere
        ("need", np.int32),  # how many bytes are needed before it is worth reading
        ("line", np.int32),  # where reading goes on
        ("ranges", np.int32),
        ("low", np.int32, (RANGES,)),
        ("high", np.int32, (RANGES,)),
        ("free", np.int32),
    ],
    align=True,
)


class Flows(NamedTuple):
    """The table of directions."""

    table: Array  # FLOW
    seed: Array  # uint64
    counts: Array  # int64: how many there are


class Slots(NamedTuple):
    """Beginnings that are not complete."""

    held: Array  # uint8, the bytes of all slots
    slots: Array  # SLOT
    free: Array  # int32, numbers of free ones, a stack
    counts: Array  # int64: how many are free, and which to give up next


def new_flows() -> Flows:
    """Return an empty table."""
    seed = np.random.default_rng().integers(1, 2**63, 2, np.uint64) * np.uint64(2) + np.uint64(1)
    return Flows(np.zeros(FIRST_FLOWS, FLOW), seed, np.zeros(1, np.int64))


def new_slots() -> Slots:
    """Return free slots; memory that is never used is not taken from the system."""
    slots = np.zeros(SLOTS, SLOT)
    return Slots(
        np.zeros(SLOTS * SLOT_BYTES, np.uint8),
        slots,
        np.arange(SLOTS - 1, -1, -1, dtype=np.int32),
        np.array([SLOTS, 0], np.int64),
    )


@inner_jit
def home_of(seed: Any, src: Any, dst: Any, ports: Any, mask: Any) -> Any:
    """Return the first place where a direction may lie."""
    h = (np.uint64(src) << np.uint64(32) | np.uint64(dst)) * seed[0]
    h = (h ^ (h >> np.uint64(32)) ^ np.uint64(ports)) * seed[1]
    h = (h ^ (h >> np.uint64(32))) * MIX  # else some seeds crowd ports that follow one another
    return np.int64(h >> np.uint64(32)) & mask


@inner_jit
def find_flow(table: Any, seed: Any, mask: Any, src: Any, dst: Any, ports: Any) -> Any:
    """Return the place of a direction, or -1 - place where it may lie."""
    home = home_of(seed, src, dst, ports, mask)
    for k in range(REACH):
        place = (home + k) & mask
        if table[place].state == FREE:
            return -1 - place
        if table[place].src == src and table[place].dst == dst and table[place].ports == ports:
            return place
    return -1 - ((home + (np.int64(src) + np.int64(ports)) % REACH) & mask)


@jit
def _move(old: Any, new: Any, seed: Any) -> Any:
    """Move all directions to a larger table; return how many find room."""
    mask = new.size - 1
    moved = 0
    for i in range(old.size):
        flow = old[i]
        if flow.state != FREE:
            place = find_flow(new, seed, mask, np.int64(flow.src), np.int64(flow.dst), np.int64(flow.ports))
            if place < 0:
                place = -1 - place
                moved += new[place].state == FREE
            new[place] = flow
    return moved


def flows_with_room(flows: Flows, count: int) -> Flows:
    """Return the table with room for `count` packets, as long as it may grow."""
    size = flows.table.size
    # Each adds one at most. So sparse, hardly any direction lacks room near its place.
    if 6 * (int(flows.counts[0]) + count) <= size or size >= MOST_FLOWS:
        return flows
    table = np.zeros(4 * size, FLOW)
    flows.counts[0] = _move(flows.table, table, flows.seed)
    return flows._replace(table=table)


@inner_jit
def slot_of(flow: Any, slots: Any) -> Any:
    """Return the slot of a direction, -1 where it was given up."""
    number = np.int64(flow.slot)
    if number < 0:
        return np.int64(NONE)
    slot = slots[number]
    if slot.free or slot.src != flow.src or slot.dst != flow.dst or slot.ports != flow.ports:
        return np.int64(NONE)
    return number


@inner_jit
def free_slot(number: Any, slots: Any, free: Any, counts: Any) -> None:
    """Give a slot back."""
    slots[number].free = 1
    free[counts[0]] = number
    counts[0] += 1


@inner_jit
def take_slot(flow: Any, slots: Any, free: Any, counts: Any) -> Any:
    """Return an empty slot for a direction."""
    if counts[0] == 0:
        free_slot(counts[1], slots, free, counts)
        counts[1] = (counts[1] + 1) % slots.size
    counts[0] -= 1
    number = np.int64(free[counts[0]])
    slot = slots[number]
    slot.src, slot.dst, slot.ports = flow.src, flow.dst, flow.ports
    slot.filled = slot.need = slot.line = slot.ranges = slot.free = 0
    slot.cut = NONE
    flow.slot = number
    return number


@inner_jit
def _add_range(slot: Any, low: Any, high: Any) -> None:
    """Note bytes beyond a hole, as one with those that they overlap or adjoin."""
    for k in range(slot.ranges):
        if low <= slot.high[k] and high >= slot.low[k]:
            slot.low[k], slot.high[k] = min(low, slot.low[k]), max(high, slot.high[k])
            return
    if slot.ranges < RANGES:
        slot.low[slot.ranges], slot.high[slot.ranges] = low, high
        slot.ranges += 1


@inner_jit
def put(slot: Any, held: Any, begin: Any, data: Any, at: Any, offset: Any, there: Any, size: Any) -> Any:
    """Put bytes of a segment to their place; return whether the bytes without a hole are more than before.

    Parameters
    ----------
    slot, held, begin
        The slot, the bytes of all slots, and where its own begin.
    data, at
        Where the payload is.
    offset, there, size : int
        Its place in the stream, how many bytes of it were captured, and its length. [bytes]
    """
    before = slot.filled
    low, high = max(offset, before), min(offset + there, SLOT_BYTES)
    if there < size and offset + there < SLOT_BYTES and (slot.cut < 0 or offset + there < slot.cut):
        slot.cut = max(offset + there, 0)
    if high > low:
        for k in range(low, high):
            held[begin + k] = data[at + k - offset]
        if low == before:
            slot.filled = high
        else:
            _add_range(slot, low, high)
    again = True
    while again:
        again = False
        for k in range(slot.ranges):
            if slot.low[k] <= slot.filled:
                slot.filled = max(slot.filled, slot.high[k])
                slot.ranges -= 1
                slot.low[k], slot.high[k] = slot.low[slot.ranges], slot.high[slot.ranges]
                again = True
                break
    return slot.filled > before
