"""Which connections are one whose numbers were rewritten: by the payload lengths and by when they were sent.

Connections that carry as many bytes each way are candidates. Their packets must be as far apart in time in both
captures, and their clocks must differ as they do for the other connections: by those that are matched already, or by
what most candidates agree on. A candidate counts only where the next best one fits clearly worse. Connections with the
same marks (`marks`) are candidates too, also where bytes were lost, and need no others to show how the clocks differ;
nor do those whose timestamps are as far apart in both captures, if that is no chance.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, Mask
from pcapframe.jit import jit
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.marks import Marks, marked_pairs, timed_alike
from pcapframe.schema import FIN, SYN

__all__ = ["Events", "begun_together", "choose", "events_of"]

LATEST = np.iinfo(np.int64).max
MARKS = 34  # byte positions 0, 1, 2, 4 … of each side
TOGETHER = 24  # connections of one size in a capture, beyond which candidates are not compared
KNOWN_NS = 60 * 10**6  # how much the times of SYNs may differ from connection to connection
WINDOWS_NS = (2 * 10**6, 5 * 10**6, 20 * 10**6, 60 * 10**6)  # in which clocks agree: the first that tells
DRIFT = 100e-6
SLACK_NS = 5 * 10**6
FEWEST_VOTES, VOTE_MARGIN = 3, 2
JITTER_NS = 20 * 10**6  # how much the time between packets may differ from point to point
LEAST_NS, MARGIN = 5 * 10**6, 4  # the second best differs so many times more, and by no less
MARKED_LEAST_NS = 5 * 10**5  # where both have the same marks: times of the same packets only
SURE_BITS = 10.0  # of distances between timestamps
LIKELY_BITS, CLOSE_NS = 4.0, 10**6  # these, where times are this close
AROUND = 5  # matched connections that tell how clocks differ where another begins
MOST_OFF_NS = 600 * 10**9  # clocks that only payload lengths show: what repeats every hour or day is not one connection


@dataclass(frozen=True, eq=False)
class Events:
    """When each side of some connections first sent the bytes at certain positions.

    Parameters
    ----------
    time : ndarray of int64, shape (connections, 2 * MARKS)
        `NO_TIME` where nothing was captured from there on. [ns]
    end : ndarray of int64, shape (connections, 2 * MARKS)
        Where the segment ends that had the byte.
    row : ndarray of int64, shape (connections, 2 * MARKS)
        Place of that segment in the capture, -1 for none.
    marks : Marks
        What its sender put into it.
    """

    time: Array
    end: Array
    row: Array
    marks: Marks


@jit
def _note(conn_id: Any, from_client: Any, rel_seq: Any, flags: Any, payload: Any, at: Any, place: Any, turned: Any,
          reached: Any, time: Any, end: Any, at_row: Any) -> None:  # fmt: skip
    """Note the first segments that reach each position."""
    for i in range(conn_id.size):
        row = place[conn_id[i]]
        if row < 0:
            continue
        side = (0 if from_client[i] else 1) ^ turned[conn_id[i]]
        stop = rel_seq[i] + payload[i] + ((flags[i] & SYN) != 0) + ((flags[i] & FIN) != 0)
        mark = reached[row, side]
        while mark < MARKS and stop > (0 if mark == 0 else 1 << (mark - 1)):
            time[row, side * MARKS + mark], end[row, side * MARKS + mark] = at[i], stop
            at_row[row, side * MARKS + mark] = i
            mark += 1
        reached[row, side] = mark


def events_of(capture: Capture, connections: Array) -> Events:
    """Read the events of some connections of a capture.

    Parameters
    ----------
    capture : Capture
        Where they are.
    connections : ndarray of int64
        Which.

    Returns
    -------
    Events
        In the order of `connections`.
    """
    place = np.full(len(capture.connections), NONE, np.int64)
    place[connections] = np.arange(connections.size)
    time = np.full((connections.size, 2 * MARKS), NO_TIME, np.int64)
    end, row = (np.full((connections.size, 2 * MARKS), NONE, np.int64) for _ in range(2))
    columns = ("conn_id", "from_client", "rel_seq", "tcp_flags", "payload_bytes", "time")
    empty = np.zeros(place.size, np.int64), np.zeros((connections.size, 2), np.int64)
    _note(*[*(capture.plain[name] for name in columns), place, *empty, time, end, row])
    ip_id, tsval = (np.where(row == NONE, NONE, capture.plain[name][row]) for name in ("ip_id", "tsval"))
    return Events(time, end, row, Marks(end, ip_id, tsval))


def choose(
    one: Events, other: Events, sizes: Array, far_sizes: Array, known: Array, known_far: Array
) -> tuple[Array, Array]:
    """Choose pairs of connections.

    Parameters
    ----------
    one, other : Events
        Of the connections of both captures.
    sizes, far_sizes : ndarray of int64
        What candidates have in common: a number for each connection.
    known, known_far : ndarray of int64
        When connections begin that are matched already, by both captures. [ns]

    Returns
    -------
    tuple of ndarray of int64
        Places of the pairs, one to one.
    """
    left = pd.DataFrame({"one": np.arange(sizes.size), "size": sizes, "n": _group_sizes(sizes)})
    right = pd.DataFrame({"other": np.arange(far_sizes.size), "size": far_sizes, "m": _group_sizes(far_sizes)})
    left, right = left[left["n"] <= TOGETHER], right[right["m"] <= TOGETHER]
    pairs = left.merge(right, on="size")[["one", "other"]]
    marked = pd.DataFrame(dict(zip(("one", "other"), marked_pairs(one.marks, other.marks), strict=True)))
    pairs = pd.concat([marked.assign(marked=True), pairs.assign(marked=False)]).drop_duplicates(["one", "other"])
    mine, theirs, is_marked = (pairs[name].to_numpy() for name in ("one", "other", "marked"))
    found = _differences(one, other, mine, theirs, is_marked)
    bits = timed_alike(one.marks, other.marks, mine, theirs)
    is_marked = is_marked | (bits >= SURE_BITS) | (bits >= LIKELY_BITS) & (found.most <= CLOSE_NS)
    usable = (found.common > 1) & (found.spread <= JITTER_NS)
    mine, theirs, is_marked = mine[usable], theirs[usable], is_marked[usable]
    found = _Differences(*(each[usable] for each in found))
    if not mine.size:
        return mine, theirs
    here = one.time[mine]
    begin = np.where(here == NO_TIME, LATEST, here).min(axis=1)
    expected, slack = _expected(found, mine, is_marked, begin, known, known_far)
    near = np.abs(found.middle) <= MOST_OFF_NS
    fits = (found.low - slack <= expected) & (expected <= found.high + slack) | (is_marked & near & np.isnan(expected))
    off = np.abs(found.middle - expected)
    cost = np.where(is_marked, found.most, found.spread) + np.where(np.isnan(off), 0.0, off)
    mine, theirs, cost, least = mine[fits], theirs[fits], cost[fits], _least(is_marked[fits])
    best = _is_clear(mine, cost, least) & _is_clear(theirs, cost, least)
    return mine[best], theirs[best]


def begun_together(begin: Array, far_begin: Array, known: Array, known_far: Array) -> tuple[Array, Array]:
    """Find connections that begin at the same time, by the clocks of those matched already.

    Parameters
    ----------
    begin, far_begin : ndarray of int64
        When connections begin in each capture. [ns]
    known, known_far : ndarray of int64
        When matched ones begin. [ns]

    Returns
    -------
    tuple of ndarray of int64
        Places of the pairs; none without matched connections. Where many begin together, none of these is paired.
    """
    if not known.size or not begin.size or not far_begin.size:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(known)
    took = (known_far - known)[order]
    nearest = np.searchsorted(known[order], begin)[:, None] + np.arange(AROUND) - AROUND // 2
    due = begin + np.median(took[np.clip(nearest, 0, known.size - 1)], axis=1).astype(np.int64)
    far = np.argsort(far_begin)
    first, last = (np.searchsorted(far_begin[far], due + edge) for edge in (-KNOWN_NS, KNOWN_NS))
    count = np.where((begin == NO_TIME) | (last - first > TOGETHER), 0, last - first)
    mine = np.repeat(np.arange(begin.size), count)
    return mine, far[np.repeat(first, count) + np.arange(mine.size) - np.repeat(np.cumsum(count) - count, count)]


class _Differences(NamedTuple):
    """How clocks differ by the events of candidates: range, middle, how much it varies mostly and at most, how many."""

    low: Array
    high: Array
    middle: Array
    spread: Array
    most: Array
    common: Array


def _group_sizes(values: Array) -> Array:
    """Return how often each value occurs, by row."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[place])


