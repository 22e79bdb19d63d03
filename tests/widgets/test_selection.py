"""What is taken away selects the same: frames, code, display filter, report parameters, capture."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.errors import CaptureError
from pcapframe.report.sections import CaptureReport
from pcapframe.widgets import ExplorerSelection, ExplorerState, Filters
from tests.builders import Conversation, merge, pcap
from tests.conftest import examples
from tests.widgets.made import CAPTURES, analysis, state

RESETS = analysis()
MIDSTREAM = analysis("midstream.pcap")
CHOICES: dict[str, Any] = {
    "server": st.sampled_from(["", *RESETS.connections["server"].unique()]),
    "port": st.sampled_from(["", "80", "8080", "4443"]),
    "client": st.sampled_from(["", "192.0.2.10", "192.0.2.11", "::ffff:192.0.2.11"]),
    "handshake": st.sampled_from(["", "complete", "refused"]),
    "ending": st.sampled_from(["", "reset", "open"]),
    "pattern": st.sampled_from(["", *(one.pattern for one in RESETS.patterns)]),
    "rst_phase": st.sampled_from(["", "handshake", "data"]),
    "text": st.sampled_from(["", "40001", "198.51.100.2"]),
    "start": st.sampled_from(["", RESETS.connections["start"].iloc[8].isoformat()]),
    "end": st.sampled_from(["", RESETS.connections["end"].iloc[20].isoformat()]),
}


@settings(max_examples=examples(25))
@given(values=st.fixed_dictionaries({}, optional=CHOICES))
def test_frames_belong_together_and_code_repeats_them(values: dict[str, str]) -> None:
    explored = state()
    explored.set(**values)
    selection = explored.selection
    assert selection.filters == Filters(**values)
    assert pf.capture_info(selection.packets) == pf.capture_info(RESETS.packets)
    repeated(selection)


def repeated(selection: ExplorerSelection) -> None:
    """Run the code, and read the parameters, that are said to select the same."""
    assert set(selection.segments["conn_id"]) == set(selection.connections.index)
    assert selection.packet_count == len(selection.packets) == len(selection.segments)
    made: dict[str, Any] = {"capture": selection.analysis.packets}
    exec(selection.code, made)
    pd.testing.assert_frame_equal(made["connections"], selection.connections)
    pd.testing.assert_frame_equal(made["segments"], selection.segments)
    pd.testing.assert_frame_equal(made["packets"], selection.packets)
    if "#" not in selection.parameters:
        report = CaptureReport(**of_yaml(selection.parameters))
        pd.testing.assert_frame_equal(report.analysis.connections, selection.connections)


@pytest.mark.parametrize(
    "values",
    [
        {"server": "192.0.2.10"}, {"client": "198.51.100.20"}, {"server": "192.0.2.10", "client": "198.51.100.20"},
        {"port": "40007"}, {"server": "192.0.2.10", "ending": "open"},
        {"server": "192.0.2.10", "pattern": "duplicate_ack_share"},
        {"server": "192.0.2.10", "start": MIDSTREAM.connections["start"].iloc[4].isoformat()},
        {"server": "192.0.2.10", "text": "192.0.2.10:"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("asked_before", [{}, {"server_ip": "192.0.2.10"}, {"end": "2100-01-01", "server_port": 8000}])
def test_roles_that_filters_tell_are_those_of_the_code(values: dict[str, str], asked_before: dict[str, Any]) -> None:
    explored = ExplorerState(pf.analyze(MIDSTREAM, **asked_before))
    explored.set(**values)
    assert explored.selection.filters == Filters(**values), explored.problem
    repeated(explored.selection)


def of_yaml(text: str) -> dict[str, Any]:
    pairs = (line.partition(": ") for line in text.splitlines() if not line.startswith("#"))
    return {name: json.loads(value) for name, _, value in pairs}


def test_parameters_make_a_report_of_the_same() -> None:
    explored = state()
    explored.set(server="198.51.100.20", port="8080", end=RESETS.connections["start"].iloc[12].isoformat())
    assert "#" not in explored.selection.parameters
    report = CaptureReport(**of_yaml(explored.selection.parameters))
    assert report.analysis is not None
    assert report.analysis.connections.index.tolist() == explored.selection.connections.index.tolist()
    explored.handshake = "complete"
    assert explored.selection.parameters.splitlines()[-1] == "# selected here: 0, with handshake complete"


def test_an_analysis_with_a_filter_and_thresholds_is_repeated() -> None:
    chosen = pf.analyze(
        RESETS, server_port=80, thresholds=pf.Thresholds().with_values({"packet_retransmission.rate": 0.5})
    )
    explored = pf.widgets.ExplorerState(chosen)
    explored.client = "192.0.2.10"
    made: dict[str, Any] = {}
    exec(explored.selection.code, made)
    pd.testing.assert_frame_equal(made["segments"], explored.selection.segments)
    assert made["analysis"].thresholds == chosen.thresholds
    assert of_yaml(explored.selection.parameters)["thresholds"] == {"packet_retransmission.rate": 0.5}


def test_a_display_filter_is_short_where_it_is_exact() -> None:
    explored = state()
    filters = {"port": "4443", "client": "192.0.2.12"}
    assert explored.selection.display_filter == "tcp && !icmp && !icmpv6"
    explored.set(port="8080")
    assert explored.selection.short_filter == "tcp.port == 8080 && !icmp && !icmpv6"
    explored.set(**filters)
    assert explored.selection.short_filter is not None
    explored.clear()
    explored.handshake = "half_open"
    assert explored.selection.packet_count > 0
    explored.set(server="203.0.113.1")
    assert explored.selection.display_filter is None


def test_an_endpoint_filter_is_not_taken_where_it_selects_more() -> None:
    server_too = Conversation("198.51.100.1", 40001, "203.0.113.1", 80, start=1).handshake()
    found = pf.analyze(pcap(merge(Conversation().handshake(), server_too)))
    explored = pf.widgets.ExplorerState(found)
    explored.server = "198.51.100.1"  # which is a client as well
    assert explored.selection.short_filter == "ip.addr == 192.0.2.1 && tcp"
    explored.clear()
    explored.server = "203.0.113.1"
    assert explored.selection.short_filter == "ip.addr == 203.0.113.1 && tcp"


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("resets.pcap", {}), ("resets.pcap", {"port": "8080"}), ("resets.pcap", {"client": "192.0.2.10"}),
        ("resets.pcap", {"handshake": "unanswered"}), ("resets.pcap", {"pattern": "packet_retransmission"}),
        ("resets.pcap", {"text": "40006"}), ("resets.pcap", {"server": "198.51.100.22", "ending": "reset"}),
        ("midstream.pcap", {"server": "192.0.2.10"}), ("midstream.pcap", {"client": "::ffff:192.0.2.10"}),
        ("midstream.pcap", {"server": "192.0.2.10", "port": "40001"}),
    ],
)  # fmt: skip
def test_wireshark_selects_the_same_frames(name: str, filters: dict[str, str]) -> None:
    explored = state(name)
    explored.set(**filters)
    chosen = explored.selection.display_filter
    command = ["tshark", "-r", str(CAPTURES / name), "-Y", chosen, "-T", "fields", "-e", "frame.number"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert [int(frame) for frame in told] == explored.selection.frames.tolist() != []


def test_a_selection_is_written_and_refused_when_the_capture_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pf.example("resets.pcap").read_bytes())
    explored = pf.widgets.ExplorerState(pf.analyze(path))
    explored.handshake = "refused"
    assert explored.selection.write(tmp_path / "b.pcapng") == 12
    assert pf.analyze(tmp_path / "b.pcapng").statistics["handshake"]["refused"] == 6
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CaptureError, match="has changed since it was read"):
        explored.selection.write(tmp_path / "c.pcapng")
    path.unlink()
    with pytest.raises(CaptureError, match="is not there any more"):
        explored.selection.write(tmp_path / "c.pcapng")


def test_a_capture_that_was_no_file() -> None:
    found = pf.analyze(pcap(Conversation().handshake()))
    selection = pf.widgets.ExplorerState(found).selection
    made: dict[str, Any] = {"capture": found.packets}
    exec(selection.code, made)
    pd.testing.assert_frame_equal(made["packets"], selection.packets)
    assert selection.parameters.startswith("# add a line: capture: PATH")
    assert repr(selection) == "<ExplorerSelection of 1 of 1 connection: all connections>"
