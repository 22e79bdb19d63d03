"""A declared tool becomes one that the server registers; its answers are marked and escaped."""

from typing import Any, TypedDict

from mcp.server.mcpserver import Context

from pcapframe.mcp_server.declaration import Limit, PcapFile, ServerIp, server_tool


class Form(TypedDict):
    """An answer."""

    file: str
    comments: list[dict[str, Any]]


@server_tool(title="Toy", description="Do nothing.", forms=(Form,), capture_text=("file", "comments.text"))
async def toy(ctx: Context, pcap_file: PcapFile, server_ip: ServerIp = None, limit: Limit = None) -> dict[str, Any]:
    """Answer."""
    return {}


@server_tool(title="Picture", description="Draw nothing.")
async def picture(ctx: Context, pcap_file: PcapFile) -> bytes:
    """Answer."""
    return b""


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


def test_a_picture_is_an_image() -> None:
    (content,) = picture.result(b"\x89PNG").content
    assert content.type == "image"
    assert (content.mime_type, content.data) == ("image/png", "iVBORw==")
