"""The four tools of the older server ``mcpcap``: its names, arguments and keys; ``limit`` and ``cursor`` follow."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeAlias
from weakref import WeakKeyDictionary

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from pcapframe import answers
from pcapframe.analysis import Analysis, analyze
from pcapframe.mcp_server.captures import Captures, Held, Report
from pcapframe.mcp_server.paging import Question, compact, page
from pcapframe.mcp_server.schemas import output_schema

__all__ = [
    "Asked",
    "Cursor",
    "Limit",
    "PcapFile",
    "ServerIp",
    "ServerPort",
    "made_tool",
    "reporter",
    "result",
    "tcp_tools",
]

MOST = 100  # entries of a list that may be asked for
FEW = 10  # connections without `detailed`
PcapFile = Annotated[str, Field(description="Path or http(s) URL of a capture")]
ServerIp = Annotated[str | None, Field(description="Only this server")]
ServerPort = Annotated[int | None, Field(description="Only this server port")]
Limit = Annotated[int | None, Field(ge=1, le=MOST, description="Entries of each list")]
Cursor = Annotated[str | None, Field(description="next_cursor of the last answer")]
Make: TypeAlias = Callable[[int], Any]


class Asked:
    """Answers questions about captures.

    Parameters
    ----------
    captures : Captures
        Where the analyses come from.
    """

    def __init__(self, captures: Captures) -> None:
        self.captures = captures
        # What was asked of each kept capture last: the next question is often about the same server.
        self._last: WeakKeyDictionary[Analysis, tuple[tuple[str | None, int | None], Analysis]] = WeakKeyDictionary()

    async def analysis(
        self,
        ctx: Context,
        pcap_file: str,
        server_ip: str | None = None,
        server_port: int | None = None,
        *,
        again: bool = False,
    ) -> Held:
        """Return the analysis of a capture, of the connections asked for.

        Parameters
        ----------
        ctx : Context
            Of the request, which is told the progress.
        pcap_file : str
            Path or URL.
        server_ip, server_port : optional
            As for `analyze`; an empty address is none.
        again : bool, default False
            The question goes on where an earlier one ended.

        Returns
        -------
        Held
            With the analysis of the selection.
        """
        held = await self.captures.get(pcap_file, reporter(ctx), as_before=again)
        if not server_ip and server_port is None:
            return held
        asked = server_ip or None, server_port
        before, analysis = self._last.get(held.analysis, (None, held.analysis))
        if asked != before:
            chosen = partial(analyze, held.analysis, server_ip=asked[0], server_port=server_port)
            analysis = await anyio.to_thread.run_sync(chosen)
            self._last[held.analysis] = asked, analysis
        return Held(held.name, held.identity, analysis)

    async def answer(
        self,
        ctx: Context,
        asked: tuple[Any, ...],
        make: Callable[[Analysis], Make],
        *,
        limit: int | None,
        cursor: str | None,
        most: int = FEW,
    ) -> CallToolResult:
        """Answer a question with one page.

        Parameters
        ----------
        ctx : Context
            Of the request.
        asked : tuple
            Tool, capture, server address and port, and whatever else the answer depends on.
        make : callable
            Takes the analysis; what it returns makes the answer with so many entries of each list.
        limit, cursor : optional
            As the client gives them.
        most : int, default 10
            So many entries without a limit.

        Returns
        -------
        CallToolResult
            The answer, and the same as text.
        """
        _, pcap_file, server_ip, server_port, *_ = asked
        held = await self.analysis(ctx, pcap_file, server_ip, server_port, again=bool(cursor))
        question = Question(held.identity, asked)
        begin = question.read(cursor)

        def made() -> dict[str, Any]:
            return page(make(held.analysis), question, begin, limit=limit, most=most)

        answer = await anyio.to_thread.run_sync(made)
        return result({**answer, "file": held.name})


def result(answer: dict[str, Any]) -> CallToolResult:
    """Return an answer as a client gets it.

    Parameters
    ----------
    answer : dict
        Plain Python objects.

    Returns
    -------
    CallToolResult
        The answer, and the same as text for clients that read that.
    """
    return CallToolResult(content=[TextContent(type="text", text=compact(answer))], structured_content=answer)


def reporter(ctx: Context) -> Report:
    """Return what tells a client of the progress, where it wants to know.

    Parameters
    ----------
    ctx : Context
        Of the request.

    Returns
    -------
    async callable
        Takes the share that is done and the step.
    """
    last = 0.0

    async def report(share: float, what: str) -> None:
        nonlocal last
        if share > last:  # as the protocol asks: it grows with every notification
            last = share
            await ctx.report_progress(share, 1.0, what)

    return report


def made_tool(function: Callable[..., Any], title: str, description: str, *forms: type, pages: bool = True) -> Tool:
    """Make a tool that only reads.

    Parameters
    ----------
    function : callable
        Asynchronous; its annotated parameters are the arguments.
    title, description : str
        What a client shows.
    *forms : TypedDict
        Of the answer; none for a tool whose answer is no JSON.
    pages : bool, default True
        The answer has a cursor.

    Returns
    -------
    Tool
        To be registered.
    """
    hints = ToolAnnotations(read_only_hint=True, idempotent_hint=True)
    tool = Tool.from_function(function, title=title, description=description, annotations=hints)
    tool.parameters = {**_brief(tool.parameters), "additionalProperties": False}
    del tool.parameters["title"]
    if forms:
        schema = output_schema(*forms, alike=answers.Envelope)
        if pages:
            schema["properties"]["next_cursor"] = {"type": ["string", "null"]}
            schema["required"].append("next_cursor")
        tool.fn_metadata.output_schema = schema
    return tool


def _brief(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a schema what only repeats names and defaults."""
    properties = {}
    for name, whole in schema["properties"].items():
        form, *others = whole.get("anyOf", [{}])
        either = {**form, "type": [form["type"], "null"]} if others == [{"type": "null"}] else {}
        kept = {key: value for key, value in whole.items() if key not in ("anyOf", "title") and value is not None}
        properties[name] = {**kept, **either}
    return {**schema, "properties": properties}


