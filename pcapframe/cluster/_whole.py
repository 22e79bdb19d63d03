"""Bring the parts of the connections together, as if one machine had read all captures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.analysis.chosen import turn
from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture.merging import merge_order
from pcapframe.cluster._decoding import PACKET_COLUMNS, Decoded
from pcapframe.cluster._parts import Part
from pcapframe.connections import build_connections
from pcapframe.connections.icmp import icmp_columns
from pcapframe.connections.names import address_name_columns
from pcapframe.connections.same_as import second_views
from pcapframe.facts import CaptureInfo, info_of_several
from pcapframe.icmp import ATTRIBUTE, QUOTE, Quotes, error_name, written_quotes
from pcapframe.measures import without_attrs
from pcapframe.names import NAMES, Named, names_of_block, written_named
from pcapframe.names.beginnings import HEARD
from pcapframe.names.dns import ANSWER
from pcapframe.names.found import ENTRY, heard_by_frame
from pcapframe.rows import first_rows
from pcapframe.schema import CONNECTIONS, SEGMENTS, names
from pcapframe.segments import receivers_that_serve

__all__ = ["bring_together"]

OF_TEXTS = ("server_name", "alpn", "application")
OF_WHOLE = ("same_as", "icmp_errors", "icmp_error", "client_names", "server_names")


def bring_together(
    decoded: Sequence[Decoded], parts: Sequence[Part], name: str | None, given: Sequence[tuple[str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the frames of all captures.

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

    Returns
    -------
    DataFrame
        Packets, only `PACKET_COLUMNS`.
    DataFrame
        Segments.
    DataFrame
        Connections.
    """
    place, capture = Frames(decoded), _capture(decoded, name)
    capture = replace(capture, foreign_streams=capture.foreign_streams + sum(part.foreign for part in parts))
    addresses = _texts(_addresses(decoded))
    texts = {name: _texts(sorted(_categories(decoded, name))) for name in ("protocol", "tunnel")}
    packets = _packets(decoded, place, texts | {"quoted_src": addresses})
    parts = [part for part in parts if len(part.segments)] or list(parts[:1])
    frames = [place.of_rows(part.capture, part.row) for part in parts]
    numbers = _numbers(parts, frames)
    some = [_renumbered(*each) for each in zip(parts, frames, numbers, strict=True)]
    at = np.concatenate([own[part.segments.index.to_numpy() - 1] for own, part in zip(frames, parts, strict=True)])
    order = np.argsort(at, kind="stable")
    dtypes = texts | dict.fromkeys(("src", "dst", "outer_src", "outer_dst"), addresses)
    segments = _stacked(some, names(SEGMENTS), dtypes).take(order)
    segments.index = pd.Index(at[order], name="frame")
    segments["interface"] = _shifted(segments, decoded)
    facts: dict[Any, Any] = {"capture": dict(vars(capture))}
    told = {ATTRIBUTE: written_quotes(_quotes(parts, frames, numbers, addresses))}
    if parts[0].named is not None:
        told[NAMES] = written_named(_named(parts, numbers, addresses, decoded, place, given))
    connections = _stacked_connections(parts, numbers, addresses)
    segments, connections = _with_roles(segments, connections)
    connections = _with_facts_of_whole(connections, segments, told, addresses)
    packets.attrs, segments.attrs, connections.attrs = facts, facts | told, facts | told
    return packets, segments, connections


def _packets(decoded: Sequence[Decoded], place: "Frames", dtypes: dict[str, Any]) -> pd.DataFrame:
    """Return the packets of all captures, as far as health is told by them."""
    read = [one for one in decoded if one.passed_over is None]
    frames = np.concatenate([place.of_capture(one.number) for one in read])
    slim = [one.packets.assign(source=np.full(len(one.packets), one.number, np.uint16)) for one in read]
    made = _stacked(slim, PACKET_COLUMNS, dtypes).take(np.argsort(frames, kind="stable"))
    made.index = pd.RangeIndex(1, len(made) + 1, name="frame")
    return made


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


