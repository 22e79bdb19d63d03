"""What mcpcap 0.10.0 answers about the captures in data/, recorded: it pins older libraries.

`python -m tests.mcp_server.mcpcap PYTHON` records anew, with a Python that has it.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pcapframe as pf
from tests.builders import UDP, ethernet, ipv4, pcap, udp

VERSION = "0.10.0"
DATA = Path(__file__).parents[2] / "data"
RECORDED = Path(__file__).parent / "mcpcap.json.gz"
# Files with suffixes that it takes.
CAPTURES = sorted(path.name for path in DATA.glob("*.pcap*") if path.suffix in (".pcap", ".pcapng"))
WITHOUT_TCP = "udp.pcap"
FLOW = {"server_ip": "198.51.100.20", "server_port": 80}
ASK = """
import json, sys
from mcpcap.core.config import Config
from mcpcap.modules.tcp import TCPModule

module = TCPModule(Config(modules=["tcp"]))
for line in sys.stdin:
    tool, arguments = json.loads(line)
    print(json.dumps(getattr(module, tool)(**arguments)), flush=True)
"""


def without_tcp() -> bytes:
    """Bytes of a capture that has no TCP."""
    return pcap([(0, ethernet(ipv4("192.0.2.1", "192.0.2.2", UDP, udp("192.0.2.1", "192.0.2.2", 1, 2))))])


@cache
def questions(name: str) -> list[tuple[str, dict[str, Any]]]:
    """What is asked of a capture: tool and arguments."""
    if name == WITHOUT_TCP:
        return [("analyze_tcp_anomalies", {})]
    connection = pf.analyze(pf.example(name)).connections.iloc[0]
    server = {"server_ip": str(connection["server"])}
    both = {**server, "server_port": int(connection["server_port"])}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("analyze_tcp_anomalies", {}),
        ("analyze_tcp_anomalies", both),
        ("analyze_tcp_connections", {"detailed": True}),
        ("analyze_tcp_connections", server),
        ("analyze_tcp_retransmissions", {}),
        ("analyze_tcp_retransmissions", {**server, "threshold": 0.001}),
        ("analyze_traffic_flow", server),
        ("analyze_traffic_flow", both),
        ("analyze_tcp_connections", {}),
    ]
    return [*asked, ("analyze_traffic_flow", FLOW)] if name == "clean.pcap" else asked


def digest(name: str) -> str:
    """SHA-256 of a capture."""
    return hashlib.sha256(without_tcp() if name == WITHOUT_TCP else (DATA / name).read_bytes()).hexdigest()


@cache
def recorded() -> dict[str, Any]:
    """The recording: by capture, its digest and the answers by what was asked."""
    return dict(json.loads(gzip.decompress(RECORDED.read_bytes())))


def answer(name: str, tool: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What it answered."""
    return dict(recorded()[name]["answers"][key(tool, asked)])


def key(tool: str, asked: dict[str, Any]) -> str:
    """A question as one text."""
    return json.dumps([tool, asked], sort_keys=True)


@contextmanager
def running(python: str, folder: Path) -> Iterator[Callable[..., Any]]:
    """Ask the tool itself, in its own environment."""
    check = "import importlib.metadata; print(importlib.metadata.version('mcpcap'))"
    assert subprocess.check_output([python, "-c", check], text=True).strip() == VERSION
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([python, "-c", ASK], text=True, cwd=folder, **streams) as process:

        def ask(tool: str, **arguments: Any) -> Any:
            process.stdin.write(json.dumps([tool, arguments]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def record(python: str) -> None:
    """Write the recording."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / WITHOUT_TCP).write_bytes(without_tcp())
        for name in CAPTURES:
            (folder / name).symlink_to(DATA / name)
        with running(python, folder) as ask:
            for name in (*CAPTURES, WITHOUT_TCP):
                answers = {key(tool, asked): ask(tool, pcap_file=name, **asked) for tool, asked in questions(name)}
                found[name] = {"sha256": digest(name), "answers": answers}
    RECORDED.write_bytes(gzip.compress(json.dumps(found, sort_keys=True).encode(), mtime=0))


if __name__ == "__main__":
    record(sys.argv[1])
