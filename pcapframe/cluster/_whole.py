"""Bring the parts of the connections together, as if one machine had read all captures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from pcapframe.analysis.chosen import turn
from pcapframe.analysis.clock import ClockStep, Disagreements, clock_steps_of
from pcapframe.analysis.health import PacketCounts, add_counts
from pcapframe.arrays import Array, Mask
from pcapframe.cluster._decoding import Decoded
from pcapframe.cluster._frames import Frames, follow_each_other
from pcapframe.cluster._parts import ENDS, FRAMES, Part, Some
from pcapframe.cluster._thinning import PACKET_COLUMNS
from pcapframe.cluster._told import names_of, quotes_of
from pcapframe.connections import connections_and_turns
from pcapframe.connections.icmp import icmp_columns
from pcapframe.connections.names import address_name_columns
from pcapframe.connections.same_as import pair_views, views_among
from pcapframe.events import Totals, gather_events, merge_totals
from pcapframe.facts import CaptureInfo
from pcapframe.icmp import ATTRIBUTE, written_quotes
from pcapframe.measures import without_attrs
from pcapframe.names import NAMES, written_named
from pcapframe.plain import parts_of
from pcapframe.rows import first_rows
from pcapframe.schema import CONNECTIONS, SEGMENTS, names
from pcapframe.segments import receivers_that_serve
from pcapframe.stated import info_of_several

__all__ = ["Everything", "Fetch", "Whole", "bring_together"]

OF_TEXTS = ("server_name", "alpn", "application")
OF_WHOLE = ("same_as", "icmp_errors", "icmp_error", "client_names", "server_names")


class Whole(NamedTuple):
    """All captures, as far as results are made from it."""

    packets: pd.DataFrame  # `PACKET_COLUMNS` of some of them, or all
    counts: PacketCounts  # of all
    events: pd.DataFrame
    connections: pd.DataFrame
    totals: Totals
    segments: int  # how many there are
    clock_steps: Callable[[], list[ClockStep]]
    fetch: Callable[[Mask], pd.DataFrame]  # returns the segments of some connections
    place: Frames
    numbers: Mapping[int, Array]  # of the connections of each part, by the number of the part
    turned: Array  # connections whose client and server only the whole tells
    has_times: bool  # whether any segment has a time


Fetch: TypeAlias = Callable[[Mapping[int, Array]], Mapping[int, Some]]
"""Returns the segments of some connections, by the number of their part."""
Everything: TypeAlias = Callable[[], Sequence[tuple[pd.DataFrame, Array]]]
"""Returns `PACKET_COLUMNS` of all packets, and the latest times so far, by capture."""


def bring_together(
    decoded: Sequence[Decoded],
    parts: Sequence[Part],
    name: str | None,
    given: Sequence[tuple[str, str]],
    fetch: Fetch,
    everything: Everything,
) -> Whole:
    """Put together what the workers found.

    Parameters
    ----------
    decoded : sequence of Decoded
        What each capture says, in their order; one of them at least was read.
    parts : sequence of Part
        The parts of the connections.
    name : str or None
        Of all captures, where a folder or a pattern holds them.
    given : sequence of tuple
        Addresses with names from a file of names.
    fetch : callable
        Returns segments of some connections, where the whole changes what is known of them.
    everything : callable
        Returns all packets, where captures overlap in time.

    Returns
    -------
    Whole
        As one machine would have it.
    """
    capture, counts = _capture(decoded, name), [one.size for one in decoded]
    rests = None if follow_each_other([one.ends for one in decoded]) else everything()
    place = Frames(counts, None if rests is None else [latest for _, latest in rests])
    capture = replace(capture, foreign_streams=capture.foreign_streams + sum(part.foreign for part in parts))
    addresses = _texts(_addresses(decoded))
    texts = {name: _texts(sorted(_categories(decoded, name))) for name in ("protocol", "tunnel")}
    packets, segment = _packets(decoded, rests, place, texts | {"quoted_src": addresses})
    which = [number for number, part in enumerate(parts) if part.segments] or [0]
    parts = [parts[number] for number in which]
    frames = [place.of_part(part) for part in parts]
    numbers = _numbers(parts, frames)
    dtypes = texts | dict.fromkeys(("src", "dst", "outer_src", "outer_dst"), addresses)

    def segments(wanted: Mask) -> pd.DataFrame:
        asked = {at: np.flatnonzero(wanted[own]) for at, own in zip(which, numbers, strict=True)}
        found = fetch({at: conn_ids for at, conn_ids in asked.items() if conn_ids.size})
        own = dict(zip(which, numbers, strict=True))
        some = [_renumbered(one.segments, place.of_part(one), own[at]) for at, one in found.items()]
        return _in_order(some, names(SEGMENTS), dtypes, decoded)

    columns = [str(column) for column in parts[0].events]
    made = [_renumbered(part.events, *each) for part, *each in zip(parts, frames, numbers, strict=True)]
    events = _in_order(made, columns, dtypes, decoded)
    facts: dict[Any, Any] = {"capture": dict(vars(capture))}
    told = {ATTRIBUTE: written_quotes(quotes_of(parts, frames, numbers, addresses))}
    if parts[0].named is not None:
        told[NAMES] = written_named(names_of(parts, numbers, addresses, decoded, place, given))
    connections = _stacked_connections(parts, numbers, addresses)
    totals = merge_totals([_of_whole(part.totals, own) for part, own in zip(parts, frames, strict=True)], list(numbers))
    first = np.concatenate([part.numbers for part in parts])[np.argsort(np.concatenate(numbers), kind="stable")]
    turned = _turned(events, connections)
    if turned.any():
        events, connections, totals = _with_roles(events, connections, totals, turned, segments)
        first[turned] = first[turned][:, ::-1]
    connections = _with_facts_of_whole(connections, events, first, told, addresses, segments)
    packets.attrs, events.attrs, connections.attrs = facts, facts | told, facts | told

    def clock_steps() -> list[ClockStep]:
        is_segment = packets["seq"].notna().to_numpy()
        times = packets["time"].to_numpy("datetime64[ns]").view(np.int64)[is_segment]
        some = packets.index.to_numpy()[is_segment]
        return clock_steps_of(times, some, _disagreeing(parts, frames, numbers), segment[is_segment])

    count = sum(part.segments for part in parts)
    known = place, dict(zip(which, numbers, strict=True)), np.flatnonzero(turned), any(part.has_times for part in parts)
    kinds = add_counts([one.thin.counts for one in decoded], [one.number for one in decoded])
    return Whole(packets, kinds, events, connections, totals, count, clock_steps, segments, *known)


def _in_order(
    frames: Sequence[pd.DataFrame], wanted: Sequence[str], dtypes: dict[str, Any], decoded: Sequence[Decoded]
) -> pd.DataFrame:
    """Put segments of parts together, in the order of their frames."""
    at = np.concatenate([frame.index.to_numpy() for frame in frames])
    order = np.argsort(at, kind="stable")
    made = _stacked(frames, wanted, dtypes).take(order)
    made.index = pd.Index(at[order], name="frame")
    made["interface"] = _shifted(made, decoded)
    return made


def _of_whole(totals: Totals, frames: Array) -> Totals:
    """Return the totals of a part with the frames of the whole."""
    made: dict[str, Any] = {}
    for name, table in totals.tables.items():
        own = table.copy()
        for field in FRAMES:
            if field in (own.dtype.names or ()):
                own[field] = np.where(own[field] < 0, -1, frames[own[field] - 1])
        made[name] = own
    turns: dict[str, Any] = {}
    for name in ENDS:
        values, null = parts_of(totals.turns[name])
        if null is None:
            turns[name] = frames[values.astype(np.int64) - 1].astype(values.dtype)
        else:
            data = np.where(null, 0, frames[np.where(null, 1, values).astype(np.int64) - 1])
            turns[name] = pd.arrays.IntegerArray(data.astype(values.dtype), null)
    return replace(totals, turns=totals.turns.assign(**turns), **made)


def _disagreeing(parts: Sequence[Part], frames: Sequence[Array], numbers: Sequence[Array]) -> Disagreements:
    """Return what all parts say of the clock, with the frames of the whole."""
    made = []
    for part, own, number in zip(parts, frames, numbers, strict=True):
        before, after, direction, off = part.disagreeing
        made.append((own[before - 1], own[after - 1], 2 * number[direction // 2].astype(np.int64) + direction % 2, off))
    return Disagreements(*(np.concatenate(columns) for columns in zip(*made, strict=True)))


def _packets(
    decoded: Sequence[Decoded],
    rests: Sequence[tuple[pd.DataFrame, Array]] | None,
    place: Frames,
    dtypes: dict[str, Any],
) -> tuple[pd.DataFrame, Array]:
    """Return the packets of all captures by which health is told, and of segments their number among all."""
    read = [one for one in decoded if one.passed_over is None]
    of = [one.thin.packets if rests is None else rests[one.number][0] for one in read]
    slim = [some.assign(source=np.full(len(some), one.number, np.uint16)) for one, some in zip(read, of, strict=True)]
    made = _stacked(slim, PACKET_COLUMNS, dtypes)
    if rests is None:
        before = np.cumsum([0, *(one.thin.segments for one in read)])
        made.index = pd.Index(
            np.concatenate([place.of_rows(np.full(one.thin.rows.size, one.number), one.thin.rows) for one in read]),
            name="frame",
        )
        return made, np.concatenate(
            [np.where(one.thin.numbers < 0, -1, one.thin.numbers + at) for one, at in zip(read, before, strict=False)]
        )
    frames = np.concatenate([place.of_capture(one.number) for one in read])
    made = made.take(np.argsort(frames, kind="stable"))
    made.index = pd.RangeIndex(1, len(made) + 1, name="frame")
    return made, np.cumsum(made["seq"].notna().to_numpy()) - 1


def _numbers(parts: Sequence[Part], frames: Sequence[Array]) -> list[Array]:
    """Number the connections of all parts by their first packets."""
    first = [_first_frames(part, own) for part, own in zip(parts, frames, strict=True)]
    number = np.empty(sum(one.size for one in first), np.int32)
    number[np.argsort(np.concatenate(first), kind="stable")] = np.arange(number.size)
    return np.split(number, np.cumsum([one.size for one in first])[:-1])


def _shifted(segments: pd.DataFrame, decoded: Sequence[Decoded]) -> pd.Series:
    """Number the interfaces of each capture after those of the ones before."""
    totals = [one.info.interfaces_total for one in decoded]
    before = np.cumsum([0, *totals[:-1]])[segments["source"].to_numpy()]
    column: Any = segments["interface"].array
    moved = np.where(column._mask, 0, column._data.astype(np.int64) + before)
    made = pd.arrays.IntegerArray((moved & 0xFFFF).astype(np.uint16), column._mask | (moved > 0xFFFF))
    return pd.Series(made, index=segments.index)


def _stacked_connections(
    parts: Sequence[Part], numbers: Sequence[Array], addresses: pd.CategoricalDtype
) -> pd.DataFrame:
    """Return the connections of all parts, without what only the whole shows."""
    frames = [part.connections for part in parts]
    dtypes = dict.fromkeys(("client", "server"), addresses)
    dtypes |= {name: _texts(sorted({text for one in frames for text in one[name].cat.categories})) for name in OF_TEXTS}
    made = _stacked(frames, [name for name in names(CONNECTIONS) if name not in OF_WHOLE], dtypes)
    made.index = pd.Index(np.concatenate(numbers), name="conn_id")
    return made.sort_index()


def _turned(events: pd.DataFrame, connections: pd.DataFrame) -> Mask:
    """Tell in which connections roles are inferred, and the whole shows that the other side serves.

    Of ports that are alike, the server's is the endpoint that more connections share: in the whole, not in a part.
    """
    inferred: Mask = (connections["roles"] == "inferred").to_numpy()
    if not inferred.any():
        return inferred
    begin = events.take(first_rows(events["conn_id"].to_numpy(), len(connections)))
    hosts = np.stack([begin[name].cat.codes.to_numpy().astype(np.int64) for name in ("src", "dst")])
    ports = np.stack([begin[name].to_numpy().astype(np.int64) for name in ("src_port", "dst_port")])
    is_turned: Mask = inferred & (begin["from_client"].to_numpy() != receivers_that_serve(hosts, ports))
    return is_turned


def _with_roles(
    events: pd.DataFrame,
    connections: pd.DataFrame,
    totals: Totals,
    is_turned: Mask,
    segments: Callable[[Mask], pd.DataFrame],
) -> tuple[pd.DataFrame, pd.DataFrame, Totals]:
    """Swap client and server of connections."""
    turned, kept = np.flatnonzero(is_turned), np.flatnonzero(~is_turned)
    some = turn(segments(is_turned), turned)
    # Numbered from 0 while they are alone.
    alone = some.assign(conn_id=np.searchsorted(turned, some["conn_id"].to_numpy()).astype(np.int32))
    again, turns = connections_and_turns(alone)
    rows, more = gather_events(alone, again, totals.floors, turns)
    dtypes: dict[str, Any] = {name: connections[name].dtype for name in OF_TEXTS}
    for name in OF_TEXTS:  # which no segment says
        again[name] = connections[name][is_turned].array
    made = _stacked([connections[~is_turned], again], [str(name) for name in connections], dtypes)
    made.index = pd.Index(np.concatenate([kept, turned]).astype(np.int32), name="conn_id")
    others = without_attrs(events)[~is_turned[events["conn_id"].to_numpy()]]
    found = some.iloc[rows][list(events)]
    texts: dict[str, Any] = {str(name): events[name].dtype for name in events if events[name].dtype == "category"}
    at = np.concatenate([others.index.to_numpy(), found.index.to_numpy()])
    order = np.argsort(at, kind="stable")
    both = _stacked([others, found], [str(name) for name in events], texts).take(order)
    both.index = pd.Index(at[order], name="frame")
    return both, made.sort_index(), merge_totals([_only(totals, ~is_turned), more], [kept, turned])


def _only(totals: Totals, wanted: Mask) -> Totals:
    """Return the totals of some connections, numbered from 0."""
    number = np.cumsum(wanted) - 1
    tables: dict[str, Any] = {}
    for name, table in totals.tables.items():
        own = table[wanted[table["conn_id"]]]
        own["conn_id"] = number[own["conn_id"]]
        tables[name] = own
    conn_id = totals.turns["conn_id"].to_numpy()
    turns = totals.turns[wanted[conn_id]]
    turns = turns.assign(conn_id=number[turns["conn_id"].to_numpy()].astype(np.int32))
    return replace(totals, sides=totals.sides[np.repeat(wanted, 2)], turns=turns, **tables)


def _with_facts_of_whole(
    made: pd.DataFrame,
    events: pd.DataFrame,
    numbers: Array,
    told: dict[str, str],
    addresses: pd.CategoricalDtype,
    segments: Callable[[Mask], pd.DataFrame],
) -> pd.DataFrame:
    """Return connections with the columns that other connections, names of addresses and ICMP errors say."""
    conn_ids, place = made.index.to_numpy(), events["conn_id"].to_numpy()
    is_midstream = (made["handshake"] == "not_captured").to_numpy()
    views = np.full(len(made), -1, np.int64)
    pairs = pair_views(numbers, made["start"].array.asi8, is_midstream)
    if pairs.earlier.size:
        wanted = np.zeros(len(made), np.bool_)
        wanted[pairs.earlier] = wanted[pairs.later] = True
        some = segments(wanted)
        views = views_among(some, some["conn_id"].to_numpy(), pairs, numbers, is_midstream)
    made["same_as"] = pd.arrays.IntegerArray(np.where(views < 0, 1, views).astype(np.int64), views < 0)
    ends = {side: made[side].cat.codes.to_numpy() for side in ("client", "server")}

    def first() -> Array:
        return events.index.to_numpy()[first_rows(place, conn_ids.size)]

    more = icmp_columns(told, conn_ids) | address_name_columns(told, first, ends, addresses.categories)
    return made.assign(**more)[names(CONNECTIONS)]


def _capture(decoded: Sequence[Decoded], name: str | None) -> CaptureInfo:
    """Return the facts about all captures."""
    info = info_of_several([one.link_types for one in decoded], [one.info for one in decoded], name)
    return replace(info, foreign_streams=sum(one.info.foreign_streams for one in decoded))


def _addresses(decoded: Sequence[Decoded]) -> list[str]:
    """Return all addresses in the order in which one machine would meet them."""
    inner = [address for one in decoded for address in one.addresses[: one.inner_addresses]]
    return list(dict.fromkeys([*inner, *(address for one in decoded for address in one.addresses)]))


def _categories(decoded: Sequence[Decoded], name: str) -> set[str]:
    return {text for one in decoded if len(one.thin.packets) for text in one.thin.packets[name].cat.categories}


def _texts(texts: Iterable[str]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(list(texts), dtype="str"))


def _stacked(frames: Sequence[pd.DataFrame], wanted: Iterable[str], dtypes: dict[str, Any]) -> pd.DataFrame:
    """Put frames one after another; columns of categories get those given, or those that any of them has."""
    made, bare = {}, [without_attrs(frame) for frame in frames]
    for name in wanted:
        columns = [frame[name] for frame in bare]
        if isinstance(columns[0].dtype, pd.CategoricalDtype):
            dtype = dtypes.get(name) or _union(columns)
            columns = [column.cat.set_categories(dtype.categories) for column in columns]
        made[name] = pd.concat(columns, ignore_index=True)
    return pd.DataFrame(made, copy=False)


def _union(columns: Sequence[pd.Series]) -> Any:
    if all(column.cat.categories.equals(columns[0].cat.categories) for column in columns):
        return columns[0].dtype
    return _texts(sorted({text for one in columns for text in one.cat.categories}))


def _first_frames(part: Part, frames: Array) -> Array:
    """Return the frame of the first segment of each connection of a part."""
    _, first = np.unique(part.events["conn_id"].to_numpy(), return_index=True)
    return np.asarray(frames[part.events.index.to_numpy()[first] - 1])


def _renumbered(segments: pd.DataFrame, frames: Array, numbers: Array) -> pd.DataFrame:
    """Return segments of a part with the numbers of the whole."""
    answered: Any = segments["answered_by"].array
    by = frames[np.where(answered._mask, 0, answered._data.astype(np.int64) - 1)]
    by = np.where(answered._mask, 0, by).astype(np.uint32)
    conn_id = numbers[segments["conn_id"].to_numpy()]
    made = segments.assign(answered_by=pd.arrays.IntegerArray(by, answered._mask), conn_id=conn_id)
    return made.set_axis(frames[segments.index.to_numpy() - 1], axis=0)
