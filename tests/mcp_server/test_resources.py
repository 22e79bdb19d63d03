"""Resources: the same as the tools say, under pcapframe://."""

import json
from base64 import b64decode
from urllib.parse import quote

from tests.mcp_server.clients import DATA, Blocking

CAPTURE = "pcapframe://capture/resets.pcap"


def test_they_are_listed(served: Blocking) -> None:
    listed = served.do(served.client.list_resource_templates).resource_templates
    assert all(template.uri_template.startswith("pcapframe://capture/{pcap_file}/") for template in listed)
    assert all(template.title and template.description and template.mime_type for template in listed)
    assert {template.uri_template.removeprefix("pcapframe://capture/{pcap_file}/") for template in listed} >= {
        "facts",
        "pattern/{pattern}",
        "connection/{conn_id}",
        "frame/{frame}",
        "chart/{chart}",
        "connection/{conn_id}/time_sequence",
    }


def test_they_hold_what_the_tools_answer(served: Blocking) -> None:
    asked = {"pcap_file": "resets.pcap"}
    for uri, tool, more in (
        ("facts", "get_capture_facts", {}),
        ("pattern/refused_connections", "get_packets", {"pattern": "refused_connections"}),
        ("connection/3", "get_packets", {"conn_id": 3}),
        ("frame/87", "dissect_packet", {"frame": 87}),
    ):
        content = served.read(f"{CAPTURE}/{uri}")
        assert content.mime_type == "application/json"
        assert json.loads(content.text) == served.answer(tool, **asked, **more)


def test_charts_are_pictures(served: Blocking) -> None:
    for uri in ("chart/rst_distribution", "chart/retransmission_timeline", "connection/3/time_sequence"):
        content = served.read(f"{CAPTURE}/{uri}")
        assert content.mime_type == "image/png"
        assert b64decode(content.blob).startswith(b"\x89PNG")
    assert "there is no chart 'pie'" in served.failing_read(f"{CAPTURE}/chart/pie")
    assert "there is no connection 999" in served.failing_read(f"{CAPTURE}/connection/999/time_sequence")


def test_paths_are_one_part_of_the_address(served: Blocking) -> None:
    path = str(DATA / "resets.pcap")
    facts = json.loads(served.read(f"pcapframe://capture/{quote(path, safe='')}/facts").text)
    assert facts["file"] == path


def test_what_may_not_be_read_is_refused_in_a_sentence(served: Blocking) -> None:
    for name in ("/etc/passwd", "../pyproject.toml", "../no-such-file", "/no/such/file"):
        said = served.failing_read(f"pcapframe://capture/{quote(name, safe='')}/facts")
        assert said == f"{name}: is not in a folder that this server may read (--root names them)"
    assert "there is no such file" in served.failing_read("pcapframe://capture/none.pcap/facts")
    assert "there is no frame 100000" in served.failing_read(f"{CAPTURE}/frame/100000")
    assert "there is no pattern 'x'" in served.failing_read(f"{CAPTURE}/pattern/x")
    assert "Input should be a valid integer" in served.failing_read(f"{CAPTURE}/frame/x")
    assert served.failing_read("pcapframe://nothing")
    refused = served.failing_read(f"pcapframe://capture/{quote('http://127.0.0.1:9/a', safe='')}/facts")
    assert "refused unless it is allowed by name" in refused
