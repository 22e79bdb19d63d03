"""Rows of packets as bytes."""

import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.cluster._wire import SENT, frame_of, pack, unpack


def test_rows_stay_the_same_on_their_way() -> None:
    packets = pf.read_pcap(pf.example("losses.pcap"))
    order = np.arange(len(packets))
    pieces = pack(packets, [order[::2], order[1::2]])
    back = frame_of(unpack(pieces), np.argsort(np.concatenate([order[::2], order[1::2]])))
    for column in SENT:
        sent, there = packets[column.name], back[column.name]
        if column.dtype == "category":
            sent, there = sent.astype(object), there.astype(object)
        pd.testing.assert_series_equal(there, sent)
