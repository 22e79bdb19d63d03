"""The explorer as a whole, without a browser."""

from pathlib import Path

import pytest
from ipywidgets.widgets import widget

import pcapframe as pf
from pcapframe.browser import Scene
from pcapframe.errors import ParameterError
from pcapframe.widgets import _explorer
from pcapframe.widgets._explorer import tab_titles
from tests.builders import Conversation, pcap
from tests.widgets.made import analysis


def in_sight(explorer: pf.widgets.Explorer) -> str:
    """Title of the tab that is open."""
    return explorer.tabs.titles[explorer.tabs.selected_index]


def test_counts_and_what_selects_them_are_in_sight() -> None:
    explorer = pf.explore(analysis())
    assert "<b>42</b> of 42 connections" in explorer.head.value
    assert "of 1,086 TCP packets" in explorer.head.value
    assert explorer.export.filter.text == ""  # not in sight
    explorer.fold.value = True
    explorer.state.set(handshake="refused")
    assert "<b>6</b> of 42 connections · <b>12</b> of 1,086 TCP packets" in explorer.head.value
    assert (
        explorer.export.filter.text
        == explorer.selection.display_filter
        == "frame.number in {86, 87, 95..102, 112, 113}"
    )
    assert explorer.export.code.text == explorer.selection.code
    assert explorer.export.parameters.text == explorer.selection.parameters
    assert explorer.export.link.text == "handshake=refused"
    assert len(explorer.selection.packets) == 12


def test_the_health_of_the_capture_is_in_sight() -> None:
    cut = pf.explore(analysis()).head.value
    assert "<b>Capture health:</b> All statistics are reliable except" in cut
    assert "<li>The end of 1 of 42 connections is not in the capture.</li>" in cut
    assert "<b>Capture health:</b> All statistics are reliable" in pf.explore(analysis("clean.pcap")).head.value


def test_only_the_view_in_sight_is_drawn() -> None:
    explorer = pf.explore(analysis())
    drawn = {name: explorer.views[name].chart.picture for name in ("overview", "rst_distribution")}
    assert drawn["overview"]
    assert not drawn["rst_distribution"]
    explorer.open_tab("rst_distribution")
    assert explorer.views["rst_distribution"].chart.picture
    explorer.state.port = "8080"
    assert explorer.views["overview"].chart.picture == drawn["overview"]
    explorer.open_tab("overview")
    assert explorer.views["overview"].chart.picture != drawn["overview"]


def test_a_row_opens_its_connection() -> None:
    explorer = pf.explore(analysis())
    explorer.open_tab("connections")
    explorer.views["connections"].table.selected_rows = [3]
    assert explorer.state.conn_id == 3
    assert in_sight(explorer) == "One connection"
    assert explorer.views["connection"].sequence.picture["header"]["panels"]


def test_what_cannot_be_meant_is_shown_and_the_explorer_goes_on() -> None:
    explorer = pf.explore(analysis())
    explorer.controls.server.value = "<i>nowhere"
    assert "&lt;i&gt;nowhere" in explorer.message.value
    assert "role='alert'" in explorer.message.value
    explorer.controls.server.value = "203.0.113.1"
    assert "Nothing matches the filter" in explorer.message.value
    explorer.controls.clear.click()
    assert explorer.message.value == ""


def test_a_fault_is_shown_and_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = pf.explore(analysis())

    def broken() -> None:
        raise ZeroDivisionError("of <b>")

    monkeypatch.setattr(explorer.views["overview"], "show", broken)
    explorer.state.port = "80"
    assert "ZeroDivisionError: of &lt;b&gt;" in explorer.message.value


def test_a_capture_that_cannot_be_read_and_then_one_that_can() -> None:
    explorer = pf.explore("missing.pcap")
    assert "there is no such file" in explorer.message.value
    with pytest.raises(ParameterError, match="there is no such file"):
        _ = explorer.selection
    path, button = explorer.children[-1].children
    path.value = str(pf.example("clean.pcap"))
    button.click()
    assert explorer.problem == ""
    assert len(explorer.selection.connections) == 13


def test_a_capture_without_tcp() -> None:
    explorer = pf.explore(pcap([]))
    assert "No TCP packets found" in explorer.message.value
    for name in tab_titles():
        explorer.open_tab(name)
        assert explorer.problem == "No TCP packets found in this capture"
    assert "No TCP packets found" in explorer.message.value


