"""What the patterns of category ``timing`` share: turns, and the round trips beside which a wait is long."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from pcapframe import conversation
from pcapframe.arrays import Array, Mask
from pcapframe.conversation import NEEDED, READ, make_turns
from pcapframe.disk import give_back
from pcapframe.patterns._traffic import Traffic

__all__ = ["CATEGORY", "READ", "is_long", "rows_of", "to_client_s", "to_server_s", "turns_of"]

CATEGORY = "timing"


def turns_of(traffic: Traffic, mask: Mask) -> pd.DataFrame:
    """Return the turns of the connections of `mask`: columns of ``schema.TURNS``."""
    rows = traffic.all_rows(mask).rows
    columns = {name: traffic.series(name) for name in ("conn_id", *READ)}
    known = {name: traffic.connections[name] for name in NEEDED}
    return make_turns(_taken(columns, rows), _taken(known, np.flatnonzero(mask)))


def _taken(columns: dict[str, pd.Series], rows: Array) -> pd.DataFrame:
    """Return some rows of columns that have one index; pandas would compare the indexes of all."""
    index = next(iter(columns.values())).index.take(rows)
    taken: dict[str, Any] = {}
    for name, column in columns.items():
        taken[name] = column.array.take(rows)
        give_back()
    return pd.DataFrame(taken, index=index, copy=False)


def rows_of(traffic: Traffic, frames: Iterable[pd.Series]) -> Array:
    """Return the rows of some frames, ascending; columns of frames may have nulls."""
    wanted = np.concatenate([column.dropna().to_numpy(np.int64) for column in frames])
    return traffic.rows_of_frames(np.unique(wanted))


def to_server_s(traffic: Traffic) -> Array:
    """Return the smallest time from the capture point to the server and back, by connection [s]; NaN where unknown."""
    return conversation.to_server_s(traffic.connections)


def to_client_s(traffic: Traffic) -> Array:
    """Return the smallest time from the capture point to the client and back, by connection [s]; NaN where unknown."""
    return traffic.connections["server_ack_rtt_min_s"].to_numpy()


def is_long(time_s: Array, round_trip_s: Array, least_s: float, round_trips: float) -> Mask:
    """Tell which times are at least `least_s`, and so many round trips where these are known."""
    return np.asarray((time_s >= least_s) & ~(time_s < round_trips * round_trip_s), np.bool_)
