import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections import table
from pcapframe.connections.answered import answered


def test_a_connection_is_answered_if_both_sides_sent():
    place, from_client = np.array([0, 0, 1, 1, 2]), np.array([True, True, True, False, False])
    assert answered(place, from_client, 3).tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap", "midstream.pcap", "waits_server.pcap"])
@pytest.mark.parametrize("kept", ["all", "some", "none"])
def test_measures_that_are_not_told_of_the_others_find_the_same(name, kept, monkeypatch):
    segments = pf.label_segments(pf.read_pcap(pf.example(name)))
    if kept != "all":  # of some connections, or of all, only what the client sent
        segments = segments[segments["from_client"] | ((segments["conn_id"] % 2 == 0) & (kept == "some"))]
    conn_ids, place = np.unique(segments["conn_id"], return_inverse=True)
    mask = answered(place, segments["from_client"].to_numpy(), conn_ids.size)
    assert not mask.any() if kept == "none" else mask.any()
    expected = pf.build_connections(segments)
    monkeypatch.setattr(table, "FEW_SEGMENTS", len(segments))
    pd.testing.assert_frame_equal(pf.build_connections(segments), expected)
