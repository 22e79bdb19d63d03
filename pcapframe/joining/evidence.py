"""What shows whether a packet passed from one point to another, though only one of their captures has it.

One that only the point nearer to its sender has was lost between, unless its receiver acknowledged bytes that no copy
captured farther on carried: then that capture lacks it. One that only the point nearer to its receiver has was added
there, unless the capture nearer to its sender lacks its bytes, or has another copy with another identification or
timestamp: then it was sent, and is missing there.
"""

from functools import cached_property

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.joining.echoes import are_echoed
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.rates import are_mostly_lost
from pcapframe.joining.rows import Rows
from pcapframe.joining.streams import (
    LATE,
    by_stream,
    covered,
    first_acks,
    highest_acks,
    keys_of,
    perhaps_alike,
    whole_until,
)
from pcapframe.joining.transmissions import EDGE_BITS, NO_ACK
from pcapframe.schema import FATE_RULES, FATES, RST

__all__ = ["ADDED", "LOST", "MISSING", "RULE", "UNKNOWN", "Judge"]

PASSED, LOST, MISSING, ADDED, UNKNOWN = (np.int8(FATES.index(name)) for name in FATES)
RANK = np.asarray(
    [{"passed": 0, "unknown": 1, "not_captured": 2, "lost_between": 3, "added": 4}[fate] for fate in FATES]
)
RULE = {name: np.int8(number) for number, name in enumerate(FATE_RULES)}
SLOTS = 1 << 20  # of a table that leaves out most rows that are like none of those asked for
MOST_OVERLAPPING = 32  # rows that are compared with each
MARK_BITS = 34  # more than a timestamp has
FEWEST_SHARED = 8  # packets of a connection that show that nothing of it is missing
SAMPLED = 1 << 16  # rows by which it is measured how long packets take
MOST_LACKING = 1e-3  # share of a capture's packets: beyond, one more may well be missing


