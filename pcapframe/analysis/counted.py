"""What totals count: each connection once, even where the capture holds it under several addresses."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.measures import without_attrs

__all__ = ["Counted", "counted_once", "is_second_view"]


class Counted(NamedTuple):
    """Segments and connections, each connection once."""

    segments: pd.DataFrame
    connections: pd.DataFrame


def is_second_view(connections: pd.DataFrame) -> Mask:
    """Tell which connections are another view of one that is there too.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, index ``conn_id``; not modified.

    Returns
    -------
    ndarray of bool
        False where ``same_as`` is null, or names a connection that is not in the frame.
    """
    same_as = without_attrs(connections)["same_as"]
    if same_as.isna().all():
        return np.zeros(len(connections), np.bool_)
    return np.asarray((same_as.notna() & same_as.isin(connections.index)).to_numpy(), np.bool_)


def counted_once(segments: pd.DataFrame, connections: pd.DataFrame) -> Counted:
    """Leave out the connections that are another view of one that is there too.

    Parameters
    ----------
    segments : DataFrame
        With the column ``conn_id``; not modified.
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, index ``conn_id``; not modified.

    Returns
    -------
    Counted
        The frames themselves where there is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("clean.pcap"))
    >>> counted_once(analysis.segments, analysis.connections).connections is analysis.connections
    True
    """
    is_second = is_second_view(connections)
    if not is_second.any():
        return Counted(segments, connections)
    kept = ~segments["conn_id"].isin(connections.index[is_second])
    return Counted(segments[kept], connections[~is_second])
