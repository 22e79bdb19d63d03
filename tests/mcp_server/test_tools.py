"""The four tools over stdio: as in Python and on the command line, bounded, paged, with sentences for errors."""

import gc
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from click.testing import CliRunner

import pcapframe as pf
from pcapframe.cli.commands import commands
from pcapframe.mcp_server import Settings, tools
from pcapframe.mcp_server.captures import Captures
from pcapframe.mcp_server.tools import Asked
from tests.builders import Conversation, merge, pcap
from tests.hostile import bomb
from tests.mcp_server.clients import DATA, Blocking, stdio, text, without_time

EXAMPLES = sorted(path.name for path in DATA.glob("*.pcap*"))
FOUR = ("analyze_tcp_anomalies", "analyze_tcp_connections", "analyze_tcp_retransmissions", "analyze_traffic_flow")
SMALL = 12_000  # of a default answer [bytes]
OURS = ("next_cursor", "patterns_total")


def questions(name: str) -> list[tuple[str, dict[str, Any], list[str]]]:
    """Every tool with some filters, and the same on the command line."""
    server = str(pf.analyze(pf.example(name)).connections["server"].iloc[0])
    only = {"server_ip": server}
    ip = ["--server-ip", server]
    return [
        (FOUR[0], {}, ["analyze"]),
        (FOUR[0], {**only, "server_port": 80}, ["analyze", *ip, "--server-port", "80"]),
        (FOUR[1], {}, ["connections"]),
        (FOUR[1], {**only, "detailed": True}, ["connections", *ip, "--detailed"]),
        (FOUR[2], only, ["retransmissions", *ip]),
        (FOUR[2], {"threshold": 0.001}, ["retransmissions", "--threshold", "0.001"]),
        (FOUR[3], only, ["flow", *ip]),
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answer_is_that_of_python_and_the_command_line(
    served: Blocking, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(DATA)
    for tool, asked, command in questions(name):
        # Without `detailed`, a page has ten connections at most.
        limit = 10 if command == ["connections"] else 100
        ours = without_time(served.answer(tool, pcap_file=name, limit=limit, **asked), *OURS)
        python = without_time(getattr(pf, tool)(name, limit=limit, **asked))
        limits = ["--limit", str(limit)] if command[0] != "flow" else []
        printed = CliRunner().invoke(commands, [*command, name, "--json", *limits], catch_exceptions=False).stdout
        for theirs in (python, without_time(json.loads(printed))):
            assert list(ours) == list(theirs)
            for key, value in theirs.items():
                assert ours[key] == value, f"{tool} {asked} {key}"


def test_the_list_of_tools_is_small_and_tells_what_is_needed(served: Blocking) -> None:
    listed = served.do(served.client.list_tools)
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) <= 20_500
    tools = {tool.name: tool for tool in listed.tools}
    first = {name: list(tools[name].input_schema["properties"]) for name in FOUR}
    assert first == {
        FOUR[0]: ["pcap_file", "server_ip", "server_port", "limit", "cursor"],
        FOUR[1]: ["pcap_file", "server_ip", "server_port", "detailed", "limit", "cursor"],
        FOUR[2]: ["pcap_file", "server_ip", "threshold", "limit", "cursor"],
        FOUR[3]: ["pcap_file", "server_ip", "server_port", "limit", "cursor"],
    }
    for tool in listed.tools:
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.title
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
    for category in ("connection_establishment", "connection_termination", "reliability", "connection_lifecycle"):
        assert category in tools[FOUR[0]].description
    for name in FOUR:
        assert "null" in tools[name].description
        assert set(tools[name].output_schema["required"]) >= {"file", "filter", "packets_analyzed", "truncated"}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with captures of which many entries could be listed, with the longest addresses."""
    folder = tmp_path_factory.mktemp("large")
    resets, again = [], []
    for i in range(5_000):
        client, server = (f"2001:db8:aaaa:bbbb:cccc:dddd:{place:04x}:1111" for place in (i, 0x8000 + i % 50))
        talk = Conversation(client, 40_000 + i % 10_000, server)
        resets.append(talk.handshake().data("client", 100).rst("server" if i % 3 else "client"))
    for i in range(300):
        talk = Conversation(client=f"192.0.2.{i % 250}", client_port=40_000 + i)
        again.append(talk.handshake().data("client", 100).retransmit("client", after=0.3).close())
    (folder / "resets.pcap").write_bytes(pcap(merge(*resets)))
    (folder / "again.pcap").write_bytes(pcap(merge(*again)))
    shutil.copy(DATA / "clean.pcap", folder)
    return folder


def test_default_answers_are_small(served: Blocking, large: Path) -> None:
    with stdio(folder=large) as client:
        for name in ("resets.pcap", "again.pcap"):
            server = str(pf.analyze(large / name, progress=False).connections["server"].iloc[0])
            for tool in FOUR:
                asked = {"server_ip": server} if tool == FOUR[3] else {}
                assert len(text(client.call(tool, pcap_file=name, **asked))) <= SMALL
        answer = client.answer(FOUR[0], pcap_file="resets.pcap")
        assert answer["statistics"]["flags"]["rst"] == 5_000
        assert answer["statistics"]["rst_distribution"]["connections_with_rst_total"] == 5_000
        assert answer["next_cursor"]
    for name in EXAMPLES:
        assert len(text(served.call(FOUR[0], pcap_file=name))) <= SMALL


def test_cursors_list_everything_once(large: Path) -> None:
    with stdio(folder=large) as client:
        cursor, seen = None, []
        for _ in range(20):
            answer = client.answer(FOUR[1], pcap_file="again.pcap", detailed=True, cursor=cursor)
            seen += [connection["conn_id"] for connection in answer["connections"]]
            assert answer["connections_total"] == 300
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert seen == list(range(300))

        few = client.answer(FOUR[1], pcap_file="again.pcap", limit=50)
        assert len(few["connections"]) == 10
        more = client.answer(FOUR[1], pcap_file="again.pcap", limit=4, cursor=few["next_cursor"])
        assert [connection["conn_id"] for connection in more["connections"]] == [10, 11, 12, 13]

        rates = client.answer(FOUR[2], pcap_file="again.pcap")
        next_rates = client.answer(FOUR[2], pcap_file="again.pcap", cursor=rates["next_cursor"])
        together = rates["by_connection"] + next_rates["by_connection"]
        whole = pf.analyze_tcp_retransmissions(large / "again.pcap", limit=len(together))
        assert together == whole["by_connection"]  # type: ignore[typeddict-item]

        cursor, found = None, {}
        for _ in range(100):
            answer = client.answer(FOUR[0], pcap_file="again.pcap", limit=50, cursor=cursor)
            found |= answer["statistics"]["retransmissions"]["by_connection"]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert len(found) == answer["statistics"]["retransmissions"]["by_connection_total"] == 300


def test_a_cursor_serves_for_its_capture_and_question_only(large: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    shutil.copy(large / "again.pcap", path)
    with stdio(folder=tmp_path) as client:
        cursor = client.answer(FOUR[1], pcap_file="a.pcap")["next_cursor"]
        for tool, asked in ((FOUR[0], {}), (FOUR[1], {"server_port": 81}), (FOUR[1], {"detailed": True})):
            assert "belongs to another question" in client.error(tool, pcap_file="a.pcap", cursor=cursor, **asked)
        assert client.answer(FOUR[1], pcap_file="a.pcap", cursor=cursor)["connections"][0]["conn_id"] == 10
        shutil.copy(large / "clean.pcap", path)
        assert "or it has changed" in client.error(FOUR[1], pcap_file="a.pcap", cursor=cursor)
        assert "is not one that this server gave" in client.error(FOUR[1], pcap_file="a.pcap", cursor="x" * 10_000)


def test_the_last_selection_is_kept_as_long_as_its_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(Captures(Settings(roots=(DATA,), cache_bytes=350_000)))
    selected: list[Any] = []

    def analyze(source: Any, **wanted: Any) -> pf.Analysis:
        selected.append(wanted["server_port"])
        return pf.analyze(source, **wanted)

    monkeypatch.setattr(tools, "analyze", analyze)
    ctx: Any = SimpleNamespace(report_progress=lambda *_: anyio.sleep(0))

    async def work() -> None:
        for port in (80, 80, 8080, 80):
            held = await asked.analysis(ctx, "resets.pcap", None, port)
            assert (held.analysis.connections["server_port"] == port).all()
        assert selected == [80, 8080, 80]
        assert len(asked._last) == 1
        await asked.analysis(ctx, "clean.pcap", None, 80)  # for which the other one has to go
        gc.collect()
        assert len(asked._last) == 1

    anyio.run(work)
    asked.captures.close()


def test_what_cannot_be_meant_or_read_is_one_sentence(served: Blocking, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pcap"
    outside.write_bytes(b"")
    for name in (str(outside), str(tmp_path / "missing.pcap"), "/etc/passwd", "../pyproject.toml", "../no-such-file"):
        said = served.error(FOUR[0], pcap_file=name)
        assert said == f"{name}: is not in a folder that this server may read (--root names them)"
    assert served.error(FOUR[0], pcap_file="none.pcap") == "none.pcap: there is no such file"
    assert "README.md at byte 0: is not a capture" in served.error(FOUR[0], pcap_file="README.md")
    assert "'x' is not an address" in served.error(FOUR[0], pcap_file="clean.pcap", server_ip="x")
    assert "server_port 65536 is not a port" in served.error(FOUR[0], pcap_file="clean.pcap", server_port=65_536)
    assert "server_port: Input should be" in served.error(FOUR[0], pcap_file="clean.pcap", server_port="http")
    assert "limit: Input should be" in served.error(FOUR[0], pcap_file="clean.pcap", limit=0)
    assert "limit: Input should be" in served.error(FOUR[0], pcap_file="clean.pcap", limit=101)
    assert "threshold: Input should be" in served.error(FOUR[2], pcap_file="clean.pcap", threshold=2)
    assert "server_ip: Field required" in served.error(FOUR[3], pcap_file="clean.pcap")
    assert "pcap_file: Field required" in served.error(FOUR[0])
    assert "has no argument sever_ip: expected pcap_file" in served.error(FOUR[0], pcap_file="clean.pcap", sever_ip="x")
    assert "server_ip '' is not an address" in served.error(FOUR[3], pcap_file="clean.pcap", server_ip="")
    assert "refused unless it is allowed by name" in served.error(FOUR[0], pcap_file="http://127.0.0.1:9/a.pcap")
    assert served.error("analyze_everything").startswith(
        "there is no tool analyze_everything: expected one of analyze_"
    )


def test_no_filter_in_any_spelling(served: Blocking) -> None:
    plain = without_time(served.answer(FOUR[0], pcap_file="clean.pcap"))
    for none in ({"server_ip": None, "server_port": None}, {"server_ip": ""}, {"limit": None, "cursor": ""}):
        assert without_time(served.answer(FOUR[0], pcap_file="clean.pcap", **none)) == plain


def test_nothing_found_is_said(served: Blocking, tmp_path: Path) -> None:
    answer = served.answer(FOUR[0], pcap_file="clean.pcap", server_ip="203.0.113.1")
    assert answer["message"].startswith("Nothing matches the filter")
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    cut = (DATA / "resets.pcap").read_bytes()[:-7]
    (tmp_path / "cut.pcap").write_bytes(cut)
    with stdio(folder=tmp_path) as client:
        for tool in FOUR:
            asked = {"server_ip": "192.0.2.1"} if tool == FOUR[3] else {}
            answer = client.answer(tool, pcap_file="empty.pcap", **asked)
            assert answer["message"] == "No TCP packets found in this capture"
            assert answer["tcp_packets_found"] == 0
        answer = client.answer(FOUR[0], pcap_file="cut.pcap")
        assert answer["truncated"] is True
        assert "cut off in a record" in answer["notes"][0]


def test_progress_is_reported_until_the_capture_is_known(tmp_path: Path) -> None:
    (tmp_path / "long.pcap.gz").write_bytes(bomb(pcap(Conversation().handshake()), 16 << 20))
    seen: list[tuple[float, float | None, str | None]] = []

    async def progress(*at: Any) -> None:
        seen.append(at)

    with stdio(folder=tmp_path) as client:

        def ask() -> None:
            asked = {"pcap_file": "long.pcap.gz"}
            assert not client.do(client.client.call_tool, FOUR[0], asked, progress_callback=progress).is_error

        ask()
        assert seen
        shares = [share for share, _, _ in seen]
        assert shares == sorted(set(shares))
        assert max(shares) < 1  # what comes after reading takes its time too
        assert all(total == 1.0 and what == "analysing" for _, total, what in seen)
        seen.clear()
        ask()
        assert seen == []