class Judge:
    """Judges the rows that are not at every point.

    Parameters
    ----------
    rows : Rows
        All transmissions.
    times : list of ndarray of int64
        By point, when each item was captured, by the first point's clock. [ns]
    captures : list of Capture
        The captures.
    spans : list of (int, int)
        First and last packet of each capture, by the first point's clock. [ns]
    """

    def __init__(self, rows: Rows, times: list[Array], captures: list[Capture], spans: list[tuple[int, int]]) -> None:
        self.rows, self.times, self.captures, self.spans = rows, times, captures, spans
        self.stream, self.start, self.end = (rows.column(name) for name in ("stream", "start", "end"))
        self.kind, self.ack = rows.column("kind"), rows.column("ack")
        self.streams = 2 + int(self.stream.max(initial=0)) // 2 * 2
        self.fate = np.full(self.stream.size, PASSED, np.int8)
        self.rule = np.full(self.stream.size, RULE["seen"], np.int8)
        self.partner = np.full(self.stream.size, NONE, np.int64)  # the point that the fate is about
        self.missed = np.zeros((self.streams // 2, len(captures)), np.int64)
        self._orders: dict[tuple[int, bool], tuple[Array, Array]] = {}
        self._highest: dict[int, Array] = {}
        self._until: dict[int, Array] = {}

    @cached_property
    def _key(self) -> Array:
        """Hash of what makes rows alike."""
        key = np.empty(self.stream.size, np.uint64)
        keys_of(self.stream, self.start, self.end, self.ack, self.kind, key)
        return key

    def set(self, which: Array, fate: np.int8, rule: str) -> None:
        """Decide on some rows."""
        self.fate[which], self.rule[which] = fate, RULE[rule]

    def note_missing(self, which: Array, point: int) -> None:
        """Count rows that a capture lacks."""
        np.add.at(self.missed, (self.stream[which] >> 1, np.full(which.size, point)), 1)

    def time_at(self, point: int, which: Array) -> Array:
        """Return when rows were captured at a point."""
        place = self.rows.place[which, point]
        return np.where(
            place == NONE, LATE, self.times[point][np.maximum(place, 0)] if len(self.times[point]) else LATE
        )

    def in_streams(self, point: int, *, by_start: bool) -> tuple[Array, Array]:
        """Return where the items of each stream begin, in order of time or of their starts, and that order."""
        if (point, by_start) not in self._orders:
            items = self.rows.items[point]
            if by_start:
                begins, order = self.in_streams(point, by_start=False)
                key = (items.stream[order] << EDGE_BITS) + items.start[order]
                order = order[np.argsort(key, kind="stable")]  # nearly sorted: little to do
            else:
                counts = np.bincount(items.stream, minlength=self.streams)
                begins, order = np.append(0, np.cumsum(counts)), np.empty(len(items), np.int64)
                by_stream(items.stream, begins[:-1].copy(), order)
            self._orders[point, by_start] = begins, order
        return self._orders[point, by_start]

    def acknowledged(self, point: int, which: Array) -> Array:
        """Return when the receiver first acknowledged rows, as captured at a point; `LATE` if never."""
        begins, order = self.in_streams(point, by_start=False)
        if point not in self._highest:
            self._highest[point] = np.empty(order.size, np.int64)
            highest_acks(begins, order, self.rows.items[point].ack, self._highest[point])
        found, highest = np.empty(which.size, np.int64), self._highest[point]
        first_acks(begins, order, highest, self.times[point], self.stream[which], self.end[which], found)
        return found

    def covered(self, point: int, which: Array) -> Mask:
        """Tell which rows' ranges are whole in the frames of a point."""
        found, items = np.zeros(which.size, np.bool_), self.rows.items[point]
        if not which.size:
            return found
        begins, order = self.in_streams(point, by_start=True)
        if point not in self._until:
            self._until[point] = np.empty(order.size, np.int64)
            whole_until(begins, order, items.start, items.end, self._until[point])
        until = self._until[point]
        covered(begins, order, items.start, until, self.stream[which], self.start[which], self.end[which], found)
        return found

    def alike(self, which: Array) -> tuple[Array, Array]:
        """Return all rows with the same range as some of these, and for each the number of its group."""
        key, near = self._key, np.empty(self.stream.size, np.int64)
        near = near[: perhaps_alike(key, which, np.zeros(SLOTS, np.bool_), near)]
        _, group = np.unique(key[near], return_inverse=True)
        wanted = np.zeros(near.size, np.bool_)
        wanted[np.searchsorted(near, which)] = True
        used = np.zeros(int(group.max(initial=0)) + 1, np.bool_)
        used[group[wanted]] = True
        keep = used[group]
        return near[keep], group[keep]

    def judge_lost(self, which: Array, x: int, y: int) -> None:
        """Judge rows seen at `x` and not at `y`, which is nearer to their receiver."""
        sent = self.time_at(x, which)
        outside = self.is_outside(which, sent, x, y)
        self.set(which[outside], UNKNOWN, "outside_capture")
        which, sent = which[~outside], sent[~outside]
        if not which.size:
            return
        self.set(which, UNKNOWN, "no_evidence")
        segment = self.rows.items[x].row[self.rows.place[which, x]]
        again = self.captures[x].analysis.segments["capture_duplicate"].to_numpy()[segment]
        self.set(which[again], ADDED, "identification")  # captured twice
        carries = (self.end[which] > self.start[which]) & (self.kind[which] & RST == 0) & ~again
        which, sent = which[carries], sent[carries]
        if not which.size:
            return
        acked = np.minimum(self.acknowledged(y, which), self.acknowledged(x, which))
        every, group = self.alike(which)
        place = np.searchsorted(every, which)
        at_y = self.time_at(y, every)
        size = int(group.max()) + 1
        carried = np.full(size, LATE)
        np.minimum.at(carried, group, at_y)
        last_before = np.full(size, np.iinfo(np.int64).min)  # the last copy seen at x only, before it was acknowledged
        own = group[place]
        before = sent < acked
        np.maximum.at(last_before, own[before], sent[before])
        carried, last_before = carried[own], last_before[own]
        elsewhere = carried == LATE
        elsewhere[elsewhere] = self.covered(y, which[elsewhere])
        shows = (acked != LATE) & (carried > acked) & before & ~elsewhere
        is_last = shows & (sent == np.maximum(last_before, self.last_overlapping(which, sent, acked)))
        self.set(which[is_last], MISSING, "acknowledged")
        self.note_missing(which[is_last], y)
        self.set(which[shows & ~is_last], LOST, "not_acknowledged")
        later = ~shows & before & ((carried != LATE) & (sent < carried) | elsewhere)
        self.set(which[later], LOST, "not_acknowledged")
        heard = self.heard_after(which, sent, y)
        self.set(which[~shows & ~later & (acked == LATE) & heard], LOST, "not_acknowledged")

    def is_outside(self, which: Array, time: Array, seen: int, point: int) -> Mask:
        """Tell which rows pass a point before its capture begins or after it ends, by when they were seen at another.

        Packets take as long as others of their direction do in the median.
        """
        some = slice(None, None, max(self.stream.size // SAMPLED, 1))
        place, side = self.rows.place[some], self.stream[some] & 1
        took = np.zeros(2, np.int64)
        for way in (0, 1):
            both = (place[:, seen] != NONE) & (place[:, point] != NONE) & (side == way)
            if both.any():
                ends = [self.times[each][place[both, each]] for each in (seen, point)]
                took[way] = int(np.median(ends[1] - ends[0]))
        due = time + took[self.stream[which] & 1]
        first, last = self.spans[point]
        return np.asarray((due < first) | (due > last), np.bool_)

    def last_overlapping(self, which: Array, sent: Array, acked: Array) -> Array:
        """Return when the last of some rows was sent that overlaps each of them, before it was acknowledged.

        What is sent again may be cut otherwise than before. [ns]
        """
        stream, start, end = (column[which] for column in (self.stream, self.start, self.end))
        order, found = np.lexsort((start, stream)), sent.copy()
        for apart in range(1, order.size):
            one, other = order[:-apart], order[apart:]
            near = (stream[one] == stream[other]) & (start[other] < end[one])
            if not near.any() or apart > MOST_OVERLAPPING:
                break
            for mine, theirs in ((one[near], other[near]), (other[near], one[near])):
                again = sent[theirs] < acked[mine]
                np.maximum.at(found, mine[again], sent[theirs[again]])
        return found

    def judge_echoes(self, which: Array, x: int, y: int) -> None:
        """Judge bare ACKs seen at `x` and not at `y`, which is nearer to their receiver, by echoes of timestamps."""
        bare = (self.end[which] == self.start[which]) & (self.kind[which] == 0) & (self.ack[which] != NO_ACK)
        which = which[bare & (self.fate[which] == UNKNOWN) & (self.rule[which] == RULE["no_evidence"])]
        if not which.size:
            return
        items, plain = self.rows.items[x], self.captures[x].plain
        tsval, place = plain["tsval"][items.row], self.rows.place[:, x]
        asked = np.zeros(self.streams, np.bool_)
        asked[self.stream[which]] = True
        arrived = np.flatnonzero((self.rows.place[:, y] != NONE) & (place != NONE) & asked[self.stream])
        sent, back = np.flatnonzero(asked[items.stream]), np.flatnonzero(asked[items.stream ^ 1])
        found = are_echoed(
            (self.stream[which], tsval[place[which]]),
            (items.stream[sent], tsval[sent]),
            (self.stream[arrived], tsval[place[arrived]]),
            (items.stream[back] ^ 1, plain["tsecr"][items.row[back]]),
        )
        self.set(which[found], MISSING, "echoed")
        self.note_missing(which[found], y)

    def judge_by_rate(self, which: Array, x: int, y: int) -> None:
        """Judge bare ACKs seen at `x` and not at `y`, which is nearer to their receiver, by how many others are."""
        which = which[(self.end[which] == self.start[which]) & (self.kind[which] == 0) & (self.ack[which] != NO_ACK)]
        if not which.size:
            return
        there = self.rows.place[:, y] != NONE
        carries = self.end > self.start
        lacking = int(((self.fate == MISSING) & (self.partner == y) & carries).sum())
        has = int((there & carries & (self.rows.place[:, x] != NONE)).sum())
        own = (self.kind == 0) & ~carries & (self.rows.place[:, x] != NONE)
        arrived = np.bincount(self.stream[own & there], minlength=self.streams)
        missing = np.bincount(self.stream[own & ~there], minlength=self.streams)
        told = are_mostly_lost(self.stream[which], missing, arrived, (lacking + 1) / (lacking + has + 2))
        self.set(which[told], LOST, "more_than_missed")
        self.partner[which[told]] = y

    def heard_after(self, which: Array, sent: Array, point: int) -> Mask:
        """Tell whether the receiver sent anything, as captured at a point, a round trip after rows were sent."""
        items, last = self.rows.items[point], np.full(self.streams, np.iinfo(np.int64).min)
        np.maximum.at(last, items.stream, self.times[point])
        return np.asarray(last[self.stream[which] ^ 1] > sent + 10**9, np.bool_)

    def judge_added(self, which: Array, x: int, y: int) -> None:
        """Judge rows seen at `y` and not at `x`, which is nearer to their sender."""
        outside = self.is_outside(which, self.time_at(y, which), y, x)
        self.set(which[outside], UNKNOWN, "outside_capture")
        which = which[~outside]
        if not which.size:
            return
        self.set(which, UNKNOWN, "no_evidence")
        carries = (self.end[which] > self.start[which]) & (self.kind[which] & RST == 0)
        fresh = which[carries]
        fresh = fresh[~self.covered(x, fresh)] if fresh.size else fresh
        every, group = self.alike(which)
        place = np.searchsorted(every, which)
        at_x = np.zeros(int(group.max()) + 1, np.int64)
        np.add.at(at_x, group, self.rows.place[every, x] != NONE)
        others = at_x[group[place]] > 0
        self._by_marks(which, every, group, y, x)
        unseen = fresh[~others[np.searchsorted(which, fresh)]]
        self.set(unseen, MISSING, "bytes_not_seen")
        told = which[(self.fate[which] == MISSING)]
        self.note_missing(told, x)

    def _by_marks(self, which: Array, every: Array, group: Array, y: int, x: int) -> None:
        """Tell copies made on the way from packets that were sent again, by identification, else by timestamp."""
        kept = self.rows.kept[min(x, y), max(x, y)]
        plain, items = self.captures[y].plain, self.rows.items[y]
        there = np.flatnonzero(self.rows.place[every, y] != NONE)
        row = items.row[self.rows.place[every[there], y]]
        stream = self.stream[every[there]]
        for name, rule, tells in (
            ("tsval", "timestamp", kept.tsval_shift[stream] != NONE),
            ("ip_id", "identification", kept.has_ids[stream]),
        ):
            mark = plain[name][row]
            pairs = (group[there].astype(np.int64) << MARK_BITS) + mark
            _, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
            _, of_group, total = np.unique(group[there], return_inverse=True, return_counts=True)
            original = self._is_original(inverse, every[there], y, x)
            again = tells & (counts[inverse] > 1) & (mark != NONE) & ~original
            other = tells & original & (total[of_group] > counts[inverse]) & (mark != NONE)
            mine = np.isin(every[there], which)
            sends = (self.end[every[there]] > self.start[every[there]]) & (self.kind[every[there]] & RST == 0)
            self.set(every[there][mine & again & (sends | (name == "ip_id"))], ADDED, rule)
            self.set(every[there][mine & other & sends], MISSING, rule)

    def _is_original(self, of: Array, rows: Array, y: int, x: int) -> Mask:
        """Tell which rows came first of those alike, where the capture nearer to the sender has none of them."""
        has_one = np.zeros(of.size, np.bool_)
        has_one[of[self.rows.place[rows, x] != NONE]] = True
        order = np.lexsort((self.time_at(y, rows), of))
        first = np.ones(of.size, np.bool_)
        first[order[1:]] = of[order[1:]] != of[order[:-1]]
        return np.asarray(first & ~has_one[of], np.bool_)

    def is_complete(self, path: Array, x: int, y: int) -> Mask:
        """Tell in which connections the capture at `x` lacks nothing, by enough packets that it shares with `y`."""
        both = np.flatnonzero((self.rows.place[:, x] != NONE) & (self.rows.place[:, y] != NONE))
        shared = np.bincount(self.stream[both] >> 1, minlength=self.streams // 2)
        lacks_few = self.missed[:, x].sum() <= MOST_LACKING * both.size
        return np.asarray((shared[path] >= FEWEST_SHARED) & (self.missed[path, x] == 0) & lacks_few, np.bool_)

    def judge_resets(self, which: Array, x: int, y: int) -> None:
        """Judge RSTs seen at `y` and not at `x`: whether their sender went on, and had their hop limit."""
        if not which.size:
            return
        items, last = self.rows.items[x], np.full(self.streams, np.iinfo(np.int64).min)
        asked = np.zeros(self.streams, np.bool_)
        asked[self.stream[which]] = True
        usual = np.flatnonzero(asked[items.stream] & ((items.kind & RST) == 0))
        np.maximum.at(last, items.stream[usual], self.times[x][usual])
        went_on = last[self.stream[which]] > self.time_at(y, which)
        there, ttl = self.rows.items[y], self.captures[y].plain["ttl"]
        low, high = np.full(self.streams, 256), np.full(self.streams, -1)
        usual = np.flatnonzero(asked[there.stream] & ((there.kind & RST) == 0))
        own = ttl[there.row[usual]].astype(np.int64)
        np.minimum.at(low, there.stream[usual], own)
        np.maximum.at(high, there.stream[usual], own)
        mine, stream = ttl[there.row[self.rows.place[which, y]]], self.stream[which]
        unlike = (high[stream] >= 0) & ((mine < low[stream]) | (mine > high[stream]))
        complete = self.is_complete(stream >> 1, x, y)
        for tells, rule in ((complete, "nothing_else_missing"), (unlike, "hop_limit"), (went_on, "sender_went_on")):
            self.set(which[tells], ADDED, rule)

    def merge(self, which: Array, before: tuple[Array, Array], partner: int) -> Mask:
        """Keep what was decided before of some rows, unless the last judgement says more; tell where it did not."""
        kept = RANK[before[0]] >= RANK[self.fate[which]]
        self.fate[which[kept]], self.rule[which[kept]] = before[0][kept], before[1][kept]
        self.partner[which[~kept]] = partner
        return np.asarray(kept)
