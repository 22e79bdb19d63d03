"""ICMP errors that quote packets of each connection, as ``segments.quoted`` found them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, changes
from pcapframe.icmp import read_quotes

__all__ = ["icmp_columns"]


def icmp_columns(attrs: Mapping[Any, Any], conn_ids: Array) -> dict[str, Any]:
    """Count the errors of each connection, and name the most frequent one.

    Parameters
    ----------
    attrs : mapping
        Of the segments.
    conn_ids : ndarray of int32
        Numbers of the connections, ascending.

    Returns
    -------
    dict
        ``icmp_errors`` and ``icmp_error``; of errors that are equally frequent the one that came first.
    """
    quotes = read_quotes(attrs)
    counts, most = np.zeros(conn_ids.size, np.uint32), np.full(conn_ids.size, -1)
    kinds: list[str] = []
    if quotes is not None and quotes.errors.size and conn_ids.size:
        place = np.searchsorted(conn_ids, quotes.errors["conn_id"]).clip(max=conn_ids.size - 1)
        is_here = conn_ids[place] == quotes.errors["conn_id"]
        place, kind = place[is_here], quotes.errors["kind"][is_here]
        counts[:] = np.bincount(place, minlength=conn_ids.size)
        kinds = list(quotes.kinds)
        keys, first, times = np.unique(place * len(kinds) + kind, return_index=True, return_counts=True)
        order = np.lexsort((first, -times, keys // len(kinds)))
        best = keys[order][changes(keys[order] // len(kinds))]
        most[best // len(kinds)] = best % len(kinds)
    return {
        "icmp_errors": pd.arrays.IntegerArray(counts, np.full(conn_ids.size, quotes is None)),
        "icmp_error": pd.Categorical.from_codes(most, dtype=pd.CategoricalDtype(pd.Index(kinds, dtype="str"))),
    }
