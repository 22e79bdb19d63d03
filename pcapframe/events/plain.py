"""Totals as plain columns, and back: how a store keeps them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.events.totals import TABLES, Floors, Totals
from pcapframe.events.witnesses import SIDE_TOTAL

__all__ = ["columns_of", "totals_of"]

LEFT_OUT = ("chain",)  # fields that mean something only while tables are made


def columns_of(totals: Totals) -> dict[str, dict[str, Array]]:
    """Return totals without turns as columns by table and name.

    Parameters
    ----------
    totals : Totals
        Not modified.

    Returns
    -------
    dict
        ``sides``: a row a side. ``totals``: the rows of all tables, with the name of each; a column that a table lacks
        is 0 in its rows.
    """
    fields = {name: dtype for table in TABLES.values() for name, (dtype, *_) in table.fields.items()}
    tables = totals.tables
    rows = sum(table.size for table in tables.values())
    long: dict[str, Array] = {"table": np.repeat(list(tables), [table.size for table in tables.values()])}
    long |= {name: np.zeros(rows, dtype) for name, dtype in fields.items() if name not in LEFT_OUT}
    start = 0
    for table in tables.values():
        for name in table.dtype.names or ():
            if name not in LEFT_OUT:
                long[name][start : start + table.size] = table[name]
        start += table.size
    return {"sides": {name: totals.sides[name] for name in SIDE_TOTAL.names or ()}, "totals": long}


def totals_of(columns: Mapping[str, Mapping[str, Array]], turns: pd.DataFrame, floors: Mapping[str, Any]) -> Totals:
    """Return totals that `columns_of` took apart.

    Parameters
    ----------
    columns : mapping
        As from `columns_of`.
    turns : DataFrame
        Columns of ``schema.TURNS``.
    floors : mapping
        Fields of `Floors`.

    Returns
    -------
    Totals
        The same.
    """
    sides = _rows(SIDE_TOTAL, columns["sides"], slice(None))
    long = columns["totals"]
    names = np.asarray(long["table"])
    made = {name: _rows(dtype, long, np.flatnonzero(names == name)) for name, dtype in TABLES.items()}
    return Totals(sides=sides, turns=turns, floors=Floors(**floors), **made)


def _rows(dtype: Any, columns: Mapping[str, Array], rows: Any) -> Array:
    """Put some rows of columns into an array of records."""
    some = {name: columns[name][rows] for name in dtype.names if name not in LEFT_OUT}
    made = np.zeros(next(iter(some.values())).size, dtype)
    for name, column in some.items():
        made[name] = column
    return made
