"""The records of a capture: what a format's walker (``pcap``, ``pcapng``, ``snoop``, ``erf``) says of each packet.

A walker finds the records in a buffer and fills a batch with them; then they are decoded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "ANOTHER_HEADER",
    "BATCH_RECORDS",
    "BEYOND_SECOND",
    "DONE",
    "RECORD",
    "TOO_LONG",
    "ZEROS",
    "ZEROS_TAKEN",
    "RecordFile",
    "Walk",
    "new_batch",
    "new_odd",
]

Array: TypeAlias = npt.NDArray[Any]

BATCH_RECORDS = 8192  # so many that handing them from thread to thread takes no time; their rows fit the cache

RECORD = np.dtype(
    [
        ("at", np.int64),  # where the packet's bytes begin in the buffer
        ("time", np.int64),  # [ns]
        ("captured", np.int64),  # [bytes]
        ("wire", np.int64),  # at least what was captured [bytes]
        ("interface", np.int32),  # -1 where the format has none
        ("link", np.int32),  # link type
        ("part", np.int64),  # 1 + where its frame begins in an aggregate in a tunnel [bytes]; 0 for no part of one
    ]
)

# Why a walker stopped: bytes or room are used up, or no record begins where the next one should.
DONE, TOO_LONG, ANOTHER_HEADER, ZEROS = range(4)
# What a walker is told and counts: records whose sub-second part is a second or more, which have no time; and up to
# which place in the buffer records of zeros are taken as empty packets.
BEYOND_SECOND, ZEROS_TAKEN = range(2)

Walk: TypeAlias = Callable[[Array, int, int, Array, Array], tuple[int, int, int]]
"""Takes the buffer, where to begin and where its bytes end, what it counts, and the batch to fill."""


@dataclass(frozen=True)
class RecordFile:
    """A file of records without blocks between them.

    Parameters
    ----------
    format : str
        As ``CaptureInfo.format`` names it.
    snaplen : int or None
        Declared limit on the captured bytes of a packet. [bytes]
    link_types : list of int
        Those declared in the header; none where each record has its own.
    header_bytes, record_bytes : int
        Length of the file's header and of a record's.
    walk : Walk
        Finds the records.
    length_of : callable
        Takes a record's header, and returns how many bytes follow it.
    longest : int
        Most bytes that may follow a record's header.
    header : PcapHeader or None
        By which a part of a file of pcap is read.
    """

    format: str
    snaplen: int | None
    link_types: list[int]
    header_bytes: int
    record_bytes: int
    walk: Walk
    length_of: Callable[[bytes], int]
    longest: int
    header: Any = None


def new_batch(records: int = BATCH_RECORDS) -> Array:
    """Return room for so many records, `BATCH_RECORDS` at most."""
    return np.zeros(records, RECORD)


def new_odd() -> Array:
    """Return `BEYOND_SECOND` and `ZEROS_TAKEN`, at 0."""
    return np.zeros(2, np.int64)
