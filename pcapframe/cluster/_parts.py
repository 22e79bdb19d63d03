"""Analyse a part of the connections: those whose endpoints have the same hash."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.analysis.chosen import judged_columns
from pcapframe.analysis.clock import Disagreements, disagreements
from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture import transport
from pcapframe.capture.extras import QUOTE
from pcapframe.capture.streams import foreign_streams
from pcapframe.cluster._decoding import FLAGS
from pcapframe.cluster._wire import Unpacked, frame_of, unpack
from pcapframe.connections import connections_and_turns
from pcapframe.connections.same_as import first_numbers
from pcapframe.events import Floors, Totals, gather_events
from pcapframe.icmp import Quotes, read_quotes
from pcapframe.measures import values, without_attrs
from pcapframe.names import HEARD_IN, Heard, Named, read_named, written_heard
from pcapframe.names.beginnings import HEARD
from pcapframe.names.found import ADDRESSED
from pcapframe.rows import take_rows
from pcapframe.schema import ICMP_QUOTES, names
from pcapframe.segments import ASTRAY, are_alike, label_segments

__all__ = ["ENDS", "FRAMES", "Part", "Some", "analyze_part", "segments_of"]

FRAMES = ("frame", "before", "behind", "answer", "earlier")  # of the tables in totals
ENDS = ("request_frame", "request_end_frame", "response_frame", "response_end_frame")  # of turns


@dataclass
class Part:
    """What a part of the connections is to the whole; its frames are numbered from 1."""

    size: int  # how many packets it has
    segments: int
    events: pd.DataFrame
    connections: pd.DataFrame
    totals: Totals
    numbers: Array  # see `first_numbers`
    disagreeing: Disagreements
    frames: Array  # that are named here, ascending
    capture: Array  # of each of these: which capture it is from
    row: Array  # and which row of that
    named: Named | None
    quotes: Quotes | None
    kinds: list[tuple[str, int, int]]  # protocol, type and code of each kind of `quotes`
    foreign: int  # see `foreign_streams`
    has_times: bool  # whether any segment has a time


@dataclass
class Some:
    """The segments of some connections of a part; frames and connections are numbered as there."""

    size: int
    segments: pd.DataFrame
    frames: Array  # that are named here, ascending
    capture: Array
    row: Array


class _Labelled(NamedTuple):
    """The segments of a part."""

    segments: pd.DataFrame
    capture: Array  # of each packet: which capture it is from
    row: Array  # and which row of that
    errors: pd.DataFrame  # `ICMP_QUOTES` of the packets
    foreign: int


def analyze_part(
    pieces: Iterable[bytes],
    names_read: bool,
    floors: Floors,
    *,
    whole: bool = True,
    keep: Callable[[pd.DataFrame, Array, Array], None] | None = None,
) -> Part:
    """Label the segments of some connections, sum up each connection, and find what anything can be said of.

    Parameters
    ----------
    pieces : iterable of bytes
        From all captures that have some of their rows.
    names_read : bool
        Whether payload was read for names.
    floors : Floors
        For `gather_events`.
    whole : bool, default True
        Whether the events have all columns, or those that results are made from.
    keep : callable, optional
        Takes the segments, and of each packet which capture it is from and which row of that.

    Returns
    -------
    Part
        With the same values as in the whole.
    """
    segments, capture, row, errors, foreign = _labelled(pieces, names_read)
    if keep:
        keep(segments, capture, row)
    connections, turns = connections_and_turns(segments)
    rows, totals = gather_events(segments, connections, floors, turns)
    events = take_rows(without_attrs(segments)[list(segments) if whole else _read()], rows)
    quotes = read_quotes(segments.attrs)
    frame, found = segments.index.to_numpy(), disagreements(segments)
    found = found._replace(before=frame[found.before], after=frame[found.after])
    named = [events.index.to_numpy(), _answered(events), found.before, found.after, *_frames_of(totals)]
    if quotes:
        named.append(quotes.errors["frame"])
    frames = _distinct(named)
    return Part(
        size=len(capture),
        segments=len(segments),
        events=events,
        connections=connections,
        totals=totals,
        numbers=first_numbers(segments, segments["conn_id"].to_numpy(), len(connections)),
        disagreeing=found,
        frames=frames,
        capture=capture[frames - 1],
        row=row[frames - 1],
        named=read_named(segments.attrs),
        quotes=quotes,
        kinds=_kinds(quotes, errors) if quotes else [],
        foreign=foreign,
        has_times=bool(segments["time"].notna().any()),
    )


def segments_of(pieces: Iterable[bytes], conn_ids: Array) -> Some:
    """Label the segments of a part once more, and return those of some connections.

    Parameters
    ----------
    pieces
        As for `analyze_part`.
    conn_ids : ndarray of int
        Which connections of the part.

    Returns
    -------
    Some
        All columns.
    """
    segments, capture, row, *_ = _labelled(pieces, names_read=False)
    bare = without_attrs(segments)
    some = bare.take(np.flatnonzero(np.isin(bare["conn_id"].to_numpy(), conn_ids)))
    frames = _distinct([some.index.to_numpy(), _answered(some)])
    return Some(len(capture), some, frames, capture[frames - 1], row[frames - 1])


def _labelled(pieces: Iterable[bytes], names_read: bool) -> _Labelled:
    rows = unpack(pieces)
    capture = np.array([piece["capture"] for piece in rows.pieces], np.int64)[rows.piece]
    row = _column(rows, "row", np.uint32)
    order = _in_order(rows, capture, row)
    packets = frame_of(rows, order)
    capture, row = capture[order], row[order]
    packets["source"], packets["source_frame"] = capture.astype(np.uint16), packets["source_frame"]
    astray = np.ones(order.size, np.bool_) if _stood_still(rows) else _column(rows, ASTRAY, np.bool_)[order]
    packets.attrs[ASTRAY] = (1 + np.flatnonzero(astray)).tolist()
    if names_read:
        packets.attrs[HEARD_IN] = written_heard(_heard(rows, capture, row))
    errors = packets[["protocol", *names(ICMP_QUOTES)]]
    foreign = _foreign(packets, _column(rows, FLAGS, np.int16)[order])
    return _Labelled(label_segments(packets), capture, row, errors, foreign)


def _read() -> list[str]:
    """Return the columns of events that results are made from, and those that the whole needs to number them."""
    more = ("src", "dst", "src_port", "dst_port", "answered_by", "interface", "source")
    return list(dict.fromkeys((*judged_columns(), *more)))


def _answered(segments: pd.DataFrame) -> Array:
    """Return the frames in ``answered_by``."""
    column: Any = segments["answered_by"].array
    return np.asarray(column._data[~column._mask], np.int64)


def _frames_of(totals: Totals) -> Iterator[Array]:
    """Yield all frames that are named in totals."""
    for table in totals.tables.values():
        for name in FRAMES:
            if name in (table.dtype.names or ()):
                yield table[name][table[name] >= 0]
    for name in ENDS:
        yield totals.turns[name].dropna().to_numpy(np.int64)


def _distinct(frames: Iterable[Array]) -> Array:
    return np.unique(np.concatenate([np.asarray(each, np.int64) for each in frames]))


def _foreign(packets: pd.DataFrame, flags: Array) -> int:
    """Count what may open a stream in Wireshark that is no connection here."""
    ends = {name: packets[name].cat.codes.to_numpy() for name in ("src", "dst", "quoted_src", "quoted_dst")}
    numbers = ("src_port", "dst_port", "tcp_flags", "seq", "payload_bytes")
    has = np.where(packets["seq"].notna(), transport.HAS_TCP, 0)
    own = {name: _filled(packets[name]) for name in numbers} | {"seq": _filled(packets["seq"]).astype(np.uint32)}
    segments: Any = SimpleNamespace(has=has, src=ends["src"], dst=ends["dst"], **own)
    at = np.flatnonzero(flags)
    quotes = np.zeros(at.size, QUOTE)
    quotes["row"], quotes["quoted_flags"] = at, flags[at] - 1
    quotes["quoted_src"], quotes["quoted_dst"] = ends["quoted_src"][at], ends["quoted_dst"][at]
    for name in ("quoted_src_port", "quoted_dst_port", "quoted_seq"):
        quotes[name] = _filled(packets[name])[at]
    quotes["icmp_error"] = _filled(packets["icmp_type"])[at] << 8 | _filled(packets["icmp_code"])[at]
    return foreign_streams(segments, quotes)


def _filled(column: pd.Series) -> Array:
    return column.to_numpy(np.dtype(np.int64), na_value=0)


def _column(rows: Unpacked, name: str, dtype: Any) -> Array:
    """Return a column that is left out where it is 0."""
    return rows.columns[name][0] if name in rows.columns else np.zeros(rows.rows, dtype)


def _stood_still(rows: Unpacked) -> bool:
    """Whether all packets of all captures have the same time, which each piece says of its own capture."""
    times = [piece["times"] for piece in rows.pieces if piece["times"]]
    if not times:
        return False
    earliest, latest, packets = zip(*times, strict=True)
    return are_alike(min(earliest), max(latest), sum(packets))


def _in_order(rows: Unpacked, capture: Array, row: Array) -> Array:
    """Return the order of the whole: see `merge_order`, whose ties it breaks alike."""
    latest = _column(rows, "time", np.int64) + _column(rows, "ahead", np.int64)
    tied = np.where(latest == NO_TIME, capture, -capture)
    return np.lexsort((row, tied, latest))


def _heard(rows: Unpacked, capture: Array, row: Array) -> Heard:
    """Return what was heard in which frame."""
    heard = [
        (piece["capture"] << 32 | at, application, name, alpn)
        for piece in rows.pieces
        for at, application, name, alpn in piece.get("heard", [])
    ]
    entries = np.full(len(heard), -1, HEARD)
    if not heard:
        return Heard([], entries, [], np.zeros(0, ADDRESSED))
    keys = capture << 32 | row.astype(np.int64)
    sorter = np.argsort(keys, kind="stable")
    places = sorter[np.searchsorted(keys, [key for key, *_ in heard], sorter=sorter)]
    texts = list(dict.fromkeys(text for _, _, name, alpn in heard for text in (name, alpn) if text is not None))
    number = {text: at for at, text in enumerate(texts)} | {None: -1}
    entries["row"] = places + 1
    entries["application"] = [application for _, application, _, _ in heard]
    entries["name"] = [number[name] for _, _, name, _ in heard]
    entries["alpn"] = [number[alpn] for _, _, _, alpn in heard]
    return Heard(texts, entries[np.argsort(entries["row"], kind="stable")], [], np.zeros(0, ADDRESSED))


def _kinds(quotes: Quotes, packets: pd.DataFrame) -> list[tuple[str, int, int]]:
    """Return protocol, type and code of each kind of error."""
    _, first = np.unique(quotes.errors["kind"], return_index=True)
    some = packets.iloc[quotes.errors["frame"][first].astype(np.int64) - 1]
    codes = (values(some[name], np.int64).tolist() for name in ("icmp_type", "icmp_code"))
    return list(zip(some["protocol"].tolist(), *codes, strict=True))
