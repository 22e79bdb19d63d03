import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis import Analysis
from pcapframe.analysis.chosen import Asked, choose, take_events, turn
from pcapframe.analysis.selection import Selected


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return pf.analyze(pf.example("resets.pcap"), progress=False)


def selected(analysis: Analysis, keep: list[int], flip: list[int]) -> Selected:
    masks = [np.isin(analysis.connections.index, places) for places in (keep, flip)]
    return Selected(masks[0], masks[1], (), None)


def chosen(analysis: Analysis, keep: list[int], flip: list[int]) -> tuple[Asked, pd.DataFrame]:
    return choose(analysis._judged, analysis.connections, selected(analysis, keep, flip), lambda: analysis.segments)


def test_all_is_the_frames_themselves(analysis: Analysis) -> None:
    every = analysis.connections.index.tolist()

    asked, connections = chosen(analysis, every, [])

    assert asked.events is analysis._judged.events
    assert asked.totals is analysis._judged.totals
    assert connections is analysis.connections


def test_all_segments_may_be_events(analysis: Analysis) -> None:
    segments, totals = analysis.segments, analysis._judged.totals
    events = take_events(segments, np.arange(len(segments)), totals).events
    pd.testing.assert_frame_equal(events, segments[list(events)])
    assert events.attrs == segments.attrs


def test_some_are_their_events(analysis: Analysis) -> None:
    asked, connections = chosen(analysis, [2, 5], [])

    events = analysis.events
    assert asked.events.index.tolist() == events.index[events["conn_id"].isin([2, 5])].tolist()
    assert connections.index.tolist() == [2, 5]


def test_turned_connections_swap_their_sides(analysis: Analysis) -> None:
    _, connections = chosen(analysis, [2, 5], [5])

    was, now = analysis.connections, connections
    assert (now.loc[5, "client_port"], now.loc[5, "server_port"]) == (
        was.loc[5, "server_port"],
        was.loc[5, "client_port"],
    )
    assert (now.loc[2, "client_port"], now.loc[2, "server_port"]) == (
        was.loc[2, "client_port"],
        was.loc[2, "server_port"],
    )
    assert now.loc[5, "client_packets"] == was.loc[5, "server_packets"]


def test_turning_twice_changes_nothing(analysis: Analysis) -> None:
    some = np.array([1, 3])
    twice = turn(turn(analysis.segments, some), some)

    assert twice["from_client"].tolist() == analysis.segments["from_client"].tolist()
    assert turn(analysis.segments, np.empty(0, np.int64)) is analysis.segments
