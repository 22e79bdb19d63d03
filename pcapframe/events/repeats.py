"""What takes every segment of a few connections: what arrived after a segment that was sent often, and the like."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask, changes, column_of, seconds_from, stable_order
from pcapframe.gathering import gather
from pcapframe.memory import extremes, taken
from pcapframe.plain import parts_of
from pcapframe.schema import ACK, FIN, RST, SYN

__all__ = ["Repeated", "Segments", "copied_resets", "lateness", "most_repeated", "reported"]

NEAR = 128  # identifications so far from those of a side may still be of its counter
MIXER = 0x5851F42D4C957F2D  # odd, with bits everywhere
LATEST = 100  # SACK blocks of a peer that are read
FARTHEST = 1 << 41  # beyond any sequence number counted from the SYN [bytes]


class Segments:
    """Columns of all segments, each taken out of its frame once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.size = frame, len(frame)
        self._taken: dict[str, Any] = {}

    def behind(self, name: str) -> Any:
        """Return a column as it is in memory, not to be modified."""
        if name not in self._taken:
            self._taken[name] = column_of(self.frame, name)
        return self._taken[name]

    def column(self, name: str) -> Array:
        """Return a column that has no nulls."""
        return np.asarray(self.behind(name))

    def at(self, name: str, rows: Array) -> Array:
        """Return numbers at some rows, 0 for null."""
        values, null = parts_of(self.behind(name))
        found = taken(values, rows).astype(np.int64)
        if null is not None:
            found[taken(null, rows)] = 0
        return found

    def sides(self, rows: Array) -> Array:
        """Return the side of each row: 2 * conn_id + 1 for the client."""
        found: Array = 2 * taken(self.column("conn_id"), rows).astype(np.int64)
        found += taken(self.column("from_client"), rows)
        return found

    def of(self, conn_ids: Array, *, copies: bool = False) -> Array:
        """Return the rows of some connections, ascending; with copies made on the way where that is said."""
        conn_id = self.column("conn_id")
        wanted = np.zeros(extremes(conn_id, -1)[1] + 1, np.bool_)
        wanted[conn_ids] = True
        return gather(conn_id, None if copies else self.column("capture_duplicate"), wanted)[0]


class Repeated(NamedTuple):
    """The most retransmitted segment of each side that has one: its side, sequence number, payload and resends."""

    side: Array
    seq: Array
    size: Array
    resends: Array


def most_repeated(side: Array, seq: Array, size: Array, fewest: int) -> Repeated:
    """Find the most retransmitted segment of each side.

    Parameters
    ----------
    side, seq, size : ndarray of int
        Of each retransmission with payload, in their order.
    fewest : int
        Least number of retransmissions of one.

    Returns
    -------
    Repeated
        Sides ascending.
    """
    keys = np.column_stack([side, seq, size])[_often(fewest, side, seq, size)]
    keys = keys[np.lexsort(keys.T[::-1])]
    begins = np.flatnonzero(changes(*keys.T))
    counts = np.diff(np.append(begins, len(keys)))
    often = counts >= max(fewest, 1)
    keys, counts = keys[begins[often]], counts[often]
    order = np.lexsort((-counts, keys[:, 0]))
    order = order[changes(keys[order, 0])]
    side, seq, size = keys[order].T
    return Repeated(side, seq, size, counts[order])


def _often(fewest: int, *columns: Array) -> Array:
    """Return the rows that may be there so many times, and all that are: to sort rows of many columns takes long."""
    mixed = np.zeros(columns[0].size, np.int64)
    for column in columns:
        mixed = mixed * MIXER + column
    numbers, counts = np.unique(mixed, return_counts=True)
    return np.flatnonzero(np.isin(mixed, numbers[counts >= fewest]))


