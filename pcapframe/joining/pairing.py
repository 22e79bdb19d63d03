"""Which connections of two captures are one: by their numbers, whatever translators made of addresses and ports.

Each rule takes the connections that the rules before it left, pairs those whose marks agree, and keeps only pairs in
which neither has a second partner: others are ambiguous and stay apart.

1. ``ports_and_isn``: the same addresses and ports, and the same initial sequence numbers. Where a capture began within
   the connection, the ranges of its sequence numbers must meet.
2. ``isn``: both initial sequence numbers (RFC 6528: 64 random bits together), or one of them and the SYN's timestamp.
   Small numbers are no evidence: simple stacks begin with them. Where a capture began within the connection, the
   numbers of both sides must be in the same ranges, so narrow that this is no chance.
3. ``timestamps``: the timestamps of SYN and SYN-ACK with both window scales, and as many bytes each way; sequence
   numbers may be rewritten.
4. ``sequence``: what `contents` says of connections with as many bytes each way. Of attempts on which nothing was sent,
   those with the same SYN that began at the same time at one server, by the clocks of those matched before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, Mask
from pcapframe.joining.contents import begun_together, choose, events_of
from pcapframe.joining.facts import NONE, NOT_RECORDED, ONE, Capture
from pcapframe.joining.marks import SIMPLE as LEAST_ID
from pcapframe.schema import MATCHED_BY

__all__ = ["Identities", "Pairing", "pair_connections"]

SIMPLE = 1 << 16  # simple stacks and simulations begin with smaller sequence numbers
HALF, FULL = 1 << 31, 1 << 32
SEQUENCE = MATCHED_BY.index("sequence")
MOST_COMPARED, LEAST_CHANCE = 1 << 20, 1e-6  # pairs of connections; that all pairs taken are one by chance
NEAR = 1 << 20  # ranges of sequence numbers this far apart may still be one connection's [bytes]


@dataclass(frozen=True, eq=False)
class Identities:
    """What tells connections apart, by connection.

    Parameters
    ----------
    ends : ndarray of int64, shape (connections, 4)
        Number of the client's address, its port, number of the server's address, its port.
    initial, syn_tsval, scale : ndarray of int64, shape (connections, 2)
        Sequence number, timestamp and window scale of the SYN of each side (column 0: the client); -1 without one. A
        scale that the capture did not record is `NOT_RECORDED`.
    base, low, high : ndarray of int64, shape (connections, 2)
        Where relative sequence numbers are 0, and the range of the relative ones that occur.
    is_later_view : ndarray of bool
        The same capture has the connection under other addresses too.
    point, conn : ndarray of int64
        The capture that they were read from, and their number there.
    """

    ends: Array
    initial: Array
    syn_tsval: Array
    scale: Array
    base: Array
    low: Array
    high: Array
    is_later_view: Mask
    point: Array
    conn: Array

    @classmethod
    def of(cls, capture: Capture, addresses: dict[str, int], point: int) -> Self:
        """Read them from a capture; `addresses` numbers the addresses of all captures and is added to."""
        frame = capture.connections
        categories = frame["client"].cat.categories  # those of both columns
        number = np.asarray([*(addresses.setdefault(str(text), len(addresses)) for text in categories), NONE], np.int64)
        client, server = (number[frame[side].cat.codes.to_numpy()] for side in ("client", "server"))
        ends = client, frame["client_port"], server, frame["server_port"]
        numbers = capture.numbers
        return cls(
            ends=np.stack([np.asarray(end, np.int64) for end in ends], axis=1),
            initial=capture.initial,
            syn_tsval=capture.of_syns("tsval"),
            scale=capture.scale,
            base=numbers["base"],
            low=numbers["low"],
            high=numbers["high"],
            is_later_view=capture.is_later_view,
            point=np.full(len(frame), point),
            conn=np.arange(len(frame)),
        )

    def __add__(self, other: Self) -> Self:
        both = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return type(self)(*(np.concatenate(pair) for pair in both))

    def take(self, rows: Array) -> Self:
        """Return those of some connections."""
        return type(self)(*(getattr(self, one.name)[rows] for one in fields(self)))

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def turned(self) -> Array:
        """Ends with client and server the other way round."""
        return np.asarray(self.ends[:, [2, 3, 0, 1]])


@dataclass(frozen=True, eq=False)
class Pairing:
    """Partners of the connections of one capture among those known.

    Parameters
    ----------
    partner : ndarray of int64
        By connection of the other capture, -1 for none.
    rule : ndarray of int64
        Index in ``schema.MATCHED_BY``, -1 for none.
    is_turned : ndarray of bool
        Client and server are the other way round there.
    is_ambiguous, known_ambiguous : ndarray of bool
        Connections of the other capture, and known ones, that more than one fits.
    """

    partner: Array
    rule: Array
    is_turned: Mask
    is_ambiguous: Mask
    known_ambiguous: Mask

    def settle(self, rule: int, one: Array, other: Array, turned: Mask) -> None:
        """Take the pairs that are the only ones of both their connections; the rest is ambiguous."""
        if not one.size:
            return
        alone = (_times(one) == 1) & (_times(other) == 1)
        self.partner[other[alone]], self.rule[other[alone]] = one[alone], rule
        self.is_turned[other[alone]] = turned[alone]
        self.known_ambiguous[one[~alone]] = True
        self.is_ambiguous[other[~alone]] = True
        self.known_ambiguous[one[alone]] = self.is_ambiguous[other[alone]] = False


def _times(values: Array) -> Array:
    """Count how often each value occurs, by row."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[place])