def _differences(one: Events, other: Events, mine: Array, theirs: Array, is_marked: Mask) -> _Differences:
    """Compare the times of the events of candidates; where they have the same marks, of the same packets only."""
    here, there = one.time[mine], other.time[theirs]
    both = (here != NO_TIME) & (there != NO_TIME) & (one.end[mine] == other.end[theirs])
    marks = one.marks.ip_id[mine], other.marks.ip_id[theirs]
    both &= ~is_marked[:, None] | (marks[0] == marks[1]) | (marks[0] <= 0) | (marks[1] <= 0)
    took = np.where(both, there - np.where(both, here, 0), 0).astype(np.float64)
    took[~both] = np.nan
    spreads, widest, bounds, middles = [], [], [], []
    for side in (slice(0, MARKS), slice(MARKS, 2 * MARKS)):
        part = pd.DataFrame(took[:, side])
        middles.append(part.median(axis=1))
        apart = part.sub(middles[-1], axis=0).abs()
        spreads.append(apart.quantile(0.75, axis=1).to_numpy())
        widest.append(apart.max(axis=1).to_numpy())
        bounds.append((part.min(axis=1).to_numpy(), part.max(axis=1).to_numpy()))
    # what the client sent is never early in the capture nearer to the server, and the other way round
    ends = np.stack([bounds[0][0], bounds[1][1]]), np.stack([bounds[0][1], bounds[1][0]])
    between = ends[0][0] - ends[0][1]
    between = between[~np.isnan(between)]
    inner = ends[1] if between.size and np.median(between) < 0 else ends[0]
    low, high = np.fmin(*inner), np.fmax(*inner)
    spread = np.fmax(*spreads)
    unknown = np.isnan(spread) | np.isnan(low)
    spread, most = (np.where(unknown, np.inf, each) for each in (spread, np.fmax(*widest)))
    middle = pd.concat(middles, axis=1).mean(axis=1).to_numpy()  # what one packet took longer does not move it
    return _Differences(low, high, middle, spread, most, np.where(unknown, 0, both.sum(axis=1)))


