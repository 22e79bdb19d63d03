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


def test_packets_without_a_time_have_none_when_they_arrive() -> None:
    packets = pf.read_pcap(pf.example("clean.pcap")).head(3)
    timeless = packets.assign(time=pd.Series(pd.NaT, packets.index, packets["time"].dtype))
    rows = np.arange(3)
    assert frame_of(unpack(pack(timeless, [rows])), rows)["time"].isna().all()
    both = pack(timeless, [rows]) + pack(packets, [rows])
    assert frame_of(unpack(both), np.arange(6))["time"].isna().tolist() == [True] * 3 + [False] * 3