def _with_roles(segments: pd.DataFrame, connections: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Swap the roles of connections where these are inferred, and the whole shows that the other side serves.

    Of ports that are alike, the server's is the endpoint that more connections share: in the whole, not in a part.
    """
    inferred = (connections["roles"] == "inferred").to_numpy()
    if not inferred.any():
        return segments, connections
    first = first_rows(segments["conn_id"].to_numpy(), len(connections))
    begin = segments.take(first)
    hosts = np.stack([begin[name].cat.codes.to_numpy().astype(np.int64) for name in ("src", "dst")])
    ports = np.stack([begin[name].to_numpy().astype(np.int64) for name in ("src_port", "dst_port")])
    is_turned = inferred & (begin["from_client"].to_numpy() != receivers_that_serve(hosts, ports))
    if not is_turned.any():
        return segments, connections
    segments = turn(segments, np.flatnonzero(is_turned))
    again = build_connections(segments[is_turned[segments["conn_id"].to_numpy()]])
    dtypes: dict[str, Any] = {name: connections[name].dtype for name in OF_TEXTS}
    for name in OF_TEXTS:  # which no segment says
        again[name] = connections[name][is_turned]
    kept = connections[~is_turned]
    made = _stacked([kept, again], [str(name) for name in connections], dtypes)
    made.index = pd.Index(np.concatenate([kept.index, again.index]).astype(np.int32), name="conn_id")
    return segments, made.sort_index()


def _with_facts_of_whole(
    made: pd.DataFrame, segments: pd.DataFrame, told: dict[str, str], addresses: pd.CategoricalDtype
) -> pd.DataFrame:
    """Return connections with the columns that other connections, names of addresses and ICMP errors say."""
    conn_ids, place = made.index.to_numpy(), segments["conn_id"].to_numpy()
    is_midstream = (made["handshake"] == "not_captured").to_numpy()
    views = second_views(segments, place, made["start"].array.asi8, is_midstream)
    made["same_as"] = pd.arrays.IntegerArray(np.where(views < 0, 1, views).astype(np.int64), views < 0)
    ends = {side: made[side].cat.codes.to_numpy() for side in ("client", "server")}

    def first() -> Array:
        return segments.index.to_numpy()[first_rows(place, conn_ids.size)]

    more = icmp_columns(told, conn_ids) | address_name_columns(told, first, ends, addresses.categories)
    return made.assign(**more)[names(CONNECTIONS)]


class Frames:
    """The number of each packet in the merged captures."""

    def __init__(self, decoded: Sequence[Decoded]) -> None:
        counts = [one.latest.size for one in decoded]
        self._starts = np.cumsum([0, *counts])
        self._moved: Array | None = None
        if not _follow(decoded):
            order = merge_order(np.concatenate([one.latest for one in decoded]), counts)
            self._moved = np.empty_like(order)
            self._moved[order] = np.arange(order.size)

    def of_rows(self, capture: Array, row: Array) -> Array:
        """Return the frames of some rows of captures."""
        places = self._starts[capture] + row
        return (places if self._moved is None else self._moved[places]) + 1

    def of_capture(self, number: int) -> Array:
        """Return the frames of all rows of a capture."""
        count = self._starts[number + 1] - self._starts[number]
        return self.of_rows(np.full(count, number), np.arange(count))


def _follow(decoded: Sequence[Decoded]) -> bool:
    """Whether each capture begins after all of the one before."""
    latest = NO_TIME
    for one in decoded:
        if one.latest.size:
            if one.latest[0] <= latest:
                return False
            latest = one.latest[-1]
    return True


def _capture(decoded: Sequence[Decoded], name: str | None) -> CaptureInfo:
    """Return the facts about all captures."""
    info = info_of_several([one.link_types for one in decoded], [one.info for one in decoded], name)
    return replace(info, foreign_streams=sum(one.info.foreign_streams for one in decoded))


def _addresses(decoded: Sequence[Decoded]) -> list[str]:
    """Return all addresses in the order in which one machine would meet them."""
    inner = [address for one in decoded for address in one.addresses[: one.inner_addresses]]
    return list(dict.fromkeys([*inner, *(address for one in decoded for address in one.addresses)]))


def _categories(decoded: Sequence[Decoded], name: str) -> set[str]:
    return {text for one in decoded if len(one.packets) for text in one.packets[name].cat.categories}


def _texts(texts: Iterable[str]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(list(texts), dtype="str"))


def _stacked(frames: Sequence[pd.DataFrame], wanted: Iterable[str], dtypes: dict[str, Any]) -> pd.DataFrame:
    """Put frames one after another; columns of categories get those given, or those that any of them has."""
    made = {}
    for name in wanted:
        columns = [without_attrs(frame)[name] for frame in frames]
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
    _, first = np.unique(part.segments["conn_id"].to_numpy(), return_index=True)
    return np.asarray(frames[part.segments.index.to_numpy()[first] - 1])


def _renumbered(part: Part, frames: Array, numbers: Array) -> pd.DataFrame:
    """Return the segments of a part with the numbers of the whole."""
    segments = without_attrs(part.segments)
    answered: Any = segments["answered_by"].array
    by = frames[np.where(answered._mask, 0, answered._data.astype(np.int64) - 1)] if len(frames) else answered._data
    by = np.where(answered._mask, 0, by).astype(np.uint32)
    conn_id = numbers[segments["conn_id"].to_numpy()]
    return segments.assign(answered_by=pd.arrays.IntegerArray(by, answered._mask), conn_id=conn_id)


def _quotes(
    parts: Sequence[Part], frames: Sequence[Array], numbers: Sequence[Array], addresses: pd.CategoricalDtype
) -> Quotes:
    """Return the ICMP errors of all parts, in the order of frames."""
    kinds = sorted({kind for part in parts for kind in part.kinds})
    place = {text: at for at, text in enumerate(addresses.categories)}
    sources = sorted({text for part in parts if part.quotes for text in part.quotes.sources}, key=place.__getitem__)
    made, total = [np.zeros(0, QUOTE)], 0
    for part, own, number in zip(parts, frames, numbers, strict=True):
        if part.quotes is None:
            continue
        total += part.quotes.quoting_tcp
        errors = part.quotes.errors.copy()
        if errors.size:
            errors["frame"] = own[errors["frame"].astype(np.int64) - 1]
            errors["conn_id"] = number[errors["conn_id"]]
            errors["kind"] = np.array([kinds.index(kind) for kind in part.kinds])[errors["kind"]]
            errors["source"] = np.array([sources.index(text) for text in part.quotes.sources])[errors["source"]]
        made.append(errors)
    errors = np.concatenate(made)
    named = [error_name(*kind) for kind in kinds]
    return Quotes(errors[np.argsort(errors["frame"], kind="stable")], named, sources, total)


def _named(
    parts: Sequence[Part],
    numbers: Sequence[Array],
    addresses: pd.CategoricalDtype,
    decoded: Sequence[Decoded],
    place: Frames,
    given: Sequence[tuple[str, str]],
) -> Named:
    """Return the names of connections and addresses."""
    known = [part.named for part in parts if part.named is not None]
    texts = sorted({name for named in known for name in named.names})
    applications = sorted({name for named in known for name in named.applications})
    entries = [np.zeros(0, ENTRY)]
    for named, number in zip(known, numbers, strict=True):
        own = named.entries.copy()
        own["conn_id"] = number[own["conn_id"]]
        for field, own_texts, whole in (
            ("server_name", named.names, texts),
            ("alpn", named.names, texts),
            ("application", named.applications, applications),
        ):
            number_of = {text: at for at, text in enumerate(whole)}
            own[field] = np.array([*(number_of[text] for text in own_texts), -1], np.int32)[own[field]]
        entries.append(own)
    made = np.concatenate(entries)
    made = made[np.argsort(made["conn_id"], kind="stable")]
    return _with_answers(Named(texts, applications, made, [], np.zeros(0)), addresses, decoded, place, given)


def _with_answers(
    named: Named,
    addresses: pd.CategoricalDtype,
    decoded: Sequence[Decoded],
    place: Frames,
    given: Sequence[tuple[str, str]],
) -> Named:
    """Add the names of addresses, by what DNS answered in all captures."""
    told, texts, answers = list(given), list(named.names), [np.zeros(0, ANSWER)]
    for one in decoded:
        told += [pair for block in one.name_blocks for pair in names_of_block(*block)]
        if one.answers.size:
            own = one.answers.copy()
            own["row"] = place.of_rows(np.full(own.size, one.number), own["row"].astype(np.int64)) - 1
            own["name"] += len(texts)
            texts += one.names
            answers.append(own)
    whole = np.concatenate(answers)
    whole = whole[np.argsort(whole["row"], kind="stable")]
    heard = heard_by_frame(texts, np.zeros(0, HEARD), whole, None, known=addresses.categories.tolist, given=told)
    return named._replace(names=heard.names, addresses=heard.addresses, answers=heard.answers)
