"""What each connection is called, by what its first payload says, and by names that its addresses had (``names``)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.names import SEPARATOR, read_named

__all__ = ["address_name_columns", "name_columns"]

MOST_NAMES = 100  # of an address, in a row
MOST_TEXT = 1 << 26  # of all rows that differ; beyond it, each has the first name only [characters]
FRAME_BITS = 32


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


def address_name_columns(
    attrs: Mapping[Any, Any], first: Callable[[], Array], ends: Mapping[str, Array], addresses: pd.Index
) -> dict[str, Any]:
    """Return the columns of names that addresses had before a connection began.

    Parameters
    ----------
    attrs : mapping
        Of the segments.
    first : callable
        Returns the first frame of each connection; called only where addresses have names.
    ends : mapping
        By side, the number of each connection's address.
    addresses : Index
        The addresses by number.

    Returns
    -------
    dict
        ``client_names`` and ``server_names``.
    """
    named = read_named(attrs)
    if named is None or not named.answers.size or not ends["client"].size:
        return {f"{side}_names": _category(np.full(codes.size, -1), []) for side, codes in ends.items()}
    answers = named.answers
    number = addresses.get_indexer(pd.Index(named.addresses, dtype="str"))[answers["address"]].astype(np.int64)
    order = np.argsort(number, kind="stable")
    order = order[number[order] >= 0]
    keys, names = number[order] << FRAME_BITS | answers["frame"][order], answers["name"][order].tolist()
    made: dict[str, Any] = {}
    began = first()
    for side, codes in ends.items():
        begin = codes.astype(np.int64) << FRAME_BITS
        low, high = np.searchsorted(keys, begin), np.searchsorted(keys, begin | began)
        spans, which = np.unique(low << FRAME_BITS | np.minimum(high, low + MOST_NAMES), return_inverse=True)
        texts = _texts(spans, names, named.names)
        made[f"{side}_names"] = _category(np.where(high > low, which, -1), texts)
    return made


def _texts(spans: Array, numbers: list[int], names: list[str]) -> list[str]:
    """Write the names of each span, each name once."""
    texts, size = [], 0
    for span in spans.tolist():
        low, high = span >> FRAME_BITS, span & ((1 << FRAME_BITS) - 1)
        if size > MOST_TEXT:
            high = min(high, low + 1)
        texts.append(SEPARATOR.join(dict.fromkeys(names[number] for number in numbers[low:high])))
        size += len(texts[-1])
    return texts


def _category(numbers: Array, texts: list[str]) -> Any:
    """Return a categorical column that has only the texts in it, sorted."""
    if not texts:
        nothing = pd.CategoricalDtype(pd.Index([], dtype="str"))
        return pd.Categorical.from_codes(np.full(numbers.size, -1, np.int8), dtype=nothing, validate=False)
    used = np.flatnonzero(np.bincount(numbers + 1, minlength=1)[1:])
    unique = sorted({texts[number] for number in used.tolist()})
    codes = {text: code for code, text in enumerate(unique)}
    place = np.array([codes.get(text, -1) for text in texts] + [-1])
    return pd.Categorical.from_codes(place[numbers], dtype=pd.CategoricalDtype(pd.Index(unique, dtype="str")))
