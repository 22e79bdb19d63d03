"""Questions over stdio: cursors, selections that are kept, errors in one sentence, progress."""

import gc
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

import pcapframe as pf
from pcapframe.mcp_server import Settings, asked
from pcapframe.mcp_server.asked import Asked
from pcapframe.mcp_server.captures import Captures
from tests.builders import Conversation, pcap
from tests.hostile import bomb
from tests.mcp_server.clients import DATA, FOUR, Blocking


def test_a_cursor_serves_for_its_capture_and_request_only(large: Path, served_large: Blocking) -> None:
    path = large / "cursors.pcap"
    shutil.copy(large / "again.pcap", path)
    cursor = served_large.answer(FOUR[1], pcap_file=path.name)["next_cursor"]
    for tool, more in ((FOUR[0], {}), (FOUR[1], {"server_port": 81}), (FOUR[1], {"detailed": True})):
        assert "belongs to another request" in served_large.error(tool, pcap_file=path.name, cursor=cursor, **more)
    assert served_large.answer(FOUR[1], pcap_file=path.name, cursor=cursor)["connections"][0]["conn_id"] == 10
    shutil.copy(large / "clean.pcap", path)
    assert "or it has changed" in served_large.error(FOUR[1], pcap_file=path.name, cursor=cursor)
    assert "is not one that this server gave" in served_large.error(FOUR[1], pcap_file=path.name, cursor="x" * 10_000)


def test_the_last_selection_is_kept_as_long_as_its_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    questions = Asked(Captures(Settings(roots=(DATA,))))
    selected: list[Any] = []

    def analyze(source: Any, **wanted: Any) -> pf.Analysis:
        selected.append(wanted["server_port"])
        return pf.analyze(source, **wanted)

    monkeypatch.setattr(asked, "analyze", analyze)
    ctx: Any = SimpleNamespace(report_progress=lambda *_: anyio.sleep(0))

    async def work() -> None:
        for port in (80, 80, 8080, 80):
            held = await questions.analysis(ctx, "resets.pcap", None, port)
            assert (held.analysis.connections["server_port"] == port).all()
        assert selected == [80, 8080, 80]
        assert len(questions._last) == 1
        questions.captures._room._kept.clear()  # as when another one needs the room
        await questions.analysis(ctx, "clean.pcap", None, 80)
        gc.collect()
        assert len(questions._last) == 1

    anyio.run(work)
    questions.captures.close()


def test_what_cannot_be_meant_or_read_is_one_sentence(served: Blocking, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pcap"
    outside.write_bytes(b"")
    for name in (str(outside), str(tmp_path / "missing.pcap"), "/etc/passwd", "../pyproject.toml", "../no-such-file"):
        said = served.error(FOUR[0], pcap_file=name)
        assert said == f"{name}: is not in a folder that this server may read (--root names them)"
    assert served.error(FOUR[0], pcap_file="none.pcap") == "none.pcap: there is no such file"
    assert "README.md at byte 0: is text" in served.error(FOUR[0], pcap_file="README.md")
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
        "there is no tool analyze_everything: expected one of list_captures, analyze_"
    )


def test_progress_is_reported_until_the_capture_is_known(large: Path, served_large: Blocking) -> None:
    (large / "long.pcap.gz").write_bytes(bomb(pcap(Conversation().handshake()), 16 << 20))
    seen: list[tuple[float, float | None, str | None]] = []

    async def progress(*at: Any) -> None:
        seen.append(at)

    def ask() -> None:
        asked = {"pcap_file": "long.pcap.gz"}
        result = served_large.do(served_large.client.call_tool, FOUR[0], asked, progress_callback=progress)
        assert not result.is_error

    ask()
    assert seen
    shares = [share for share, _, _ in seen]
    assert shares == sorted(set(shares))
    assert max(shares) < 1  # what comes after reading takes its time too
    assert all(total == 1.0 and what == "analysing" for _, total, what in seen)
    seen.clear()
    ask()
    assert seen == []
