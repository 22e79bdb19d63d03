"""Which bare ACKs were lost, by how many of them are missing where a capture lacks few packets.

Nothing in a capture depends on most bare ACKs, so for a single one it cannot be told whether it was lost or not
captured. For many it can: a capture that lacks 2 % of the packets that carry data lacks about 2 % of the ACKs too.
Where far more are missing, both on the whole way and in the connection, they count as lost.
"""

import numpy as np

from pcapframe.arrays import Array, Mask

__all__ = ["are_mostly_lost"]

LEAST_LOST = 0.9  # share of those missing that the capture does not account for
DEVIATIONS = 2.0  # of the number that a capture may lack, on the whole way


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
    >>> are_mostly_lost(np.array([0, 1]), np.array([150, 2]), np.array([400, 100]), 0.02).tolist()
    [True, False]
    """
    per_arrived = lacks / max(1.0 - lacks, 1e-9)
    expected = per_arrived * arrived
    streams = np.unique(asked)
    whole, total = float(expected[streams].sum()), float(missing[streams].sum())
    if whole + DEVIATIONS * np.sqrt(whole + 1.0) > (1 - LEAST_LOST) * total:
        return np.zeros(asked.size, np.bool_)
    return np.asarray(expected[asked] <= (1 - LEAST_LOST) * missing[asked], np.bool_)
