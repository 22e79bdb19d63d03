"""Declaration of a tool, which the server, the list of tools and the benchmark read."""

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
from pcapframe.mcp_server.paging import compact
from pcapframe.mcp_server.schemas import output_schema
from pcapframe.wording import printable

__all__ = [
    "MOST",
    "SERVER",
    "Cursor",
    "Drawn",
    "Limit",
    "PcapFile",
    "ServerIp",
    "ServerPort",
    "ServerTool",
    "server_tool",
]

MOST = 100  # highest limit: entries of a list
SERVER = "{server}"  # placeholder in examples: the address of a server in the capture
PcapFile = Annotated[str, Field(description="Path or URL of a capture")]
ServerIp = Annotated[str | None, Field(description="Only this server")]
ServerPort = Annotated[int | None, Field(description="Only this server port")]
Limit = Annotated[int | None, Field(ge=1, le=MOST, description="Entries of each list")]
Cursor = Annotated[str | None, Field(description="next_cursor of an answer")]
Answer: TypeAlias = Callable[..., Awaitable["dict[str, Any] | Drawn"]]


@dataclass(frozen=True)
class Drawn:
    """A picture, and the same in words and numbers.

    Parameters
    ----------
    answer : dict
        Plain Python objects.
    png : bytes
        The picture.
    """

    answer: dict[str, Any]
    png: bytes


@dataclass(frozen=True, kw_only=True)
class ServerTool:
    """A tool as its file declares it.

    Parameters
    ----------
    answer : callable
        Async function: takes the context of the request and the arguments of the tool, ``pcap_file`` first if it is
        about a capture, as annotated parameters. Returns a dict of plain Python objects, or a `Drawn`.
    title, description : str
        For clients to show.
    forms : tuple of TypedDict
        Possible types of the answer.
    pages : bool
        The answer has ``next_cursor``.
    capture_text : tuple of str
        Keys of the answer, nested ones joined by dots, whose values are text from the capture: names, comments,
        payload.
    describes_envelope : bool
        Its schema has the types of the keys that all answers share.
    examples : tuple of mappings
        Arguments besides ``pcap_file``, for tests and benchmarks; `SERVER` stands for the address of a server.
    """

    answer: Answer
    title: str
    description: str
    forms: tuple[Any, ...] = ()
    pages: bool = True
    capture_text: tuple[str, ...] = ("file", "notes")
    describes_envelope: bool = False
    examples: tuple[Mapping[str, Any], ...] = ({},)

    @property
    def name(self) -> str:
        """Name of the tool, which is the name of the function."""
        return self.answer.__name__

    @property
    def is_of_capture(self) -> bool:
        """Whether the tool takes ``pcap_file``."""
        return "pcap_file" in inspect.signature(self.answer).parameters

    def result(self, answer: dict[str, Any] | Drawn) -> CallToolResult:
        """Return an answer as sent to the client.

        Parameters
        ----------
        answer : dict or Drawn
            Plain Python objects, or these and a PNG.

        Returns
        -------
        CallToolResult
            The answer as structured content, and as text for clients that read text only.
        """
        whole = self.marked(answer.answer if isinstance(answer, Drawn) else answer)
        content: list[Any] = [TextContent(type="text", text=compact(whole))]
        if isinstance(answer, Drawn):
            content.append(ImageContent(type="image", data=b64encode(answer.png).decode(), mime_type="image/png"))
        return CallToolResult(content=content, structured_content=whole)

    def marked(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Mark the text from the capture in an answer, and escape non-printable characters.

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
        """Return the tool for the SDK to register.

        Returns
        -------
        Tool
            A read-only tool.
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
            schema = output_schema(*self.forms, alike=answers.Envelope, described=self.describes_envelope)
            if self.pages:
                schema["properties"]["next_cursor"] = {"type": ["string", "null"]}
                schema["required"].append("next_cursor")
            schema["properties"]["capture_text"] = {"const": list(self.capture_text)}
            schema["required"] = [key for key in schema["required"] if key != "capture_text"]
            tool.fn_metadata.output_schema = schema
        return tool


def server_tool(**declared: Any) -> Callable[[Answer], ServerTool]:
    """Declare a function as a tool; a decorator.

    Parameters
    ----------
    **declared
        Parameters of `ServerTool`, except ``answer``.

    Returns
    -------
    callable
        Takes the function, returns the `ServerTool`.
    """
    return lambda answer: ServerTool(answer=answer, **declared)


def _brief(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop the parts of a schema that only repeat names and defaults."""
    properties = {}
    for name, whole in schema["properties"].items():
        form, *others = whole.get("anyOf", [{}])
        either = {**form, "type": [form["type"], "null"]} if others == [{"type": "null"}] else {}
        kept = {key: value for key, value in whole.items() if key not in ("anyOf", "title") and value is not None}
        properties[name] = {**kept, **either}
    return {**schema, "properties": properties}


def _escaped(value: Any) -> Any:
    """Escape non-printable characters in all texts of an answer."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value
