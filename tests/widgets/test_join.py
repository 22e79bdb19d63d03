"""The explorer of a join: what is picked is shown, at both ends."""

from typing import Any

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.widgets import JoinExplorer, explore
from tests.joining.made import MS, beyond, joined, talk, translated

LOST = 10  # frame of a response that the second capture lacks


@pytest.fixture(scope="module")
def pair() -> pf.Joined:
    """Two connections: one whole, and one behind a translator of which a packet is missing."""
    one = list(talk(3))
    numbers = {"client_isn": 0x51234567, "server_isn": 0x61234567, "start": 2 + 5 * MS, "client_port": 40_001}
    two = list(talk(3, **numbers))
    there = beyond(one) + translated(beyond(two, without=(LOST,)))
    return joined(one + two, sorted(there, key=lambda frame: frame[0]))


@pytest.fixture
def explorer(pair: pf.Joined) -> JoinExplorer:
    made = explore(pair)
    assert isinstance(made, JoinExplorer)
    return made


def cells(rows: Any, label: str) -> list[str]:
    place = [column["label"] for column in rows.columns].index(label)
    return [row[place] for row in rows.rows]


def test_the_connection_with_missing_packets_comes_first(explorer: JoinExplorer, pair: pf.Joined) -> None:
    assert cells(explorer.paths, "not captured") == ["1", "0"]
    assert cells(explorer.paths, "client") == ["192.0.2.1:40001", "192.0.2.1:40000"]
    assert explorer.path_id == int(cells(explorer.paths, "connection")[0])
    assert f"connection {explorer.path_id} " in explorer.chart.value
    assert len(explorer.packets.rows) == (pair.segments["path_id"] == explorer.path_id).sum()


def test_both_frames_and_the_fate_of_a_packet(explorer: JoinExplorer) -> None:
    explorer.fate_box.value = "not_captured"
    ((row,), columns) = explorer.packets.rows, [column["label"] for column in explorer.packets.columns]
    shown = dict(zip(columns, row, strict=True))
    assert shown["fate"] == "not captured: seen at client, not at server"
    assert (shown["from"], shown["frame at server"], shown["seq"]) == ("server", "", "1,001 to 2,001")
    assert shown["delay [ms]"] == ""


def test_a_picked_connection_and_packet(explorer: JoinExplorer) -> None:
    before = explorer.chart.value
    explorer.paths.selected_rows = [1]
    assert set(cells(explorer.packets, "fate")) == {"passed"}
    other = explorer.chart.value
    assert other != before
    assert explorer.paths.selected_rows == [1]
    explorer.packets.selected_rows = [len(explorer.packets.rows) - 1]
    assert explorer.chart.value != other


def test_headers_sort(explorer: JoinExplorer) -> None:
    explorer._order("client", False)
    assert cells(explorer.paths, "client") == ["192.0.2.1:40000", "192.0.2.1:40001"]
    assert explorer.paths.selected_rows == [1]


def test_connections_are_found_by_address_port_or_number(explorer: JoinExplorer) -> None:
    assert "2 connections in common." in explorer.count.value
    explorer.find_box.value = "2.1:40001"
    assert cells(explorer.paths, "client") == ["192.0.2.1:40001"]
    assert "1 connection found." in explorer.count.value
    explorer.find_box.value = "elsewhere"
    assert explorer.paths.rows == []


def test_how_many_connections_are_listed(pair: pf.Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapframe.widgets._join.PAGE", 1)
    made = explore(pair)
    assert len(made.paths.rows) == 1
    assert "2 connections in common; 1 of them listed." in made.count.value


def test_nothing_in_common() -> None:
    made = explore(joined(talk(2), []))
    assert made.path_id is None
    assert made.detail.layout.display == "none"
    assert "it has no packets" in made.text.value


def test_texts_are_escaped(pair: pf.Joined) -> None:
    from pcapframe.widgets._join import transmission_rows

    rows = pair.segments.head(1).assign(fate_rule=pd.Series(["<b>"], index=pair.segments.index[:1]))
    assert transmission_rows(pair, rows)["decided by"].tolist() == ["&lt;b&gt;"]
