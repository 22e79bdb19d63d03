"""Transport over standard input and output that answers invalid requests too.

The SDK silently drops invalid messages, so their sender would wait for an answer forever.
"""

import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pydantic_core
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError

__all__ = ["answering_stdio", "refusal"]


def refusal(line: str) -> JSONRPCError | None:
    """Return the answer to an invalid message.

    Parameters
    ----------
    line : str
        The line that a client sent.

    Returns
    -------
    JSONRPCError or None
        With the id of the request if it can be read. None for a valid message, and for lines that need no answer: blank
        lines and responses.

    Examples
    --------
    >>> refusal('{"jsonrpc": "2.0", "id": 7, "method": 5}').error.message
    'Invalid request: expected one JSON-RPC 2.0 message with a method, and an id that is text or an integer'
    """
    if not line.strip():
        return None
    is_json = True
    try:
        message = pydantic_core.from_json(line)
    except ValueError:
        is_json, message = False, _leniently_read(line)
    found: dict[str, Any] = message if isinstance(message, dict) else {}
    if "method" not in found and ("result" in found or "error" in found):
        return None
    number = found.get("id")
    has_id = isinstance(number, str | int) and not isinstance(number, bool)
    if is_json and (has_id or "id" not in found):
        try:
            jsonrpc_message_adapter.validate_json(line, by_name=False)
            return None
        except ValidationError:
            pass
    if is_json:
        wanted = "expected one JSON-RPC 2.0 message with a method, and an id that is text or an integer"
        error = ErrorData(code=INVALID_REQUEST, message=f"Invalid request: {wanted}")
    else:
        error = ErrorData(code=PARSE_ERROR, message="Parse error: expected one JSON object a line, in UTF-8")
    return JSONRPCError(jsonrpc="2.0", id=number if has_id else None, error=error)


def _leniently_read(line: str) -> Any:
    """Parse JSON with lone surrogates, to find the id of the request; None if it cannot be parsed."""
    try:
        message = json.loads(line)
        json.dumps(message.get("id"), ensure_ascii=False).encode()
    except (ValueError, RecursionError, AttributeError):
        return None
    return message


class _Lines:
    """The lines of a client; invalid messages are answered and left out.

    Parameters
    ----------
    file : async file
        Text.
    """

    def __init__(self, file: anyio.AsyncFile[str]) -> None:
        self._file = file
        self.write: Any = None  # stream for the answers
        self.can_write = anyio.Event()

    async def __aiter__(self) -> AsyncIterator[str]:
        async for line in self._file:
            answer = refusal(line)
            if answer is None:
                yield line
                continue
            await self.can_write.wait()
            await self.write.send(SessionMessage(answer))


@asynccontextmanager
async def answering_stdio() -> AsyncIterator[tuple[Any, Any]]:
    """Open standard input and output as streams of messages.

    Yields
    ------
    tuple
        The streams to read and to write, for the SDK's server.
    """
    # Read from a duplicate and point descriptor 0 at the null device: nothing else can read the client's messages.
    own = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Never closed: a thread may still block on it when the server ends.
    text = io.TextIOWrapper(open(own, "rb", closefd=False), encoding="utf-8", errors="replace")
    lines = _Lines(anyio.wrap_file(text))
    try:
        async with stdio_server(stdin=lines) as (read, write):  # type: ignore[arg-type]
            lines.write = write
            lines.can_write.set()
            yield read, write
    finally:
        os.dup2(own, 0)
