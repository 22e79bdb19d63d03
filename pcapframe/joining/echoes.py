"""Whether the timestamps of bare ACKs were echoed (RFC 7323), which shows that they arrived.

A host echoes the timestamp of a packet that it received. Where no other packet of the sender has the same one, an ACK
whose timestamp was echoed arrived, though no capture farther on has it. The other way round nothing is shown: about
half of the ACKs in bulk transfers are never echoed.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.jit import jit

__all__ = ["Stamps", "are_echoed"]

BITS = 32  # of a timestamp


class Stamps(NamedTuple):
    """Timestamps of some packets.

    Parameters
    ----------
    stream : ndarray of int32
        Connection and side of each packet.
    row : ndarray of int32
        Its place in the capture.
    value : ndarray of uint32
        The field, by place in the capture.
    is_null : ndarray of bool
        Where there is none.
    """

    stream: Array
    row: Array
    value: Array
    is_null: Mask


@jit
def _count(keys: Any, stream: Any, row: Any, value: Any, is_null: Any, flip: Any, counts: Any) -> None:
    """Count the packets with each key, which are in order; a key is a stream and a timestamp."""
    for i in range(stream.size):
        if is_null[row[i]]:
            continue
        key = (np.int64(stream[i] ^ flip) << BITS) + value[row[i]]
        low, high = 0, keys.size
        while low < high:
            middle = (low + high) // 2
            if keys[middle] < key:
                low = middle + 1
            else:
                high = middle
        if low < keys.size and keys[low] == key:
            counts[low] += 1


def are_echoed(asked: Stamps, *, sent: Stamps, arrived: Stamps, echoes: Stamps) -> Mask:
    """Tell which packets were echoed.

    Parameters
    ----------
    asked : Stamps
        Timestamps of the packets in question.
    sent, arrived : Stamps
        Those of all packets where these were captured, and of all captured nearer to their receiver.
    echoes : Stamps
        What all packets there echo (TSecr); of those that the receivers sent, the streams are the peers'.

    Returns
    -------
    ndarray of bool
        False also where another packet has the same timestamp.
    """
    value = np.where(asked.is_null[asked.row], 0, asked.value[asked.row]).astype(np.int64)
    own = (asked.stream.astype(np.int64) << BITS) + value
    keys, place = np.unique(own, return_inverse=True)
    counts = np.zeros((3, keys.size), np.int64)
    for number, (stamps, flip) in enumerate(((sent, 0), (arrived, 0), (echoes, 1))):
        _count(keys, *stamps, flip, counts[number])
    told = (counts[0] == 1) & (counts[1] == 0) & (counts[2] > 0)
    return np.asarray((value > 0) & told[place], np.bool_)
