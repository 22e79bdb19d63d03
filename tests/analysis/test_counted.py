"""What totals count, by hand-made frames."""

import pandas as pd

from pcapframe.analysis.counted import counted_once, is_second_view


def frames(same_as: list[int | None]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two segments of each connection, in turn."""
    index = pd.RangeIndex(len(same_as), name="conn_id")
    connections = pd.DataFrame({"same_as": pd.array(same_as, "Int64")}, index=index)
    return pd.DataFrame({"conn_id": [*range(len(same_as))] * 2}), connections


def test_nothing_is_copied_where_all_connections_count() -> None:
    segments, connections = frames([None, None])
    counted = counted_once(segments, connections)
    assert counted.segments is segments
    assert counted.connections is connections


def test_second_views_and_their_segments_are_left_out() -> None:
    counted = counted_once(*frames([None, 0, None, 0]))
    assert counted.connections.index.tolist() == [0, 2]
    assert counted.segments["conn_id"].tolist() == [0, 2, 0, 2]


def test_a_view_whose_first_one_is_not_selected_counts() -> None:
    segments, connections = frames([None, 0, None, 2])
    assert is_second_view(connections.loc[[1, 2, 3]]).tolist() == [False, False, True]
    assert counted_once(segments, connections.loc[[1]]).connections.index.tolist() == [1]


def test_no_connections() -> None:
    segments, connections = frames([])
    assert len(counted_once(segments, connections).connections) == 0
