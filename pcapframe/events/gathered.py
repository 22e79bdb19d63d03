"""Events of a capture and the totals beside them: all that may be read of segments to judge it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from pcapframe.arrays import Array, Mask
from pcapframe.conversation import NEEDED, TURN_ROWS, find_turns, turns_frame
from pcapframe.conversation import READ as SPOKEN
from pcapframe.disk import give_back
from pcapframe.events.following import READ as FOLLOWED
from pcapframe.events.following import Followed, follow
from pcapframe.events.repeats import Segments, copied_resets, lateness, most_repeated, reported
from pcapframe.events.rows import mark_says
from pcapframe.events.totals import EARLY, REPEATED, SHIFTED, Floors, Totals
from pcapframe.events.witnesses import READ, SHOWN, Known, witness
from pcapframe.measures import without_attrs
from pcapframe.memory import computed, extremes, new_column, pieces, rows_where, stretches, taken
from pcapframe.plain import parts_of
from pcapframe.rows import frames_at
from pcapframe.schema import SYN

__all__ = ["Gathered", "gather_events"]

SMALLEST_MSS = 536  # every host takes segments of this size [bytes]
LARGEST_PAYLOAD = 9_176  # of one frame where no MSS is known: a jumbo frame of 9,216 bytes less headers [bytes]
ROWS = ("frame", "before", "behind", "answer", "earlier")  # fields of tables that are rows
DEFAULT = Floors()


class Gathered(NamedTuple):
    """What was gathered of a capture.

    Parameters
    ----------
    rows : ndarray of int
        The events' rows in the segments, ascending.
    totals : Totals
        What else is read of the segments.
    """

    rows: Array
    totals: Totals


def gather_events(
    segments: pd.DataFrame, connections: pd.DataFrame, floors: Floors = DEFAULT, turns: Sequence[Array] | None = None
) -> Gathered:
    """Find the segments that anything can be said of, and count what is needed of the others.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order; not modified.
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, index ``conn_id``; not modified.
    floors : Floors, optional
        From where on idle times and repeated segments are kept.
    turns : sequence of ndarray of TURN, optional
        As from `connections_and_turns` of these segments; by default they are looked for.

    Returns
    -------
    Gathered
        Events are segments with SYN, FIN or RST, with one of the columns `SAYS` or a SACK block; the first and the last
        of each connection, of each side and of each turn; those before and after an idle time; those before a RST;
        those that move a window or a timestamp back; what answers late, and what came after that; and those that open
        a window again.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("losses.pcap"))
    >>> gathered = gather_events(analysis.segments, analysis.connections)
    >>> gathered.rows.size < len(analysis.segments)
    True
    """
    whole, known = Segments(without_attrs(segments)), without_attrs(connections)
    ids = 1 + max(extremes(whole.column("conn_id"), -1)[1], int(known.index.max()) if len(known) else -1)
    is_event = new_column(whole.size, np.bool_)
    mark_says(whole.frame, is_event)
    _mark_sack(whole, is_event)
    several = _several(whole.column("conn_id"), ids)
    place = np.cumsum(several, dtype=np.int32) * several
    seen = witness(
        {name: whole.behind(name) for name in READ},
        Known(place, _largest(whole, ids), _fastest(known, place), math.floor(floors.idle_s * 1e9)),
        is_event,
    )
    followed = _followed(whole, several, place)
    seen.sides["high"], seen.sides["acked"] = followed.high, followed.acked
    repeated, copies = _repeated(whole, floors.resends)
    is_early = whole.column("ack_early")
    early = rows_where(whole.size, lambda some: is_early[some])
    spoken = _spoken(whole, known[["turns", *NEEDED]], turns, is_event)
    for rows in (followed.moved_rows, followed.back_rows, copies):
        _mark(rows, is_event)

    def table(dtype: np.dtype[np.void], rows: Array, **columns: Array) -> Array:
        made = np.zeros(rows.size, dtype)
        made["frame"], made["conn_id"] = frames_at(whole.frame, rows), taken(whole.column("conn_id"), rows)
        for name, column in columns.items():
            made[name] = column
        return made

    seen.idle["chain"] = 0  # places in this table, which mean nothing once it is made, nor in the whole of a part
    totals = Totals(
        sides=seen.sides,
        moved=table(SHIFTED, followed.moved_rows, by=followed.moved_by),
        back=table(SHIFTED, followed.back_rows, by=followed.back_by),
        idle=_numbered(whole, seen.idle),
        resets=_numbered(whole, seen.resets),
        copied=table(SHOWN, copied_resets(whole, seen.resets["frame"])),
        repeated=repeated,
        early=table(EARLY, early, late_s=lateness(whole, early) if early.size else np.empty(0)),
        oversized=_numbered(whole, seen.oversized),
        delayed=_numbered(whole, seen.delayed),
        turns=spoken,
        floors=floors,
    )
    return Gathered(rows_where(whole.size, lambda some: is_event[some]), totals)


def _mark(rows: Array, is_event: Mask) -> None:
    """Mark some rows."""
    for some in pieces(rows):
        is_event[rows[some]] = True
        give_back()


def _several(conn_id: Array, ids: int) -> Mask:
    """Tell which connections have several segments."""
    counts = np.zeros(ids, np.int64)
    for rows in stretches(conn_id.size):
        np.add.at(counts, conn_id[rows], 1)
    return counts > 1


def _spoken(whole: Segments, known: pd.DataFrame, turns: Sequence[Array] | None, is_event: Mask) -> pd.DataFrame:
    """Make the frame of turns, and mark the first and the last segment of requests and responses."""
    if turns is None:
        speaks = known["turns"].to_numpy() > 0
        if 2 * np.count_nonzero(speaks) < speaks.size:  # to follow the others too takes less than to take them out
            known = known[speaks]
        columns = {name: whole.behind(name) for name in ("conn_id", *SPOKEN)}
        turns = [some.copy() for some in find_turns(pd.DataFrame(columns, copy=False), known)]
    for some in turns:
        for name in TURN_ROWS:
            _mark(some[name][some[name] >= 0], is_event)
    return turns_frame(turns, whole.frame, known)


def _mark_sack(whole: Segments, is_event: Mask) -> None:
    """Mark the rows with SACK blocks."""
    sacks = whole.behind("sack").__arrow_array__()
    if sacks.null_count == len(sacks):
        return
    for rows in stretches(whole.size):
        is_event[rows] |= pc.is_valid(sacks.slice(rows.start, rows.stop - rows.start)).to_numpy(zero_copy_only=False)


def _largest(whole: Segments, ids: int) -> Array:
    """Return the largest payload that one packet of each side can carry: the other side's MSS, if it is known."""
    flags, (mss, unknown) = whole.column("tcp_flags"), parts_of(whole.behind("mss"))
    limit = np.zeros(2 * ids, np.uint32)
    for some in stretches(whole.size):
        offers = some.start + np.flatnonzero(flags[some] & SYN != 0)  # of booleans: ten times as fast
        if unknown is not None:
            offers = offers[~unknown[offers]]
        np.maximum.at(limit, whole.sides(offers) ^ 1, mss[offers].astype(np.uint32))
    is_unknown = limit == 0
    np.maximum(limit, SMALLEST_MSS, out=limit)
    limit[is_unknown] = LARGEST_PAYLOAD
    return limit


