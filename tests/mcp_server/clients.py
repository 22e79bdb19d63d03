"""Clients of the server, as assistants have them: the SDK's, over stdio and over HTTP, each server a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult

import pcapframe

PACKAGE = Path(pcapframe.__file__).parent.parent
DATA = PACKAGE / "data"
EXAMPLES = sorted(path.name for path in DATA.glob("*.pcap*"))
FOUR = ("analyze_tcp_anomalies", "analyze_tcp_connections", "analyze_tcp_retransmissions", "analyze_traffic_flow")
SMALL = 12_000  # of a default answer [bytes]
COMMAND = [sys.executable, "-c", "from pcapframe.cli import main; main()", "mcp"]
ENVIRONMENT = {"PYTHONPATH": str(PACKAGE)} | {k: v for k, v in os.environ.items() if k.startswith("PCAPFRAME_")}


class Blocking:
    """A client whose calls wait for their answers."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self.client = client

    def do(self, work: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> Any:
        """Await something in the client's loop."""
        return self._portal.call(partial(work, *arguments, **named))

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """Call a tool."""
        result = self.do(self.client.call_tool, tool, arguments)
        assert isinstance(result, CallToolResult)
        return result

    def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool, and hold its answer against its text."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text(result)
        assert json.loads(text(result)) == result.structured_content
        return dict(result.structured_content)

    def error(self, tool: str, **arguments: Any) -> str:
        """Call a tool that fails, and return the sentence."""
        result = self.call(tool, **arguments)
        assert result.is_error
        assert result.structured_content is None
        assert "\n" not in text(result)
        return text(result)

    def read(self, uri: str) -> Any:
        """Read a resource."""
        (content,) = self.do(self.client.read_resource, uri).contents
        return content

    def failing_read(self, uri: str) -> str:
        """Read a resource that cannot be, and return the sentence."""
        try:
            self.read(uri)
        except MCPError as error:
            return error.message
        raise AssertionError(f"{uri} can be read")


def text(result: CallToolResult) -> str:
    """The text of a result."""
    (content,) = result.content
    assert content.type == "text"
    return content.text


@contextmanager
def stdio(*options: str, folder: Path = DATA, environment: dict[str, str] | None = None) -> Iterator[Blocking]:
    """Start a server that a client talks to over stdio."""
    env = {**ENVIRONMENT, **(environment or {})}
    server = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], *options], cwd=folder, env=env)
    with start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(Client(stdio_client(server))) as client:
            yield Blocking(portal, client)


@contextmanager
def http_server(*options: str, folder: Path = DATA, token: str | None = None, host: str | None = None) -> Iterator[str]:
    """Start a server that listens for HTTP; yields its URL."""
    environment = {**os.environ, **ENVIRONMENT} | ({} if token is None else {"PCAPFRAME_MCP_TOKEN": token})
    where = [] if host is None else ["--host", host]
    command = [*COMMAND, "--http", "--port", "0", *where, *options]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"listens at (http://\S+/mcp)", line):
                    break
            else:
                raise AssertionError("the server did not start")
            yield found[1]
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def http(url: str, token: str | None = None) -> Iterator[Blocking]:
    """Connect a client to a server over HTTP."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    @asynccontextmanager
    async def transport() -> AsyncIterator[Any]:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as own,
            streamable_http_client(url, http_client=own) as streams,
        ):
            yield streams

    with start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(Client(transport())) as client:
            yield Blocking(portal, client)


def without_time(answer: dict[str, Any], *others: str) -> dict[str, Any]:
    """An answer without what differs from call to call."""
    return {key: value for key, value in answer.items() if key not in ("analysis_timestamp", *others)}


def run_command(arguments: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``pcapframe mcp`` to its end."""
    env = {**os.environ, **ENVIRONMENT, **environment}
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=DATA,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
