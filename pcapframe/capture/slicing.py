"""Tell frames that were cut before they were recorded from IP headers that say more than there was.

A packet broker or a switch that truncates what it mirrors cuts every frame at the same place, and the record says
nothing of it: the IP length is right and the frame too short (RFC 791). An IP length may also be wrong, in one packet
among whole ones. What cuts frames cuts all that are longer. So a frame is taken as cut only if no whole packet with IP
of the same capture, interface and way through tunnels was longer, or if none had more payload (where headers alone are
kept). Of any other one the length is that of the frame, as in Wireshark.

Not told apart: a wrong length in the longest frame of a capture.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pcapframe.capture import transport
from pcapframe.capture.decoding import Columns

__all__ = ["limit_lengths"]

Array = npt.NDArray[Any]


def limit_lengths(rows: Columns, source: Array, extras: Array) -> None:
    """Take the payload from the frame where it cannot have been cut before it was recorded.

    Parameters
    ----------
    rows : Columns
        Of all packets; payload lengths are changed in place.
    source : ndarray of uint16
        Which capture each packet is from.
    extras : ndarray of EXTRA
        Side records; ``sliced`` is changed in place.
    """
    sliced = np.flatnonzero(extras["sliced"])
    if not sliced.size:
        return
    at, beyond = extras["row"][sliced], extras["beyond"][sliced].astype(np.int64)
    is_whole = (rows.has & transport.HAS_IP) != 0
    is_whole[at] = False
    key = (source.astype(np.int64) << 16 | rows.interface) << 32
    key[extras["row"]] |= extras["tunnel"]
    groups, group = np.unique(key[at], return_inverse=True)
    whole = np.flatnonzero(is_whole & np.isin(key, groups))
    longest, most = np.zeros(groups.size, np.int64), np.zeros(groups.size, np.int64)
    of_whole = np.searchsorted(groups, key[whole])
    np.maximum.at(longest, of_whole, rows.wire_bytes[whole])
    np.maximum.at(most, of_whole, rows.payload_bytes[whole])
    inside = rows.payload_bytes[at].astype(np.int64) - beyond  # of the payload, what the frame had
    is_cut = (rows.wire_bytes[at] >= longest[group]) | (np.maximum(inside, 0) >= most[group])
    lying = ~is_cut & (beyond > 0)
    extras["sliced"][sliced[lying]] = False
    rows.payload_bytes[at[lying]] = np.maximum(inside[lying], 0)
    too_short = at[lying & (inside < 0)]
    rows.has[too_short] &= ~np.uint16(transport.HAS_PAYLOAD)
