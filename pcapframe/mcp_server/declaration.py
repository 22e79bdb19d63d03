"""What a tool declares about itself: the server, the list of tools and the benchmark read it here."""

import inspect
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, TypeAlias

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ImageContent, TextContent, ToolAnnotations
from pydantic import Field

from pcapframe import answers
from pcapframe.answers.envelope import CAPTURE_TEXT
from pcapframe.mcp_server.paging import compact
from pcapframe.mcp_server.schemas import output_schema
from pcapframe.wording import printable

__all__ = ["MOST", "SERVER", "Cursor", "Limit", "PcapFile", "ServerIp", "ServerPort", "ServerTool", "server_tool"]

MOST = 100  # entries of a list that may be asked for
SERVER = "{server}"  # in examples: the address of a server of the capture
PcapFile = Annotated[str, Field(description="Path or URL of a capture")]
ServerIp = Annotated[str | None, Field(description="Only this server")]
ServerPort = Annotated[int | None, Field(description="Only this server port")]
Limit = Annotated[int | None, Field(ge=1, le=MOST, description="Entries of each list")]
Cursor = Annotated[str | None, Field(description="next_cursor of an answer")]
Answer: TypeAlias = Callable[..., Awaitable[dict[str, Any] | bytes]]


@dataclass(frozen=True, kw_only=True)
class ServerTool:
    """A tool as its file declares it.

    Parameters
    ----------
    answer : callable
        Asynchronous; takes the context of the request, and as annotated parameters the arguments of the tool, of which
        ``pcap_file`` is the first. Returns plain Python objects, or a PNG.
    title, description : str
        What a client shows.
    forms : tuple of TypedDict
        Of the answer; none for a picture.
    pages : bool
        The answer has a cursor.
    capture_text : tuple of str
        Keys of the answer, with dots between, whose values repeat the capture's own text: names, comments, payload.
    examples : tuple of mappings
        Arguments beside ``pcap_file``, for tests and benchmarks; `SERVER` stands for the address of a server.
    """

    answer: Answer
    title: str
    description: str
    forms: tuple[Any, ...] = ()
    pages: bool = True
    capture_text: tuple[str, ...] = CAPTURE_TEXT
    examples: tuple[Mapping[str, Any], ...] = ({},)

    @property
    def name(self) -> str:
        """What a client calls it: the name of the function that answers."""
        return self.answer.__name__

    def result(self, answer: dict[str, Any] | bytes) -> CallToolResult:
        """Return an answer as a client gets it.

        Parameters
        ----------
        answer : dict or bytes
            Plain Python objects, or a PNG.

        Returns
        -------
        CallToolResult
            The answer, and the same as text for clients that read that.
        """
        if isinstance(answer, bytes):
            picture = ImageContent(type="image", data=b64encode(answer).decode(), mime_type="image/png")
            return CallToolResult(content=[picture])
        whole = self.marked(answer)
        return CallToolResult(content=[TextContent(type="text", text=compact(whole))], structured_content=whole)

    def marked(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Mark what of an answer is the capture's own text, and escape what does not show.

        Parameters
        ----------
        answer : dict
            Plain Python objects.

        Returns
        -------
        dict
            The answer with ``capture_text``.
        """
        return {**_escaped(answer), "capture_text": list(self.capture_text)}

    def made(self) -> Tool:
        """Make the tool that the server registers.

        Returns
        -------
        Tool
            It only reads.
        """

        @wraps(self.answer)
        async def call(*arguments: Any, **named: Any) -> CallToolResult:
            return self.result(await self.answer(*arguments, **named))

        signature = inspect.signature(self.answer, eval_str=True)
        call.__signature__ = signature.replace(return_annotation=CallToolResult)  # type: ignore[attr-defined]
        hints = ToolAnnotations(read_only_hint=True, idempotent_hint=True)
        tool = Tool.from_function(call, title=self.title, description=self.description, annotations=hints)
        tool.parameters = {**_brief(tool.parameters), "additionalProperties": False}
        del tool.parameters["title"]
        if self.forms:
            schema = output_schema(*self.forms, alike=answers.Envelope)
            if self.pages:
                schema["properties"]["next_cursor"] = {"type": ["string", "null"]}
                schema["required"].append("next_cursor")
            schema["properties"]["capture_text"] = {"const": list(self.capture_text)}
            schema["required"] = [key for key in schema["required"] if key != "capture_text"]
            tool.fn_metadata.output_schema = schema
        return tool


def server_tool(**declared: Any) -> Callable[[Answer], ServerTool]:
    """Declare a tool by the function that answers; a decorator.

    Parameters
    ----------
    **declared
        The parameters of `ServerTool` but ``answer``.

    Returns
    -------
    callable
        Takes the function.
    """
    return lambda answer: ServerTool(answer=answer, **declared)


def _brief(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a schema what only repeats names and defaults."""
    properties = {}
    for name, whole in schema["properties"].items():
        form, *others = whole.get("anyOf", [{}])
        either = {**form, "type": [form["type"], "null"]} if others == [{"type": "null"}] else {}
        kept = {key: value for key, value in whole.items() if key not in ("anyOf", "title") and value is not None}
        properties[name] = {**kept, **either}
    return {**schema, "properties": properties}


def _escaped(value: Any) -> Any:
    """Escape what does not show in the texts of an answer."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value
