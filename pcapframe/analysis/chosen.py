"""The segments and connections that a filter selects, with the roles that it determines."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis.counting import READ as STATISTIC_READS
from pcapframe.analysis.health import READ as HEALTH_READS
from pcapframe.analysis.selection import Selected
from pcapframe.connections import build_connections
from pcapframe.measures import without_attrs
from pcapframe.patterns import columns_read

__all__ = ["ConnIds", "Rows", "choose", "turn"]

Rows: TypeAlias = npt.NDArray[np.intp]
ConnIds: TypeAlias = npt.NDArray[np.int64]


def choose(
    segments: pd.DataFrame, whole: pd.DataFrame, selected: Selected
) -> tuple[pd.DataFrame, Rows | None, pd.DataFrame]:
    """Return the selected segments and their connections.

    Parameters
    ----------
    segments, whole : DataFrame
        Segments and connections of the whole capture; not modified.
    selected : Selected
        Which connections, by ``conn_id``, and in which of them the filter swaps the roles.

    Returns
    -------
    DataFrame
        The selected segments: `segments` itself if these are all, else only the columns that are read of them.
    ndarray of int or None
        Their rows in `segments`; None if these are all.
    DataFrame
        Their connections, with the roles that the filter determines.
    """
    if selected.keep.all() and not selected.flip.any():
        return segments, None, whole
    # By conn_id, which is also the row in `whole`.
    rows = np.flatnonzero(selected.keep.take(segments["conn_id"].to_numpy()))
    turned = whole.index.to_numpy()[selected.flip]
    bare = without_attrs(segments)
    # Only the columns that health, patterns and statistics read: selecting rows of all columns is slow.
    read = list(dict.fromkeys((*HEALTH_READS, *columns_read(), *STATISTIC_READS)))
    asked = turn(bare[read].take(rows), turned)
    if not turned.size:
        return asked, rows, whole[selected.keep]
    whole_rows = turn(bare.take(rows), turned)
    whole_rows.attrs = segments.attrs  # which ICMP errors quote them
    return asked, rows, build_connections(whole_rows)


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
