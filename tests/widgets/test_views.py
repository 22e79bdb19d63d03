"""What the tabs show of the state, and what is escaped."""

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots.rst_events import PHASES
from pcapframe.widgets import ExplorerState
from pcapframe.widgets._views import CHARTS, ConnectionView, PatternView, SelectionChart
from tests.builders import Conversation, pcap
from tests.widgets.made import analysis, state


def plain(function):  # type: ignore[no-untyped-def]
    return function


def nothing() -> None:
    pass


def test_charts_draw_the_selection() -> None:
    explored = state()
    for name in CHARTS:
        view = SelectionChart(name, explored, plain, nothing)
        explored.clear()
        view.show()
        whole = view.chart.png
        explored.port = "8080"
        view.show()
        assert view.chart.png != whole
        assert view.chart.alt.endswith(": 8 connections")
        explored.server = "203.0.113.1"
        view.show()  # nothing: a sentence


def test_a_chart_knows_the_directions_that_the_analysis_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    older = Conversation(client_port=40001).data("client", 10).rst("client").rst("server")
    given = pf.analyze(pcap(older), server_ip="198.51.100.1")
    assert given.statistics["rst_distribution"]["by_direction"] == {"to_server": 1, "from_server": 1, "unknown": 0}
    view = SelectionChart("rst_distribution", ExplorerState(given), plain, nothing)
    explored, alone = Figure().subplots(), Figure().subplots()
    monkeypatch.setattr(view.chart, "draw", lambda chart: chart(explored))
    view.show()
    pf.plots.rst_distribution(given, ax=alone)
    shown, expected = ([text.get_text() for text in ax.get_legend().get_texts()] for ax in (explored, alone))
    assert shown == expected


def test_a_bar_narrows_the_selection() -> None:
    explored = state()
    SelectionChart("rst_distribution", explored, plain, nothing)._picked(0, None)
    assert explored.rst_phase == PHASES[0]
    explored.clear()
    times = [
        time.to_datetime64()
        for time in pd.to_datetime(analysis().connections["start"].iloc[[5, 9]]).dt.tz_localize(None)
    ]
    SelectionChart("overview", explored, plain, nothing)._picked(*times)
    assert 0 < len(explored.selection.connections) < 42


def test_a_pattern_has_its_evidence_and_its_frames() -> None:
    explored = state()
    view = PatternView(explored, plain)
    view.show()
    assert all(one.pattern.replace("_", " ") in view.text.value for one in analysis().patterns)
    explored.pattern = "refused_connections"
    view.show()
    assert "refused by a RST" in view.text.value
    view.frames.value = 95
    assert explored.frame == 95
    assert explored.conn_id == analysis().segments.loc[95, "conn_id"]


def test_a_connection_and_a_packet() -> None:
    explored = state()
    view = ConnectionView(explored, plain, nothing)
    view.show()
    assert view.sequence.layout.display == "none"
    view.number.value = "5"
    view.show()
    frames = analysis().segments.index[analysis().segments["conn_id"] == 5]
    assert "192.0.2.10:40006" in view.facts.value
    assert view.sequence.png
    assert f"{len(frames):,}" in view.pager.place.value
    view.packets.selected_rows = [2]
    assert explored.frame == frames[2]
    view.show()
    assert "TCP" in view.packet.value
    assert "40006" in view.packet.value
    view.number.value = "999"
    assert "There is no connection" in view.facts.value
    view.number.value = "<b>"
    assert "<b>" not in view.facts.value


def test_charts_of_a_connection_take_half_the_room_where_they_fit() -> None:
    view = ConnectionView(state(), plain, nothing)
    assert view.place({"width": 839, "dark": True}) == {"width": 839, "dark": True}
    assert view.place({"width": 1401, "dark": True}) == {"width": 700, "dark": True}


def test_packets_are_shown_in_parts_and_the_part_has_the_packet_that_is_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapframe.widgets._views.PACKET_ROWS", 10)
    explored = state()
    segments = analysis().segments
    conn_id = int(segments["conn_id"].value_counts().index[0])
    frames = segments.index[segments["conn_id"] == conn_id]
    view = ConnectionView(explored, plain, nothing)
    explored.set(conn_id=conn_id, frame=int(frames[12]))
    view.show()
    assert (view._page, view.packets.selected_rows) == (1, [2])
    assert view.frame.value == str(frames[12])
    view._show_packets(2)
    view.packets.selected_rows = [5]
    assert explored.frame == frames[25]
    view.frame.value = f"{frames[0]:,}"
    assert explored.frame == frames[0]
    view.show()
    assert (view._page, view.packets.selected_rows) == (0, [0])
    view.frame.value = "<b>0"
    assert f"is not one of the {len(frames):,}" in view.packet.value
    assert "<b>" not in view.packet.value
    assert explored.frame == frames[0]


def test_a_capture_that_has_gone_is_said_where_the_packet_would_be(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pf.example("resets.pcap").read_bytes())
    explored = ExplorerState(pf.analyze(path))
    view = ConnectionView(explored, plain, nothing)
    path.unlink()
    explored.set(conn_id=0, frame=int(explored.analysis.segments.index[0]))
    view.show()
    assert "is not there any more" in view.packet.value
    assert view.sequence.png
