"""The list of captures over MCP: paged, bounded, escaped, and as resources."""

import os
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.builders import Conversation, pcap
from tests.mcp_server.clients import DATA, EXAMPLES, SMALL, Blocking, http, http_server, stdio, text

CAPTURE = pcap(Conversation().handshake().close())


def test_the_captures_of_the_folder(served: Blocking) -> None:
    answer = served.answer("list_captures", limit=100)
    listed = list(answer["captures"])
    while answer["next_cursor"] is not None:
        answer = served.answer("list_captures", limit=100, cursor=answer["next_cursor"])
        listed += answer["captures"]
    shown = {entry["file"]: entry for entry in listed}
    assert set(EXAMPLES) <= set(shown)
    assert answer["captures_total"] == len(listed) == len(shown)
    assert served.answer("list_captures", name="waits_path")["is_whole"]
    assert shown["clean.pcap"]["packets"] == 386
    assert shown["clean.pcap"]["bytes"] == (DATA / "clean.pcap").stat().st_size
    assert shown["mirrored.pcap.gz"]["compression"] == "gzip"
    assert not any(entry["damaged"] for entry in shown.values())


def test_what_stands_out_first_in_those_that_were_analysed() -> None:
    with stdio() as client:
        assert {entry["standout"] for entry in client.answer("list_captures", limit=100)["captures"]} == {None}
        answer = client.answer("analyze_tcp_anomalies", pcap_file="resets.pcap")
        client.answer("analyze_tcp_anomalies", pcap_file="clean.pcap")
        shown = {entry["file"]: entry["standout"] for entry in client.answer("list_captures", limit=100)["captures"]}
        assert shown["resets.pcap"] == answer["standouts"][0]["sentence"]
        assert shown["clean.pcap"] == "Nothing stands out"
        assert shown["losses.pcap"] is None


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for number in range(230):
        (folder / f"{number:03d}{'-long' * 40}.pcap").write_bytes(CAPTURE)
    (folder / "notes.txt").write_text("no capture")
    return folder


def test_pages_hold_every_capture_once_and_stay_small(many: Path) -> None:
    with stdio(folder=many) as client:
        seen, cursor = [], None
        while True:
            result = client.call("list_captures", limit=100, **({"cursor": cursor} if cursor else {}))
            assert len(text(result)) <= SMALL
            seen += [entry["file"] for entry in result.structured_content["captures"]]
            assert result.structured_content["captures_total"] == 230
            cursor = result.structured_content["next_cursor"]
            if cursor is None:
                break
        assert seen == sorted(path.name for path in many.glob("*.pcap"))
        assert client.answer("list_captures", name="007-")["captures_total"] == 1
        assert "another request" in client.error("list_captures", name="-LONG", cursor=cursor_of(client))


def cursor_of(client: Blocking) -> str:
    return str(client.answer("list_captures", limit=1)["next_cursor"])


def test_the_next_page_of_a_folder_that_changed_is_refused(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(CAPTURE)
    with stdio(folder=tmp_path) as client:
        cursor = cursor_of(client)
        (tmp_path / "d").write_bytes(CAPTURE)
        assert "has changed" in client.error("list_captures", limit=1, cursor=cursor)


def test_resources_list_the_captures_page_by_page(many: Path) -> None:
    with stdio(folder=many) as client:
        found, cursor = [], None
        while True:
            page = client.do(client.client.list_resources, cursor=cursor)
            found += page.resources
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len({resource.uri for resource in found}) == 230
        assert client.read(found[7].uri).text.find('"packets":') > 0
        assert found[7].mime_type == "application/json"


def test_resources_have_names_that_open(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("such names need POSIX")
    for name in ("a b%2F.pcap", "\x1b[2J\n.pcap", "inner"):
        (tmp_path / name).write_bytes(CAPTURE)
    with stdio(folder=tmp_path) as client:
        for resource in client.do(client.client.list_resources).resources:
            assert resource.name.isprintable()
            assert unquote(str(resource.uri)).startswith("pcapframe://capture/")
            assert client.read(str(resource.uri)).text.startswith("{")


def test_over_http_too() -> None:
    with http_server() as url, http(url) as client:
        below = len(list(DATA.rglob("*.pcap*")))
        assert client.answer("list_captures")["captures_total"] == below
        assert len(client.do(client.client.list_resources).resources) == below
