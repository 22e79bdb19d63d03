"""Captures made to cost much: other clients are answered meanwhile, and no answer exceeds its bound."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks.costly_input import INPUTS
from pcapframe.mcp_server.tools import TOOLS
from tests.builders import Conversation, pcap
from tests.conftest import in_ci
from tests.mcp_server.clients import SMALL, Blocking, http, http_server, text

COSTLY = ("protocol codes", "link types", "pcapng options", "comments, long", "interface blocks, named", "SACK blocks")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("hostile")
    for name in COSTLY:
        (where / f"{name}.pcap").write_bytes(INPUTS[name]().data)
    for name in ("known", "new"):
        talk = Conversation(client_port=40_000 + len(name)).handshake().data("client", 100).close()
        (where / f"{name}.pcap").write_bytes(pcap(talk))
    return where


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with http_server("--cache-mib", "8192", folder=folder) as where:
        yield where


def test_another_client_is_answered_meanwhile(url: str) -> None:
    with http(url) as one, http(url) as two, ThreadPoolExecutor(len(COSTLY)) as pool:
        two.answer("analyze_tcp_anomalies", pcap_file="known.pcap")
        under_way = [pool.submit(one.call, "analyze_tcp_anomalies", pcap_file=f"{name}.pcap") for name in COSTLY]
        first = pool.submit(two.answer, "get_capture_facts", pcap_file="new.pcap")
        answered = 0
        while not all(each.done() for each in under_way):
            two.answer("analyze_tcp_connections", pcap_file="known.pcap")
            answered += 1
            time.sleep(0.05)
        assert first.result()["packets"] == 7
        assert answered
        assert [text(each.result()) for each in under_way if each.result().is_error] == []


@pytest.mark.parametrize("name", in_ci(COSTLY, 3))
def test_no_answer_exceeds_its_bound(url: str, name: str) -> None:
    with http(url) as client:
        for tool in TOOLS:
            if tool.forms:
                asked: dict[str, Any] = {"frame": 1} if tool.name == "dissect_packet" else {}
                asked |= {"pattern": "refused_connections"} if tool.name == "get_packets" else {}
                asked |= {"server_ip": "198.51.100.1"} if tool.name == "analyze_traffic_flow" else {}
                asked |= {"chart": "overview"} if tool.name == "draw_chart" else {}
                asked |= {"other_file": f"{name}.pcap"} if tool.name == "join_captures" else {}
                asked |= {"pcap_file": f"{name}.pcap"} if tool.is_of_capture else {}
                assert size_of(client, tool.name, **asked) <= SMALL


def size_of(client: Blocking, tool: str, **asked: Any) -> int:
    result = client.call(tool, **asked)
    assert not result.is_error, result.content
    return len(result.content[0].text)  # a picture may follow