def pair_connections(known: Identities, other: Identities, captures: Sequence[Capture]) -> Pairing:
    """Pair the connections of a capture with known ones.

    Parameters
    ----------
    known, other : Identities
        Of the connections found so far, and of the capture.
    captures : sequence of Capture
        All of them, by point.

    Returns
    -------
    Pairing
        One to one.
    """
    size = len(other)
    made = Pairing(
        partner=np.full(size, NONE, np.int64),
        rule=np.full(size, NONE, np.int64),
        is_turned=np.zeros(size, np.bool_),
        is_ambiguous=np.zeros(size, np.bool_),
        known_ambiguous=np.zeros(len(known), np.bool_),
    )
    for rule, find in enumerate((_by_ports, _by_initial_numbers, _by_timestamps)):
        free = np.setdiff1d(np.arange(len(known)), made.partner)
        left = np.flatnonzero(made.partner == NONE)
        if rule:  # a second view of a connection is no connection of its own, unless its ports are those looked for
            free, left = free[~known.is_later_view[free]], left[~other.is_later_view[left]]
        if not free.size or not left.size:
            break
        one, two, turned = find(known.take(free), other.take(left))
        made.settle(rule, free[one], left[two], turned)
    paired = (made.partner != NONE).sum()
    _by_contents(known, other, captures, made)
    if (made.partner != NONE).sum() > paired:  # these tell how clocks differ
        _by_contents(known, other, captures, made)
    _by_attempts(known, other, captures, made)
    return made


def _by_contents(known: Identities, other: Identities, captures: Sequence[Capture], made: Pairing) -> None:
    """Pair what is left by payload lengths and times."""
    free = np.setdiff1d(np.arange(len(known)), made.partner)
    left = np.flatnonzero(made.partner == NONE)
    rows = [each[(of.initial[each] != NONE).all(axis=1) & ~of.is_later_view[each] & (of.high[each] > ONE).any(axis=1)]
            for of, each in ((known, free), (other, left))]  # fmt: skip
    if not all(each.size for each in rows):
        return
    pairs = np.flatnonzero(made.partner != NONE)
    for point in np.unique(known.point[rows[0]]).tolist():
        mine = rows[0][known.point[rows[0]] == point]
        theirs = rows[1][made.partner[rows[1]] == NONE]
        scales = [of.scale[each] for of, each in ((known, mine), (other, theirs))]
        told = [scale[:, :0] if any((one == NOT_RECORDED).any() for one in scales) else scale for scale in scales]
        sizes = [
            np.concatenate([of.high[each], scale], axis=1)
            for of, each, scale in ((known, mine, told[0]), (other, theirs, told[1]))
        ]
        number = pd.DataFrame(np.concatenate(sizes)).groupby(list(range(sizes[0].shape[1])), sort=False).ngroup()
        here, there = captures[point], captures[int(other.point[0])]
        matched = pairs[known.point[made.partner[pairs]] == point]
        begins = [capture.starts[of.conn[each]] for capture, of, each in
                  ((here, known, made.partner[matched]), (there, other, matched))]  # fmt: skip
        timed = (begins[0] != NO_TIME) & (begins[1] != NO_TIME)
        sizes_of = number.to_numpy()
        one, two = choose(events_of(here, known.conn[mine]), events_of(there, other.conn[theirs]),
                          sizes_of[: mine.size], sizes_of[mine.size :], begins[0][timed], begins[1][timed])  # fmt: skip
        made.settle(SEQUENCE, mine[one], theirs[two], np.zeros(one.size, np.bool_))


