"""Every tool is declared once, and found everywhere."""

import importlib.util
import json
import re
import sys
from typing import Any, TypedDict

import anyio
import pytest
from mcp.client.client import Client
from mcp.server.mcpserver import Context

from pcapframe.mcp_server import Settings
from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import SERVER, Limit, PcapFile, server_tool
from pcapframe.mcp_server.server import CaptureServer
from pcapframe.mcp_server.tools import TOOLS
from tests.mcp_server.clients import DATA, FOUR, PACKAGE, Blocking

ROOT = PACKAGE


def test_the_list_of_tools_is_small_and_tells_what_is_needed(served: Blocking) -> None:
    listed = served.do(served.client.list_tools)
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) <= 20_000
    tools = {tool.name: tool for tool in listed.tools}
    first = {name: list(tools[name].input_schema["properties"]) for name in FOUR}
    assert first == {
        FOUR[0]: ["pcap_file", "server_ip", "server_port", "limit", "cursor"],
        FOUR[1]: ["pcap_file", "server_ip", "server_port", "detailed", "limit", "cursor"],
        FOUR[2]: ["pcap_file", "server_ip", "threshold", "limit", "cursor"],
        FOUR[3]: ["pcap_file", "server_ip", "server_port", "limit", "cursor"],
    }
    for tool in listed.tools:
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.title
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
    for category in ("connection_establishment", "connection_termination", "reliability", "connection_lifecycle"):
        assert category in tools[FOUR[0]].description
    for name in FOUR:
        assert "null" in tools[name].description
        assert set(tools[name].output_schema["required"]) >= {"file", "filter", "packets_analyzed", "truncated"}


def test_the_registry_has_every_file() -> None:
    folder = PACKAGE / "pcapframe/mcp_server/tools"
    assert sorted(tool.name for tool in TOOLS) == sorted(
        path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")
    )


def test_the_page_for_assistants_lists_every_tool_with_its_arguments() -> None:
    page = (PACKAGE / "docs/howto/assistant.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \| .+ \|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == [tool.name for tool in TOOLS]
    for (_, arguments), tool in zip(rows, TOOLS, strict=True):
        known = tool.made().parameters
        named = re.split(r", | or ", arguments)
        assert set(known.get("required", ())) <= set(named) <= set(known["properties"])


class Endings(TypedDict):
    """The answer of a tool that a test adds."""

    file: str
    comment: str
    endings: list[str]
    endings_total: int


@server_tool(
    title="Endings",
    description="List how connections ended.",
    forms=(Endings,),
    pages=False,
    capture_text=("file", "comment"),
    examples=({}, {"limit": 2}),
)
async def list_endings(ctx: Context, pcap_file: PcapFile, limit: Limit = None) -> dict[str, Any]:
    """Answer with the endings."""
    held = await asked_of(ctx).analysis(ctx, pcap_file)
    endings = held.analysis.connections["ending"].astype(str).tolist()
    whole: dict[str, Any] = {"file": held.name, "comment": "\x1b[31mred", "endings": endings[:limit]}
    return {**whole, "endings_total": len(endings)}


def test_a_tool_that_is_added_is_found_and_answers() -> None:
    async def ask() -> tuple[Any, Any, Any]:
        async with Client(CaptureServer(Settings(roots=(DATA,)), tools=(*TOOLS, list_endings))) as client:
            answer = await client.call_tool("list_endings", {"pcap_file": "resets.pcap", "limit": 2})
            refused = await client.call_tool("list_endings", {"pcap_file": "/etc/passwd"})
            return (await client.list_tools()).tools[-1], answer, refused

    listed, answer, refused = anyio.run(ask)
    assert (listed.name, listed.title, listed.description) == ("list_endings", "Endings", "List how connections ended.")
    assert listed.input_schema["required"] == ["pcap_file"]
    assert listed.input_schema["properties"]["limit"]["maximum"] == 100
    assert listed.output_schema["properties"]["endings"] == {"type": "array", "items": {"type": "string"}}
    assert listed.output_schema["properties"]["capture_text"] == {"const": ["file", "comment"]}
    assert len(answer.structured_content["endings"]) == 2
    assert answer.structured_content["endings_total"] == 42
    assert answer.structured_content["comment"] == "\\x1b[31mred"
    assert answer.structured_content["capture_text"] == ["file", "comment"]
    assert json.loads(answer.content[0].text) == answer.structured_content
    assert refused.is_error


def test_the_benchmark_asks_what_every_tool_declares() -> None:
    path = PACKAGE / "benchmarks/bench_mcp.py"
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location("bench_mcp", path)
        assert spec is not None
        assert spec.loader is not None
        bench = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(bench)
    finally:
        sys.path.remove(str(path.parent))
    asked = list(bench.questions("192.0.2.1", (*TOOLS, list_endings)))
    assert {tool.name for tool, _ in asked} == {tool.name for tool in (*TOOLS, list_endings)}
    assert [arguments for tool, arguments in asked if tool is list_endings] == [{}, {"limit": 2}]
    assert SERVER not in [value for _, arguments in asked for value in arguments.values()]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_examples_are_answered_and_mark_the_text_of_the_capture(served: Blocking, tool: Any) -> None:
    for example in tool.examples:
        arguments = {key: "198.51.100.20" if value == SERVER else value for key, value in example.items()}
        about = {"pcap_file": "resets.pcap"} if tool.is_of_capture else {}
        result = served.call(tool.name, **about, **arguments)
        assert not result.is_error
        if not tool.forms:
            assert result.content[0].type == "image"
            continue
        whole = result.structured_content
        assert whole["capture_text"] == list(tool.capture_text)
        for place in tool.capture_text:
            for key in place.split("."):
                whole = whole[0] if isinstance(whole, list) and whole else whole
                assert whole == [] or key in whole
                whole = whole[key] if whole else whole
            whole = result.structured_content
