"""Which transmissions of two captures are one, within the connections that are joined.

Transmissions are alike if they carry the same range of sequence numbers with the same SYN, FIN and RST; without any
range, if they acknowledge the same. Among those alike, copies are told apart by what their sender put into each, where
the path is seen to leave it alone (at most one pair differs, or one of 20): the timestamp (RFC 7323), perhaps shifted,
and the IPv4 identification, except where frames are cut. What is left is paired in order, so that the times from point
to point are as near as possible to those of the packets around it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit
from pcapframe.joining.alike import group, hash_alike, hash_marks
from pcapframe.joining.facts import LARGEST, NONE, Capture
from pcapframe.joining.transmissions import Items

__all__ = ["Kept", "Known", "Matched", "match_items"]

KEPT_OF = 20  # a field is left alone if no more than one of so many differs, or one in all
MARKED_S, UNMARKED_S = 20 * 10**9, 150 * 10**6  # how much a time may differ from those around it [ns]
MOST_COMPARED = 1 << 22  # pairs of copies compared in one group; beyond, they are paired in order
UNKNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Kept:
    """What the path between two points leaves alone, by stream.

    Parameters
    ----------
    tsval_shift : ndarray of int64
        What is added to timestamps on the way from the first capture to the other; -1 where they tell nothing.
    has_ids : ndarray of bool
        IPv4 identifications are the same at both.
    """

    tsval_shift: Array
    has_ids: Mask

    def then(self, other: "Kept") -> "Kept":
        """Return what is left alone on the way to a second point, and from there on."""
        both = (self.tsval_shift != NONE) & (other.tsval_shift != NONE)
        shift = (self.tsval_shift + other.tsval_shift) & LARGEST
        return Kept(np.where(both, shift, NONE), self.has_ids & other.has_ids)

    def or_else(self, other: "Kept") -> "Kept":
        """Return what one of two tells."""
        shift = np.where(self.tsval_shift != NONE, self.tsval_shift, other.tsval_shift)
        return Kept(shift, self.has_ids | other.has_ids)


@dataclass(frozen=True, eq=False)
class Known:
    """What a point between two others tells of both: what is left alone, and packets that all three have.

    Parameters
    ----------
    kept : Kept
        On the way from the one to the other.
    stream, time, far_time : ndarray of int64
        Of packets: stream, and when they were captured at both. [ns]
    """

    kept: Kept
    stream: Array
    time: Array
    far_time: Array


@dataclass(frozen=True, eq=False)
class Matched:
    """Partners of the items of one capture in another, and how sure they are.

    Parameters
    ----------
    partner : ndarray of int64
        Places among the items of the other capture, -1 for none.
    is_sure : ndarray of bool
        No other copy could be meant.
    kept : Kept
        What copies were told apart by.
    """

    partner: Array
    is_sure: Mask
    kept: Kept


@jit
def _vote(one: Any, other: Any, stream: Any, tsval: Any, far_tsval: Any, ip_id: Any, far_id: Any, shift: Any,
          votes: Any, counts: Any) -> None:  # fmt: skip
    """Find the shift of timestamps of most pairs of each stream, and count what agrees.

    `counts`: by stream, pairs with timestamps, those with that shift, pairs with identifications, the same ones, and
    those unlike the one before.
    """
    for i in range(one.size):
        at = stream[one[i]]
        if tsval[one[i]] == NONE or far_tsval[other[i]] == NONE:
            continue
        own = (far_tsval[other[i]] - tsval[one[i]]) & LARGEST
        if votes[at] == 0:
            shift[at] = own
        votes[at] += 1 if shift[at] == own else -1
    for i in range(one.size):
        at = stream[one[i]]
        if tsval[one[i]] != NONE and far_tsval[other[i]] != NONE:
            counts[at, 0] += 1
            counts[at, 1] += (far_tsval[other[i]] - tsval[one[i]]) & LARGEST == shift[at]
        if ip_id[one[i]] > 0 or far_id[other[i]] > 0:
            counts[at, 2] += 1
            counts[at, 3] += ip_id[one[i]] == far_id[other[i]]
            counts[at, 4] += i > 0 and ip_id[one[i]] != ip_id[one[i - 1]]


@jit
def _align(heads: Any, size: Any, follow: Any, far_first: Any, far_follow: Any, far_size: Any, due: Any, far_time: Any,
           limit: Any, cost: Any, step: Any, mine: Any, theirs: Any, partner: Any) -> None:  # fmt: skip
    """Pair the items of each group in order, so that they arrive as near as possible to when they are due."""
    for head in heads:
        n, m = size[head], far_size[head]
        at = head
        for i in range(n):
            mine[i] = at
            at = follow[at]
        at = far_first[head]
        for j in range(m):
            theirs[j] = at
            at = far_follow[at]
        if (n + 1) * (m + 1) > cost.size:
            for i in range(min(n, m)):
                partner[mine[i]] = theirs[i]
            continue
        width, half = m + 1, limit[head] / 2.0
        for i in range(n + 1):
            for j in range(m + 1):
                best, taken = (i + j) * half if i == 0 or j == 0 else np.inf, 1 if i else 2
                if i and j:
                    off = abs(far_time[theirs[j - 1]] - due[mine[i - 1]])
                    best, taken = cost[(i - 1) * width + j - 1] + off, 0
                    if cost[(i - 1) * width + j] + half < best:
                        best, taken = cost[(i - 1) * width + j] + half, 1
                    if cost[i * width + j - 1] + half < best:
                        best, taken = cost[i * width + j - 1] + half, 2
                cost[i * width + j], step[i * width + j] = best, taken
        i, j = n, m
        while i > 0 and j > 0:
            taken = step[i * width + j]
            if taken == 0:
                partner[mine[i - 1]] = theirs[j - 1]
            i -= taken != 2
            j -= taken != 1


def match_items(
    one: Items, other: Items, here: Capture, there: Capture, *, streams: int, known: Known | None = None
) -> Matched:
    """Match the transmissions of two captures.

    Parameters
    ----------
    one, other : Items
        Of the first capture, and of the other.
    here, there : Capture
        The captures.
    streams : int
        How many there are.
    known : Known or None
        What a point between tells of both.

    Returns
    -------
    Matched
        One to one.
    """
    marks = [(c.of_rows("tsval", i.row), c.of_rows("ip_id", i.row)) for c, i in ((here, one), (there, other))]
    (key, place), (far_key, far_place) = (_keyed(items) for items in (one, other))
    groups = group(key, place, far_key, far_place)
    partner = np.full(len(one), NONE, np.int64)
    single, far = np.empty(len(one), np.int64), np.empty(len(one), np.int64)
    size = _note_single(groups.size, groups.far_size, groups.far_first, single, far)
    single, far = single[:size], far[:size]
    kept = _kept(single, far, one, marks, streams)
    kept = kept if known is None else known.kept.or_else(kept)
    sure = np.zeros(len(one), np.bool_)
    _settle(single, far, one, marks, kept, partner, sure)
    _match_rest(one, other, marks, kept, partner, (key, place, far_key, far_place), sure, known)
    return Matched(partner, sure, kept)


@jit
def _note_single(size: Any, far_size: Any, far_first: Any, single: Any, far: Any) -> int:
    """Write the items of which each capture has one copy, and their partners; return how many."""
    n = 0
    for i in range(size.size):
        if size[i] == 1 and far_size[i] == 1:
            single[n], far[n] = i, far_first[i]
            n += 1
    return n


def _keyed(items: Items) -> tuple[Array, Array]:
    """Return key and place of each item."""
    key, place = np.empty(len(items), np.uint64), np.empty(len(items), np.int64)
    hash_alike(items.stream, items.start, items.end, items.kind, items.ack, key, place)
    return key, place


Marks = list[tuple[Array, Array]]


def _kept(one: Array, other: Array, items: Items, marks: Marks, streams: int) -> Kept:
    """Tell what the path leaves alone, by pairs of which no other copy exists."""
    (tsval, ip_id), (far_tsval, far_id) = marks
    shift, votes = np.full(streams, NONE, np.int64), np.zeros(streams, np.int64)
    counts = np.zeros((streams, 5), np.int64)
    _vote(one, other, items.stream, tsval, far_tsval, ip_id, far_id, shift, votes, counts)
    has_shift = (counts[:, 1] > 1) & (counts[:, 0] - counts[:, 1] <= np.maximum(counts[:, 0] // KEPT_OF, 1))
    has_ids = (counts[:, 3] > 1) & (counts[:, 2] - counts[:, 3] <= np.maximum(counts[:, 2] // KEPT_OF, 1))
    has_ids &= counts[:, 4] * 2 >= counts[:, 2]  # a constant identification tells nothing
    cut = np.zeros(streams, np.bool_)
    cut[items.stream[items.is_cut]] = True
    return Kept(np.where(has_shift, shift, NONE), has_ids & ~cut)


def _settle(one: Array, other: Array, items: Items, marks: Marks, kept: Kept, partner: Array, sure: Mask) -> None:
    """Take the pairs that have the fields in common that the path leaves alone."""
    (tsval, ip_id), (far_tsval, far_id) = marks
    _take_same(one, other, items.stream, tsval, far_tsval, ip_id, far_id, kept.tsval_shift, kept.has_ids, partner, sure)


@jit
def _take_same(one: Any, other: Any, stream: Any, tsval: Any, far_tsval: Any, ip_id: Any, far_id: Any, shift: Any,
               has_ids: Any, partner: Any, sure: Any) -> None:  # fmt: skip
    """Take pairs whose timestamps, shifted, and identifications are the same where they are left alone."""
    for i in range(one.size):
        at, mine, theirs = stream[one[i]], tsval[one[i]], far_tsval[other[i]]
        none = mine == NONE and theirs == NONE
        same = shift[at] == NONE or none or ((mine + shift[at]) & LARGEST) == theirs
        if same and (not has_ids[at] or ip_id[one[i]] == far_id[other[i]]):
            partner[one[i]], sure[one[i]] = other[i], True


def _match_rest(one: Items, other: Items, marks: Marks, kept: Kept, partner: Array,
                keys: tuple[Array, Array, Array, Array], sure: Mask, known: Known | None) -> None:  # fmt: skip
    """Match the items with several copies, and those whose only copies are not the same."""
    taken = np.zeros(len(other), np.bool_)
    left = np.flatnonzero(partner == NONE)
    _mark_taken(partner, taken)
    far_left = np.flatnonzero(~taken)
    if not left.size or not far_left.size:
        return
    key, place, far_key, far_place = keys[0][left], keys[1][left], keys[2][far_left], keys[3][far_left]
    none = np.zeros_like(kept.tsval_shift)
    (tsval, ip_id), (far_tsval, far_id) = marks
    unshifted = np.where(kept.tsval_shift == NONE, NONE, none)
    hash_marks(key, one.stream[left], tsval[left], ip_id[left], unshifted, kept.has_ids)
    hash_marks(far_key, other.stream[far_left], far_tsval[far_left], far_id[far_left], kept.tsval_shift, kept.has_ids)
    groups = group(key, place, far_key, far_place)
    heads = np.flatnonzero((groups.size > 0) & (groups.far_size > 0))
    due = _due(one.stream[left] & 1, one.time[left], partner, one, other, known)
    is_marked = kept.has_ids[one.stream[left]] | ((kept.tsval_shift[one.stream[left]] != NONE) & (tsval[left] != NONE))
    limit = np.where(is_marked, MARKED_S, UNMARKED_S)
    room = ((groups.size[heads].astype(np.int64) + 1) * (groups.far_size[heads] + 1)).max(initial=4)
    room = min(int(room), MOST_COMPARED)
    found = np.full(left.size, NONE, np.int64)
    longest = [int(size[heads].max(initial=1)) for size in (groups.size, groups.far_size)]
    _align(
        heads, groups.size, groups.follow, groups.far_first, groups.far_follow, groups.far_size, due,
        other.time[far_left], limit, np.empty(room), np.empty(room, np.int8), np.empty(longest[0], np.int64),
        np.empty(longest[1], np.int64), found,
    )  # fmt: skip
    hits = np.flatnonzero(found != NONE)
    partner[left[hits]] = far_left[found[hits]]
    sure[left] = False
    alone = heads[(groups.size[heads] == 1) & (groups.far_size[heads] == 1) & is_marked[heads]]
    sure[left[alone]] = partner[left[alone]] != NONE


@jit
def _mark_taken(partner: Any, taken: Any) -> None:
    """Mark the items of the other capture that have a partner."""
    for at in partner:
        if at != NONE:
            taken[at] = True


def _due(side: Array, time: Array, partner: Array, one: Items, other: Items, context: Known | None) -> Array:
    """Return when items are due in the other capture, by the sure pair of their direction that is nearest before."""
    made = time.copy()
    for direction in (0, 1):
        own = np.flatnonzero(side == direction)
        if not own.size:
            continue
        at, took = np.empty(len(one), np.int64), np.empty(len(one), np.int64)
        size = _note_times(direction, partner, one.stream, one.time, other.time, at, took)
        at, took = at[:size], took[:size]
        if context is not None:
            more = (context.stream & 1) == direction
            at, took = np.append(at, context.time[more]), np.append(took, (context.far_time - context.time)[more])
        if not at.size:
            continue
        if (at[1:] < at[:-1]).any():
            order = np.argsort(at, kind="stable")
            at, took = at[order], took[order]
        made[own] += took[np.maximum(np.searchsorted(at, time[own], side="right") - 1, 0)]
    return made


@jit
def _note_times(direction: Any, partner: Any, stream: Any, time: Any, far_time: Any, at: Any, took: Any) -> int:
    """Write when the pairs of one direction were captured, and how much later at the other point; return how many."""
    n = 0
    for i in range(partner.size):
        if partner[i] != NONE and (stream[i] & 1) == direction:
            at[n], took[n] = time[i], far_time[partner[i]] - time[i]
            n += 1
    return n
