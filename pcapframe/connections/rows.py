"""What the passes over segments read: plain arrays, each of one type, one row a segment."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.measures import fixed, values
from pcapframe.schema import FLAG_BITS

__all__ = ["Array", "Rows", "rows_of"]

Array = npt.NDArray[Any]

FIN, SYN, RST, ACK = FLAG_BITS["FIN"], FLAG_BITS["SYN"], FLAG_BITS["RST"], FLAG_BITS["ACK"]
NO_LENGTH = -1


class Rows(NamedTuple):
    """Segments as plain arrays; `place` is the row of their connection."""

    place: Array  # int32
    from_client: Array  # bool
    time: Array  # int64 [ns]
    wire_bytes: Array  # uint32
    tcp_flags: Array  # uint16
    header: Array  # uint8
    payload: Array  # uint32, 0 where unknown
    has_length: Array  # bool, whether it is known
    seq: Array  # uint32
    rel_seq: Array  # int64
    window: Array  # uint16
    tsval: Array  # uint32
    tsecr: Array  # uint32
    has_timestamps: Array  # bool
    src_port: Array  # uint16
    dst_port: Array  # uint16
    ack_rtt_s: Array  # float64
    reused: Array  # bool, reused_ports
    duplicate_ack: Array  # bool
    zero_window: Array  # bool
    copy: Array  # bool, capture_duplicate
    resent: Array  # bool
    resent_bytes: Array  # uint32
    reordered: Array  # bool
    gap: Array  # uint32, capture_gap


COLUMNS = {
    "from_client": ("from_client", np.bool_, 0),
    "wire_bytes": ("wire_bytes", np.uint32, 0),
    "tcp_flags": ("tcp_flags", np.uint16, 0),
    "header": ("tcp_header_bytes", np.uint8, 0),
    "payload": ("payload_bytes", np.uint32, 0),
    "seq": ("seq", np.uint32, 0),
    "rel_seq": ("rel_seq", np.int64, 0),
    "window": ("window", np.uint16, 0),
    "tsval": ("tsval", np.uint32, 0),
    "tsecr": ("tsecr", np.uint32, 0),
    "src_port": ("src_port", np.uint16, 0),
    "dst_port": ("dst_port", np.uint16, 0),
    "ack_rtt_s": ("ack_rtt_s", np.float64, np.nan),
    "reused": ("reused_ports", np.bool_, 0),
    "duplicate_ack": ("duplicate_ack", np.bool_, 0),
    "zero_window": ("zero_window", np.bool_, 0),
    "copy": ("capture_duplicate", np.bool_, 0),
    "resent": ("resent", np.bool_, 0),
    "resent_bytes": ("resent_bytes", np.uint32, 0),
    "reordered": ("reordered", np.bool_, 0),
    "gap": ("capture_gap", np.uint32, 0),
}


def rows_of(segments: pd.DataFrame, place: Array) -> Rows:
    """Return the columns of `segments` that the passes read.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``.
    place : ndarray of int
        Row of each segment's connection.

    Returns
    -------
    Rows
        Plain arrays.
    """
    made = {
        field: fixed(values(segments[column], dtype, null=null), dtype)
        for field, (column, dtype, null) in COLUMNS.items()
    }
    return Rows(
        place=fixed(place, np.int32),
        time=fixed(segments["time"].to_numpy("datetime64[ns]").view(np.int64), np.int64),
        has_length=fixed(segments["payload_bytes"].notna(), np.bool_),
        has_timestamps=fixed(segments["tsval"].notna(), np.bool_),
        **made,
    )
