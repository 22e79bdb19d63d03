"""The patterns of a capture over stdio: as in Python and on the command line, small, in any spelling of no filter."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import pcapframe as pf
from pcapframe.cli.commands import commands
from tests.builders import pcap
from tests.conftest import in_ci
from tests.mcp_server.clients import DATA, EXAMPLES, FOUR, SMALL, Blocking, text, without_time

OURS = ("next_cursor", "next_steps", "patterns_total", "health", "capture_text")


def questions(name: str) -> list[tuple[str, dict[str, Any], list[str]]]:
    """Every tool with some filters, and the same on the command line."""
    server = str(pf.analyze(pf.example(name)).connections["server"].iloc[0])
    only = {"server_ip": server}
    ip = ["--server-ip", server]
    return [
        (FOUR[0], {}, ["analyze"]),
        (FOUR[0], {**only, "server_port": 80}, ["analyze", *ip, "--server-port", "80"]),
        (FOUR[1], {}, ["connections"]),
        (FOUR[1], {**only, "detailed": True}, ["connections", *ip, "--detailed"]),
        (FOUR[2], only, ["retransmissions", *ip]),
        (FOUR[2], {"threshold": 0.001}, ["retransmissions", "--threshold", "0.001"]),
        (FOUR[3], only, ["flow", *ip]),
    ]


@pytest.mark.parametrize("name", in_ci(EXAMPLES, 5))
def test_the_answer_is_that_of_python_and_the_command_line(
    served: Blocking, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(DATA)
    for tool, asked, command in questions(name):
        # Without `detailed`, a page has ten connections at most.
        limit = 10 if command == ["connections"] else 100
        answer = served.answer(tool, pcap_file=name, limit=limit, **asked)
        whole = getattr(pf, tool)(name, limit=limit, **asked)
        assert answer["health"] == (whole["health"] if tool == FOUR[0] else by_reference(whole, asked))
        if asked.get("detailed"):  # a page has as many as fit
            answer["standouts"] = whole["standouts"]  # with less evidence
            answer["connections"] += rest_of(served, answer, tool, pcap_file=name, limit=limit, **asked)
        ours = without_time(answer, *OURS)
        python = without_time(whole, *OURS)
        limits = ["--limit", str(limit)] if command[0] != "flow" else []
        printed = CliRunner().invoke(commands, [*command, name, "--json", *limits], catch_exceptions=False).stdout
        for theirs in (python, without_time(json.loads(printed), *OURS)):
            assert list(ours) == list(theirs)
            for key, value in theirs.items():
                assert ours[key] == value, f"{tool} {asked} {key}"


def by_reference(answer: dict[str, Any], asked: dict[str, Any]) -> dict[str, str]:
    tool = FOUR[0] if "server_ip" in asked else "get_capture_facts"
    return {"sentence": answer["health"]["sentence"], "whole_in": tool}


def rest_of(client: Blocking, answer: dict[str, Any], tool: str, **asked: Any) -> list[Any]:
    """The connections of the pages that follow."""
    found = []
    while answer["next_cursor"]:
        result = client.call(tool, cursor=answer["next_cursor"], **asked)
        assert len(text(result)) <= SMALL
        answer = result.structured_content
        found += answer["connections"]
    return found


def test_health_is_said_once_and_then_by_reference(served: Blocking) -> None:
    whole = pf.analyze_tcp_anomalies(DATA / "midstream.pcap")["health"]
    assert whole["findings"]
    first = served.answer(FOUR[0], pcap_file="midstream.pcap")["health"]
    assert first["sentence"] == whole["sentence"]
    assert [finding["name"] for finding in first["findings"]] == [finding["name"] for finding in whole["findings"]]
    for tool in FOUR[1:3]:
        answer = served.answer(tool, pcap_file="midstream.pcap")
        assert answer["health"] == {"sentence": whole["sentence"], "whole_in": "get_capture_facts"}
    narrow = served.answer(FOUR[3], pcap_file="midstream.pcap", server_ip="198.51.100.20")["health"]
    assert narrow["whole_in"] == FOUR[0]
    assert served.answer(FOUR[0], pcap_file="midstream.pcap", server_ip="198.51.100.20")["health"]["findings"]
    again = served.answer("get_capture_facts", pcap_file="midstream.pcap")["health"]
    assert [finding["name"] for finding in again["findings"]] == [finding["name"] for finding in whole["findings"]]


def test_every_answer_begins_with_what_stands_out(served: Blocking) -> None:
    first = served.answer(FOUR[0], pcap_file="resets.pcap")
    assert next(iter(first)) == "standouts"
    sentences = [seen["sentence"] for seen in first["standouts"]]
    for tool, asked in (
        (FOUR[1], {}),
        (FOUR[2], {}),
        (FOUR[3], {"server_ip": "198.51.100.20"}),
        ("get_packets", {"conn_id": 1}),
        ("dissect_packet", {"frame": 1}),
        ("get_capture_facts", {}),
    ):
        answer = served.answer(tool, pcap_file="resets.pcap", **asked)
        assert next(iter(answer)) == "standouts"
        if "server_ip" not in asked:
            shown = [seen["sentence"] for seen in answer["standouts"]]
            assert shown[: len(sentences)] == sentences[: len(shown)]
            assert answer["standouts_total"] == first["standouts_total"]


def test_frames_by_kind_and_what_names_the_rest(served: Blocking) -> None:
    answer = served.answer(FOUR[0], pcap_file="resets.pcap")
    statistics, kinds = answer["statistics"], answer["kinds"]
    assert kinds["rst"]["frame_count"] == len(kinds["rst"]["frames"]) == statistics["flags"]["rst"]
    assert kinds["resent"]["frame_count"] == statistics["retransmissions"]["total"]
    for step in answer["next_steps"]:
        shown = served.answer(step["tool"], pcap_file="resets.pcap", pattern=step["pattern"])
        assert step["shows"].split()[0] == str(shown["packets_total"])


def test_default_answers_are_small(served: Blocking, served_large: Blocking) -> None:
    for name in ("resets.pcap", "again.pcap"):
        for tool in FOUR[:3]:
            result = served_large.call(tool, pcap_file=name)
            assert not result.is_error
            assert len(text(result)) <= SMALL
    answer = served_large.answer(FOUR[0], pcap_file="resets.pcap")
    assert answer["statistics"]["flags"]["rst"] == 5_000
    assert answer["statistics"]["rst_distribution"]["connections_with_rst_total"] == 5_000
    assert answer["next_cursor"]
    for name in EXAMPLES:
        assert len(text(served.call(FOUR[0], pcap_file=name))) <= SMALL


def test_no_filter_in_any_spelling(served: Blocking) -> None:
    plain = without_time(served.answer(FOUR[0], pcap_file="clean.pcap"))
    for none in ({"server_ip": None, "server_port": None}, {"server_ip": ""}, {"limit": None, "cursor": ""}):
        assert without_time(served.answer(FOUR[0], pcap_file="clean.pcap", **none)) == plain


def test_nothing_found_is_said(served: Blocking, large: Path, served_large: Blocking) -> None:
    answer = served.answer(FOUR[0], pcap_file="clean.pcap", server_ip="203.0.113.1")
    assert answer["message"].startswith("Nothing matches the filter")
    (large / "empty.pcap").write_bytes(pcap([]))
    (large / "cut.pcap").write_bytes((DATA / "resets.pcap").read_bytes()[:-7])
    for tool in FOUR:
        asked = {"server_ip": "192.0.2.1"} if tool == FOUR[3] else {}
        answer = served_large.answer(tool, pcap_file="empty.pcap", **asked)
        assert answer["message"] == "No TCP packets found in this capture"
        assert answer["tcp_packets_found"] == 0
    answer = served_large.answer(FOUR[0], pcap_file="cut.pcap")
    assert answer["truncated"] is True
    assert "cut off in a record" in answer["notes"][0]
