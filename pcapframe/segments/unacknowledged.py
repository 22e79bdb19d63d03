"""The unacknowledged segments of each direction, as Wireshark 4.0 keeps them.

``ack_rtt_s`` and ``bytes_in_flight`` are computed from them. At most ``MOST_UNACKED`` segments per direction are kept,
sorted by sequence number relative to the SYN, compared unsigned. Adding a segment next to the last one added, and
removing acknowledged segments, takes no search.

Limits. All other operations take steps over entries: a new base, numbers far from each other, an ACK inside many
overlapping segments, insertions far apart. After more than ``STEPS`` steps per packet of its connection, a direction is
given up: its segments are no longer kept, and both columns are null from there on. We know no real capture that does
that.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit
from pcapframe.segments.state import after, allocate, not_after, release

__all__ = [
    "DIRECTION_FIELDS", "Entries", "acknowledge", "in_flight", "rebase", "release_lists", "remember", "start_list",
]  # fmt: skip

MOST_UNACKED = 10_000  # segments of a direction, Wireshark's limit
STEPS = 32  # most steps over entries that stay, for each packet of the connection
FIRST_STEPS = 1_000  # added to these once per connection
FAR = 1 << 30  # an entry this far above an acknowledgement may count as below it
NO_ENTRY = -1
LONGEST_FLIGHT = 2_000_000_000  # Wireshark shows none from here on [bytes]

# Fields of a direction that this module keeps.
DIRECTION_FIELDS: list[tuple[str, Any]] = [
    ("first_entry", np.int32),  # places in Entries, NO_ENTRY for none
    ("last_entry", np.int32),
    ("newest_entry", np.int32),  # the one added last between others
    ("entries", np.int32),
    ("max_end", np.uint32),  # highest end of these
    ("base", np.uint32),  # what their numbers count from
    ("steps", np.int64),  # taken over entries that stayed
    ("packets", np.uint32),
    ("given_up", np.bool_),
]


class Entries(NamedTuple):
    """Pool of unacknowledged segments: a list by relative sequence number for each direction."""

    seq: Array  # uint32, relative
    end: Array  # uint32, relative
    time: Array  # int64
    order: Array  # int64, number of the segment in the capture
    link: Array  # int32, next entry, or next free one
    back: Array  # int32, entry before


@inner_jit
def start_list(own: Any) -> None:
    """Begin with no entries."""
    own.first_entry = NO_ENTRY
    own.last_entry = NO_ENTRY
    own.newest_entry = NO_ENTRY


@jit
def release_lists(rooms: Any, directions: Any, link: Any, free: Any) -> None:
    """Release all entries of connections that are over; the lists' heads stay as they are."""
    for i in range(rooms.size):
        for side in range(2):
            own = directions[2 * rooms[i] + side]
            if own.entries > 0:
                link[own.last_entry] = free[0]
                free[0] = own.first_entry
                free[2] -= own.entries


@inner_jit
def _insert(own: Any, pool: Any, place: Any) -> None:
    """Link an entry into the list of its direction, in order."""
    seqs, link, back = pool[0], pool[4], pool[5]
    seq = seqs[place]
    if own.entries == 0:
        own.first_entry = place
        own.last_entry = place
        link[place] = NO_ENTRY
        back[place] = NO_ENTRY
    elif seq >= seqs[own.last_entry]:
        link[own.last_entry] = place
        back[place] = own.last_entry
        link[place] = NO_ENTRY
        own.last_entry = place
    elif seq < seqs[own.first_entry]:
        back[own.first_entry] = place
        link[place] = own.first_entry
        back[place] = NO_ENTRY
        own.first_entry = place
    else:
        _insert_between(own, pool, place)
    own.entries += 1


@inner_jit
def _insert_between(own: Any, pool: Any, place: Any) -> None:
    """Link an entry in between the first and the last, searching from the nearest of them and the newest."""
    seqs, link, back = pool[0], pool[4], pool[5]
    seq = seqs[place]
    from_first, from_last = seq - seqs[own.first_entry], seqs[own.last_entry] - seq
    at = np.int64(own.first_entry if from_first < from_last else own.last_entry)
    if own.newest_entry >= 0:
        newest = seqs[own.newest_entry]
        if (newest - seq if newest > seq else seq - newest) < min(from_first, from_last):
            at = np.int64(own.newest_entry)
    steps = 0
    while seqs[at] > seq:
        at = np.int64(back[at])
        steps += 1
    while seqs[link[at]] <= seq:
        at = np.int64(link[at])
        steps += 1
    own.steps += steps
    link[place] = link[at]
    back[place] = at
    back[link[at]] = place
    link[at] = place
    own.newest_entry = place


@inner_jit
def _unlink(own: Any, pool: Any, at: Any) -> None:
    """Remove an entry from the list of its direction."""
    link, back = pool[4], pool[5]
    previous, following = np.int64(back[at]), np.int64(link[at])
    if previous < 0:
        own.first_entry = following
    else:
        link[previous] = following
    if following < 0:
        own.last_entry = previous
    else:
        back[following] = previous
    if own.newest_entry == at:
        own.newest_entry = previous
    own.entries -= 1