def _alike(
    known: Identities, mine: Array, other: Identities, theirs: Array, pairs: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Keep the pairs with the same server, port and window scales, which a translator of clients leaves alone."""
    one, two = mine[pairs[0]], theirs[pairs[1]]
    same = (known.ends[one, 2:] == other.ends[two, 2:]).all(axis=1) & _same_scales(known.scale[one], other.scale[two])
    return pairs[0][same], pairs[1][same]


def _same_scales(one: Array, other: Array) -> Mask:
    """Tell where window scales are the same on both sides, as far as they were recorded."""
    same = (one == other) | (one == NOT_RECORDED) | (other == NOT_RECORDED)
    return np.asarray(same.all(axis=-1), np.bool_)


def _by_attempts(known: Identities, other: Identities, captures: Sequence[Capture], made: Pairing) -> None:
    """Pair attempts that nothing was sent on, by when they began, and the SYN's identification and window."""
    free = np.setdiff1d(np.arange(len(known)), made.partner)
    left = np.flatnonzero(made.partner == NONE)
    rows = [each[(of.initial[each, 0] != NONE) & ~of.is_later_view[each] & (of.high[each] <= ONE).all(axis=1)]
            for of, each in ((known, free), (other, left))]  # fmt: skip
    pairs = np.flatnonzero(made.partner != NONE)
    for point in np.unique(known.point[rows[0]]).tolist() if rows[1].size else []:
        mine, theirs = rows[0][known.point[rows[0]] == point], rows[1][made.partner[rows[1]] == NONE]
        here, there = captures[point], captures[int(other.point[0])]
        matched = pairs[known.point[made.partner[pairs]] == point]
        begins = here.starts[known.conn[made.partner[matched]]], there.starts[other.conn[matched]]
        timed = (begins[0] != NO_TIME) & (begins[1] != NO_TIME)
        near = begun_together(here.starts[known.conn[mine]], there.starts[other.conn[theirs]], begins[0][timed],
                              begins[1][timed])  # fmt: skip
        one, two = _alike(known, mine, other, theirs, near)
        one, two = mine[one], theirs[two]
        same = np.ones(one.size, np.bool_)
        for name, least in (("ip_id", LEAST_ID), ("window", 0)):
            marks = here.of_syns(name)[known.conn[one], 0], there.of_syns(name)[other.conn[two], 0]
            same &= (marks[0] == marks[1]) & (marks[0] >= least)
        made.settle(SEQUENCE, one[same], two[same], np.zeros(int(same.sum()), np.bool_))


def _joined(one: Sequence[Array], other: Sequence[Array]) -> tuple[Array, Array]:
    """Return the rows of two tables whose columns all agree, each pair once."""
    names = [str(number) for number in range(len(one))]
    left = pd.DataFrame(dict(zip(names, one, strict=True))).reset_index(names="one")
    right = pd.DataFrame(dict(zip(names, other, strict=True))).reset_index(names="other")
    found = left.merge(right, on=names)
    return found["one"].to_numpy(np.int64), found["other"].to_numpy(np.int64)


def _by_ports(known: Identities, other: Identities) -> tuple[Array, Array, Mask]:
    """Pair by addresses, ports and sequence numbers."""
    found = []
    for is_turned, ends in ((False, other.ends), (True, other.turned)):
        one, two = _joined(list(known.ends.T), list(ends.T))
        sides = [1, 0] if is_turned else [0, 1]
        fits = np.ones(one.size, np.bool_)
        shown = np.zeros(one.size, np.bool_)
        for side, there in enumerate(sides):
            here, far = known.initial[one, side], other.initial[two, there]
            both = (here != NONE) & (far != NONE)
            fits &= ~both | (here == far)
            meets = _meet(known, one, side, other, two, there)
            fits &= both | meets | (known.base[one, side] == NONE) | (other.base[two, there] == NONE)
            shown |= both | meets
        keep = fits & shown
        found.append((one[keep], two[keep], np.full(int(keep.sum()), is_turned)))
    one, two, turned = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, two, turned


def _meet(
    known: Identities, one: Array, side: int, other: Identities, two: Array, there: int, near: int = NEAR
) -> Mask:
    """Tell where the sequence numbers of one side meet in both captures."""
    shift = (other.base[two, there] - known.base[one, side] + HALF) % FULL - HALF
    low = np.maximum(known.low[one, side], other.low[two, there] + shift)
    high = np.minimum(known.high[one, side], other.high[two, there] + shift)
    has = (known.base[one, side] != NONE) & (other.base[two, there] != NONE)
    return np.asarray(has & (low <= high + near), np.bool_)


def _by_initial_numbers(known: Identities, other: Identities) -> tuple[Array, Array, Mask]:
    """Pair by both initial sequence numbers; where one SYN was not captured, by the other with its timestamp."""
    both, far = (((one.initial >= SIMPLE).all(axis=1)) for one in (known, other))
    rows, far_rows = np.flatnonzero(both), np.flatnonzero(far)
    one, two = _joined(list(known.initial[rows].T), list(other.initial[far_rows].T))
    found = [(rows[one], far_rows[two])]
    for side in (0, 1):
        rows, far_rows = (
            np.flatnonzero((each.initial[:, side] >= SIMPLE) & (each.syn_tsval[:, side] > 0)) for each in (known, other)
        )
        left, right = _joined(
            [known.initial[rows, side], known.syn_tsval[rows, side], known.scale[rows, side]],
            [other.initial[far_rows, side], other.syn_tsval[far_rows, side], other.scale[far_rows, side]],
        )
        cut = _of_cut_syns(known, other, side)
        left, right = np.append(rows[left], cut[0]), np.append(far_rows[right], cut[1])
        lacks = (known.initial[left, 1 - side] == NONE) | (other.initial[right, 1 - side] == NONE)
        found.append((left[lacks], right[lacks]))
    found.append(_of_ranges(known, other))
    one, two = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, two, np.zeros(one.size, np.bool_)


def _of_ranges(known: Identities, other: Identities) -> tuple[Array, Array]:
    """Pair connections whose SYNs one capture lacks, of one server, by the ranges of the numbers of both sides."""
    lacks, far_lacks = ((each.initial == NONE).all(axis=1) for each in (known, other))
    found = []
    for mine, theirs in ((lacks, ~far_lacks), (~lacks, far_lacks), (lacks, far_lacks)):
        rows, far_rows = np.flatnonzero(mine), np.flatnonzero(theirs)
        servers = [list(each.ends[at, 2:].T) for each, at in ((known, rows), (other, far_rows))]
        if not rows.size or not far_rows.size or rows.size * far_rows.size > MOST_COMPARED:
            continue
        one, two = _joined(*servers)
        one, two = rows[one], far_rows[two]
        chance = np.full(one.size, float(one.size))
        for side in (0, 1):
            spans = [each.high[at, side] - each.low[at, side] for each, at in ((known, one), (other, two))]
            chance *= (spans[0] + spans[1] + 1) / FULL
            meet = _meet(known, one, side, other, two, side, near=0)
            chance[~meet] = 1.0
        keep = chance < LEAST_CHANCE
        found.append((one[keep], two[keep]))
    none = np.empty(0, np.int64), np.empty(0, np.int64)
    one, two = (np.concatenate(part) for part in zip(none, *found, strict=True))
    return one, two


def _of_cut_syns(known: Identities, other: Identities, side: int) -> tuple[Array, Array]:
    """Pair SYNs by number and server where one capture did not record the timestamp."""
    cut = [each.scale[:, side] == NOT_RECORDED for each in (known, other)]
    if not any(one.any() for one in cut):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = [np.flatnonzero(each.initial[:, side] >= SIMPLE) for each in (known, other)]
    one, two = _joined(
        *([each.initial[at, side], *each.ends[at, 2:].T] for each, at in zip((known, other), rows, strict=True))
    )
    one, two = rows[0][one], rows[1][two]
    open_ = cut[0][one] | cut[1][two]
    return one[open_], two[open_]


def _by_timestamps(known: Identities, other: Identities) -> tuple[Array, Array, Mask]:
    """Pair by the timestamps of SYN and SYN-ACK, and by the window scales."""
    rows, far_rows = (np.flatnonzero((each.syn_tsval > 0).all(axis=1)) for each in (known, other))
    one, two = _joined(*([*each.syn_tsval[at].T, *each.scale[at].T] for each, at in ((known, rows), (other, far_rows))))
    one, two = rows[one], far_rows[two]
    fits = (np.abs(known.high[one] - other.high[two]) <= ONE).all(axis=1)  # perhaps without the FIN
    return one[fits], two[fits], np.zeros(int(fits.sum()), np.bool_)
