"""Which part of the connections a packet belongs to."""

from typing import Any

import pandas as pd

import pcapframe as pf
from pcapframe.cluster._decoding import partition_of


def test_both_directions_of_a_connection_and_what_quotes_it_are_in_one_part() -> None:
    packets = pf.read_pcap(pf.example("losses.pcap"))
    segments = pf.label_segments(packets)
    parts = partition_of(packets.loc[segments.index], 7)
    of_connection = {}
    for conn_id, part in zip(segments["conn_id"].tolist(), parts.tolist(), strict=True):
        assert of_connection.setdefault(conn_id, part) == part
    assert len(set(of_connection.values())) > 3
    first = packets.loc[segments.index[:1]]
    quoted: dict[str, Any] = {f"quoted_{side}": first[side] for side in ("src", "dst", "src_port", "dst_port")}
    error = first.assign(seq=pd.array([pd.NA], dtype="UInt32"), **quoted)
    assert partition_of(error, 7).tolist() == parts[:1].tolist()
