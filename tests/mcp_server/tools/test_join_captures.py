"""Joins over MCP."""

from pathlib import Path

from tests.builders import merge, pcap
from tests.joining.made import beyond, talk
from tests.mcp_server.clients import SMALL, Blocking, stdio, text


def test_three_connections_at_both_ends(tmp_path: Path) -> None:
    """Everything passes: as many packets of the client as it sends, three times."""
    frames = [each for number in range(3) for each in talk(client_port=40_000 + number, start=number)]
    (tmp_path / "a.pcap").write_bytes(pcap(merge(frames)))
    (tmp_path / "b.pcap").write_bytes(pcap(merge(beyond(frames, offset=7))))
    with stdio(folder=tmp_path) as client:
        answer = client.answer("join_captures", pcap_file="a.pcap", other_file="b.pcap")
    joined = answer["joined"]
    assert answer["file"] == "a.pcap"
    assert joined["connections"]["common"] == 3
    assert [point["capture"] for point in joined["points"]] == ["a.pcap", "b.pcap"]
    assert joined["points"][1]["offset_low_s"] <= 7 <= joined["points"][1]["offset_high_s"]
    assert joined["fates"]["to_server"]["lost_between"] == 0
    assert joined["fates"]["to_server"]["passed"] == 3 * sum(
        1 for _, data in talk() if data[26:30] == bytes([192, 0, 2, 1])
    )


def test_captures_without_a_common_connection(served: Blocking) -> None:
    answer = served.answer("join_captures", pcap_file="clean.pcap", other_file="resets.pcap")
    assert answer["joined"]["connections"]["common"] == 0
    assert "No connection of first" in answer["notes"][0]
    assert answer["notes_total"] == len(answer["notes"])


def test_both_files_are_held_to_the_roots(served: Blocking) -> None:
    inside, outside = "clean.pcap", "/etc/hostname"
    for files in ((inside, outside), (outside, inside), (inside, "../pyproject.toml"), (inside, "http://192.0.2.1/a")):
        refused = served.error("join_captures", pcap_file=files[0], other_file=files[1])
        alone = served.error("get_capture_facts", pcap_file=files[outside != files[0]])
        assert refused == alone


def test_names_that_hold_what_terminals_obey_or_fill_the_answer(tmp_path: Path) -> None:
    odd, long = "\x1b[31mred\u202e.pcap", f"{'x' * 240}.pcap"
    frames = list(talk())
    (tmp_path / odd).write_bytes(pcap(frames))
    (tmp_path / long).write_bytes(pcap(beyond(frames, offset=7)))
    with stdio(folder=tmp_path) as client:
        result = client.call("join_captures", pcap_file=odd, other_file=long)
        assert not result.is_error
        assert len(text(result)) <= SMALL
        assert "\x1b" not in text(result) + str(result.structured_content["joined"]["points"][0]["capture"])


def test_clocks_of_many_steps_are_cut_and_counted(tmp_path: Path) -> None:
    """More steps than an answer has room for."""
    frames, there = [], []
    for number in range(60):
        made = list(talk(60, client_port=40_000 + number, start=number * 10))
        frames += made
        there += beyond(made, offset=number % 2 * 3)
    (tmp_path / "a.pcap").write_bytes(pcap(merge(frames)))
    (tmp_path / "b.pcap").write_bytes(pcap(merge(there)))
    with stdio(folder=tmp_path) as client:
        result = client.call("join_captures", pcap_file="a.pcap", other_file="b.pcap")
    assert len(text(result)) <= SMALL
    point = result.structured_content["joined"]["points"][1]
    assert point["steps_total"] > len(point["steps"])
