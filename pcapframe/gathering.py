"""The segments of some connections, gathered in one compiled pass: masks of all segments would take longer."""

from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask, fixed
from pcapframe.jit import jit

__all__ = ["gather"]


@jit
def _gather(conn_id: Any, copies: Any, is_wanted: Any, rows: Any, ids: Any) -> Any:
    """Write the rows that are wanted and no copies, and their connections; return how many."""
    found = 0
    for i in range(conn_id.size):
        rows[found], ids[found] = i, conn_id[i]  # written over where it does not count: faster than a branch
        found += is_wanted[conn_id[i]] and not copies[i]
    return found


def gather(conn_id: Array, copies: Mask, is_wanted: Mask) -> tuple[Array, Array]:
    """Return the segments of some connections.

    Parameters
    ----------
    conn_id : ndarray of int32
        Connection of each segment.
    copies : ndarray of bool
        Segments to leave out.
    is_wanted : ndarray of bool
        By ``conn_id``: which connections.

    Returns
    -------
    ndarray of int64
        Their rows, ascending.
    ndarray of int64
        The ``conn_id`` of each.

    Examples
    --------
    >>> gather(np.array([0, 1, 0, 2]), np.zeros(4, bool), np.array([True, False, True]))[0].tolist()
    [0, 2, 3]
    """
    rows, ids = (np.empty(conn_id.size, np.int64) for _ in range(2))
    found = _gather(fixed(conn_id, np.int32), fixed(copies, np.bool_), fixed(is_wanted, np.bool_), rows, ids)
    return rows[:found].copy(), ids[:found].copy()
