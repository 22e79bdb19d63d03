"""Whoever reads the answers of mcpcap 0.10.0 reads ours: every key it returns, of the same type.

mcpcap pins older libraries, so that it needs an environment of its own. ``PCAPFRAME_MCPCAP_PYTHON`` names its
Python; with ``mcpcap`` in PCAPFRAME_REQUIRE, as in CI, the test makes one and fails where that cannot be done.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

import pcapframe as pf
from tests.mcp_server.clients import DATA, Blocking

VERSION = "0.10.0"
# Files with suffixes that it takes.
CAPTURES = sorted(path.name for path in DATA.glob("*.pcap*") if path.suffix in (".pcap", ".pcapng"))
NUMBERS = (int, float)
# A lookup by endpoint or address, whose keys come from the capture.
MAPS = {"by_source", "by_connection"}
ASK = """
import json, sys
from mcpcap.core.config import Config
from mcpcap.modules.tcp import TCPModule

module = TCPModule(Config(modules=["tcp"]))
for line in sys.stdin:
    tool, arguments = json.loads(line)
    print(json.dumps(getattr(module, tool)(**arguments)), flush=True)
"""


@pytest.fixture(scope="module")
def mcpcap(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Ask the older tool, in its own environment."""
    python = os.environ.get("PCAPFRAME_MCPCAP_PYTHON")
    if python is None:
        if "mcpcap" not in os.environ.get("PCAPFRAME_REQUIRE", "").split():
            pytest.skip("PCAPFRAME_MCPCAP_PYTHON names no Python with mcpcap 0.10.0")
        folder = tmp_path_factory.mktemp("mcpcap")
        venv.create(folder, with_pip=True)
        python = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"mcpcap=={VERSION}"]
        subprocess.run(install, check=True)
    check = "import importlib.metadata; print(importlib.metadata.version('mcpcap'))"
    assert subprocess.check_output([python, "-c", check], text=True).strip() == VERSION
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([python, "-c", ASK], text=True, cwd=DATA, **streams) as process:

        def ask(tool: str, **arguments: Any) -> Any:
            process.stdin.write(json.dumps([tool, arguments]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def questions(name: str) -> list[tuple[str, dict[str, Any]]]:
    connection = pf.analyze(pf.example(name)).connections.iloc[0]
    server = {"server_ip": str(connection["server"])}
    both = {**server, "server_port": int(connection["server_port"])}
    return [
        ("analyze_tcp_anomalies", {}),
        ("analyze_tcp_anomalies", both),
        ("analyze_tcp_connections", {"detailed": True}),
        ("analyze_tcp_connections", server),
        ("analyze_tcp_retransmissions", {}),
        ("analyze_tcp_retransmissions", {**server, "threshold": 0.001}),
        ("analyze_traffic_flow", server),
        ("analyze_traffic_flow", both),
    ]


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


@pytest.mark.parametrize("name", CAPTURES)
def test_every_key_of_the_older_tool_is_there_with_its_type(mcpcap: Any, served: Blocking, name: str) -> None:
    for tool, asked in questions(name):
        theirs = mcpcap(tool, pcap_file=name, **asked)
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
    ("name", "same"), [(name, SAME_EVERYWHERE) for name in CAPTURES] + [("clean.pcap", SAME_IN_CLEAN)]
)
def test_values_are_the_same_where_the_older_tool_is_right(
    mcpcap: Any, served: Blocking, name: str, same: dict[str, tuple[str, ...]]
) -> None:
    for tool, paths in same.items():
        asked: dict[str, Any] = {"pcap_file": name}
        if tool == "analyze_traffic_flow":
            asked |= {"server_ip": "198.51.100.20", "server_port": 80}
        theirs, ours = mcpcap(tool, **asked), served.answer(tool, **asked)
        for path in paths:
            old, new = at(theirs, path), at(ours, path)
            if path.startswith(COUNTED_ONCE) and ours["statistics"]["capture_duplicates"]:
                continue  # packets captured twice: theirs counts both
            if path.endswith("by_source"):
                assert len(new) == at(ours, f"{path}_total") == len(old)
            if isinstance(old, dict):
                new = {key: new[key] for key in old}
            assert new == old, path


def test_no_tcp_is_said_as_the_older_tool_does(mcpcap: Any, tmp_path: Path) -> None:
    from tests.builders import UDP, ethernet, ipv4, pcap, udp
    from tests.mcp_server.clients import stdio

    packet = ethernet(ipv4("192.0.2.1", "192.0.2.2", UDP, udp("192.0.2.1", "192.0.2.2", 1, 2)))
    (tmp_path / "udp.pcap").write_bytes(pcap([(0, packet)]))
    theirs = mcpcap("analyze_tcp_anomalies", pcap_file=str(tmp_path / "udp.pcap"))
    with stdio(folder=tmp_path) as client:
        ours = client.answer("analyze_tcp_anomalies", pcap_file=str(tmp_path / "udp.pcap"))
    assert {key: ours[key] for key in theirs} == theirs
