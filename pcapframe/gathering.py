"""The segments of some connections, gathered in one compiled pass: masks of all segments would take longer."""

from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask, fixed
from pcapframe.jit import jit
from pcapframe.memory import STRETCH_ROWS, stretches

__all__ = ["gather"]


@jit
def _gather(conn_id: Any, copies: Any, is_wanted: Any, rows: Any, ids: Any) -> Any:
    """Write the rows that are wanted and no copies, and their connections; return how many."""
    found = 0
    for i in range(conn_id.size):
        rows[found], ids[found] = i, conn_id[i]  # written over where it does not count: faster than a branch
        found += is_wanted[conn_id[i]] and not copies[i]
    return found


def gather(conn_id: Array, copies: Mask | None, is_wanted: Mask) -> tuple[Array, Array]:
    """Return the segments of some connections.

    Parameters
    ----------
    conn_id : ndarray of int32
        Connection of each segment.
    copies : ndarray of bool or None
        Segments to leave out; None for none.
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
    conn_id, is_wanted = fixed(conn_id, np.int32), fixed(is_wanted, np.bool_)
    kept = fixed(np.zeros(min(conn_id.size, STRETCH_ROWS), np.bool_) if copies is None else copies, np.bool_)
    room = [np.empty(min(conn_id.size, STRETCH_ROWS), np.int64) for _ in range(2)]
    found: tuple[list[Array], list[Array]] = ([np.empty(0, np.int64)], [np.empty(0, np.int64)])
    for some in stretches(conn_id.size):
        own = conn_id[some]
        count = _gather(own, kept[: own.size] if copies is None else kept[some], is_wanted, *room)
        found[0].append(room[0][:count] + some.start)
        found[1].append(room[1][:count].copy())
    return np.concatenate(found[0]), np.concatenate(found[1])