def _fastest(known: pd.DataFrame, place: Array) -> Array:
    """Return the smallest answer time of each side that is followed, 0 where unknown. [s]."""
    fastest = np.zeros(2 * (1 + int(place.max(initial=0))))
    number = place[known.index.to_numpy()]
    chosen = np.flatnonzero(number)
    number = number[chosen].astype(np.intp)
    server, client, handshake = (
        known[name].to_numpy()[chosen] for name in ("server_ack_rtt_min_s", "client_ack_rtt_min_s", "handshake_rtt_s")
    )
    fastest[2 * number + 1], fastest[2 * number] = server, np.fmin(client, handshake)
    return np.nan_to_num(fastest, copy=False)


def _followed(whole: Segments, several: Mask, place: Array) -> Followed:
    """Follow every side of the connections that have more than one packet; their `place` is from 1."""
    frame = {name: whole.behind(name) for name in FOLLOWED}
    conn_id, count = whole.column("conn_id"), int(np.count_nonzero(several))
    if 2 * count > several.size:  # to follow the others too takes less than to leave them out
        return follow(frame, conn_id, several.size).only(several)
    number = place - np.int32(1)
    followed = computed(whole.size, np.int32, lambda rows: number.take(conn_id[rows]))
    return follow(frame, followed, count).spread(several)


def _repeated(whole: Segments, fewest: int) -> tuple[Array, Array]:
    """Return what arrived after segments that were sent often, and the rows of all their copies."""
    is_resent, is_copy = whole.column("resent"), whole.column("capture_duplicate")
    resent = rows_where(whole.size, lambda rows: is_resent[rows] & ~is_copy[rows])
    size = whole.at("payload_bytes", resent)
    resent, size = resent[size > 0], size[size > 0]
    found = most_repeated(whole.sides(resent), whole.at("rel_seq", resent), size, fewest)
    made = np.zeros(found.side.size, REPEATED)
    if not found.side.size:
        return made, np.empty(0, np.int64)
    made["conn_id"], made["from_client"] = found.side // 2, found.side % 2 == 1
    made["largest_bytes"], copies = reported(whole, found)
    return made, copies


def _numbered(whole: Segments, table: Array) -> Array:
    """Write frames in place of the rows of a table."""
    table = table.copy()
    for name in table.dtype.names or ():
        if name in ROWS:
            table[name] = np.where(table[name] < 0, -1, frames_at(whole.frame, np.maximum(table[name], 0)))
    return table
