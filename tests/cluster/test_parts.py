"""The connections of a part."""

import pandas as pd

import pcapframe as pf
from pcapframe.cluster._decoding import decode
from pcapframe.cluster._parts import analyze_part
from pcapframe.cluster._sources import Source


def test_parts_have_all_connections_once() -> None:
    path = str(pf.example("losses.pcap"))
    pieces, _ = decode(Source(path, path), 0, 3, (), True)
    parts = [analyze_part([piece], True) for piece in pieces]
    whole = pf.build_connections(pf.label_segments(pf.read_pcap(path)))
    ends = ["client", "client_port", "server", "server_port", "start", "client_packets", "server_resent_segments"]
    got = pd.concat([part.connections[ends].astype({"client": str, "server": str}) for part in parts])
    want = whole[ends].astype({"client": str, "server": str})
    pd.testing.assert_frame_equal(
        got.sort_values(ends[:5], ignore_index=True), want.sort_values(ends[:5], ignore_index=True)
    )
