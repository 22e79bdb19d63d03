"""Which transmissions of two captures are one, within the connections that are joined.

Transmissions are alike if they carry the same range of sequence numbers with the same SYN, FIN and RST; without any
range, if they acknowledge the same. Among those alike, copies are told apart by what their sender put into each, where
the path is seen to leave it alone (at most one pair differs, or one of 20): the timestamp (RFC 7323), perhaps shifted,
and the IPv4 identification, except where frames are cut. A timestamp that one capture did not record, since it holds
too little of each packet, is held against nothing. What is left is paired in order, so that the times from point
to point are as near as possible to those of the packets around it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask, fixed
from pcapframe.disk import give_back
from pcapframe.jit import inner_jit, jit
from pcapframe.joining.alike import Groups, group, hash_alike, hash_marks, portion
from pcapframe.joining.facts import LARGEST, NONE, Capture
from pcapframe.joining.transmissions import Items

__all__ = ["Kept", "Known", "Matched", "match_items"]

KEPT_OF = 20  # a field is left alone if no more than one of so many differs, or one in all
MARKED_S, UNMARKED_S = 20 * 10**9, 150 * 10**6  # how much a time may differ from those around it [ns]
MOST_COMPARED = 1 << 22  # pairs of copies compared in one group; beyond, they are paired in order
NEVER = np.iinfo(np.int64).min
AT_ONCE = 1 << 21  # items of a capture that are compared with those of the other


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
    partner : ndarray of int32
        Places among the items of the other capture, -1 for none.
    is_sure : ndarray of bool
        No other copy could be meant.
    kept : Kept
        What copies were told apart by.
    """

    partner: Array
    is_sure: Mask
    kept: Kept


@inner_jit
def _mark(values: Any, is_null: Any, row: Any) -> Any:
    """Return the value of a field, -1 without one."""
    return np.int64(NONE) if is_null[row] else np.int64(values[row])


@jit
def _vote(partner: Any, stream: Any, row: Any, far_row: Any, tsval: Any, no_tsval: Any, ip_id: Any, no_id: Any,
          far_tsval: Any, no_far_tsval: Any, far_id: Any, no_far_id: Any, shift: Any, votes: Any,
          counts: Any) -> None:  # fmt: skip
    """Find the shift of timestamps of most pairs of each stream, and count what agrees.

    `counts`: by stream, pairs with timestamps, those with that shift, pairs with identifications, the same ones, and
    those unlike the one before.
    """
    for i in range(partner.size):
        if partner[i] == NONE:
            continue
        at = stream[i]
        mine, theirs = _mark(tsval, no_tsval, row[i]), _mark(far_tsval, no_far_tsval, far_row[partner[i]])
        if mine == NONE or theirs == NONE:
            continue
        own = (theirs - mine) & LARGEST
        if votes[at] == 0:
            shift[at] = own
        votes[at] += 1 if shift[at] == own else -1
    before = np.int64(NONE)
    for i in range(partner.size):
        if partner[i] == NONE:
            continue
        at = stream[i]
        mine, theirs = _mark(tsval, no_tsval, row[i]), _mark(far_tsval, no_far_tsval, far_row[partner[i]])
        if mine != NONE and theirs != NONE:
            counts[at, 0] += 1
            counts[at, 1] += (theirs - mine) & LARGEST == shift[at]
        mine, theirs = _mark(ip_id, no_id, row[i]), _mark(far_id, no_far_id, far_row[partner[i]])
        if mine > 0 or theirs > 0:
            counts[at, 2] += 1
            counts[at, 3] += mine == theirs
            counts[at, 4] += before != NONE and mine != _mark(ip_id, no_id, row[before])
        before = np.int64(i)


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
    partner = np.full(len(one), NONE, np.int32)
    _pair_single(one, other, partner)
    marks = (*here.marks, *there.marks)
    kept = _kept(partner, one, other, marks, streams)
    kept = kept if known is None else known.kept.or_else(kept)
    sure = np.zeros(len(one), np.bool_)
    cut = here.is_cut, there.is_cut
    _keep_same(partner, one.stream, one.row, other.row, *marks, *cut, kept.tsval_shift, kept.has_ids, sure)
    rest = _Rest(one, other, (here, there), kept, partner, sure, known)
    rest.match((None, None))
    for asked in ((cut[0], None), (None, cut[1])):  # what one of them did not record differs from nothing
        if any(each is not None and each.any() for each in asked):
            rest.match(asked, with_times=False)
    return Matched(partner, sure, kept)


