"""The records of a capture: what a format's walker (``pcap``, ``blocks``) says of each packet before it is decoded."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BATCH_RECORDS", "RECORD", "new_batch"]

BATCH_RECORDS = 2048  # few enough that headers prefetched while walking are still cached when they are decoded

RECORD = np.dtype(
    [
        ("at", np.int64),  # where the packet's bytes begin in the buffer
        ("time", np.int64),  # [ns]
        ("captured", np.int64),  # [bytes]
        ("wire", np.int64),  # [bytes]
        ("interface", np.int32),  # -1 where the format has none
        ("link", np.int32),  # link type
    ]
)


def new_batch() -> npt.NDArray[Any]:
    """Return room for `BATCH_RECORDS` records."""
    return np.zeros(BATCH_RECORDS, RECORD)
