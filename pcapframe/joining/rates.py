"""Which bare ACKs were lost, by how many of them are missing where a capture lacks few packets.

Nothing in a capture depends on most bare ACKs, so for a single one it cannot be told whether it was lost or not
captured. For many it can: a capture that lacks 2 % of the packets that carry data lacks about 2 % of the ACKs too.
Where far more are missing, in a connection or in all of them together, they count as lost.
"""

import numpy as np

from pcapframe.arrays import Array, Mask

__all__ = ["are_mostly_lost"]

LEAST_LOST = 0.9  # share of those missing that the capture does not account for
DEVIATIONS = 2.0  # of the number that a capture may lack


def are_mostly_lost(asked: Array, missing: Array, arrived: Array, lacks: float) -> Mask:
    """Tell for some packets whether nearly all packets like them that are missing were lost.

    Parameters
    ----------
    asked : ndarray of int64
        Stream of each packet; all of one direction.
    missing, arrived : ndarray of int64
        By stream, how many bare ACKs the capture nearer to the receiver lacks, and how many it has.
    lacks : float
        Share of the packets that this capture lacks, by those that carry data. [0 to 1]

    Returns
    -------
    ndarray of bool
        By packet.

    Examples
    --------
    >>> are_mostly_lost(np.array([0, 2]), np.array([150, 0, 2]), np.array([400, 0, 100]), 0.02).tolist()
    [True, False]
    """
    per_arrived = lacks / max(1.0 - lacks, 1e-9)
    expected = per_arrived * arrived
    mostly = _few(expected, missing)
    side = slice(int(asked[0]) % 2, None, 2) if asked.size else slice(0)  # all connections, this direction
    if _few(expected[side].sum(), missing[side].sum()):
        mostly |= expected <= (1 - LEAST_LOST) * missing
    return np.asarray(mostly[asked], np.bool_)


def _few(expected: Array, missing: Array) -> Mask:
    """Tell whether what a capture may lack is little of what is missing."""
    return np.asarray(expected + DEVIATIONS * np.sqrt(expected + 1.0) <= (1 - LEAST_LOST) * missing, np.bool_)
