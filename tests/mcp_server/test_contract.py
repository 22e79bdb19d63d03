"""Whoever reads the answers of mcpcap 0.10.0 reads ours: every key it returns, of the same type.

Its answers are recorded (`mcpcap.py`).
"""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import in_ci
from tests.mcp_server import mcpcap
from tests.mcp_server.clients import Blocking, stdio

NUMBERS = (int, float)
# A lookup by endpoint or address, whose keys come from the capture.
MAPS = {"by_source", "by_connection"}


def missing(theirs: Any, ours: Any, place: str) -> list[str]:
    """Keys that the older answer has and ours lacks, or has with another type."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if place.rpartition(".")[2] in MAPS:
            theirs = {key: value for key, value in theirs.items() if key in ours}
        elif place.endswith("by_category"):
            assert set(theirs) <= set(ours)
        lacking = [f"{place}.{key}" for key in theirs if key not in ours]
        return lacking + [
            problem for key in theirs if key in ours for problem in missing(theirs[key], ours[key], f"{place}.{key}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        if place == "answer.patterns":
            named = {pattern["pattern"]: pattern for pattern in ours}
            pairs = [(pattern, named.get(pattern["pattern"])) for pattern in theirs]
        else:
            pairs = [(theirs[0], ours[0])] if theirs and ours else []
        return [problem for old, new in pairs if new is not None for problem in missing(old, new, f"{place}[]")]
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return [] if type(theirs) is type(ours) else [f"{place}: {ours!r} for {theirs!r}"]
    if place.endswith((".ratio", "_ratio", "rate")):  # theirs is the whole number 0 where there is nothing
        # What the server sent nothing for has no ratio: null, where theirs says 0 as for a client that sent nothing.
        allowed = (*NUMBERS, type(None)) if place == "answer.analysis.asymmetry_ratio" else NUMBERS
        return (
            [] if isinstance(theirs, NUMBERS) and isinstance(ours, allowed) else [f"{place}: {ours!r} for {theirs!r}"]
        )
    return [] if type(theirs) is type(ours) else [f"{place}: {ours!r} for {theirs!r}"]


def test_the_recording_is_of_these_captures() -> None:
    """Else: python -m tests.mcp_server.mcpcap PYTHON, with a Python that has it."""
    names = [*mcpcap.CAPTURES, mcpcap.WITHOUT_TCP]
    assert {name: found["sha256"] for name, found in mcpcap.recorded().items()} == {
        name: mcpcap.digest(name) for name in names
    }


@pytest.mark.parametrize("name", in_ci(mcpcap.CAPTURES, 4))
def test_every_key_of_the_older_tool_is_there_with_its_type(served: Blocking, name: str) -> None:
    for tool, asked in mcpcap.questions(name):
        theirs = mcpcap.answer(name, tool, asked)
        assert "error" not in theirs
        ours = served.answer(tool, pcap_file=name, **asked)
        assert missing(theirs, ours, "answer") == []


# What the two agree on in every capture, and in one that has nothing of what the older tool gets wrong.
SAME_EVERYWHERE = {
    "analyze_tcp_anomalies": (
        "file", "filter", "packets_analyzed", "max_packets", "truncated", "statistics.total_packets",
        "statistics.flags.rst", "statistics.flags.fin", "statistics.flags.ack", "statistics.flags.syn_ack",
        "statistics.rst_distribution.by_source",
    ),
    "analyze_tcp_connections": ("total_packets", "tcp_packets_found"),
    "analyze_tcp_retransmissions": ("total_packets", "threshold"),
}  # fmt: skip
COUNTED_ONCE = ("statistics.flags", "statistics.rst_distribution")
SAME_IN_CLEAN = {
    "analyze_tcp_anomalies": (
        "statistics.total_connections", "statistics.handshake.successful", "statistics.handshake.failed",
        "statistics.retransmissions.total", "statistics.retransmissions.rate", "statistics.connection_states",
    ),
    "analyze_tcp_connections": ("summary",),
    "analyze_tcp_retransmissions": ("total_retransmissions", "retransmission_rate", "exceeds_threshold"),
    "analyze_traffic_flow": ("server", "client_to_server.packet_count", "server_to_client.byte_count"),
}  # fmt: skip


def at(answer: Any, path: str) -> Any:
    for key in path.split("."):
        answer = answer[key]
    return answer


@pytest.mark.parametrize(
    ("name", "same"), [(name, SAME_EVERYWHERE) for name in in_ci(mcpcap.CAPTURES, 4)] + [("clean.pcap", SAME_IN_CLEAN)]
)
def test_values_are_the_same_where_the_older_tool_is_right(
    served: Blocking, name: str, same: dict[str, tuple[str, ...]]
) -> None:
    for tool, paths in same.items():
        asked: dict[str, Any] = mcpcap.FLOW if tool == "analyze_traffic_flow" else {}
        theirs, ours = mcpcap.answer(name, tool, asked), served.answer(tool, pcap_file=name, **asked)
        for path in paths:
            old, new = at(theirs, path), at(ours, path)
            if path.startswith(COUNTED_ONCE) and ours["statistics"]["capture_duplicates"]:
                continue  # packets captured twice: theirs counts both
            if path.endswith("by_source"):
                assert len(new) == at(ours, f"{path}_total") == len(old)
            if isinstance(old, dict):
                new = {key: new[key] for key in old}
            assert new == old, path


def test_no_tcp_is_said_as_the_older_tool_does(tmp_path: Path) -> None:
    (tmp_path / mcpcap.WITHOUT_TCP).write_bytes(mcpcap.without_tcp())
    theirs = mcpcap.answer(mcpcap.WITHOUT_TCP, "analyze_tcp_anomalies", {})
    with stdio(folder=tmp_path) as client:
        ours = client.answer("analyze_tcp_anomalies", pcap_file=mcpcap.WITHOUT_TCP)
    assert {key: ours[key] for key in theirs} == theirs