def _pair_single(one: Items, other: Items, partner: Array) -> None:
    """Pair the items of which each capture has one copy: many at once, so that this takes little memory."""
    count = -(-max(len(one), len(other)) // AT_ONCE)
    for number in range(count):
        mine, theirs = (_portion(items, number, count) for items in (one, other))
        groups = group(*_keyed(one, mine), *_keyed(other, theirs))
        _note_single(groups.size, groups.far_size, groups.far_first, mine, theirs, partner)
        give_back()


def _portion(items: Items, number: int, count: int) -> Array:
    """Return the places of one of so many portions of the items; those that are alike are in the same one."""
    which = np.empty(len(items), np.int32)
    size = portion(items.stream, items.start, items.end, items.ack, number, count, which)
    give_back()
    return which[:size].copy()


@jit
def _note_single(size: Any, far_size: Any, far_first: Any, mine: Any, theirs: Any, partner: Any) -> None:
    """Pair the items of which each capture has one copy."""
    for i in range(size.size):
        if size[i] == 1 and far_size[i] == 1:
            partner[mine[i]] = theirs[far_first[i]]


def _keyed(items: Items, which: Array) -> tuple[Array, Array]:
    """Return key and place of some items."""
    key, place = np.empty(which.size, np.uint64), np.empty(which.size, np.int64)
    columns = (items.stream, items.start, items.end, items.kind, items.ack)
    hash_alike(*[*(column[which] for column in columns), key, place])
    return key, place


Marks = tuple[Array, Mask, Array, Mask, Array, Mask, Array, Mask]


def _kept(partner: Array, one: Items, other: Items, marks: Marks, streams: int) -> Kept:
    """Tell what the path leaves alone, by pairs of which no other copy exists."""
    shift, votes = np.full(streams, NONE, np.int64), np.zeros(streams, np.int64)
    counts = np.zeros((streams, 5), np.int64)
    _vote(partner, one.stream, one.row, other.row, *marks, shift, votes, counts)
    has_shift = (counts[:, 1] > 1) & (counts[:, 0] - counts[:, 1] <= np.maximum(counts[:, 0] // KEPT_OF, 1))
    has_ids = (counts[:, 3] > 1) & (counts[:, 2] - counts[:, 3] <= np.maximum(counts[:, 2] // KEPT_OF, 1))
    has_ids &= counts[:, 4] * 2 >= counts[:, 2]  # a constant identification tells nothing
    cut = np.zeros(streams, np.bool_)
    cut[one.stream[one.is_cut]] = True
    return Kept(np.where(has_shift, shift, NONE), has_ids & ~cut)


@jit
def _keep_same(partner: Any, stream: Any, row: Any, far_row: Any, tsval: Any, no_tsval: Any, ip_id: Any, no_id: Any,
               far_tsval: Any, no_far_tsval: Any, far_id: Any, no_far_id: Any, is_cut: Any, far_is_cut: Any,
               shift: Any, has_ids: Any, sure: Any) -> None:  # fmt: skip
    """Keep pairs whose timestamps, shifted, and identifications are the same where they are left alone and recorded."""
    for i in range(partner.size):
        if partner[i] == NONE:
            continue
        at = stream[i]
        mine, theirs = _mark(tsval, no_tsval, row[i]), _mark(far_tsval, no_far_tsval, far_row[partner[i]])
        open_ = (mine == NONE and is_cut[row[i]]) or (theirs == NONE and far_is_cut[far_row[partner[i]]])
        same = (mine == NONE and theirs == NONE) or ((mine + shift[at]) & LARGEST) == theirs
        sure[i] = shift[at] == NONE or open_ or same
        if has_ids[at]:
            sure[i] &= _mark(ip_id, no_id, row[i]) == _mark(far_id, no_far_id, far_row[partner[i]])
        if not sure[i]:
            partner[i] = NONE


@dataclass(frozen=True, eq=False)
class _Rest:
    """What is left to be matched: items with several copies, and those whose only copies are not the same."""

    one: Items
    other: Items
    captures: tuple[Capture, Capture]
    kept: Kept
    partner: Array
    sure: Mask
    known: Known | None

    def match(self, asked: tuple[Mask | None, Mask | None], *, with_times: bool = True) -> None:
        """Match those of the segments that are asked for in each capture; perhaps without timestamps."""
        one, other, kept, partner = self.one, self.other, self.kept, self.partner
        taken = np.zeros(len(other), np.bool_)
        _mark_taken(partner, taken)
        left, far_left = (
            which if mask is None else which[mask[items.row[which]]]
            for which, items, mask in zip(
                (np.flatnonzero(partner == NONE), np.flatnonzero(~taken)), (one, other), asked, strict=True
            )
        )
        if not left.size or not far_left.size:
            return
        (key, place), (far_key, far_place) = _keyed(one, left), _keyed(other, far_left)
        (tsval, ip_id), (far_tsval, far_id) = (
            [capture.plain.at(name, items.row[which]).astype(np.int64) for name in ("tsval", "ip_id")]
            for capture, items, which in zip(self.captures, (one, other), (left, far_left), strict=True)
        )
        shift = kept.tsval_shift if with_times else np.full_like(kept.tsval_shift, NONE)
        hash_marks(key, one.stream[left], tsval, ip_id, np.minimum(shift, 0), kept.has_ids)
        hash_marks(far_key, other.stream[far_left], far_tsval, far_id, shift, kept.has_ids)
        groups = group(key, place, far_key, far_place)
        due = _due(one.stream[left] & 1, one.time[left], partner, one, other, self.known)
        is_marked = kept.has_ids[one.stream[left]] | ((shift[one.stream[left]] != NONE) & (tsval != NONE))
        heads, found = _align_groups(groups, due, other.time[far_left], is_marked)
        hits = np.flatnonzero(found != NONE)
        partner[left[hits]] = far_left[found[hits]]
        self.sure[left] = False
        alone = heads[(groups.size[heads] == 1) & (groups.far_size[heads] == 1) & is_marked[heads]]
        self.sure[left[alone]] = partner[left[alone]] != NONE


def _align_groups(groups: Groups, due: Array, far_time: Array, is_marked: Mask) -> tuple[Array, Array]:
    """Pair the items of each group; return the first items of groups, and by item its partner, -1 without."""
    heads = np.flatnonzero((groups.size > 0) & (groups.far_size > 0))
    room = ((groups.size[heads].astype(np.int64) + 1) * (groups.far_size[heads] + 1)).max(initial=4)
    room = min(int(room), MOST_COMPARED)
    found = np.full(due.size, NONE, np.int64)
    longest = [int(size[heads].max(initial=1)) for size in (groups.size, groups.far_size)]
    _align(
        heads, groups.size, groups.follow, groups.far_first, groups.far_follow, groups.far_size, due, far_time,
        np.where(is_marked, MARKED_S, UNMARKED_S), np.empty(room), np.empty(room, np.int8),
        np.empty(longest[0], np.int64), np.empty(longest[1], np.int64), found,
    )  # fmt: skip
    return heads, found


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
        asked = np.argsort(time[own], kind="stable")
        wanted = time[own][asked]
        latest, took = np.full(own.size + 1, NEVER, np.int64), np.zeros(own.size + 1, np.int64)
        first = np.asarray([-(NEVER + 1), 0])
        _note_latest(direction, wanted, partner, one.stream, one.time, other.time, latest, took, first)
        if context is not None:
            pairs = np.arange(context.time.size, dtype=np.int32)
            columns = fixed(context.stream, np.int32), fixed(context.time, np.int64), fixed(context.far_time, np.int64)
            _note_latest(direction, wanted, pairs, *columns, latest, took, first)
        made[own[asked]] += _carried(latest, took, int(first[1]))
    return made


@jit
def _note_latest(direction: Any, asked: Any, partner: Any, stream: Any, time: Any, far_time: Any, latest: Any,
                 took: Any, first: Any) -> None:  # fmt: skip
    """Note of the pairs of one direction the last one before each time and after the time before it, and the first.

    `asked` are the times, in order; the last place is for pairs after all of them.
    """
    place = 0
    for i in range(partner.size):
        if partner[i] == NONE or (stream[i] & 1) != direction:
            continue
        at = time[i]
        if (place and asked[place - 1] >= at) or (place < asked.size and asked[place] < at):
            place = np.searchsorted(asked, at)
        if latest[place] <= at:
            latest[place], took[place] = at, far_time[partner[i]] - at
        if at < first[0]:
            first[0], first[1] = at, far_time[partner[i]] - at


def _carried(latest: Array, took: Array, first: int) -> Array:
    """Return how long packets took, by the last pair before each time; before all pairs, by the first one."""
    has = np.flatnonzero(latest != NEVER)
    number = np.searchsorted(has, np.arange(latest.size - 1), side="right") - 1
    return np.append(took[has], first)[number]  # -1: before all
