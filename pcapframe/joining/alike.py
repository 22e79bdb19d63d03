"""Which transmissions of two captures are alike: hashes of what must be the same, and chains of the same hash."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit
from pcapframe.joining.facts import LARGEST, NONE
from pcapframe.joining.transmissions import NO_ACK

__all__ = ["Groups", "group", "hash_alike", "hash_marks", "portion"]

ODD = np.uint64(0x9E3779B97F4A7C15)
NEAR_PROBES = 8  # places tried one after the other before the hash decides
REGION_BITS = 24  # of sequence numbers looked at together: many pages of each column [bytes]
SHIFT_BITS = 5  # neighbouring sequence numbers get neighbouring places: the table is read in order


@inner_jit
def _mix(key: Any, value: Any) -> Any:
    """Add a number to a hash."""
    mixed = (key ^ np.uint64(value)) * ODD
    return mixed ^ (mixed >> np.uint64(29))


@jit
def hash_alike(stream: Any, start: Any, end: Any, kind: Any, ack: Any, key: Any, place: Any) -> None:
    """Hash what makes transmissions alike, and say near what others each belongs."""
    for i in range(stream.size):
        bare = end[i] == start[i]
        own = _mix(_mix(_mix(np.uint64(0), stream[i]), start[i]), (end[i] - start[i]) << 3 | kind[i])
        near = start[i]
        if bare:
            own = _mix(own, ack[i])
            near = near + ack[i] if ack[i] != NO_ACK else near
        key[i] = own
        place[i] = (np.int64(stream[i]) * 0x9E3779B1 + (near >> SHIFT_BITS)) & 0x7FFFFFFFFFFFFFFF


@jit
def portion(stream: Any, start: Any, end: Any, ack: Any, number: Any, count: Any, which: Any) -> int:
    """Write the transmissions of one of so many portions, none of which is like one of another; return how many."""
    n = 0
    for i in range(stream.size):
        near = start[i] + ack[i] if end[i] == start[i] and ack[i] != NO_ACK else start[i]
        if (stream[i] + (near >> REGION_BITS)) % count == number:
            which[n] = i
            n += 1
    return n


@jit
def hash_marks(key: Any, stream: Any, tsval: Any, ip_id: Any, shift: Any, has_ids: Any) -> None:
    """Add to each key the fields that tell copies apart; `shift` is taken off timestamps."""
    for i in range(key.size):
        if shift[stream[i]] != NONE and tsval[i] != NONE:
            key[i] = _mix(key[i], (tsval[i] - shift[stream[i]]) & LARGEST)
        if has_ids[stream[i]]:
            key[i] = _mix(key[i], ip_id[i] + 2)


@jit
def _group(key: Any, place: Any, far_key: Any, far_place: Any, table: Any, follow: Any, last: Any, size: Any,
           far_first: Any, far_follow: Any, far_last: Any, far_size: Any) -> None:  # fmt: skip
    """Chain the items with the same key: of the first capture from its first one on, of the other from `far_first`."""
    mask = table.size - 1
    for i in range(key.size):
        slot, tried = place[i] & mask, 0
        while table[slot] != NONE and key[table[slot]] != key[i]:
            tried += 1
            slot = (slot + 1 if tried != NEAR_PROBES else np.int64(key[i] & np.uint64(mask))) & mask
        head = table[slot]
        if head == NONE:
            table[slot] = head = i
        else:
            follow[last[head]] = i
        last[head] = i
        size[head] += 1
    for i in range(far_key.size):
        slot, tried = far_place[i] & mask, 0
        while table[slot] != NONE and key[table[slot]] != far_key[i]:
            tried += 1
            slot = (slot + 1 if tried != NEAR_PROBES else np.int64(far_key[i] & np.uint64(mask))) & mask
        head = table[slot]
        if head == NONE:
            continue
        if far_size[head]:
            far_follow[far_last[head]] = i
        else:
            far_first[head] = i
        far_last[head] = i
        far_size[head] += 1


@dataclass(frozen=True, eq=False)
class Groups:
    """Items with the same key, as chains; by the first one of the first capture."""

    follow: Array
    size: Array
    far_first: Array
    far_follow: Array
    far_size: Array


def group(key: Array, place: Array, far_key: Array, far_place: Array) -> Groups:
    """Find the items of two captures with the same key."""
    slots = 1 << max(4, int(2 * key.size).bit_length())
    table = np.full(slots, NONE, np.int32)
    follow, last, far_first, far_last = (np.full(key.size, NONE, np.int32) for _ in range(4))
    size, far_size = np.zeros(key.size, np.int32), np.zeros(key.size, np.int32)
    far_follow = np.full(far_key.size, NONE, np.int32)
    _group(key, place, far_key, far_place, table, follow, last, size, far_first, far_follow, far_last, far_size)
    return Groups(follow, size, far_first, far_follow, far_size)
