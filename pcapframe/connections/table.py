"""Build the connections frame from segments: one row per connection."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pcapframe import schema
from pcapframe.arrays import Array, fixed
from pcapframe.connections.answered import OfAnswered, answered
from pcapframe.connections.blocks import BLOCK, LARGE_BLOCK, Assembled, Block, in_blocks, in_parts
from pcapframe.connections.icmp import icmp_columns
from pcapframe.connections.names import address_name_columns, name_columns
from pcapframe.connections.registry import DERIVED, MEASURES, OF_ANSWERED, Measure
from pcapframe.connections.rows import Rows, in_chunks
from pcapframe.connections.same_as import second_views
from pcapframe.connections.shared import Shared
from pcapframe.connections.singles import OWN, alike
from pcapframe.connections.waits import Waits
from pcapframe.errors import ParameterError
from pcapframe.measures import without_attrs
from pcapframe.memory import computed, extremes, stretches
from pcapframe.plain import PlainColumns
from pcapframe.rows import first_rows, frames_at
from pcapframe.threads import Team

__all__ = ["build_connections", "connections_and_turns"]

FEW_SEGMENTS = 4  # of a connection
MOST_SINGLE = 1.25  # segments of a connection, where most have one


def build_connections(segments: pd.DataFrame) -> pd.DataFrame:
    """Sum up each connection.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order, as from `label_segments`; not modified. A selection gives the
        connections in it, as if the rest had not been captured.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.CONNECTIONS``, index ``conn_id``. Empty for no segments.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    Counts use the evidence columns (``resent``, ``reordered``, ``capture_gap``). Copies made by the network or the
    capture count in packets and bytes only. What the capture cannot show is ``not_captured``, null or NaN.

    Examples
    --------
    >>> import pcapframe as pf
    >>> connections = build_connections(pf.label_segments(pf.read_pcap(pf.example("clean.pcap"))))
    >>> connections["ending"].unique().tolist()
    ['fin']
    """
    return _built(segments, None)


def connections_and_turns(segments: pd.DataFrame) -> tuple[pd.DataFrame, list[Array] | None]:
    """Sum up each connection, and keep the turns that this comes upon.

    Parameters
    ----------
    segments : DataFrame
        As for `build_connections`.

    Returns
    -------
    DataFrame
        As from `build_connections`.
    list of ndarray of TURN or None
        The turns of all connections, as `turns_frame` takes them. None where connections have so few segments that they
        are measured block by block.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> connections, turns = connections_and_turns(segments)
    >>> bool(sum(some.size for some in turns) == connections["turns"].sum())
    True
    """
    turns: list[Array] = []
    connections = _built(segments, turns)
    return connections, turns if _in_one_pass(len(segments), len(connections)) else None


def _built(segments: pd.DataFrame, turns: list[Array] | None) -> pd.DataFrame:
    """Sum up each connection; add turns to a list where that is no detour."""
    missing = [name for name in schema.names(schema.SEGMENTS) if name not in segments]
    if missing:
        raise ParameterError(f"segments lacks the columns {', '.join(missing)}: expected what label_segments returns")
    attrs, segments = segments.attrs, without_attrs(segments)
    conn_ids, place = _places(segments["conn_id"].to_numpy())
    addresses, shared = segments["src"].dtype, Shared()
    dtypes = {column.name: column.dtype for column in schema.CONNECTIONS}
    made = _measured(segments, place, conn_ids.size, shared, dtypes, turns)
    made |= _same_as(segments, conn_ids, place, made)
    made |= icmp_columns(attrs, conn_ids)
    made |= name_columns(attrs, conn_ids) | _address_names(attrs, segments, place, made)
    index = pd.Index(conn_ids, name="conn_id")
    columns = {name: shared(_as(made.pop(name), dtype, addresses)) for name, dtype in dtypes.items()}
    columns = {name: shared.series(column, index) for name, column in columns.items()}
    frame = pd.DataFrame(columns, index=index, copy=False)
    frame.attrs = attrs
    return frame


def _in_one_pass(segments: int, connections: int) -> bool:
    return segments >= FEW_SEGMENTS * connections


def _measured(
    segments: pd.DataFrame,
    place: Array,
    connections: int,
    shared: Shared,
    dtypes: Mapping[str, str],
    turns: list[Array] | None,
) -> dict[str, Any]:
    """Return the columns of all measures, and what is derived from them.

    Where connections have few segments, what the measures remember of each takes more memory, and more time to touch
    it, than anything else. So they take a block of connections after the other.
    """

    def columns(measures: list[Measure]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while measures:
            made |= {name: _typed(column, dtypes[name]) for name, column in measures.pop(0).columns().items()}
        for derive in DERIVED:
            made |= derive(made)
        return made

    if _in_one_pass(place.size, connections):
        measures = [Waits(connections, turns) if one is Waits else one(connections) for one in MEASURES]
        _feed(measures, segments, place)
        return columns(measures)
    # The time for a block of connections of one packet is that of calls, whatever its size: most are alike.
    blocks = list(in_blocks(place, connections, LARGE_BLOCK if place.size < MOST_SINGLE * connections else BLOCK))
    assembled, plain = Assembled(connections, shared), PlainColumns(segments, schema.SEGMENTS, Rows._fields[1:])

    def measured(rows: Rows, connections: int) -> dict[str, Any]:
        make = _makes(rows, connections)
        measures = [make(measure) for measure in MEASURES]
        for measure in measures:
            measure.feed(rows)
        return columns(measures)

    def take(block: Block) -> None:
        rows = Rows(place=fixed(block.place, np.int32), **plain.part(block.rows))
        found = alike(rows, block.connections)
        if found is None and block.connections > BLOCK:
            for part in in_parts(block, BLOCK):
                take(part)
            return
        if found is None:
            assembled.put(block, measured(rows, block.connections))
            return
        made = measured(found.chosen(rows), found.measured)
        assembled.put(block, found.own(rows, made))
        assembled.put(block, {name: column for name, column in made.items() if name not in OWN}, found.number)

    with Team(len(blocks)) as team:
        team.each(take, blocks)
    return assembled.columns()


def _makes(rows: Rows, connections: int) -> Callable[[type[Measure]], Measure]:
    """Return what makes a measure: for all connections, or for those that it knows something of."""
    mask = answered(rows.place, rows.from_client, connections)
    return lambda measure: OfAnswered(measure, mask) if measure in OF_ANSWERED else measure(connections)


def _feed(measures: list[Measure], segments: pd.DataFrame, place: Array) -> None:
    """Feed all segments; a function, since the last chunk would stay in a variable."""
    with Team(len(measures)) as team:
        team.each_in_order(in_chunks(segments, place), [measure.feed for measure in reversed(measures)])


def _places(conn_id: Array) -> tuple[Array, Array]:
    """Return the connections' numbers, ascending, and the index of each segment's connection among them."""
    seen = np.zeros(extremes(conn_id, -1)[1] + 1, np.bool_)
    for rows in stretches(conn_id.size):
        seen[conn_id[rows]] = True
    conn_ids = np.flatnonzero(seen).astype(np.int32)
    if conn_ids.size == seen.size:
        return conn_ids, conn_id
    places = np.cumsum(seen) - 1
    return conn_ids, computed(conn_id.size, np.int32, lambda rows: places[conn_id[rows]])


def _same_as(segments: pd.DataFrame, conn_ids: Array, place: Array, made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number of the connection that each one is another view of."""
    is_midstream = np.asarray(made["handshake"] == "not_captured", np.bool_)
    first = second_views(segments, place, made["start"].asi8, is_midstream)
    is_none = first < 0
    return {"same_as": pd.arrays.IntegerArray(np.where(is_none, 1, conn_ids.take(first)).astype(np.int64), is_none)}


def _address_names(
    attrs: Mapping[Any, Any], segments: pd.DataFrame, place: Array, made: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the names that each side's address had before the connection."""

    def first() -> Array:
        return np.asarray(frames_at(segments, first_rows(place, len(made["client"]))), np.int64)

    ends = {side: np.asarray(made[side]) for side in ("client", "server")}
    return address_name_columns(attrs, first, ends, segments["src"].cat.categories)


def _as(column: Any, dtype: str, addresses: Any) -> Any:
    """Return a column in the dtype that the schema declares; a category given as an array holds places of addresses."""
    if isinstance(column, np.ndarray) and dtype == "category":
        return pd.Categorical.from_codes(column, dtype=addresses, validate=False)
    return _typed(column, dtype)


def _typed(column: Any, dtype: str) -> Any:
    """Return an array in the dtype that the schema declares, unless that is a category."""
    if not isinstance(column, np.ndarray) or dtype == "category":
        return column
    return np.ascontiguousarray(column, dtype=dtype)
