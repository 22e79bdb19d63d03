"""What each connection is called, by what its first payload says (``names``)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.names import read_named

__all__ = ["name_columns"]


def name_columns(attrs: Mapping[Any, Any], conn_ids: Array) -> dict[str, Any]:
    """Return the columns of names.

    Parameters
    ----------
    attrs : mapping
        Of the segments.
    conn_ids : ndarray of int32
        Numbers of the connections, ascending.

    Returns
    -------
    dict
        ``server_name``, ``alpn`` and ``application``; null where nothing was seen, or no payload was read.
    """
    named = read_named(attrs)
    made = {name: np.full(conn_ids.size, -1) for name in ("server_name", "alpn", "application")}
    if named is not None and named.entries.size and conn_ids.size:
        place = np.searchsorted(conn_ids, named.entries["conn_id"]).clip(max=conn_ids.size - 1)
        is_here = conn_ids[place] == named.entries["conn_id"]
        for name, numbers in made.items():
            numbers[place[is_here]] = named.entries[name][is_here]
    texts = {"application": named.applications if named else []}
    return {name: _category(numbers, texts.get(name, named.names if named else [])) for name, numbers in made.items()}


def _category(numbers: Array, texts: list[str]) -> Any:
    """Return a categorical column that has only the texts in it, sorted."""
    unique = sorted({texts[number] for number in np.unique(numbers).tolist() if number >= 0})
    codes = {text: code for code, text in enumerate(unique)}
    place = np.array([codes.get(text, -1) for text in texts] + [-1])
    return pd.Categorical.from_codes(place[numbers], dtype=pd.CategoricalDtype(pd.Index(unique, dtype="str")))
