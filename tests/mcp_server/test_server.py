"""The server over stdio and HTTP: errors, tokens, cancellation, several clients, captures by URL."""

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from click.testing import CliRunner

import pcapframe as pf
from pcapframe.cli.commands import commands
from pcapframe.mcp_server import Settings, serve_http, serve_stdio
from pcapframe.mcp_server.server import CaptureServer, Token
from tests.builders import Conversation, pcap
from tests.hostile import Server, bomb, serving
from tests.mcp_server.clients import DATA, ENVIRONMENT, Blocking, http, http_server, run_command, stdio, without_time

ANOMALIES = "analyze_tcp_anomalies"
CAPTURE = pcap(Conversation().handshake().data("client", 500).close())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with http_server(token="let me in") as where:
        yield where


@pytest.fixture(scope="module")
def over_http(url: str) -> Iterator[Blocking]:
    with http(url, "let me in") as client:
        yield client


# What it says of itself.


@pytest.mark.parametrize("client", ["served", "over_http"])
def test_it_says_what_it_is(client: str, request: pytest.FixtureRequest) -> None:
    found: Blocking = request.getfixturevalue(client)
    assert found.client.server_info.name == "pcapframe"
    assert found.client.server_info.version == pf.__version__
    assert "never why" in found.client.instructions


def test_an_unexpected_fault_stays_hidden_but_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from mcp.client.client import Client

    async def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("inner workings")

    server = CaptureServer(Settings(roots=(DATA,)))
    monkeypatch.setattr(server.captures, "get", fail)

    async def ask() -> Any:
        async with Client(server) as client:
            return await client.call_tool(ANOMALIES, {"pcap_file": "clean.pcap"})

    with caplog.at_level(logging.ERROR):
        result = anyio.run(ask)
    assert result.is_error
    assert "inner workings" not in result.content[0].text
    assert "inner workings" in caplog.text


def test_control_characters_of_a_name_stay_out_of_the_sentence(served: Blocking) -> None:
    said = served.error(ANOMALIES, pcap_file="a\x1b[31m\nb\u202e.pcap")
    assert said.endswith("there is no such file")
    assert said.isprintable()


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from mcp.client.client import Client

    async def fail(*_: Any, **__: Any) -> Any:
        raise MemoryError

    server = CaptureServer(Settings(roots=(DATA,)))
    monkeypatch.setattr(server.captures, "get", fail)

    async def ask() -> Any:
        async with Client(server) as client:
            return await client.call_tool(ANOMALIES, {"pcap_file": "clean.pcap"})

    assert anyio.run(ask).content[0].text == "there is not enough memory for this capture"


# HTTP.


def test_http_answers_as_stdio_does(served: Blocking, over_http: Blocking) -> None:
    for tool, asked in ((ANOMALIES, {}), ("analyze_traffic_flow", {"server_ip": "198.51.100.20"})):
        ours, theirs = (client.answer(tool, pcap_file="resets.pcap", **asked) for client in (over_http, served))
        assert without_time(ours) == without_time(theirs)
    assert over_http.error(ANOMALIES, pcap_file="none.pcap") == "none.pcap: there is no such file"
    assert over_http.read("pcapframe://capture/clean.pcap/facts").text


def test_http_without_the_token_is_refused(url: str) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"Accept": "application/json, text/event-stream"}
    for shown in (None, "Bearer wrong", "Bearer", "Basic bGV0IG1lIGlu", "let me in"):
        answer = httpx.post(url, json=call, headers=headers | ({"Authorization": shown} if shown is not None else {}))
        assert answer.status_code == 401
        assert "pcap" not in answer.text
    for method in ("GET", "DELETE"):
        assert httpx.request(method, url).status_code == 401


