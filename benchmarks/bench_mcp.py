"""Measure the MCP server as a client has it, over stdio; see README.md in this folder."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from bench import CACHE, HERE, PCAPFRAME, heading, line, made
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_naming import FOLDERS, show_naming

from pcapframe.mcp_server.declaration import SERVER, ServerTool
from pcapframe.mcp_server.tools import TOOLS

LIST_BAR, ANSWER_BAR = 20_000, 12_000  # [bytes]
SECOND_BAR_S = 0.1
CANCEL_BAR_S = 1.0
CANCELLED = 20  # moments of an analysis
RESETS = 5_000
LAB = HERE.parent / ".lab"  # where `make lab` records
# A join needs a second capture of the same traffic: its answers are measured by the tests.
ALONE = [tool for tool in TOOLS if not any("other_file" in example for example in tool.examples)]
ANOMALIES, CONNECTIONS = "analyze_tcp_anomalies", "analyze_tcp_connections"


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=1_200_000, help="packets of the made capture (%(default)s)")
    parser.add_argument("--capture", type=Path, help="another capture instead")
    parser.add_argument("--runs", type=int, default=5, help="questions of a kind to take medians of (%(default)s)")
    parser.add_argument("--naming", action="store_true", help="only which frames the first answers name")
    parser.add_argument(
        "--lab",
        type=Path,
        action="append",
        metavar="DIR",
        help="recordings of `make lab`, which has its own --out (.lab)",
    )
    arguments = parser.parse_args()
    folders = lab_folders(arguments.lab)
    named = anyio.run(show_naming, folders)
    if arguments.naming:
        sys.exit(not named)
    if not PCAPFRAME.exists():
        parser.error(f"pcapframe is not installed beside {sys.executable}; use `make bench-mcp`")
    capture = (arguments.capture or made(arguments.packets)).resolve()
    sys.exit(anyio.run(measure, capture, made_resets(), arguments.runs) or not named)


def lab_folders(asked: list[Path] | None) -> list[Path]:
    """Give the folders with captures whose truth is known, and say where recordings of the lab are lacking."""
    if asked is None and not LAB.is_dir():
        how = "sudo make lab ARGS=make" if sys.platform == "linux" else "the lab needs Linux"
        print(f"no recordings of the lab in {LAB.name} ({how}): of its scenarios only those that ship with the tests")
    found = asked if asked is not None else [LAB] if LAB.is_dir() else []
    return [*FOLDERS, *(folder.resolve() for folder in found)]


async def measure(capture: Path, resets: Path, runs: int) -> int:
    """Print sizes and times, and beside each whether its bar is reached; give 1 where one is not."""
    folders = [word for folder in {capture.parent, resets.parent} for word in ("--root", str(folder))]
    server = StdioServerParameters(command=str(PCAPFRAME), args=["mcp", *folders])
    start = time.perf_counter()
    async with Client(stdio_client(server)) as client:
        listed = await client.list_tools()
        heading("the list of tools")
        line("first, from the start of the server", f"{time.perf_counter() - start:.2f} s")
        reached = [show_size("its size", len(listed.model_dump_json(by_alias=True, exclude_none=True)), LIST_BAR)]
        for path in (resets, capture):
            heading(f"{path.name}: default answers")
            _, seconds = await ask(client, ANOMALIES, path)
            line("first answer, the capture not yet known", f"{seconds:.2f} s")
            servers = await servers_of(client, path)
            for tool, asked in questions(servers[0], ALONE):
                answer, _ = await ask(client, tool.name, path if tool.is_of_capture else None, **asked)
                reached.append(show_size(named(tool, asked), len(answer), ANSWER_BAR))
        heading(f"{capture.name}: asked again, medians of {runs}")
        for tool, asked in questions(servers[0], ALONE):
            about = capture if tool.is_of_capture else None
            times = [(await ask(client, tool.name, about, **asked))[1] for _ in range(runs)]
            reached.append(show_time(named(tool, asked), times, SECOND_BAR_S))
            if "server_ip" in asked:  # each of which this tool was not asked about before
                others = [{**asked, "server_ip": server} for server in servers[1 : runs + 1]]
                times = [(await ask(client, tool.name, capture, **other))[1] for other in others]
                reached.append(show_time(f"{named(tool, asked)}, new servers", times, SECOND_BAR_S))
    heading(f"{capture.name}: cancelled in mid-analysis, in this process")
    reached.append(await show_cancelling(capture))
    return int(not all(reached))


async def show_cancelling(capture: Path) -> bool:
    """Print how long the work goes on after whoever waits for it goes, at the worst of several moments."""
    from pcapframe.mcp_server.captures import Captures
    from pcapframe.mcp_server.settings import Settings

    async def unheard(*_: object) -> None:
        pass

    captures = Captures(Settings(roots=(capture.parent,)))
    start = time.perf_counter()
    await captures.get(capture.name, unheard)
    whole = time.perf_counter() - start
    times = []
    for part in range(1, CANCELLED):
        captures._room._kept.clear()
        waiting = asyncio.ensure_future(captures.get(capture.name, unheard))
        await asyncio.sleep(whole * part / CANCELLED)
        for job in list(captures._jobs.values()):  # none where it was already done
            waiting.cancel()
            start = time.perf_counter()
            while not job.future.done():
                await asyncio.sleep(0.001)
            times.append(time.perf_counter() - start)
        await asyncio.wait([waiting])
    captures.close()
    figure = f"{1000 * max(times):.0f} ms   (of {whole:.2f} s, at {len(times)} moments)"
    line("the work ends, at the worst", figure, f"≤ {CANCEL_BAR_S:g} s", max(times) <= CANCEL_BAR_S)
    return max(times) <= CANCEL_BAR_S


async def ask(client: Client, tool: str, capture: Path | None, **asked: Any) -> tuple[str, float]:
    """Call a tool; give the text of its answer and the seconds that took."""
    start = time.perf_counter()
    about = {} if capture is None else {"pcap_file": capture.name}
    result = await client.call_tool(tool, {**about, **asked})
    seconds = time.perf_counter() - start
    text: str = result.content[0].text  # a picture follows that of a chart
    if result.is_error:
        sys.exit(f"{tool} {asked}: {text}")
    return text, seconds


async def servers_of(client: Client, capture: Path) -> list[str]:
    """Give the addresses of the servers of the first connections."""
    result = await client.call_tool(CONNECTIONS, {"pcap_file": capture.name, "detailed": True})
    ends = [each["server"] for each in result.structured_content["connections"]]
    return list(dict.fromkeys(end.rpartition(":")[0].strip("[]") for end in ends))


def questions(server: str, tools: Sequence[ServerTool] = TOOLS) -> Iterator[tuple[ServerTool, dict[str, Any]]]:
    """Give every tool with the arguments of each of its examples."""
    for tool in tools:
        for example in tool.examples:
            yield tool, {key: server if value == SERVER else value for key, value in example.items()}


def named(tool: ServerTool, asked: dict[str, Any]) -> str:
    """Name a question."""
    words = ("one server" if key == "server_ip" else f"{key} {value}" for key, value in asked.items())
    return ", ".join([tool.name, *words])


def show_size(name: str, size: int, bar: int) -> bool:
    """Print a size."""
    line(name, f"{size:,} bytes", f"≤ {bar:,}", size <= bar)
    return size <= bar


def show_time(name: str, seconds: list[float], bar: float) -> bool:
    """Print the median of some times."""
    reached = median(seconds) <= bar
    figure = f"{1000 * median(seconds):.0f} ms   (longest {1000 * max(seconds):.0f})"
    line(name, figure, f"≤ {1000 * bar:.0f} ms", reached)
    return reached


def made_resets() -> Path:
    """Give the path of a capture in which thousands of connections end by RST, made on first use."""
    path = CACHE / f"resets-{RESETS}.pcap"
    if not path.exists():
        sys.path.append(str(HERE.parent))
        from tests.builders import Conversation, merge, pcap

        ends = [(f"2001:db8::{i:x}", 40_000 + i % 10_000, f"2001:db8:ffff::{i % 50:x}") for i in range(1, RESETS + 1)]
        talks = [
            Conversation(*each).handshake().data("client", 100).rst("client" if place % 3 else "server")
            for place, each in enumerate(ends)
        ]
        CACHE.mkdir(exist_ok=True)
        path.write_bytes(pcap(merge(*talks)))
    return path.resolve()


if __name__ == "__main__":
    main()
