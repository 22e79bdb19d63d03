"""Side records: what only few rows have. The common columns do not hold it, so that other rows cost nothing more.

``deep`` appends one record for each row that has any of it; ``packets`` makes columns of them. A new column is a field
here, its values in ``deep`` and its row in ``packets.EXTRA_COLUMNS``.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["EXTRA", "IS_FRAGMENT", "NOT_OPENED", "new_extras"]

NOT_OPENED, IS_FRAGMENT = -1, -2  # in place of what a tunnel holds
EXTRA = np.dtype(
    [
        ("row", np.int64),
        ("outer_src", np.int32),  # numbers of addresses, -1 for none
        ("outer_dst", np.int32),
        ("tunnel", np.int32),  # the way there, see ``tunnels``; 0 for none
        ("icmp_error", np.int32),  # type * 256 + code of an ICMP error, -1 for none, as in the following fields
        ("icmp_mtu", np.int64),
        ("quoted_src", np.int32),  # of the packet that an ICMP error quotes; numbers of addresses
        ("quoted_dst", np.int32),
        ("quoted_src_port", np.int32),
        ("quoted_dst_port", np.int32),
        ("quoted_seq", np.int64),
        ("quoted_flags", np.int32),  # -1 also where the quote ends before the window
        ("inside", np.int32),  # protocol code of what a tunnel holds instead of IP; or one of those above
        ("sliced", np.bool_),  # whether an IP header says more than the frame had
        ("beyond", np.int64),  # how much more [bytes]; 0 for a reassembled datagram
    ]
)


def new_extras(count: int) -> npt.NDArray[Any]:
    """Return room for `count` records."""
    return np.zeros(count, EXTRA)