COMMON = " Lists are cut: ..._total is their exact length, next_cursor goes on. null: not known."
ANOMALIES = (
    "State what is observed in the TCP connections of a capture, with the packets that show it and no word on why. "
    "statistics: handshakes (failed: refused or unanswered; incomplete: half open, or begun before the capture), "
    "flags (syn: without ACK), RSTs by source and direction, segments sent again (rate: of TCP packets, with its "
    "95 % interval), states. patterns: in the categories connection_establishment, connection_termination, "
    "reliability and connection_lifecycle, each with its numbers (..._s in seconds, rates 0 to 1) and evidence: "
    "connections (conn_id), frame numbers, a Wireshark display filter; get_packets lists all." + COMMON
)
CONNECTIONS = (
    "State how the TCP connections of a capture began, went and ended: counts, issues as sentences, and connections "
    "in order of their first packet (10 unless detailed). handshake_completed is false also where the handshake was "
    "not captured: see handshake. roles: what shows the client (syn, syn_ack, or inferred from ports)." + COMMON
)
RETRANSMISSIONS = (
    "State how many TCP segments were sent again, by bytes, IP ids, timestamps and SACK (repeated SYN and FIN count; "
    "keep-alives and a mirror port's copies do not), and in which connections, the highest rates first. Rates are of "
    "TCP packets, 0 to 1. wireshark_...: the count by Wireshark's rules." + COMMON
)
FLOW = (
    "Compare what the clients of a server sent with what it sent: packets, bytes on the wire (byte_count), payload, "
    "flags, segments sent again. asymmetry_ratio: client packets / server packets." + COMMON
)


def tcp_tools(asked: Asked) -> list[Tool]:
    """Make the four tools.

    Parameters
    ----------
    asked : Asked
        Answers the questions.

    Returns
    -------
    list of Tool
        To be registered.
    """

    async def analyze_tcp_anomalies(
        ctx: Context,
        pcap_file: PcapFile,
        server_ip: ServerIp = None,
        server_port: ServerPort = None,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> CallToolResult:
        def make(analysis: Analysis) -> Make:
            return lambda count: answers.analyze_tcp_anomalies(analysis, limit=count)

        question = ("analyze_tcp_anomalies", pcap_file, server_ip, server_port)
        return await asked.answer(ctx, question, make, limit=limit, cursor=cursor)

    async def analyze_tcp_connections(
        ctx: Context,
        pcap_file: PcapFile,
        server_ip: ServerIp = None,
        server_port: ServerPort = None,
        detailed: Annotated[bool, Field(description=f"Up to {MOST} connections a page")] = False,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> CallToolResult:
        def make(analysis: Analysis) -> Make:
            # Which connections are shown is for the page to say, so that later pages go on behind the first ten.
            return lambda count: answers.analyze_tcp_connections(analysis, detailed=True, limit=count)

        question = ("analyze_tcp_connections", pcap_file, server_ip, server_port, detailed)
        if detailed:
            return await asked.answer(ctx, question, make, limit=limit or MOST, cursor=cursor)
        return await asked.answer(ctx, question, make, limit=min(limit, FEW) if limit else None, cursor=cursor)

    async def analyze_tcp_retransmissions(
        ctx: Context,
        pcap_file: PcapFile,
        server_ip: ServerIp = None,
        threshold: Annotated[
            float | None, Field(ge=0, le=1, description="Rate to compare with; by default that of the patterns")
        ] = None,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> CallToolResult:
        def make(analysis: Analysis) -> Make:
            return lambda count: answers.analyze_tcp_retransmissions(analysis, threshold=threshold, limit=count)

        question = ("analyze_tcp_retransmissions", pcap_file, server_ip, None, threshold)
        return await asked.answer(ctx, question, make, limit=limit, cursor=cursor)

    async def analyze_traffic_flow(
        ctx: Context,
        pcap_file: PcapFile,
        server_ip: Annotated[str, Field(description="Address of the server")],
        server_port: ServerPort = None,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> CallToolResult:
        def make(analysis: Analysis) -> Make:
            return lambda count: answers.analyze_traffic_flow(analysis, server_ip, server_port, limit=count)

        question = ("analyze_traffic_flow", pcap_file, server_ip, server_port)
        return await asked.answer(ctx, question, make, limit=limit, cursor=cursor)

    no_tcp = answers.NoTcpAnswer
    return [
        made_tool(analyze_tcp_anomalies, "Observed patterns", ANOMALIES, answers.AnomaliesAnswer, no_tcp),
        made_tool(analyze_tcp_connections, "TCP connections", CONNECTIONS, answers.ConnectionsAnswer, no_tcp),
        made_tool(
            analyze_tcp_retransmissions, "Segments sent again", RETRANSMISSIONS, answers.RetransmissionsAnswer, no_tcp
        ),
        made_tool(analyze_traffic_flow, "Two directions compared", FLOW, answers.FlowAnswer, no_tcp),
    ]
