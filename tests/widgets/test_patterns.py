"""The tab of patterns: sorted, picked, with their evidence and its frames."""

from pcapframe.widgets._patterns import PatternView
from tests.widgets.made import analysis, state


def plain(function):  # type: ignore[no-untyped-def]
    return function


def test_a_pattern_has_its_evidence_and_its_frames() -> None:
    explored = state()
    view = PatternView(explored, plain)
    view.show()
    assert view.table.df["pattern"].tolist() == [one.pattern.replace("_", " ") for one in analysis().patterns]
    explored.pattern = "refused_connections"
    view.show()
    assert "refused by a RST" in view.text.value
    view.frames.value = 95
    assert explored.frame == 95
    assert explored.conn_id == analysis().segments.loc[95, "conn_id"]


def test_patterns_are_sorted_and_picked_in_their_table() -> None:
    explored = state()
    view = PatternView(explored, plain)
    view.show()
    view.table._hear(view.table, {"sort": "connections", "descending": True}, [])
    counts = view.table.df["connections"].astype(int)
    assert counts.is_monotonic_decreasing
    view.table._hear(view.table, {"row": 0}, [])
    assert explored.pattern == view.table.df["pattern"].iloc[0].replace(" ", "_")
    assert len(explored.selection.connections) == counts.iloc[0]


def test_a_pattern_counts_what_a_pick_selects_beside_the_other_filters() -> None:
    explored = state()
    explored.server = "198.51.100.20"
    view = PatternView(explored, plain)
    view.show()
    for row, count in enumerate(view.table.df["connections"].astype(int)):
        explored.pattern = view.table.df["pattern"].iloc[row].replace(" ", "_")
        assert len(explored.selection.connections) == count
        explored.pattern = ""
