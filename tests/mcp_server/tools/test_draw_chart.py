"""Charts over stdio: all that are declared."""

import json
import struct
import sys
from base64 import b64decode
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from pcapframe.mcp_server import Settings
from pcapframe.mcp_server.server import CaptureServer
from pcapframe.plots import CHARTS
from pcapframe.plots._registry import SHOWS
from tests.conftest import in_ci
from tests.mcp_server.clients import DATA, EXAMPLES, SMALL, Blocking


@pytest.mark.parametrize("name", in_ci(EXAMPLES, 5))
def test_charts(served: Blocking, name: str) -> None:
    for asked in (
        {"chart": "rst_distribution"},
        {"chart": "retransmission_timeline", "server_port": 80},
        {"chart": "time_sequence"},
        {"chart": "time_sequence", "conn_id": 0},
    ):
        result = served.call("draw_chart", pcap_file=name, **asked)
        assert not result.is_error, result.content
        words, image = result.content
        data = b64decode(image.data)
        assert image.mime_type == "image/png"
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (900, 480)
        assert len(data) < 200_000
        assert len(words.text) <= SMALL
        assert json.loads(words.text) == result.structured_content
        numbers = result.structured_content
        assert next(iter(numbers)) == "standouts"
        assert numbers["caption"]
        assert all(len(row) == len(numbers["columns"]) for row in numbers["rows"])
        assert len(numbers["rows"]) <= numbers["rows_total"]


def test_every_chart_that_is_declared_can_be_drawn(served: Blocking) -> None:
    tools = served.do(served.client.list_tools).tools
    (tool,) = (tool for tool in tools if tool.name == "draw_chart")
    assert tool.input_schema["properties"]["chart"]["enum"] == list(CHARTS)
    for chart in CHARTS:
        assert not served.call("draw_chart", pcap_file="resets.pcap", chart=chart).is_error


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A chart that is declared beside the others."""
    monkeypatch.setitem(SHOWS, "toy", "analysis")
    monkeypatch.setitem(sys.modules, "pcapframe.plots.toy", import_module("pcapframe.plots.rtt"))
    return "toy"


def test_a_chart_that_is_added_is_offered(toy: str) -> None:
    async def ask() -> tuple[Any, Any]:
        async with Client(CaptureServer(Settings(roots=(DATA,)))) as client:
            tools = (await client.list_tools()).tools
            drawn = await client.call_tool("draw_chart", {"pcap_file": "clean.pcap", "chart": toy})
            return next(tool for tool in tools if tool.name == "draw_chart"), drawn

    tool, drawn = anyio.run(ask)
    assert tool.input_schema["properties"]["chart"]["enum"] == list(CHARTS)
    assert drawn.content[1].mime_type == "image/png"


def test_what_cannot_be_meant_is_one_sentence(served: Blocking) -> None:
    for asked, said in (
        ({"chart": "pie"}, "there is no chart 'pie': expected one of overview, "),
        ({"chart": "time_sequence", "conn_id": 999}, "there is no connection 999"),
        ({"chart": "rst_distribution", "conn_id": 1}, "conn_id is for charts that show one (time_sequence, "),
    ):
        assert said in served.error("draw_chart", pcap_file="clean.pcap", **asked)
