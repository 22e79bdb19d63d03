"""Requests of clients: find the analysis of the capture, report progress, answer with one page."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import anyio.to_thread
from mcp.server.mcpserver import Context

from pcapframe.analysis import Analysis, analyze
from pcapframe.mcp_server.captures import Captures, Held, Report
from pcapframe.mcp_server.paging import FEW, Question, page
from pcapframe.mcp_server.paging import Cursor as Place
from pcapframe.mcp_server.sentences import echoed
from pcapframe.mcp_server.steps import next_steps

__all__ = ["Asked", "Make", "asked_of", "referred"]

FIRST = "analyze_tcp_anomalies"  # the tool that is asked first
NAME = 300  # longest name of a capture in an answer [characters]
Make: TypeAlias = Callable[[int], Any]


def asked_of(ctx: Context) -> "Asked":
    """Return the server's `Asked`.

    Parameters
    ----------
    ctx : Context
        Context of a request.

    Returns
    -------
    Asked
        Shared by all requests.
    """
    asked = ctx.request_context.lifespan_context
    assert isinstance(asked, Asked)
    return asked


class Asked:
    """Answers requests about captures.

    Parameters
    ----------
    captures : Captures
        Makes and keeps the analyses.
    """

    def __init__(self, captures: Captures) -> None:
        self.captures = captures
        # The last selection of each kept capture: the next request is often about the same server.
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
        """Return the analysis of a capture, limited to the selected connections.

        Parameters
        ----------
        ctx : Context
            Context of the request; progress is reported to it.
        pcap_file : str
            Path or URL.
        server_ip, server_port : optional
            As for `analyze`; an empty address means no filter.
        again : bool, default False
            The request continues an earlier one: a kept analysis of a URL will do.

        Returns
        -------
        Held
            Name of the capture and analysis of the selection.
        """
        held = await self.captures.get(pcap_file, _reporter(ctx), as_before=again)
        held = replace(held, name=echoed(held.name, NAME))
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
        is_first: bool = False,
    ) -> dict[str, Any]:
        """Answer a request with one page.

        Parameters
        ----------
        ctx : Context
            Context of the request.
        asked : tuple
            Tool, capture, server address and port, and all other arguments that the answer depends on.
        make : callable
            Takes the analysis; returns a function that makes the answer with a given number of entries of each list.
        limit, cursor : optional
            From the client.
        most : int, default 10
            Entries of each list without a limit, as far as they fit.
        is_first : bool, default False
            The tool that is asked first: its first page has the capture's health whole, and says what to ask next.

        Returns
        -------
        dict
            The answer. Health is a reference to where it is said.
        """
        _, pcap_file, server_ip, server_port, *_ = asked
        is_filtered = bool(server_ip) or server_port is not None
        held = await self.analysis(ctx, pcap_file, server_ip, server_port, again=bool(cursor))
        question = Question(held.identity, asked)
        begin = question.read(cursor)

        def made() -> dict[str, Any]:
            answer = make(held.analysis)

            def named(count: int) -> dict[str, Any]:
                whole = {**answer(count), "file": held.name}
                if not is_first or begin != Place():
                    whole["health"] = referred(held.analysis, is_filtered=is_filtered)
                return whole

            paged = page(named, question, begin, limit=limit, most=most)
            return {**paged, "next_steps": next_steps(held.analysis, paged)} if is_first else paged

        return await anyio.to_thread.run_sync(made)


def referred(analysis: Analysis, *, is_filtered: bool) -> dict[str, Any]:
    """Return a capture's health in one sentence, and where it is said in full.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    is_filtered : bool
        The analysis is of the connections of one server.

    Returns
    -------
    dict
        ``sentence`` and ``whole_in``: the tool whose answer has all of it.
    """
    return {"sentence": analysis.health.sentence, "whole_in": FIRST if is_filtered else "get_capture_facts"}


def _reporter(ctx: Context) -> Report:
    """Return a function that reports progress to a client, if it asked for that."""
    last = 0.0

    async def report(share: float, what: str) -> None:
        nonlocal last
        if share > last:  # the protocol requires it to grow with every notification
            last = share
            await ctx.report_progress(share, 1.0, what)

    return report
