import pandas as pd

import pcapframe as pf
from pcapframe.connections import build_connections
from tests.builders import merge, pcap
from tests.names.hellos import hello, talk

COLUMNS = ["server_name", "alpn", "application"]


def test_a_selection_keeps_its_names() -> None:
    frames = merge(talk(hello(b"a.example")), talk(b"SSH-2.0-x\r\n", port=22), talk(hello(b"b.example", ()), port=8443))
    segments = pf.label_segments(pf.read_pcap(pcap(frames)))
    whole = build_connections(segments)
    assert sorted(whole["server_name"].dropna()) == ["a.example", "b.example"]
    assert whole["server_name"].cat.categories.tolist() == ["a.example", "b.example"]
    for number in whole.index:
        part = build_connections(segments[segments["conn_id"] == number])
        pd.testing.assert_frame_equal(part[COLUMNS].astype(object), whole.loc[[number], COLUMNS].astype(object))


def test_no_segments_and_none_that_were_read_for_names() -> None:
    segments = pf.label_segments(pf.read_pcap(pcap(talk(hello()))))
    assert build_connections(segments[:0])[COLUMNS].empty
    bare = segments.copy()
    bare.attrs = {name: value for name, value in segments.attrs.items() if name != "names"}
    assert build_connections(bare)[COLUMNS].isna().all(axis=None)
