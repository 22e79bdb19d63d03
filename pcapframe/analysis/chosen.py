"""The events and connections that a filter selects, with the roles that it determines."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis.counting import READ as STATISTIC_READS
from pcapframe.analysis.health import READ as HEALTH_READS
from pcapframe.analysis.known import Judged
from pcapframe.analysis.selection import Selected
from pcapframe.arrays import Mask
from pcapframe.connections import connections_and_turns
from pcapframe.events import Totals, gather_events
from pcapframe.measures import without_attrs
from pcapframe.patterns import columns_read
from pcapframe.rows import rows_at, take_rows

__all__ = ["Asked", "ConnIds", "Rows", "all_columns", "choose", "judged_columns", "segments_of", "take_events", "turn"]

Rows: TypeAlias = npt.NDArray[np.intp]
ConnIds: TypeAlias = npt.NDArray[np.int64]


def judged_columns() -> list[str]:
    """Return the columns of events that health, patterns, statistics and answers read.

    Returns
    -------
    list of str
        Names in ``schema.SEGMENTS``.
    """
    others = "from_client", "rst_ignored", "zero_window"
    return list(dict.fromkeys((*HEALTH_READS, *columns_read(), *STATISTIC_READS, *others)))


class Asked(NamedTuple):
    """What results of a selection are made from.

    Parameters
    ----------
    events : DataFrame
        Of the selected connections, columns `judged_columns` of ``schema.SEGMENTS`` and perhaps others.
    totals : Totals
        Of these connections, and perhaps of others.
    """

    events: pd.DataFrame
    totals: Totals


def choose(
    judged: Judged, whole: pd.DataFrame, selected: Selected, segments: Callable[[], pd.DataFrame]
) -> tuple[Asked, pd.DataFrame]:
    """Return the selected connections, and their events with totals.

    Parameters
    ----------
    judged : Judged
        What results are made from, of the whole capture.
    whole : DataFrame
        Connections of the whole capture; not modified.
    selected : Selected
        Which connections, by ``conn_id``, and in which of them the filter swaps the roles.
    segments : callable
        Returns all segments; called where the filter swaps roles, since everything is made anew then.

    Returns
    -------
    Asked
        The events and totals of the whole capture where these are all.
    DataFrame
        The connections, with the roles that the filter determines.
    """
    events, totals = judged.events, judged.totals
    if selected.keep.all() and not selected.flip.any():
        return Asked(events, totals), whole
    turned = whole.index.to_numpy()[selected.flip]
    if turned.size:
        some = segments_of(segments(), selected.keep, turned)
        connections, turns = connections_and_turns(some)
        return take_events(some, *gather_events(some, connections, totals.floors, turns)), connections
    # By conn_id, which is also the row in `whole`.
    rows = np.flatnonzero(selected.keep.take(events["conn_id"].to_numpy()))
    asked = without_attrs(events).take(rows)
    return Asked(asked, totals), whole[selected.keep]


def take_events(segments: pd.DataFrame, rows: Rows, totals: Totals) -> Asked:
    """Take the events out of the segments.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    rows : ndarray of int
        Which of them.
    totals : Totals
        Of the others.

    Returns
    -------
    Asked
        With the columns `judged_columns`.
    """
    events = without_attrs(segments)
    if rows.size < len(events):
        events = take_rows(events, rows, judged_columns())
    else:  # of a flood, all are events: no copy then
        events = events[judged_columns()]
    events.attrs = segments.attrs
    return Asked(events, totals)


def all_columns(judged: Judged, segments: pd.DataFrame) -> pd.DataFrame:
    """Return the events with all their columns.

    Parameters
    ----------
    judged : Judged
        Of the whole capture.
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, the whole capture; not modified.

    Returns
    -------
    DataFrame
        Columns of ``schema.SEGMENTS``.
    """
    events = take_rows(without_attrs(segments), rows_at(segments, judged.events.index))
    events.attrs = segments.attrs
    return events


def segments_of(segments: pd.DataFrame, keep: Mask, turned: ConnIds) -> pd.DataFrame:
    """Return the segments of some connections.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, the whole capture; not modified.
    keep : ndarray of bool
        Which connections, by ``conn_id``.
    turned : ndarray of int
        In which of them client and server are swapped.

    Returns
    -------
    DataFrame
        Their columns, with the ``attrs`` of all.
    """
    bare = without_attrs(segments)
    chosen = turn(bare.take(np.flatnonzero(keep.take(bare["conn_id"].to_numpy()))), turned)
    chosen.attrs = segments.attrs  # which ICMP errors quote them
    return chosen


def turn(segments: pd.DataFrame, conn_ids: ConnIds) -> pd.DataFrame:
    """Swap client and server in the segments of some connections.

    Parameters
    ----------
    segments : DataFrame
        Columns ``conn_id`` and ``from_client`` of ``schema.SEGMENTS``; not modified.
    conn_ids : ndarray of int
        Which connections.

    Returns
    -------
    DataFrame
        `segments` itself if there are none.

    Examples
    --------
    >>> segments = pd.DataFrame({"conn_id": [0, 1], "from_client": [True, True]})
    >>> turn(segments, np.array([1]))["from_client"].tolist()
    [True, False]
    """
    if not conn_ids.size:
        return segments
    is_turned = np.isin(segments["conn_id"].to_numpy(), conn_ids)
    return segments.assign(from_client=segments["from_client"].to_numpy() ^ is_turned)
