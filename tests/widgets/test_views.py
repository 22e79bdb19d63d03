"""What the tabs show of the state, and what is escaped."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.browser import Scene
from pcapframe.errors import ParameterError
from pcapframe.plots._api import Tab
from pcapframe.plots.rst_events import PHASES
from pcapframe.widgets import ExplorerState
from pcapframe.widgets._views import ConnectionView, SelectionChart
from tests.builders import Conversation, pcap
from tests.widgets.made import analysis, state


def plain(function):  # type: ignore[no-untyped-def]
    return function


def chart_view(name: str, explored: ExplorerState) -> SelectionChart:
    return SelectionChart(pf.plots.CHARTS[name], explored, plain)


@pytest.mark.parametrize("name", [name for name, chart in pf.plots.CHARTS.items() if chart.tab])
def test_charts_draw_the_selection(name: str) -> None:
    explored = state()
    view = chart_view(name, explored)
    for filters in ({}, {"port": "8080"}, {"handshake": "refused"}, {"server": "203.0.113.1"}):
        explored.clear()
        explored.set(**filters)
        view.show()
        selection = explored.selection
        alone = Scene(pf.plots.CHARTS[name], selection.segments, connections=selection.connections)
        expected = {} if alone.empty else {"header": alone.picture().header, "body": alone.picture().body}
        assert view.chart.picture == expected, filters
        assert bool(view.chart.message) == (view.chart.picture == {})


def test_a_chart_of_segments_alone_draws_those_selected() -> None:
    explored = state()
    explored.handshake = "refused"
    throughput = pf.plots.CHARTS["throughput"]
    view = SelectionChart(dataclasses.replace(throughput, tab=Tab(label="Rates", height=300)), explored, plain)
    view.show()
    alone = Scene(throughput, explored.selection.segments).picture()
    assert (view.chart.picture["header"], view.chart.picture["body"]) == (alone.header, alone.body)


def test_a_chart_without_a_tab_or_marks_is_refused() -> None:
    with pytest.raises(ParameterError, match="rtt declares no tab"):
        chart_view("rtt", state())
    with pytest.raises(ParameterError, match="overview is drawn by matplotlib only"):
        SelectionChart(dataclasses.replace(pf.plots.CHARTS["overview"], graph=None), state(), plain)


def test_a_chart_knows_the_directions_that_the_analysis_knows() -> None:
    older = Conversation(client_port=40001).data("client", 10).rst("client").rst("server")
    given = pf.analyze(pcap(older), server_ip="198.51.100.1")
    assert given.statistics["rst_distribution"]["by_direction"] == {"to_server": 1, "from_server": 1, "unknown": 0}
    view = chart_view("rst_distribution", ExplorerState(given))
    view.show()
    assert [mark["name"] for mark in view.chart.picture["header"]["panels"][0]["marks"]] == ["to_server", "from_server"]


def test_a_bar_narrows_the_selection() -> None:
    explored = state()
    phases = chart_view("rst_distribution", explored)
    phases.show()
    phases.chart.pick({"row": 0})
    assert explored.rst_phase == PHASES[0]
    assert len(explored.selection.connections) == 6
    for row in (-1, 99):
        phases.chart.pick({"row": row})
    assert explored.rst_phase == PHASES[0]
    explored.clear()
    waits = chart_view("waits", explored)
    waits.show()
    waits.chart.pick({"row": 0})
    server = pf.plots.waits_data(analysis().segments, analysis().connections)["server"].iloc[0]
    assert f"{explored.server}:{explored.port}" == server
    assert 0 < len(explored.selection.connections) < 42


def test_a_time_is_dragged_over_and_stays_in_sight() -> None:
    explored = state()
    overview = chart_view("overview", explored)
    overview.show()
    assert overview.chart.selects
    assert overview.chart.brush == {}
    edges = pf.plots.overview_data(analysis().segments, analysis().connections).attrs["edges"]
    overview.chart.pick({"from": str(edges[3]), "to": str(edges[9])})
    times = [pd.Timestamp(moment, tz="UTC").value for moment in (explored.start, explored.end)]
    assert times == edges[3:10:6]
    assert 0 < len(explored.selection.connections) < 42
    explored.port = "80"
    overview.show()
    assert overview.chart.brush == {"from": str(edges[3]), "to": str(edges[9])}
    explored.end = ""
    overview.show()
    assert overview.chart.brush == {"from": str(edges[3]), "to": str(analysis().connections["end"].max().value)}


def test_a_connection_and_a_packet() -> None:
    explored = state()
    view = ConnectionView(explored, plain)
    view.show()
    assert view.sequence.layout.display == "none"
    view.number.value = "5"
    view.show()
    frames = analysis().segments.index[analysis().segments["conn_id"] == 5]
    assert "192.0.2.10:40006" in view.facts.value
    assert "192.0.2.10:40006" in view.sequence.picture["header"]["panels"][0]["label"]
    assert f"{len(frames):,}" in view.pager.place.value
    view.packets.selected_rows = [2]
    assert explored.frame == frames[2]
    view.show()
    assert view.sequence.frame == frames[2]
    view.sequence.pick({"frame": int(frames[1])})
    assert explored.frame == frames[1]
    view.show()
    assert view.packets.selected_rows == [1]
    assert "TCP" in view.packet.value
    assert "40006" in view.packet.value
    view.number.value = "999"
    assert "There is no connection" in view.facts.value
    view.number.value = "<b>"
    assert "<b>" not in view.facts.value


def test_turns_of_a_connection() -> None:
    explored = state()
    view = ConnectionView(explored, plain)
    found = pf.turns(explored.analysis)
    some = int(found["conn_id"].value_counts().index[0])
    explored.conn_id = some
    view.show()
    own = found[found["conn_id"] == some]
    assert view.turns.layout.display is None
    assert f"of {len(own):,} turns" in view.turns.pager.place.value
    alone = Scene(pf.plots.CHARTS["turns"], explored.analysis.segments, conn_id=some).picture()
    assert (view.turns.chart.picture["header"], view.turns.chart.picture["body"]) == (alone.header, alone.body)
    view.turns.chart.pick({"frame": int(own["request_frame"].iloc[0])})
    assert explored.frame == own["request_frame"].iloc[0]
    view.turns.table.selected_rows = [1]
    assert explored.frame == own["request_frame"].iloc[1]
    without = explored.analysis.connections.index[explored.analysis.connections["turns"] == 0]
    explored.set(conn_id=int(without[0]), frame=None)
    view.show()
    assert view.turns.layout.display == "none"


def test_the_graph_of_a_connection_follows_the_side_asked_for() -> None:
    explored = state()
    view = ConnectionView(explored, plain)
    explored.conn_id = 5
    view.show()
    labels = {}
    for side in ("client", "server", "both"):
        view.side.value = side
        labels[side] = [one["label"] for one in view.sequence.picture["header"]["panels"] if one["label"]]
    assert labels["both"] == [*labels["client"], *labels["server"]]
    assert labels["client"][0].split(" → ")[::-1] == labels["server"][0].split(" → ")


def test_only_a_packet_of_the_connection_is_opened() -> None:
    explored = state()
    view = ConnectionView(explored, plain)
    explored.conn_id = 5
    view.show()
    view.sequence.pick({"frame": 10**9})
    assert explored.frame is None


def test_packets_are_shown_in_parts_and_the_part_has_the_packet_that_is_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapframe.widgets._views.PACKET_ROWS", 10)
    explored = state()
    segments = analysis().segments
    conn_id = int(segments["conn_id"].value_counts().index[0])
    frames = segments.index[segments["conn_id"] == conn_id]
    view = ConnectionView(explored, plain)
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
    view = ConnectionView(explored, plain)
    path.unlink()
    explored.set(conn_id=0, frame=int(explored.analysis.segments.index[0]))
    view.show()
    assert "is not there any more" in view.packet.value
    assert view.sequence.picture["header"]["panels"]
