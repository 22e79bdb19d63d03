"""Whether the timestamps of bare ACKs were echoed (RFC 7323), which shows that they arrived.

A host echoes the timestamp of a packet that it received. Where no other packet of the sender has the same one, an ACK
whose timestamp was echoed arrived, though no capture farther on has it. The other way round nothing is shown: about
half of the ACKs in bulk transfers are never echoed.
"""

import numpy as np

from pcapframe.arrays import Array, Mask

__all__ = ["are_echoed"]

BITS = 32  # of a timestamp


def are_echoed(
    asked: tuple[Array, Array], sent: tuple[Array, Array], arrived: tuple[Array, Array], echoes: tuple[Array, Array]
) -> Mask:
    """Tell which packets were echoed.

    Parameters
    ----------
    asked : tuple of ndarray of int64
        Stream and timestamp of the packets in question; no timestamp is -1.
    sent, arrived : tuple of ndarray of int64
        Stream and timestamp of all packets where these were captured, and of all captured nearer to their receiver.
    echoes : tuple of ndarray of int64
        Stream and echo (TSecr) of what these receivers sent: the stream is that of the timestamps.

    Returns
    -------
    ndarray of bool
        False also where another packet has the same timestamp.
    """
    own, every, known, back = ((one[0] << BITS) + one[1] for one in (asked, sent, arrived, echoes))
    values, counts = np.unique(every, return_counts=True)
    alone = counts[np.minimum(np.searchsorted(values, own), values.size - 1)] == 1 if values.size else own < 0
    return np.asarray((asked[1] > 0) & alone & ~np.isin(own, known) & np.isin(own, back), np.bool_)