def test_roles_that_the_filter_tells_are_those_of_every_view() -> None:
    explorer = pf.explore(analysis("midstream.pcap"))
    explorer.open_tab("connections")
    explorer.state.conn_id = 2
    assert "198.51.100.20:8000" in (before := explorer.views["connection"].facts.value)
    drawn = explorer.views["connection"].packets.df["from"].tolist()
    explorer.state.server = "192.0.2.10"
    assert "<b>8</b> of 10 connections" in explorer.head.value
    assert "no packet shows the roles: the endpoint of the filter is taken as the server" in explorer.head.value
    after = explorer.views["connection"].facts.value
    assert after != before
    assert after.index("198.51.100.20:8000") < after.index("192.0.2.10:40001")  # client first
    turned = {"client": "server", "server": "client"}
    assert explorer.views["connection"].packets.df["from"].tolist() == [turned[side] for side in drawn]
    explorer.open_tab("connections")
    assert set(explorer.views["connections"].table.df["server"].str.partition("<wbr>")[0]) == {"192.0.2.10"}
    explorer.open_tab("rst_distribution")
    alone = Scene(pf.plots.CHARTS["rst_distribution"], pf.analyze(analysis("midstream.pcap"), server_ip="192.0.2.10"))
    assert explorer.views["rst_distribution"].chart.picture["header"] == alone.picture().header
    explorer.controls.clear.click()
    assert "no packet shows the roles" not in explorer.head.value


def test_filters_stay_when_the_cell_runs_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_explorer, "_cell_id", lambda: "a cell")
    path = pf.example("resets.pcap")
    first = pf.explore(path)
    first.state.set(handshake="complete", sort="packets")
    first.state.conn_id = 5
    again = pf.explore(path)
    assert again is not first
    assert (again.state.handshake, again.state.sort, again.state.conn_id) == ("complete", "packets", 5)
    assert in_sight(again) == "One connection"
    other = tmp_path / "other.pcap"
    other.write_bytes(pcap(Conversation().handshake()))
    assert pf.explore(other).state.handshake == ""
    monkeypatch.setattr(_explorer, "_cell_id", lambda: "another cell")
    assert pf.explore(path).state.handshake == ""


def test_tabs_are_opened_by_name() -> None:
    explorer = pf.explore(analysis())
    assert list(explorer.views) == list(tab_titles())
    for name, title in tab_titles().items():
        explorer.open_tab(name)
        assert in_sight(explorer) == title
    with pytest.raises(ParameterError, match="there is no tab 'x': expected one of overview, "):
        explorer.open_tab("x")
    with pytest.raises(ParameterError, match="expected one of none"):
        pf.explore("missing.pcap").open_tab("overview")


def test_filters_are_taken_from_a_link() -> None:
    explorer = pf.explore(analysis(), filters="handshake=refused&port=8080")
    assert len(explorer.selection.connections) == 6
    explorer.open_link("https://example.com/?server=198.51.100.20")
    assert (explorer.state.handshake, explorer.state.link) == ("", "server=198.51.100.20")
    with pytest.raises(ParameterError, match="there is no filter hand: expected some of server, port"):
        explorer.open_link("hand=refused")
    with pytest.raises(ParameterError, match="there is no such file"):
        pf.explore("missing.pcap").open_link("port=80")


def test_pickers_count_beside_the_other_filters() -> None:
    explorer = pf.explore(analysis())
    connections = analysis().connections
    refused = connections[connections["handshake"] == "refused"]
    explorer.state.handshake = "refused"
    ending = {value: text for text, value in explorer.controls.ending.options}
    for value, count in refused["ending"].value_counts().items():
        assert ending[value].endswith(f" ({count})")
    explorer.state.ending = "reset"
    pattern = {value: text for text, value in explorer.controls.pattern.options}
    assert pattern["unanswered_syns"] == "unanswered syns (0)"
    assert pattern["refused_connections"] == "refused connections (6)"
    explorer.state.ending = ""
    own = {value: text for text, value in explorer.controls.handshake.options}
    assert own["complete"] == f"complete ({(connections['handshake'] == 'complete').sum()})"  # as if it were not set
    assert explorer.controls.handshake.value == explorer.state.handshake == "refused"
    explorer.controls.ending.value = "reset"
    assert explorer.state.ending == "reset"  # still linked


def test_no_widget_is_left_of_what_is_not_shown_any_more() -> None:
    others = {id(one) for one in widget._instances.values()}  # of other tests
    explorer = pf.explore(analysis())

    def changed() -> int:
        explorer.state.set(handshake="refused", port="8080")
        explorer.state.set(port="")
        explorer.controls.clear.click()
        return len(widget._instances)

    before = changed()
    assert changed() == before
    explorer.look_at(analysis())
    assert len(widget._instances) == before
    explorer.close()
    left = [one for one in widget._instances.values() if id(one) not in others]
    assert not [one for one in left if isinstance(one, pf.widgets.LiveChart)]


def test_pickers_name_the_zone_that_is_chosen_now() -> None:
    explorer = pf.explore(analysis())
    pf.options.timezone = "Asia/Kolkata"
    try:
        explorer.state.port = "8080"
        assert explorer.controls.start.description == "From (Asia/Kolkata)"
    finally:
        pf.options.timezone = None
