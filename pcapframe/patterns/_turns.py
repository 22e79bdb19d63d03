"""What the patterns of category ``timing`` share: turns, and the round trips beside which a wait is long."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pcapframe import conversation
from pcapframe.arrays import Array, Mask
from pcapframe.patterns._traffic import Traffic

__all__ = ["CATEGORY", "is_long", "rows_of", "to_client_s", "to_server_s"]

CATEGORY = "timing"


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