def test_http_on_this_machine_needs_no_token_but_the_right_host() -> None:
    with http_server() as url, http(url) as client:
        assert client.answer(ANOMALIES, pcap_file="clean.pcap")["file"] == "clean.pcap"
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        headers = {"Accept": "application/json, text/event-stream", "Host": "rebound.example"}
        assert httpx.post(url, json=call, headers=headers).status_code == 421
        headers = {"Accept": "application/json, text/event-stream", "Origin": "http://elsewhere.example"}
        assert httpx.post(url, json=call, headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_elsewhere_nothing_is_served_without_a_token(host: str) -> None:
    for token in (None, ""):
        with pytest.raises(pf.ParameterError, match="can be reached from other machines: PCAPFRAME_MCP_TOKEN must"):
            serve_http(Settings(roots=(DATA,)), host=host, port=0, token=token)


def test_the_command_refuses_it_too() -> None:
    done = run_command(["--http", "--port", "0", "--host", "0.0.0.0"])
    assert done.returncode == 2
    assert "PCAPFRAME_MCP_TOKEN must hold a token that clients send" in done.stderr


@pytest.mark.parametrize("token", [" ", "\t \n"])
def test_a_token_of_blanks_is_refused(token: str) -> None:
    with pytest.raises(pf.ParameterError, match="PCAPFRAME_MCP_TOKEN holds nothing but blanks"):
        serve_http(Settings(roots=(DATA,)), port=0, token=token)


def test_all_addresses_with_a_token() -> None:
    with http_server(token="let me in", host="0.0.0.0") as url:
        local = url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.post(local).status_code == 401
        with http(local, "let me in") as client:
            assert client.answer(ANOMALIES, pcap_file="clean.pcap")["packets_analyzed"] == 386


def test_a_port_that_is_taken_is_said(url: str) -> None:
    port = url.split(":")[2].split("/", maxsplit=1)[0]
    done = run_command(["--http", "--port", port])
    assert done.returncode == 1
    assert "Error:" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_that_cannot_be_meant() -> None:
    for root in ("no-such-folder", str(DATA / "clean.pcap")):
        with pytest.raises(pf.ParameterError, match="is not a folder"):
            CaptureServer(Settings(roots=(Path(root),)))
    with pytest.raises(pf.ParameterError, match="is not an address to listen on"):
        serve_http(Settings(roots=(DATA,)), host="no such host")
    done = run_command(["--root", "no-such-folder"])
    assert done.returncode == 2
    assert "no-such-folder is not a folder" in done.stderr
    port = CliRunner().invoke(commands, ["mcp", "--port", "70000"])
    assert port.exit_code == 2
    assert "70000 is not in the range" in port.output


def test_a_missing_extra_is_said() -> None:
    code = "import sys; sys.modules['mcp'] = None; from pcapframe.cli import main; main()"
    environment = {**os.environ, **ENVIRONMENT}
    command = [sys.executable, "-c", code, "mcp"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == 'Error: the MCP server needs mcp: pip install "pcapframe[mcp]"\n'


def test_the_token_is_compared_whole() -> None:
    token = Token("näh")
    for shown, right in (("näh", True), ("nä", False), ("", False), ("nah", False)):
        assert (asyncio.run(token.verify_token(shown)) is not None) is right


def test_a_closed_standard_input_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(pf.ParameterError, match="standard input is closed: expected a client"):
        serve_stdio(Settings(roots=(DATA,)))


def test_stdio_ends_with_its_input() -> None:
    done = run_command([])
    assert done.returncode == 0
    assert done.stdout == ""


# Several clients, and those that go.


def test_two_clients_at_once(url: str) -> None:
    names = ["clean.pcap", "resets.pcap", "losses.pcap", "midstream.pcap"]
    cut = ("file", "next_cursor", "standouts", "health", "capture_text")  # is cut to fit, or said by reference
    expected = {name: without_time(pf.analyze_tcp_connections(DATA / name), *cut) for name in names}  # type: ignore[arg-type]

    def ask(client: Blocking, order: list[str]) -> list[dict[str, Any]]:
        return [client.answer("analyze_tcp_connections", pcap_file=name) for name in order * 3]

    with http(url, "let me in") as one, http(url, "let me in") as two, ThreadPoolExecutor() as pool:
        for answers, order in zip(pool.map(ask, (one, two), (names, names[::-1])), (names, names[::-1]), strict=True):
            for name, answer in zip(order * 3, answers, strict=True):
                assert without_time(answer, *cut) == expected[name]


def slow_fetch(client: Blocking, server: Server) -> None:
    """Begin a call that goes on until it is cancelled, cancel it, and see that the work ends."""

    async def begin_and_cancel() -> None:
        with anyio.move_on_after(30) as scope:
            async with anyio.create_task_group() as group:

                async def call() -> None:
                    await client.client.call_tool(ANOMALIES, {"pcap_file": server.url("/drip")})

                group.start_soon(call)
                while server.sent < 3:
                    await anyio.sleep(0.02)
                group.cancel_scope.cancel()
        assert not scope.cancelled_caught

    client.do(begin_and_cancel)

    async def quiet() -> None:
        with anyio.fail_after(10):
            while True:
                sent = server.sent
                await anyio.sleep(0.4)
                if server.sent == sent:
                    return

    client.do(quiet)


def test_cancelling_ends_the_work_over_stdio() -> None:
    with serving() as server, stdio("--allow-host", "localhost") as client:
        slow_fetch(client, server)
        assert client.answer(ANOMALIES, pcap_file="clean.pcap")["packets_analyzed"] == 386


def test_cancelling_ends_the_work_over_http() -> None:
    with serving() as server, http_server("--allow-host", "localhost") as url, http(url) as client:
        slow_fetch(client, server)
        assert client.answer(ANOMALIES, pcap_file="clean.pcap")["packets_analyzed"] == 386


def test_cancelling_in_the_middle_of_reading_a_file(tmp_path: Path) -> None:
    """A file that decompresses to more than can be read soon: who asks for it and goes must not block others."""
    (tmp_path / "long.pcap.gz").write_bytes(bomb(CAPTURE, 600 << 20))
    (tmp_path / "short.pcap").write_bytes(CAPTURE)
    with stdio(folder=tmp_path) as client:
        client.answer(ANOMALIES, pcap_file="short.pcap")
        begun = threading.Event()

        async def progress(*_: Any) -> None:
            begun.set()

        async def begin_and_cancel() -> None:
            async with anyio.create_task_group() as group:

                async def call() -> None:
                    await client.client.call_tool(ANOMALIES, {"pcap_file": "long.pcap.gz"}, progress_callback=progress)

                group.start_soon(call)
                with anyio.fail_after(30):
                    while not begun.is_set():
                        await anyio.sleep(0.02)
                group.cancel_scope.cancel()

        for _ in range(3):  # more than are analysed at a time
            begun.clear()
            client.do(begin_and_cancel)
        assert client.answer(ANOMALIES, pcap_file="short.pcap", limit=1)["packets_analyzed"] == 7
        (tmp_path / "new.pcap").write_bytes(CAPTURE)
        assert client.answer(ANOMALIES, pcap_file="new.pcap")["packets_analyzed"] == 7


# Captures by URL, as a client of the server asks for them.


def test_urls_over_mcp(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    environment = {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with serving() as server, stdio("--allow-host", "localhost", environment=environment) as client:
        server.files |= {"/a.pcap": CAPTURE, "/bomb": bomb(CAPTURE, 64 << 20)}
        url = server.url("/a.pcap?token=hush", "me:hush@localhost")
        shown = server.url("/a.pcap?token=***", "***@localhost")
        answer = client.answer(ANOMALIES, pcap_file=url)
        assert answer["file"] == shown
        packet = client.answer("dissect_packet", pcap_file=url, frame=1)
        assert packet["file"] == shown
        assert packet["layers"][2]["layer"] == "TCP"
        refused = {
            server.url("/redirect?to=http://169.254.169.254/"): "refused unless it is allowed by name",
            server.url(f"/redirect?to={server.url('/a.pcap', '127.0.0.1')}"): "refused unless it is allowed by name",
            server.url("/a.pcap", "127.0.0.1"): "refused unless it is allowed by name",
            server.url("/zeros?stated=1"): "larger than 1,073,741,824 bytes",
            server.url("/cut"): "could not be fetched",
            server.url("/none?key=hush"): "answered 404",
            "https://me:hush@no-such-host.invalid/a.pcap?sig=hush": "there is no address for the host",
        }
        for asked, said in refused.items():
            error = client.error(ANOMALIES, pcap_file=asked)
            assert said in error
            assert "hush" not in error
        assert list(folder.iterdir()) == []


def test_nothing_is_left_by_a_server_that_is_closed(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("only a POSIX file can be without a name")
    with serving() as server:
        environment = {"TMPDIR": str(tmp_path)}
        with stdio("--allow-host", "localhost", environment=environment) as client:

            async def leave() -> None:
                with anyio.move_on_after(0.7):
                    await client.client.call_tool(ANOMALIES, {"pcap_file": server.url("/drip")})

            client.do(leave)
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() != str(tmp_path)
