import numpy as np
import pytest

import pcapframe as pf
from pcapframe.analysis import Analysis
from pcapframe.analysis.chosen import choose, turn
from pcapframe.analysis.selection import Selected


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return pf.analyze(pf.example("resets.pcap"), progress=False)


def selected(analysis: Analysis, keep: list[int], flip: list[int]) -> Selected:
    masks = [np.isin(analysis.connections.index, places) for places in (keep, flip)]
    return Selected(masks[0], masks[1], (), None)


def test_all_is_the_frames_themselves(analysis: Analysis) -> None:
    every = analysis.connections.index.tolist()

    segments, rows, connections = choose(analysis.segments, analysis.connections, selected(analysis, every, []))

    assert segments is analysis.segments
    assert rows is None
    assert connections is analysis.connections


def test_some_are_their_rows(analysis: Analysis) -> None:
    segments, rows, connections = choose(analysis.segments, analysis.connections, selected(analysis, [2, 5], []))

    assert rows is not None
    assert rows.tolist() == np.flatnonzero(analysis.segments["conn_id"].isin([2, 5])).tolist()
    assert segments.index.tolist() == analysis.segments.index[rows].tolist()
    assert connections.index.tolist() == [2, 5]


def test_turned_connections_swap_their_sides(analysis: Analysis) -> None:
    _, _, connections = choose(analysis.segments, analysis.connections, selected(analysis, [2, 5], [5]))

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
