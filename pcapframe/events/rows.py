"""The segments that say something by themselves."""

import numpy as np
import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.memory import stretches
from pcapframe.plain import parts_of
from pcapframe.schema import FIN, RST, SEGMENTS, SYN

__all__ = ["SAYS", "mark_says"]

# Columns of the segments in which a value that is not null, 0 or false says something of a segment. Not those of every
# segment, such as round trips, and not which side it is from.
OF_EVERY = ("from_client", "sack_permitted", "sliced")
SAYS = (
    *(column.name for column in SEGMENTS if column.dtype in ("bool", "boolean") and column.name not in OF_EVERY),
    "capture_gap",
    "probe",
)


def mark_says(segments: pd.DataFrame, is_event: Mask) -> None:
    """Mark the segments that say something by themselves.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    is_event : ndarray of bool
        One a segment: set to whether it has SYN, FIN or RST, or one of the columns `SAYS`.
    """
    flags = segments["tcp_flags"].to_numpy()
    says = [parts_of(segments[name]) for name in SAYS]
    for rows in stretches(is_event.size):
        found = is_event[rows]
        np.not_equal(flags[rows] & (SYN | FIN | RST), 0, out=found)
        for column, null in says:
            is_said = column[rows]
            if is_said.dtype != np.bool_:
                is_said = is_said > 0 if is_said.dtype != np.int8 else is_said >= 0  # int8: places of categories
            found |= is_said if null is None else is_said & ~null[rows]
