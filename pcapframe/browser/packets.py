"""What is said of a packet that the pointer is on: flags, payload, labels."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.measures import values
from pcapframe.plots._frames import places
from pcapframe.schema import LABELS
from pcapframe.showing import flag_names

__all__ = ["TAKEN", "Described", "describe"]

JUDGED = ("resent", "reordered", "needless")
NAMES = (*(column.name for column in LABELS), *JUDGED)
REASONS = "resend_reason"
TAKEN = ("tcp_flags", "payload_bytes", REASONS, *NAMES)
"""Columns that are read."""


class Described(NamedTuple):
    """Packets in columns.

    Parameters
    ----------
    flags : ndarray of uint16
        TCP flags.
    payload : ndarray of uint32
        Payload. [bytes]
    labels : ndarray of uint32
        A bit for each of `names` that the packet has.
    names : list of str
        In words.
    flag_texts : dict of str
        What flags are called, for each value that occurs.
    """

    flags: Array
    payload: Array
    labels: Array
    names: list[str]
    flag_texts: dict[int, str]


def describe(packets: pd.DataFrame, frames: Array) -> Described:
    """Describe packets.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.SEGMENTS``, in the order of their frame numbers; not modified.
    frames : ndarray of int64
        Frame numbers, all of them in `packets`.

    Returns
    -------
    Described
        In the order of `frames`.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.analyze(pf.example("losses.pcap")).segments
    >>> said = describe(segments, np.array([173]))
    >>> said.flag_texts[int(said.flags[0])], int(said.payload[0])
    ('ACK', 1448)
    """
    rows = packets.take(places(packets.index, frames))
    labels = np.zeros(len(rows), np.uint32)
    names = [name.replace("_", " ") for name in NAMES]
    for bit, name in enumerate(NAMES):
        labels |= values(rows[name], np.uint32, null=0) << np.uint32(bit)
    codes = rows[REASONS].cat.codes.to_numpy()
    for code, reason in enumerate(rows[REASONS].cat.categories):
        labels |= (codes == code).astype(np.uint32) << np.uint32(len(names))
        names.append(f"reason {reason.replace('_', ' ')}")
    flags = rows["tcp_flags"]
    first = flags.drop_duplicates()
    texts = dict(zip(first.tolist(), flag_names(first).tolist(), strict=True))
    return Described(flags.to_numpy(np.uint16), values(rows["payload_bytes"], np.uint32, null=0), labels, names, texts)
