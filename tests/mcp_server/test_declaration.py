"""A declared tool becomes one that the server registers; its answers are marked and escaped."""

import json
from typing import Any, TypedDict

from mcp.server.mcpserver import Context

from pcapframe.mcp_server.declaration import Drawn, Limit, PcapFile, ServerIp, server_tool
from pcapframe.mcp_server.tools.list_captures import list_captures


class Form(TypedDict):
    """An answer."""

    file: str
    comments: list[dict[str, Any]]


@server_tool(title="Toy", description="Do nothing.", forms=(Form,), capture_text=("file", "comments.text"))
async def toy(ctx: Context, pcap_file: PcapFile, server_ip: ServerIp = None, limit: Limit = None) -> dict[str, Any]:
    """Answer."""
    return {}


@server_tool(title="Picture", description="Draw nothing.", capture_text=("file",))
async def picture(ctx: Context, pcap_file: PcapFile) -> Drawn:
    """Answer."""
    return Drawn({}, b"")


def test_arguments_are_those_of_the_function_without_the_context() -> None:
    tool = toy.made()
    assert (toy.name, tool.name, tool.title, tool.description) == ("toy", "toy", "Toy", "Do nothing.")
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "pcap_file": {"description": "Path or URL of a capture", "type": "string"},
            "server_ip": {"description": "Only this server", "type": ["string", "null"]},
            "limit": {"description": "Entries of each list", "minimum": 1, "maximum": 100, "type": ["integer", "null"]},
        },
        "required": ["pcap_file"],
        "additionalProperties": False,
    }


def test_the_schema_names_the_text_of_the_capture() -> None:
    schema = toy.made().output_schema
    assert schema is not None
    assert schema["properties"]["capture_text"] == {"const": ["file", "comments.text"]}
    assert schema["required"] == ["file", "comments", "next_cursor"]
    assert picture.made().output_schema is None


def test_texts_are_marked_and_escaped_everywhere() -> None:
    told = {"file": "a\nb", "comments": [{"text": "\x1b[2J", "frame": None}], "rates": {"x": (0.5, True)}}
    assert toy.marked(told) == {
        "file": "a\\nb",
        "comments": [{"text": "\\x1b[2J", "frame": None}],
        "rates": {"x": [0.5, True]},
        "capture_text": ["file", "comments.text"],
    }
    result = toy.result(told)
    assert result.structured_content == toy.marked(told)


def test_a_picture_is_words_and_numbers_and_an_image() -> None:
    result = picture.result(Drawn({"file": "a\nb"}, b"\x89PNG"))
    words, image = result.content
    assert words.type == "text"
    assert image.type == "image"
    assert (image.mime_type, image.data) == ("image/png", "iVBORw==")
    assert result.structured_content == json.loads(words.text) == {"file": "a\\nb", "capture_text": ["file"]}


def test_a_tool_says_whether_it_is_about_a_capture() -> None:
    assert toy.is_of_capture
    assert not list_captures.is_of_capture
