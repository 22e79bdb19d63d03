"""What shows whether a packet passed from one point to another, though only one of their captures has it.

One that only the point nearer to its sender has was lost between, unless its receiver acknowledged bytes that no copy
captured farther on carried: then that capture lacks it. One that only the point nearer to its receiver has was added
there, unless the capture nearer to its sender lacks its bytes, or has another copy with another identification or
timestamp: then it was sent, and is missing there.
"""

import numpy as np

from pcapframe.arrays import Array, Mask, fixed
from pcapframe.disk import give_back
from pcapframe.joining.echoes import Stamps, are_echoed
from pcapframe.joining.edges import are_outside, passing_times
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.rates import are_mostly_lost
from pcapframe.joining.rows import Rows
from pcapframe.joining.streams import (
    LATE,
    covered,
    keys_of,
    merge_ranges,
    note_first_acks,
    perhaps_alike,
    touching,
    whole_until,
)
from pcapframe.joining.transmissions import NO_ACK
from pcapframe.schema import FATE_RULES, FATES, RST, SYN

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
COPIED_NS, AT_ONCE_NS = 10**8, 10**6  # time within which a copy is made of a packet; and no host sends a SYN again
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
        self.stream = rows.column("stream")
        self.streams = 2 + int(self.stream.max(initial=0)) // 2 * 2
        self.fate = np.full(self.stream.size, PASSED, np.int8)
        self.rule = np.full(self.stream.size, RULE["seen"], np.int8)
        self.partner = np.full(self.stream.size, NONE, np.int8)  # the point that the fate is about
        self.missed = np.zeros((self.streams // 2, len(captures)), np.int64)

    def of(self, name: str, which: Array) -> Array:
        """Return a column's values in some rows."""
        return self.rows.of(name, which)

    def carries(self, which: Array) -> Mask:
        """Tell which rows carry data, a SYN or a FIN."""
        return np.asarray((self.of("end", which) > self.of("start", which)) & (self.of("kind", which) & RST == 0))

    def set(self, which: Array, fate: np.int8, rule: str) -> None:
        """Decide on some rows."""
        self.fate[which], self.rule[which] = fate, RULE[rule]

    def set_open(self, which: Array, at_edge: Mask) -> None:
        """Leave rows open, until there is evidence; at the edge of a capture, what is not a RST, for good."""
        self.set(which, UNKNOWN, "no_evidence")
        self.set(which[at_edge & (self.of("kind", which) & RST == 0)], UNKNOWN, "outside_capture")

    def note_missing(self, which: Array, point: int) -> None:
        """Count rows that a capture lacks."""
        np.add.at(self.missed, (self.stream[which] >> 1, np.full(which.size, point)), 1)

    def time_at(self, point: int, which: Array) -> Array:
        """Return when rows were captured at a point."""
        place = self.rows.place[which, point]
        return np.where(
            place == NONE, LATE, self.times[point][np.maximum(place, 0)] if len(self.times[point]) else LATE
        )

    def acknowledged(self, point: int, which: Array) -> Array:
        """Return when the receiver first acknowledged rows, as captured at a point; `LATE` if never."""
        stream, end, items = self.stream[which].astype(np.int64), self.of("end", which), self.rows.items[point]
        order = np.lexsort((end, stream))
        begins = np.append(0, np.cumsum(np.bincount(stream, minlength=self.streams)))
        found = np.full(which.size, LATE)
        columns = fixed(end, np.int64), items.stream, items.ack, fixed(self.times[point], np.int64)
        note_first_acks(begins[:-1].copy(), begins[1:], order, *columns, found)
        give_back()
        return found

    def covered(self, point: int, which: Array) -> Mask:
        """Tell which rows' ranges are whole in the frames of a point."""
        found, items = np.zeros(which.size, np.bool_), self.rows.items[point]
        if not which.size:
            return found
        stream, low, high = self.stream[which].astype(np.int64), self.of("start", which), self.of("end", which)
        order = np.lexsort((low, stream))
        begins, ranges = np.zeros(self.streams + 1, np.int64), np.empty((2, which.size), np.int64)
        merge_ranges(stream[order], low[order], high[order], begins, *ranges)
        begins = np.cumsum(begins)
        near = np.empty(len(items), np.int32)
        near = near[: touching(*[begins, *ranges, items.stream, items.start, items.end, near])]
        of, start, end = (column[near].astype(np.int64) for column in (items.stream, items.start, items.end))
        give_back()
        begins = np.append(0, np.cumsum(np.bincount(of, minlength=self.streams)))
        by_start, until = np.lexsort((start, of)), np.empty(near.size, np.int64)
        whole_until(begins, by_start, start, end, until)
        covered(begins, by_start, start, until, stream, low, high, found)
        return found

    def alike(self, which: Array) -> tuple[Array, Array]:
        """Return all rows with the same range as some of these, and for each the number of its group."""
        names = ("stream", "start", "end", "ack", "kind")
        table, near = np.zeros(SLOTS, np.bool_), np.empty(self.stream.size, np.int32)
        table[(self._keys(which) & np.uint64(SLOTS - 1)).astype(np.int64)] = True
        size = first = 0
        for point, items in enumerate(self.rows.items):
            own = items if not point else items.take(self.rows.fresh[point])
            size += perhaps_alike(*[*(getattr(own, name) for name in names), table, first, near[size:]])
            first += len(own)
            give_back()
        near = near[:size].astype(np.int64)
        _, group = np.unique(self._keys(near), return_inverse=True)
        wanted = np.zeros(near.size, np.bool_)
        wanted[np.searchsorted(near, which)] = True
        used = np.zeros(int(group.max(initial=0)) + 1, np.bool_)
        used[group[wanted]] = True
        keep = used[group]
        return near[keep], group[keep]

    def _keys(self, which: Array) -> Array:
        """Return the hash of what makes rows alike."""
        key = np.empty(which.size, np.uint64)
        keys_of(*[*(self.of(name, which) for name in ("stream", "start", "end", "ack", "kind")), key])
        return key

    def judge_lost(self, which: Array, x: int, y: int) -> None:
        """Judge rows seen at `x` and not at `y`, which is nearer to their receiver."""
        outside, at_edge = self.outside(which, x, y)
        self.set(which[outside], UNKNOWN, "outside_capture")
        which, at_edge = which[~outside], at_edge[~outside]
        if not which.size:
            return
        self.set_open(which, at_edge)
        again = self.is_copy(which, x, y)
        self.set(which[again], UNKNOWN, "copy")
        carries = self.carries(which) & ~again
        which, sent, at_edge = which[carries], self.time_at(x, which[carries]), at_edge[carries]
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
        gone = which[is_last & ~at_edge]
        self.set(gone, MISSING, "acknowledged")
        self.note_missing(gone, y)
        self.set(which[shows & ~is_last], LOST, "not_acknowledged")
        later = ~shows & before & ((carried != LATE) & (sent < carried) | elsewhere)
        self.set(which[later], LOST, "not_acknowledged")
        heard = self.heard_after(which, sent, y)
        self.set(which[~shows & ~later & (acked == LATE) & heard], LOST, "not_acknowledged")

    def is_copy(self, which: Array, seen: int, point: int) -> Mask:
        """Tell which rows seen at one point and not at another are copies, of packets that perhaps both have.

        Which of two copies was matched with the one at the other point means nothing.
        """
        copies, rows = self.captures[seen].copies, self.rows
        again: Mask = fixed(copies[rows.items[seen].row[rows.place[which, seen]]], np.bool_)
        if not copies.any():
            return again
        every, group = self.alike(which)
        there = np.flatnonzero(rows.place[every, seen] != NONE)
        every, group = every[there], group[there].astype(np.int64)
        segment = rows.items[seen].row[rows.place[every, seen]]
        for name in ("tsval", "ip_id"):
            mark = self.captures[seen].plain.at(name, segment).astype(np.int64)
            _, group = np.unique((group << MARK_BITS) + mark + 1, return_inverse=True)
        passed = rows.place[every, point] != NONE
        size = int(group.max(initial=0)) + 1
        alone, marked = (np.bincount(group[some], minlength=size) for some in (~passed, copies[segment]))
        sides = self.captures[seen].is_mirrored[self.captures[seen].plain.at("conn_id", segment)]
        is_mirrored = sides[:, 0] | sides[:, 1]
        time, paired_at = self.time_at(seen, every), np.full(size, -(LATE // 2))
        paired_at[group[passed]] = time[passed]
        apart = np.abs(time - paired_at[group])
        is_syn = (self.of("kind", every) & SYN != 0) & (apart < AT_ONCE_NS)
        told = (apart < COPIED_NS) & ((alone <= marked)[group] | is_mirrored) | is_syn
        return np.asarray(again | told[np.searchsorted(every, which)], np.bool_)

    def outside(self, which: Array, seen: int, point: int) -> tuple[Mask, Mask]:
        """Tell which rows pass a point before its capture begins or after it ends, and which may."""
        took = passing_times(self.rows.place, self.stream, self.times, seen, point)
        return are_outside(self.time_at(seen, which), took[self.stream[which] & 1], self.spans[point])

    def last_overlapping(self, which: Array, sent: Array, acked: Array) -> Array:
        """Return when the last of some rows was sent that overlaps each of them, before it was acknowledged.

        What is sent again may be cut otherwise than before. [ns]
        """
        stream, start, end = (self.of(name, which) for name in ("stream", "start", "end"))
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
        which = which[(self.fate[which] == UNKNOWN) & (self.rule[which] == RULE["no_evidence"])]
        which = which[self._is_bare(which)]
        if not which.size:
            return
        items, place = self.rows.items[x], self.rows.place[:, x]
        stamps, echoes = (self.captures[x].raw(name, np.uint32) for name in ("tsval", "tsecr"))
        arrived = place[(self.rows.place[:, y] != NONE) & (place != NONE)]
        found = are_echoed(
            Stamps(self.stream[which], items.row[place[which]], *stamps),
            sent=Stamps(items.stream, items.row, *stamps),
            arrived=Stamps(items.stream[arrived], items.row[arrived], *stamps),
            echoes=Stamps(items.stream, items.row, *echoes),
        )
        give_back()
        self.set(which[found], MISSING, "echoed")
        self.note_missing(which[found], y)

    def judge_by_rate(self, which: Array, x: int, y: int) -> None:
        """Judge bare ACKs seen at `x` and not at `y`, which is nearer to their receiver, by how many others are."""
        which = which[self._is_bare(which)]
        if not which.size:
            return
        there, here = (self.rows.place[:, point] != NONE for point in (y, x))
        usual = self.rows.column("kind") == 0
        carries = self._all_carry()
        lacking = int(((self.fate == MISSING) & (self.partner == y) & carries).sum())
        has = int((there & here & carries).sum())
        own = usual & ~carries & here
        arrived = np.bincount(self.stream[own & there], minlength=self.streams)
        missing = np.bincount(self.stream[own & ~there], minlength=self.streams)
        told = are_mostly_lost(self.stream[which], missing, arrived, (lacking + 1) / (lacking + has + 2))
        self.set(which[told], LOST, "more_than_missed")
        self.partner[which[told]] = y

    def _is_bare(self, which: Array) -> Mask:
        """Tell which rows are ACKs and nothing else."""
        bare = (self.of("end", which) == self.of("start", which)) & (self.of("kind", which) == 0)
        return np.asarray(bare & (self.of("ack", which) != NO_ACK), np.bool_)

    def _all_carry(self) -> Mask:
        """Tell which of all rows have a range."""
        parts = [(items.end > items.start) for items in self.rows.items]
        return np.concatenate(
            [parts[0], *(part[own] for part, own in zip(parts[1:], self.rows.fresh[1:], strict=True))]
        )

    def heard_after(self, which: Array, sent: Array, point: int) -> Mask:
        """Tell whether the receiver sent anything, as captured at a point, a round trip after rows were sent."""
        items, last = self.rows.items[point], np.full(self.streams, np.iinfo(np.int64).min)
        np.maximum.at(last, items.stream, self.times[point])
        return np.asarray(last[self.stream[which] ^ 1] > sent + 10**9, np.bool_)

    def judge_added(self, which: Array, x: int, y: int) -> None:
        """Judge rows seen at `y` and not at `x`, which is nearer to their sender."""
        outside, at_edge = self.outside(which, y, x)
        self.set(which[outside], UNKNOWN, "outside_capture")
        which, at_edge = which[~outside], at_edge[~outside]
        if not which.size:
            return
        self.set_open(which, at_edge)
        carries = self.carries(which)
        fresh = which[carries]
        fresh = fresh[~self.covered(x, fresh)] if fresh.size else fresh
        every, group = self.alike(which)
        place = np.searchsorted(every, which)
        at_x = np.zeros(int(group.max()) + 1, np.int64)
        np.add.at(at_x, group, self.rows.place[every, x] != NONE)
        others = at_x[group[place]] > 0
        if self.captures[y].copies.any():
            self.set(which[self.is_copy(which, y, x)], ADDED, "copy")
        self._by_marks(which, every, group, y, x)
        unseen = fresh[~others[np.searchsorted(which, fresh)]]
        self.set(unseen, MISSING, "bytes_not_seen")
        gone = self.fate[which] == MISSING
        self.set_open(which[gone & at_edge], at_edge[gone & at_edge])
        self.note_missing(which[gone & ~at_edge], x)

    def _by_marks(self, which: Array, every: Array, group: Array, y: int, x: int) -> None:
        """Tell copies made on the way from packets that were sent again, by identification, else by timestamp."""
        kept = self.rows.kept[min(x, y), max(x, y)]
        plain, items = self.captures[y].plain, self.rows.items[y]
        there = np.flatnonzero(self.rows.place[every, y] != NONE)
        row = items.row[self.rows.place[every[there], y]]
        stream = self.stream[every[there]].astype(np.int64)
        for name, rule, tells in (
            ("tsval", "timestamp", kept.tsval_shift[stream] != NONE),
            ("ip_id", "identification", kept.has_ids[stream]),
        ):
            mark = plain.at(name, row).astype(np.int64)
            pairs = (group[there].astype(np.int64) << MARK_BITS) + mark
            _, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
            _, of_group, total = np.unique(group[there], return_inverse=True, return_counts=True)
            original = self._is_original(inverse, every[there], y, x)
            again = tells & (counts[inverse] > 1) & (mark != NONE) & ~original
            other = tells & original & (total[of_group] > counts[inverse]) & (mark != NONE)
            mine = np.isin(every[there], which)
            sends = self.carries(every[there])
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
