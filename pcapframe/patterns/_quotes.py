"""ICMP errors that quote packets of the connections, for the patterns that name them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask
from pcapframe.icmp import NO_QUOTES, Quotes, read_quotes
from pcapframe.patterns._api import Evidence
from pcapframe.patterns._traffic import Traffic

__all__ = ["connections_by_error", "evidence_of", "listed_counts", "number_by", "quotes_of"]

NAMED = 3  # texts that a description names


def quotes_of(traffic: Traffic) -> Quotes:
    """Return the ICMP errors that quote packets of these connections."""
    quotes = read_quotes(traffic.attrs) or NO_QUOTES
    if not quotes.errors.size:
        return quotes
    return quotes._replace(errors=quotes.errors[_places(traffic, quotes.errors) >= 0])


def evidence_of(traffic: Traffic, errors: Array) -> Evidence:
    """Name some ICMP errors as frames, and the connections whose packets they quote."""
    mask = np.zeros(traffic.size, np.bool_)
    mask[_places(traffic, errors)] = True
    return traffic.evidence_of(errors["frame"], mask)


def _places(traffic: Traffic, errors: Array) -> Array:
    """Return the place of the connection of each error, -1 where it is not among these."""
    return traffic.connections.index.get_indexer(pd.Index(errors["conn_id"]))


def number_by(places: Array, texts: Sequence[str]) -> dict[str, int]:
    """Count places of `texts` by text, the most first."""
    counts = np.bincount(places, minlength=len(texts))
    order = np.argsort(-counts, kind="stable")
    return {texts[place]: int(counts[place]) for place in order.tolist() if counts[place]}


def connections_by_error(quotes: Quotes, conn_ids: Array | None = None) -> tuple[dict[str, int], int]:
    """Count connections by the errors that quote their packets.

    Parameters
    ----------
    quotes : Quotes
        The errors.
    conn_ids : ndarray of int, optional
        Only these connections.

    Returns
    -------
    dict
        How many connections each error quotes packets of, by its name, the most first.
    int
        How many connections any error quotes packets of.
    """
    errors = quotes.errors
    if conn_ids is not None:
        is_wanted: Mask = np.isin(errors["conn_id"], conn_ids)
        errors = errors[is_wanted]
    if not errors.size:
        return {}, 0
    pairs = np.unique(np.column_stack([errors["kind"], errors["conn_id"]]), axis=0)
    return number_by(pairs[:, 0], quotes.kinds), int(np.unique(pairs[:, 1]).size)


def listed_counts(counts: dict[str, int]) -> str:
    """Write the first few of some counts."""
    shown = [f"{count:,} {text}" for text, count in list(counts.items())[:NAMED]]
    rest = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")
