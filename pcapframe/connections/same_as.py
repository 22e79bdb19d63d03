"""Connections that the capture holds a second time under other addresses, as on both sides of a NAT.

A translator rewrites addresses and ports (RFC 3022) and leaves the sequence numbers alone, so both views of one
connection hold the same segments. Two connections are views of one if

- segments of one occur in the other: same direction, sequence number, acknowledgement, flags and payload length,
  captured within a second of each other. Two are enough where SYN and SYN-ACK have the same sequence numbers, since
  hosts on the way may split or merge the rest (offload); else at least 90 % of the shorter view;
- the first sequence number of each side is one that a stack chose at random (RFC 6528), not a small one; and
- one of these holds, or two where the capture has one side only:

  1. the timestamps (RFC 7323) are the same and not 0;
  2. the IPv4 identifications are the same and not 0;
  3. every packet lost hop limit on the way from one view to the other, in the direction that it was sent.

The view captured first is the connection; the others are the same as that one. Up to four views are recognised. Where
more connections begin with the same numbers at the same time, as in a scan with a constant sequence number, nothing is
claimed. Also not recognised: a proxy or balancer that rewrites sequence numbers, views more than two seconds apart,
and two views of which one lacks the first segments of both directions.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, Mask, changes, fixed, stable_order
from pcapframe.jit import jit
from pcapframe.memory import rows_where, stretches, taken
from pcapframe.plain import PlainColumns
from pcapframe.schema import ACK, FIN, RST, SEGMENTS, SYN

__all__ = ["Pairs", "first_numbers", "pair_views", "second_views", "views_among"]

MOST_VIEWS = 4
APART_NS = 2_000_000_000  # between the first packets of two views
SEGMENT_APART_NS = 1_000_000_000
SHARED = 0.9
FEWEST = 2  # segments that two views share
SIMPLE = 1 << 16  # simple stacks and simulations begin with smaller sequence numbers
AT_ONCE = 1 << 20  # segments compared in one step
NONE = -1
READ = (
    "time", "seq", "ack", "tcp_flags", "payload_bytes", "tsval", "ip_id", "ttl", "from_client",
)  # fmt: skip
LARGEST = 0xFFFFFFFF
MULTIPLIERS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)  # odd, with bits everywhere


@jit
def _note_first(place: Any, from_client: Any, seq: Any, first: Any) -> None:
    """Note the sequence number of the first segment of each connection and side (column 0: the client)."""
    for i in range(place.size):
        at, side = place[i], 0 if from_client[i] else 1
        if first[at, side] == NONE:
            first[at, side] = seq[i]


class Pairs(NamedTuple):
    """Connections that may be views of one: by their rows, and whether the later has the roles the other way round."""

    earlier: Array
    later: Array
    is_turned: Mask


def second_views(segments: pd.DataFrame, place: Array, start: Array, is_midstream: Mask) -> Array:
    """Find the connections that are views of an earlier one under other addresses.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    place : ndarray of int
        Row of each segment's connection.
    start : ndarray of int64
        Time of the first packet of each connection; `NO_TIME` without one. [ns]
    is_midstream : ndarray of bool
        Connections that began before the capture.

    Returns
    -------
    ndarray of int64
        Row of the earliest view for each connection that is a later view, else -1.
    """
    numbers = first_numbers(segments, place, start.size)
    pairs = pair_views(numbers, start, is_midstream)
    return views_among(segments, place, pairs, numbers, is_midstream)


def first_numbers(segments: pd.DataFrame, place: Array, connections: int) -> Array:
    """Return the sequence number of the first segment of each side.

    Parameters
    ----------
    segments, place
        As for `second_views`.
    connections : int
        How many there are.

    Returns
    -------
    ndarray of int64, shape (connections, 2)
        Column 0: the client; -1 for a side without one.
    """
    numbers = np.full((connections, 2), NONE, np.int64)
    place, from_client, seq = fixed(place, np.int32), segments["from_client"].to_numpy(), segments["seq"].to_numpy()
    for rows in stretches(place.size):
        _note_first(place[rows], from_client[rows], seq[rows], numbers)
    return numbers


def views_among(segments: pd.DataFrame, place: Array, pairs: Pairs, numbers: Array, is_midstream: Mask) -> Array:
    """Tell which pairs are views of one connection.

    Parameters
    ----------
    segments, place, is_midstream
        As for `second_views`; segments of other connections than those in pairs may be missing.
    pairs : Pairs
        From `pair_views`.
    numbers : ndarray of int64
        From `first_numbers`.

    Returns
    -------
    ndarray of int64
        As from `second_views`.
    """
    same = np.full(len(numbers), NONE, np.int64)
    if not pairs.earlier.size:
        return same
    wanted = np.zeros(len(numbers), np.bool_)
    wanted[pairs.earlier] = wanted[pairs.later] = True
    copies = segments["capture_duplicate"].to_numpy()
    rows = rows_where(place.size, lambda some: wanted.take(place[some]) & ~copies[some])
    rows = rows[stable_order(taken(place, rows), len(numbers))]
    begins = np.searchsorted(taken(place, rows), np.arange(len(numbers) + 1))
    columns = PlainColumns(segments[list(READ)].iloc[rows], SEGMENTS, READ).chunk(0, rows.size)
    for some in _in_steps(pairs, np.diff(begins)):
        is_initial = ~is_midstream[some.earlier] & ~is_midstream[some.later]
        is_view = _are_views(columns, begins, some, numbers, is_initial)
        later, earlier = some.later[is_view], some.earlier[is_view]
        same[later] = np.where(same[later] == NONE, earlier, np.minimum(same[later], earlier))
    return same


def pair_views(numbers: Array, start: Array, is_midstream: Mask) -> Pairs:
    """Pair the connections that begin with the same sequence numbers at about the same time.

    Parameters
    ----------
    numbers : ndarray of int64
        From `first_numbers`.
    start, is_midstream
        As for `second_views`.

    Returns
    -------
    Pairs
        Of a connection that began before the capture the first segment of one side may be missing in one view.
    """
    both = numbers[:, 0] << 32
    both |= numbers[:, 1] & LARGEST
    every = np.flatnonzero(start != NO_TIME)
    if every.size < both.size:
        both = both[every]
    found = [_grouped(both, every, np.broadcast_to(0, every.shape), start)]
    if np.count_nonzero(is_midstream) > 1:
        midstream = np.flatnonzero(is_midstream & (start != NO_TIME))
        members, sides = np.repeat(midstream, 2), np.tile([0, 1], midstream.size)
        key = numbers[members, sides]
        has = key != NONE
        found.append(_grouped(key[has], members[has], sides[has], start))
    return Pairs(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def _grouped(key: Array, members: Array, sides: Array, start: Array) -> Pairs:
    """Pair the first of the members with the same key, at about the same time, with each of the others."""
    ordered = np.sort(key)
    if not (ordered[1:] == ordered[:-1]).any():  # the usual case
        nothing = np.empty(0, np.int64)
        return Pairs(nothing, nothing, np.empty(0, np.bool_))
    order = np.lexsort((members, key))  # members are numbered in the order of their first packets
    key, members, sides = key[order], members[order], sides[order]
    is_apart = np.append(True, np.abs(np.diff(start[members])) > APART_NS)
    begins = np.flatnonzero(changes(key) | is_apart)
    sizes = np.diff(np.append(begins, key.size))
    first, size = np.repeat(begins, sizes), np.repeat(sizes, sizes)
    other = np.flatnonzero((members != members[first]) & (size <= MOST_VIEWS))
    return Pairs(members[first[other]], members[other], sides[first[other]] != sides[other])


def _in_steps(pairs: Pairs, sizes: Array) -> Iterator[Pairs]:
    """Yield the pairs in parts of a limited number of segments."""
    both = np.cumsum(sizes[pairs.earlier] + sizes[pairs.later])
    stops = np.searchsorted(both, np.arange(AT_ONCE, int(both[-1]), AT_ONCE), side="right")
    edges = np.unique(np.concatenate([[0], stops, [both.size]]))
    for begin, stop in pairwise(edges):
        yield Pairs(*(column[begin:stop] for column in pairs))


def _are_views(columns: dict[str, Array], begins: Array, pairs: Pairs, numbers: Array, is_initial: Mask) -> Mask:
    """Tell which pairs are views of one connection.

    Parameters
    ----------
    columns : dict of ndarray
        Segments, connection by connection.
    begins : ndarray of int
        Where the segments of each connection begin there, and the end.
    pairs : Pairs
        To compare.
    numbers : ndarray of int64, shape (connections, 2)
        Sequence number of the first segment of each side (column 0: the client), -1 for a side without one.
    is_initial : ndarray of bool
        By pair: these are those of the handshake.

    Returns
    -------
    ndarray of bool
        One value per pair.
    """
    count = pairs.earlier.size
    one, other, of_pair = _matched(columns, begins, pairs)
    sizes = np.diff(begins)
    shorter = np.minimum(sizes[pairs.earlier], sizes[pairs.later])
    near = np.abs(columns["time"][one] - columns["time"][other]) <= SEGMENT_APART_NS
    one, other, of_pair = one[near], other[near], of_pair[near]
    matched = np.bincount(of_pair, minlength=count)

    def nearly_all(name: str) -> Mask:
        """Tell whether this field is the same, and neither absent nor 0, in nearly all segments that match."""
        here, there = columns[name][one], columns[name][other]
        same = np.bincount(of_pair[(here == there) & (here > 0)], minlength=count)
        unset = np.bincount(of_pair[(here == 0) & (there == 0)], minlength=count)
        return np.asarray((same > 0) & (same + unset >= SHARED * matched), np.bool_)

    both_sides = np.bincount(of_pair[columns["from_client"][one]], minlength=count) % np.maximum(matched, 1) > 0
    first = numbers[pairs.earlier]
    is_random = ((first >= SIMPLE) | (first == NONE)).all(axis=1)
    evidence = nearly_all("tsval").astype(np.int64) + nearly_all("ip_id")
    evidence += _lost_hops(columns, one, other, of_pair, count)
    are_same = is_initial & (first == numbers[pairs.later]).all(axis=1) & (first != NONE).all(axis=1)
    shared = matched >= np.where(are_same, FEWEST, SHARED * np.maximum(shorter, 1))
    return np.asarray(shared & is_random & (evidence >= np.where(both_sides, 1, 2)), np.bool_)


def _matched(columns: dict[str, Array], begins: Array, pairs: Pairs) -> tuple[Array, Array, Array]:
    """Match the segments of each pair one to one, the first with the first of those that are the same.

    Returns
    -------
    tuple of ndarray of int
        Place of the segment in the earlier view and in the later one, and the pair.
    """
    sizes = np.diff(begins)
    members = np.stack([pairs.earlier, pairs.later], axis=1).ravel()
    counts = sizes[members]
    in_order = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = np.repeat(begins[members], counts) + in_order
    of_pair = np.repeat(np.arange(members.size) // 2, counts)
    is_later = np.repeat(np.arange(members.size) % 2 == 1, counts)
    turned = is_later & pairs.is_turned[of_pair]
    key = _mixed(of_pair, columns["seq"][at].astype(np.int64) << 1 | (columns["from_client"][at] ^ turned))
    flags = columns["tcp_flags"][at].astype(np.int64)
    ack = np.where(flags & ACK, columns["ack"][at], 0).astype(np.int64)
    key = _mixed(key, ack << 5 | flags & (SYN | FIN | RST | ACK))
    key = _mixed(key, columns["payload_bytes"][at])
    order = np.lexsort((is_later, key))  # stable: the segments of one view stay in order
    key, is_later = key[order], is_later[order]
    begin = np.flatnonzero(changes(key))
    lengths = np.diff(np.append(begin, key.size))
    of_earlier = np.add.reduceat(~is_later, begin) if key.size else lengths
    rank = np.arange(key.size) - np.repeat(begin, lengths)
    partner = np.arange(key.size) + np.repeat(of_earlier, lengths)
    has = ~is_later & (rank < np.repeat(lengths - of_earlier, lengths))
    one = order[has]
    return at[one], at[order[partner[has]]], of_pair[one]


def _mixed(key: Array, value: Array) -> Array:
    """Combine two numbers into a hash."""
    mixed = (key.astype(np.uint64) ^ value.astype(np.uint64) * MULTIPLIERS[0]) * MULTIPLIERS[1]
    return mixed ^ mixed >> np.uint64(29)


def _lost_hops(columns: dict[str, Array], one: Array, other: Array, of_pair: Array, count: int) -> Mask:
    """Tell in which pairs every packet went from one view to the other, by its hop limit, in its direction."""
    lost = columns["ttl"][one].astype(np.int64) - columns["ttl"][other]
    lost = np.where(columns["from_client"][one], lost, -lost)  # above 0: the earlier view is nearer to the client
    forward, back = (np.bincount(of_pair[each], minlength=count) for each in (lost > 0, lost < 0))
    matched = np.bincount(of_pair, minlength=count)
    return np.asarray((matched > 0) & (np.maximum(forward, back) >= SHARED * matched), np.bool_)