def _expected(
    found: _Differences, mine: Array, is_marked: Mask, begin: Array, known: Array, known_far: Array
) -> tuple[Array, Array]:
    """Return by how much clocks differ where each candidate begins, and how sure that is; NaN where it is unknown."""
    if known.size:
        order = np.argsort(known)
        at = np.clip(np.searchsorted(known[order], begin), 0, known.size - 1)
        expected = (known_far - known)[order][at].astype(np.float64)
        return expected, KNOWN_NS + DRIFT * np.abs(begin - known[order][at])
    off = found.middle
    own = pd.DataFrame({"mine": mine, "cost": np.where(is_marked, found.most, np.inf)}).groupby("mine")["cost"]
    least = own.transform("min").to_numpy()
    voting = np.flatnonzero(np.isinf(least) | is_marked & (found.most <= 2 * least + MARKED_LEAST_NS))
    order = voting[np.argsort(off[voting])]
    sorted_off = off[order]
    drifted = DRIFT * float(begin.max() - begin.min())
    for width in WINDOWS_NS:
        stops = np.searchsorted(sorted_off, sorted_off + width, side="right")
        votes = stops - np.arange(order.size)
        first = int(np.argmax(votes))
        inside = slice(first, stops[first])
        center = float(np.median(sorted_off[inside]))
        second = int(votes[np.abs(sorted_off - center) > 2 * width].max(initial=0))
        agree = int(np.unique(mine[order][inside]).size)
        if agree >= max(FEWEST_VOTES, VOTE_MARGIN * second) and abs(center) <= MOST_OFF_NS:
            return np.full(off.size, center), np.full(off.size, SLACK_NS + width + drifted)
    return np.full(off.size, np.nan), np.full(off.size, np.nan)


def _least(is_marked: Mask) -> Array:
    """Return how much the times of each candidate may differ without telling anything. [ns]."""
    return np.where(is_marked, MARKED_LEAST_NS, LEAST_NS)


def _is_clear(of: Array, spread: Array, least: Array) -> Mask:
    """Tell which candidates fit clearly better than any other of the same connection."""
    frame = pd.DataFrame({"of": of, "spread": spread, "least": least})
    order = frame.sort_values(["of", "spread"], kind="stable")
    second = order.groupby("of")["spread"].shift(-1)
    first = ~order["of"].duplicated()
    clear = first & (second.isna() | (second > MARGIN * np.maximum(order["spread"], order["least"])))
    return np.asarray(clear.sort_index().to_numpy(np.bool_))