@inner_jit
def _limit_steps(own: Any, peer: Any, pool: Any, free: Any) -> None:
    """Give up the direction `own` once its list has cost too many steps."""
    if own.steps <= FIRST_STEPS or own.steps <= FIRST_STEPS + STEPS * (np.int64(own.packets) + np.int64(peer.packets)):
        return
    link = pool[4]
    at = np.int64(own.first_entry)
    while at >= 0:
        following = np.int64(link[at])
        release(free, link, at)
        at = following
    start_list(own)
    own.entries = 0
    own.given_up = True


@inner_jit
def remember(own: Any, peer: Any, pool: Any, free: Any, seq: Any, end: Any, time: Any, order: Any) -> None:
    """Add a segment to the unacknowledged ones of its direction."""
    if own.entries >= MOST_UNACKED or own.given_up:
        return
    seqs, ends, times, orders, link, _back = pool
    place = allocate(free, link)
    seqs[place] = np.uint32(seq - own.base)
    ends[place] = np.uint32(end - own.base)
    times[place] = time
    orders[place] = order
    if own.entries == 0 or ends[place] > own.max_end:
        own.max_end = ends[place]
    _insert(own, pool, place)
    _limit_steps(own, peer, pool, free)


@inner_jit
def rebase(own: Any, peer: Any, pool: Any, free: Any, base: Any) -> None:
    """Renumber the entries relative to another base, which rotates the list."""
    seqs, ends, _times, _orders, link, back = pool
    shift = np.uint32(own.base - base)
    own.base = base
    if own.entries == 0:
        return
    own.max_end = 0
    own.steps += own.entries
    wrapped = np.int64(NO_ENTRY)
    at = np.int64(own.first_entry)
    while at >= 0:
        seq = np.uint32(seqs[at] + shift)
        if wrapped < 0 and seq < seqs[at]:
            wrapped = at
        seqs[at] = seq
        ends[at] = np.uint32(ends[at] + shift)
        own.max_end = max(own.max_end, ends[at])
        at = np.int64(link[at])
    before_wrapped = np.int64(back[wrapped]) if wrapped >= 0 else np.int64(NO_ENTRY)
    if before_wrapped >= 0:
        link[own.last_entry] = own.first_entry
        back[own.first_entry] = own.last_entry
        own.first_entry = wrapped
        own.last_entry = before_wrapped
        link[before_wrapped] = NO_ENTRY
        back[wrapped] = NO_ENTRY
    _limit_steps(own, peer, pool, free)


@inner_jit
def acknowledge(own: Any, peer: Any, pool: Any, free: Any, ack: Any, time: Any) -> Any:
    """Remove what an acknowledgement by `peer` covers.

    Returns
    -------
    int
        Time since the oldest segment that ends there [ns], 0 for none.
    """
    rtt = np.int64(0)
    if own.entries == 0:
        return rtt
    seqs, ends, times, orders, link, _back = pool
    ack = np.uint32(ack - own.base)
    # Entries from `ack` on are not covered, unless they are so far above that they count as below.
    highest = seqs[own.last_entry]
    everything = highest > ack and highest - ack >= FAR
    first_order = np.int64(-1)
    lost_max = False
    moved = np.int64(NO_ENTRY)
    steps = 0
    at = np.int64(own.first_entry)
    while at >= 0 and (everything or seqs[at] < ack):
        following = np.int64(link[at])
        seq, end = seqs[at], ends[at]
        is_cut = end != ack and after(ack, seq) and not_after(ack, end)
        if (is_cut and seq < ack) or (not is_cut and end != ack and after(end, ack)):
            steps += 1
            if is_cut:
                seqs[at] = ack
        else:
            if end == ack and (first_order < 0 or orders[at] < first_order):
                first_order = orders[at]
                rtt = time - times[at]
            _unlink(own, pool, at)
            if is_cut:  # it comes before others now
                seqs[at] = ack
                link[at] = moved
                moved = at
            else:
                lost_max |= end == own.max_end
                release(free, link, at)
        at = following
    while moved >= 0:
        following = np.int64(link[moved])
        _insert(own, pool, moved)
        steps += 1
        moved = following
    if lost_max and own.entries > 0:
        steps += own.entries
        own.max_end = 0
        at = np.int64(own.first_entry)
        while at >= 0:
            own.max_end = max(own.max_end, ends[at])
            at = np.int64(link[at])
    if steps:
        own.steps += steps
        _limit_steps(own, peer, pool, free)
    return rtt


@inner_jit
def in_flight(own: Any, sacked: Any, pool: Any, phantom: Any) -> Any:
    """Return the bytes in flight less `sacked`, the bytes that the peer's last segment SACKed; 0 for none."""
    span = np.int64(np.uint32(np.int64(own.max_end) - np.int64(pool[0][own.first_entry]) - sacked))
    if span == 0 or span >= LONGEST_FLIGHT:
        return np.int64(0)
    return span - phantom
