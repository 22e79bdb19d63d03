import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.plots._frames import both, category, connections_of, segments_of
from tests.builders import Conversation
from tests.plots.made import made


def test_an_analysis_gives_what_it_was_asked_for() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"), server_port=80)
    segments, connections = both(analysis, None)
    assert set(segments["conn_id"]) == set(analysis.connections.index) == set(connections.index)
    assert segments_of(analysis) is segments
    assert connections_of(analysis) is connections


def test_frames_are_taken_as_they_are_and_connections_built_if_need_be() -> None:
    segments, connections = made(Conversation().handshake().close())
    assert both(segments, connections)[1] is connections
    pd.testing.assert_frame_equal(both(segments, None)[1], connections)
    assert segments_of(segments) is segments
    assert connections_of(connections) is connections


def test_a_category_has_all_its_names() -> None:
    column = category(np.array([1, 1]), ("a", "b", "c"))
    assert column.tolist() == ["b", "b"]
    assert column.categories.tolist() == ["a", "b", "c"]