def reported(segments: Segments, found: Repeated) -> tuple[Array, Array]:
    """Return, for each segment, the largest later one reported after its first copy, and the rows of all copies."""
    rows = segments.of(np.unique(found.side // 2))
    conn_id = taken(segments.column("conn_id"), rows)
    order = stable_order(conn_id, int(conn_id.max(initial=0)) + 1)
    ordered, conn_id = rows[order], conn_id[order]
    starts, stops = (np.searchsorted(conn_id, found.side // 2, side=end) for end in ("left", "right"))
    largest, copies = np.zeros(found.side.size, np.int64), [np.empty(0, np.int64)]
    for i, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):  # few: repeated segments
        rows = ordered[start:stop]
        own = taken(segments.column("from_client"), rows) == (found.side[i] % 2 == 1)
        size, seq = segments.at("payload_bytes", rows), segments.at("rel_seq", rows)
        is_copy = own & (seq == found.seq[i]) & (size == found.size[i])
        copies.append(rows[is_copy])
        after = np.arange(rows.size) > int(np.argmax(is_copy))
        sent = own & after & ~is_copy & (size > 0) & (seq >= found.seq[i])
        arrived = _arrived(segments, rows, ~own & after, seq, seq + size)
        largest[i] = size[sent & arrived].max(initial=0)
    return largest, np.concatenate(copies)


def _arrived(segments: Segments, rows: Array, peers: Mask, begin: Array, end: Array) -> Mask:
    """Tell which of some bytes the peer reports, by acknowledgement or SACK."""
    answers = rows[peers & (taken(segments.column("tcp_flags"), rows) & ACK != 0)]
    if not answers.size:
        return np.zeros(begin.size, np.bool_)
    rel_ack = segments.at("rel_ack", answers)
    arrived = end <= rel_ack.max()
    sacks = segments.behind("sack").take(answers)
    has_sack = ~np.asarray(sacks.isna(), np.bool_)
    if has_sack.any():
        ack = segments.at("ack", answers[has_sack]).astype(np.uint32)
        blocks = sacks[has_sack].tolist()[-LATEST:]  # the latest ones matter most
        for edges, acked, relative in zip(blocks, ack[-LATEST:], rel_ack[has_sack][-LATEST:], strict=True):
            away = (np.asarray(edges, np.uint32) - acked).view(np.int32).astype(np.int64) + relative
            for left, right in zip(away[::2], away[1::2], strict=True):
                arrived |= (begin >= left) & (end <= right)
    return np.asarray(arrived, np.bool_)


def copied_resets(segments: Segments, resets: Array) -> Array:
    """Find RSTs with identification and window of the other side's, far from the identifications of their own.

    Parameters
    ----------
    segments : Segments
        All.
    resets : ndarray of int
        Rows of RSTs.

    Returns
    -------
    ndarray of int
        Some of these, none with 0.
    """
    rows = resets[taken(segments.column("window"), resets) > 0]
    rows = rows[segments.at("ip_id", rows) > 0]
    if not rows.size:
        return rows
    others = segments.of(taken(segments.column("conn_id"), rows))
    others = others[taken(segments.column("tcp_flags"), others) & RST == 0]
    # Sides from 0, of the connections that have such a RST.
    own_side, side = segments.sides(rows), segments.sides(others)
    known, side = np.unique(np.concatenate([side, own_side, own_side ^ 1]), return_inverse=True)
    side, own_side, peer_side = np.split(side, np.cumsum([others.size, rows.size]))
    ident, own = segments.at("ip_id", others), segments.at("ip_id", rows)
    low, high = np.full(known.size, 1 << 17), np.full(known.size, -1)
    np.minimum.at(low, side, ident)
    np.maximum.at(high, side, ident)
    apart = (high[own_side] >= 0) & ((own < low[own_side] - NEAR) | (own > high[own_side] + NEAR))
    theirs = (side << 32) | (ident << 16) | taken(segments.column("window"), others)
    mine = (peer_side << 32) | (own << 16) | taken(segments.column("window"), rows)
    return rows[apart & np.isin(mine, theirs)]


def lateness(segments: Segments, early: Array) -> Array:
    """Time from each ACK captured early to the packet that brings the last byte it covers, or NaN [s].

    If that packet came before, the ACK covers bytes of a hole: then it is the time to its sender's next packet.

    Parameters
    ----------
    segments : Segments
        All.
    early : ndarray of int
        Rows of the ACKs, ascending.

    Returns
    -------
    ndarray of float64
        One for each.
    """
    own = segments.sides(early)
    rows = segments.of(own // 2, copies=True)
    senders, sender = np.unique(segments.sides(rows), return_inverse=True)
    rows = rows[order := np.argsort(sender, kind="stable")]
    sender = sender[order]
    flags = taken(segments.column("tcp_flags"), rows)
    end = segments.at("rel_seq", rows) + (flags & (SYN | FIN) != 0) + segments.at("payload_bytes", rows)
    reached = np.maximum.accumulate(np.clip(end, 0, FARTHEST - 1) + sender * FARTHEST)
    peer = np.searchsorted(senders, own ^ 1)
    ack = np.clip(segments.at("rel_ack", early), 0, FARTHEST - 1)
    place = np.searchsorted(reached, ack + peer * FARTHEST)
    following = np.searchsorted(rows + sender * segments.size, early + peer * segments.size)
    place = np.maximum(place, following)
    known = np.flatnonzero(place < rows.size)
    known = known[sender[place[known]] == peer[known]]
    times = parts_of(segments.behind("time")).values
    late = np.full(early.size, np.nan)
    late[known] = seconds_from(taken(times, early[known]), taken(times, rows[place[known]]))
    return late
