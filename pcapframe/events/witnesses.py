"""One pass over all segments in order: which of them are looked at, and what is counted of all.

A segment that is looked at becomes an event. Of the others only totals of each side remain (`SIDE_TOTAL`), and how some
events follow each other: what came before an idle time, what came before a RST.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, Mask, fixed
from pcapframe.conversation.records import copies
from pcapframe.disk import give_back, give_back_after
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.plain import parts_of
from pcapframe.schema import ACK, RST, SEGMENTS, SYN

__all__ = ["BANDS", "IDLE", "LISTED", "READ", "RESET", "SHOWN", "SIDE_TOTAL", "Known", "Witnessed", "witness"]

CHUNK_ROWS = 1 << 16
YES = np.uint8(1)
FINISHED = 1 << 12  # connections whose last packets are marked before pages are given back
LISTED = 100  # most segments larger than a packet that are listed of a connection
NEAR_40_MS, NEAR_200_MS = (0.038, 0.048), (0.180, 0.220)  # of delayed answers beyond the round trip [s]
BANDS = {"near_40_ms": NEAR_40_MS, "near_200_ms": NEAR_200_MS}
LATE_S = NEAR_40_MS[0], 1.0  # of an answer that may be delayed, with a round trip of up to 0.8 s beside
READ = (  # columns of the segments
    "conn_id", "from_client", "tcp_flags", "payload_bytes", "capture_duplicate", "resent", "time", "window",
    "zero_window", "rel_ack", "ack_rtt_s", "bytes_in_flight", "ttl",
)  # fmt: skip
NULLABLE = ("payload_bytes", "rel_ack", "bytes_in_flight")

# What remains of all segments of a side (2 * conn_id + 1 for the client, 2 * conn_id for the server).
SIDE_TOTAL = np.dtype(
    [
        ("high", np.int64),  # end of what it sent, counted from its SYN; the lowest int64 where it was not followed
        ("acked", np.int64),  # highest acknowledgement that it sent; the lowest int64 for none
        ("ttl_low", np.int16),  # of its packets without RST
        ("ttl_high", np.int16),  # -1 for none
        ("largest_bytes", np.uint32),  # of its payloads
        ("oversized", np.uint32),  # segments larger than one packet can be, copies too
        ("largest_oversized", np.uint32),  # [bytes]
        ("late", np.uint32),  # its answers that may be delayed
        ("measured", np.uint32),  # its answers to data with nothing else outstanding
    ],
    align=True,
)
NOTHING = np.array((0, 0, 256, -1, 0, 0, 0, 0, 0), SIDE_TOTAL)
# Packets that came after an idle time: rows, -1 for none.
IDLE = np.dtype(
    [
        ("conn_id", np.int32),
        ("chain", np.int32),  # one more than the place of an earlier one that waits for the same answer; 0 for none
        ("frame", np.int64),
        ("before", np.int64),  # the connection's packet before it
        ("behind", np.int64),  # the one after it
        ("answer", np.int64),  # the next one of the other side
    ],
    align=True,
)
# RSTs: rows, -1 for none.
RESET = np.dtype(
    [
        ("conn_id", np.int32),
        ("frame", np.int64),
        ("before", np.int64),  # the connection's packet before it
        ("earlier", np.int64),  # the one before that of the same side
    ],
    align=True,
)
SHOWN = np.dtype([("conn_id", np.int32), ("frame", np.int64)], align=True)  # any segments

# State of a connection. Rows are one more than the row, 0 for none.
LINK = np.dtype(
    [
        ("any", np.int64),  # its last packet, copies too
        ("last", np.int64),  # its last packet
        ("last_at", np.int64),  # [ns]
        ("data", np.int64),  # its last packet with payload
        ("ack", np.int64),  # its first with ACK and without RST, copies too
        ("idle", np.int32),  # one more than the place in IDLE of the packet before, if that came after an idle time
        ("listed", np.int32),  # how many of its segments are listed as oversized
        ("side", np.uint8),  # of `last`
        ("data_side", np.uint8),
        ("is_alone", np.bool_),  # whether `last` has data, with nothing else outstanding
    ],
    align=True,
)
# State of a side.
SIDE = np.dtype(
    [
        ("last", np.int64),
        ("before", np.int64),  # the one before `last`
        ("plain", np.int64),  # its last without RST
        ("first_ack", np.int64),  # its first with ACK that acknowledges a SYN and nothing more
        ("idle", np.int32),  # one more than the place in IDLE of its last packet that waits for an answer
        ("is_shut", np.bool_),  # its window is zero
        ("is_awaited", np.bool_),  # its data after a delayed answer
    ],
    align=True,
)


class _Rows(NamedTuple):
    """A chunk of segments: columns `READ`, without nulls or with a column ``no_…`` of them."""

    conn_id: Array
    from_client: Array
    tcp_flags: Array
    payload_bytes: Array
    no_payload_bytes: Array
    capture_duplicate: Array
    resent: Array
    time: Array
    window: Array
    zero_window: Array
    rel_ack: Array
    no_rel_ack: Array
    ack_rtt_s: Array
    bytes_in_flight: Array
    no_bytes_in_flight: Array
    ttl: Array


class Known(NamedTuple):
    """What is known before the pass.

    Parameters
    ----------
    place : ndarray of int32
        Of each connection among those that are followed, from 1; 0 for those of one packet, of which nothing is to be
        remembered.
    largest : ndarray of uint32
        Bytes that one packet of each side can carry.
    fastest : ndarray of float64
        By side of those followed: its smallest answer time, 0 where unknown. [s]
    idle_ns : int
        Idle times from here on are kept.
    """

    place: Array
    largest: Array
    fastest: Array
    idle_ns: int


class Witnessed(NamedTuple):
    """What the pass found: `SIDE_TOTAL` by side, and tables whose frames are rows."""

    sides: Array
    idle: Array
    resets: Array
    oversized: Array
    delayed: Array


class _State(NamedTuple):
    links: Array
    sides: Array
    totals: Array
    counts: Array  # of rows in each table


@inner_jit
def _answer_idle(idle: Any, place: Any, row: Any, is_event: Any) -> Any:
    """Note the answer of all packets after idle times that wait for it; return that none waits."""
    if place:
        is_event[row] = YES
    while place:
        idle[place - 1].answer = row
        place = idle[place - 1].chain
    return 0


@inner_jit
def _is_delayed(waited: Any) -> Any:
    return NEAR_40_MS[0] <= waited <= NEAR_40_MS[1] or NEAR_200_MS[0] <= waited <= NEAR_200_MS[1]


@inner_jit
def _large(link: Any, total: Any, size: Any, row: Any, at: Any, found: Any, counts: Any) -> None:
    """Count a segment that is larger than one packet can be, and list the first of each connection."""
    total.oversized += 1
    total.largest_oversized = max(total.largest_oversized, size)
    if link.listed < LISTED:
        found[counts[2]].conn_id, found[counts[2]].frame = at, row
        counts[2] += 1
        link.listed += 1


@inner_jit
def _after_idle(link: Any, own: Any, at: Any, row: Any, idle: Any, counts: Any, is_event: Any) -> None:
    """Note a packet that came after an idle time."""
    one = idle[counts[0]]
    one.conn_id, one.frame, one.before, one.behind, one.answer = at, row, link.last - 1, -1, -1
    one.chain = own.idle
    counts[0] += 1
    own.idle = link.idle = counts[0]
    is_event[row] = is_event[link.last - 1] = YES


@inner_jit
def _reset(link: Any, other: Any, at: Any, row: Any, resets: Any, counts: Any, is_event: Any) -> None:
    """Note a RST and the packets before it; `other` is the side of the last one."""
    one = resets[counts[1]]
    one.conn_id, one.frame, one.before, one.earlier = at, row, link.last - 1, -1
    counts[1] += 1
    if link.last:
        is_event[link.last - 1] = YES
        one.earlier = other.before - 1
        if one.earlier >= 0:
            is_event[one.earlier] = YES


@inner_jit
def _data(link: Any, own: Any, side: Any, row: Any, is_event: Any) -> None:
    """Mark the edges of what one side sends, and what it sends after a delayed answer."""
    if own.is_awaited:
        is_event[row] = YES
        own.is_awaited = False
    if link.data == 0 or link.data_side != side:
        is_event[row] = YES
        if link.data:
            is_event[link.data - 1] = YES
    link.data, link.data_side = row + 1, side


@inner_jit
def _forget(link: Any, own: Any, peer: Any) -> None:
    """Make the state that of a new connection, but for what its first packet does not read."""
    link.any = link.last = link.data = link.ack = own.first_ack = 0
    link.idle, link.listed, link.is_alone = 0, 0, False
    own.idle = peer.idle = own.last = own.before = peer.before = 0
    own.is_shut = own.is_awaited = False


@jit
def _witness(rows: Any, base: Any, state: Any, known: Any, idle_ns: Any, tables: Any, marks: Any) -> None:
    """Look at a chunk of segments, whose first one is row `base`."""
    links, sides, totals, counts = state
    places, largest, fastest = known
    idle, resets, oversized, delayed = tables
    is_event = unchecked(marks)
    for i in range(rows.conn_id.size):
        at, row, flags = np.int64(rows.conn_id[i]), base + i, np.int64(rows.tcp_flags[i])
        side = 1 if rows.from_client[i] else 0
        size = np.int64(0) if rows.no_payload_bytes[i] else np.int64(rows.payload_bytes[i])
        place = np.int64(places[at])
        link, own, peer, total = (
            links[place],
            sides[2 * place + side],
            sides[2 * place + 1 - side],
            totals[2 * at + side],
        )
        if place == 0:  # what was there is of another connection of one packet
            _forget(link, own, peer)
        if link.any == 0:
            is_event[row] = YES
        link.any = row + 1
        if link.ack == 0 and flags & (ACK | RST) == ACK:
            link.ack = row + 1
        if size > largest[2 * at + side]:
            _large(link, total, size, row, at, oversized, counts)
        if rows.capture_duplicate[i]:
            continue
        time = rows.time[i]
        if link.idle:
            idle[link.idle - 1].behind = row
            is_event[row] = YES
            link.idle = 0
        if peer.idle:
            peer.idle = _answer_idle(idle, peer.idle, row, is_event)
        if link.last and time != NO_TIME and link.last_at != NO_TIME and time - link.last_at >= idle_ns:
            _after_idle(link, own, at, row, idle, counts, is_event)
        if flags & RST:
            _reset(link, sides[2 * place + link.side], at, row, resets, counts, is_event)
        else:
            ttl = np.int16(rows.ttl[i])
            total.ttl_low, total.ttl_high = min(total.ttl_low, ttl), max(total.ttl_high, ttl)
            own.plain = row + 1
        rtt = rows.ack_rtt_s[i]
        if rtt > 0:
            total.late += LATE_S[0] <= rtt < LATE_S[1]
            if link.is_alone and link.side != side:
                total.measured += 1
                if size == 0 and _is_delayed(rtt - fastest[2 * place + side]):
                    is_event[row] = YES
                    peer.is_awaited = True
                    delayed[counts[3]].conn_id, delayed[counts[3]].frame = at, row
                    counts[3] += 1
        if size:
            _data(link, own, side, row, is_event)
            total.largest_bytes = max(total.largest_bytes, size)
        if rows.zero_window[i]:
            own.is_shut = True
        elif own.is_shut and rows.window[i] > 0:
            is_event[row] = YES
            own.is_shut = False
        if own.first_ack == 0 and flags & (ACK | SYN | RST) == ACK and rows.rel_ack[i] == 1 and not rows.no_rel_ack[i]:
            own.first_ack = row + 1
        if rows.resent[i] and flags & SYN and flags & ACK:
            for one in (own, peer):
                if one.first_ack:
                    is_event[one.first_ack - 1] = YES
        link.is_alone = size > 0 and not rows.no_bytes_in_flight[i] and np.int64(rows.bytes_in_flight[i]) == size
        link.side, link.last, link.last_at = side, row + 1, time
        own.before, own.last = own.last, row + 1


@jit
def _finish(links: Any, sides: Any, start: Any, stop: Any, is_event: Any) -> None:
    """Mark the last packets of some connections and their sides, and what shows that the other side sent too."""
    for at in range(start, stop):
        link = links[at]
        for row in (link.any, link.last, link.data):
            if row:
                is_event[row - 1] = YES
        for side in range(2 * at, 2 * at + 2):
            for row in (sides[side].last, sides[side].plain):
                if row:
                    is_event[row - 1] = YES
            if sides[side].last == 0 and link.ack:
                is_event[link.ack - 1] = YES


def witness(segments: Mapping[str, Any] | pd.DataFrame, known: Known, is_event: Mask) -> Witnessed:
    """Mark the segments that are looked at, and count what remains of the others.

    Parameters
    ----------
    segments : DataFrame or mapping of Series
        Columns `READ` of ``schema.SEGMENTS`` in capture order; not modified.
    known : Known
        Of each ``conn_id`` from 0.
    is_event : ndarray of bool
        One a segment; set where one is looked at.

    Returns
    -------
    Witnessed
        Sides without ``high`` and ``acked``.
    """
    columns, size, marks = _columns(segments), is_event.size, is_event.view(np.uint8)
    followed = known.fastest.size // 2
    totals = copies(NOTHING, known.largest.size)
    state = _State(np.zeros(followed, LINK), np.zeros(2 * followed, SIDE), totals, np.zeros(4, np.int64))
    tables = [np.empty(0, dtype) for dtype in (IDLE, RESET, SHOWN, SHOWN)]
    sides = fixed(known.place, np.int32), fixed(known.largest, np.uint32), fixed(known.fastest, np.float64)
    for start in range(0, size, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, size)
        tables = [_grown(*pair, stop - start) for pair in zip(tables, state.counts.tolist(), strict=True)]
        chunk = _Rows(*(column[start:stop] for column in columns))
        _witness(chunk, start, tuple(state), sides, known.idle_ns, tuple(tables), marks)
        give_back_after(stop, stop - start)
    for start in range(1, followed, FINISHED):  # the only packet of the others is marked
        _finish(state.links, state.sides, start, min(start + FINISHED, followed), marks)
        give_back()  # they may be anywhere
    kept = (table[:count].copy() for table, count in zip(tables, state.counts.tolist(), strict=True))
    return Witnessed(totals, *kept)


def _grown(table: Array, used: int, more: int) -> Array:
    """Return a table with room for so many more rows."""
    if used + more <= table.size:
        return table
    made = np.empty(max(2 * table.size, used + more), table.dtype)
    made[:used] = table[:used]
    return made


def _columns(segments: Mapping[str, Any] | pd.DataFrame) -> list[Array]:
    """Return the columns of `_Rows`, not converted: that would take longer than the pass."""
    declared = {column.name: column.dtype.lower() for column in SEGMENTS}
    types = {name: declared[name] for name in READ} | {"time": "int64"}
    made: list[Array] = []
    for name in READ:
        values, mask = parts_of(segments[name])
        made.append(fixed(values, types[name]))
        if name in NULLABLE:
            made.append(fixed(np.zeros(values.size, np.bool_) if mask is None else mask, np.bool_))
    return made
