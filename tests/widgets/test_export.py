"""What takes the selection out of the explorer, and what is said of it."""

from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.widgets import _export
from tests.widgets.made import analysis


def test_packets_are_written(tmp_path: Path) -> None:
    explorer = pf.explore(analysis())
    explorer.state.handshake = "refused"
    explorer.export.target.value = str(tmp_path / "a.pcap")
    explorer.export.write.click()
    assert "12 packets written" in explorer.export.written.value
    assert len(pf.read_pcap(tmp_path / "a.pcap")) == 12
    explorer.export.target.value = str(tmp_path / "nowhere" / "a.pcap")
    explorer.export.write.click()
    assert explorer.problem
    assert explorer.export.written.value == ""


def test_packets_written_are_those_selected_or_nothing_is_said(tmp_path: Path) -> None:
    explorer = pf.explore(analysis())
    explorer.export.target.value = str(tmp_path / "a.pcap")
    for change in ({"handshake": "refused"}, {"port": "8080"}, {"handshake": "", "port": ""}):
        explorer.export.write.click()
        assert "packets written" in explorer.export.written.value
        explorer.state.sort = "packets"
        assert "packets written" in explorer.export.written.value
        explorer.state.set(**change)
        assert explorer.export.written.value == "", change
    explorer.export.write.click()
    explorer.export.target.value = str(tmp_path / "b.pcap")
    assert explorer.export.written.value == ""


def test_a_long_filter_is_not_shown_but_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_export, "MOST_RANGES", 3)
    explorer = pf.explore(analysis())
    explorer.fold.value = True
    explorer.state.pattern = "packet_retransmission"
    assert explorer.selection.short_filter is None
    assert explorer.export.filter.text == ""
    assert explorer.export.filter.note.startswith("too long to show (")
    assert explorer.selection.display_filter
