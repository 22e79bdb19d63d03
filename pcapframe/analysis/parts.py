"""Put parts of a capture together that were analysed apart, as on the workers of a cluster."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.events import Totals, merge_totals
from pcapframe.measures import without_attrs
from pcapframe.rows import first_rows, frames_at

__all__ = ["Part", "merge_parts"]


class Part(NamedTuple):
    """Some whole connections of a capture.

    Parameters
    ----------
    connections : DataFrame
        As from `build_connections` of their segments, numbered from 0.
    events : DataFrame
        The segments at ``rows`` of `gather_events`: columns of ``schema.SEGMENTS``, all or some; the index ``frame`` is
        that in the whole capture.
    totals : Totals
        As from `gather_events`.
    """

    connections: pd.DataFrame
    events: pd.DataFrame
    totals: Totals


def merge_parts(parts: Sequence[Part]) -> Part:
    """Put parts of a capture together.

    Parameters
    ----------
    parts : sequence of Part
        At least one. Each connection of the capture is in one of them, as a whole, and so are the views of one
        connection under several addresses (``same_as``). Not modified.

    Returns
    -------
    Part
        What the same stages make of the whole capture: connections numbered by their first packet, events in order of
        their frames, texts in one list of categories a column. ``attrs`` are those of the first part.

    Notes
    -----
    This is how a cluster gathers what its workers found: each of them runs `label_segments`, `build_connections` and
    `gather_events` on its connections. What the packets of the whole capture tell (``CaptureFacts``) is gathered apart.
    """
    firsts = [_first_frames(part) for part in parts]
    order = np.argsort(np.concatenate(firsts), kind="stable")
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    numbers = np.split(number, np.cumsum([first.size for first in firsts])[:-1])
    connections = _joined([_renumbered(part.connections, own) for part, own in zip(parts, numbers, strict=True)])
    connections = connections.iloc[order]
    connections.index = pd.Index(np.arange(order.size, dtype=np.int32), name="conn_id")
    events = _joined(
        [
            without_attrs(part.events).assign(conn_id=own[part.events["conn_id"].to_numpy()].astype(np.int32))
            for part, own in zip(parts, numbers, strict=True)
        ]
    )
    events = events.iloc[np.argsort(events.index.to_numpy(), kind="stable")]
    connections.attrs, events.attrs = parts[0].connections.attrs, parts[0].events.attrs
    return Part(connections, events, merge_totals([part.totals for part in parts], list(numbers)))


def _first_frames(part: Part) -> Array:
    """Return the first frame of each connection, which is an event."""
    first = first_rows(part.events["conn_id"].to_numpy(), len(part.connections))
    return np.asarray(frames_at(part.events, first), np.int64)


def _renumbered(connections: pd.DataFrame, number: Array) -> pd.DataFrame:
    """Return connections whose other views have their numbers in the whole."""
    bare = without_attrs(connections)
    same = bare["same_as"]
    known = same.notna().to_numpy()
    if not known.any():
        return bare
    made = np.zeros(known.size, np.int64)
    made[known] = number[same[known].to_numpy(np.int64)]
    return bare.assign(same_as=pd.arrays.IntegerArray(made, ~known))


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of the same columns one after the other, each column of texts with one list of them."""
    lists: dict[tuple[int, ...], pd.Index] = {}
    texts = [name for name in frames[0] if isinstance(frames[0][name].dtype, pd.CategoricalDtype)]
    made: list[dict[str, Any]] = [{} for _ in frames]
    for name in texts:
        own = [frame[name].cat.categories for frame in frames]
        key = tuple(id(categories) for categories in own)  # columns of addresses share one list
        if key not in lists:
            lists[key] = own[0].append([categories.difference(own[0], sort=False) for categories in own[1:]]).unique()
        dtype = pd.CategoricalDtype(lists[key], frames[0][name].cat.ordered)
        for columns, frame in zip(made, frames, strict=True):
            columns[str(name)] = frame[name].astype(dtype)
    return pd.concat([frame.assign(**columns) for frame, columns in zip(frames, made, strict=True)])
