"""Analyses that are kept: made once, anew for what has changed, within bounds, stopped when nobody waits."""

import asyncio
import os
import re
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import zstandard

import pcapframe as pf
from pcapframe.errors import CaptureError, CaptureNotFoundError, RemoteCaptureError
from pcapframe.mcp_server import Settings, captures
from pcapframe.mcp_server.captures import Captures, Held
from pcapframe.mcp_server.room import size_of
from tests.builders import Conversation, packet, pcap
from tests.hostile import serving

ONE = pcap(Conversation().handshake().data("client", 500).close())
TWO = pcap(Conversation(client_port=50_000).handshake().data("client", 700))


async def no_report(_share: float, _what: str) -> None:
    pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.pcap").write_bytes(ONE)
    (tmp_path / "two.pcap").write_bytes(TWO)
    return tmp_path


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the captures that are analysed."""
    seen: list[str] = []

    def counting(source: Any, **named: Any) -> pf.Analysis:
        seen.append(Path(source.name).name)
        return pf.analyze(source, **named)

    monkeypatch.setattr(captures, "analyze", counting)
    return seen


def run(work: Callable[[Captures], Awaitable[Any]], folder: Path, **settings: Any) -> Any:
    async def whole() -> Any:
        held = Captures(Settings(roots=(folder,), **settings))
        try:
            return await work(held)
        finally:
            held.close()

    return anyio.run(whole)


def test_an_analysis_is_kept_whatever_its_file_is_called(folder: Path, analysed: list[str]) -> None:
    (folder / "link.pcap").symlink_to("one.pcap")
    names = ("one.pcap", str(folder / "one.pcap"), "./one.pcap", "link.pcap")

    async def work(kept: Captures) -> list[Held]:
        return [await kept.get(name, no_report) for name in names]

    found = run(work, folder)
    assert analysed == ["one.pcap"]
    assert [held.name for held in found] == list(names)
    assert len({held.identity for held in found}) == len({id(held.analysis) for held in found}) == 1


def test_what_has_changed_is_read_anew(folder: Path, analysed: list[str]) -> None:
    path = folder / "one.pcap"

    async def work(kept: Captures) -> list[Held]:
        found = [await kept.get("one.pcap", no_report)]
        os.utime(path, (1, 1))
        found.append(await kept.get("one.pcap", no_report))
        path.write_bytes(TWO)
        found.append(await kept.get("one.pcap", no_report))
        (folder / "two.pcap").rename(path)
        found.append(await kept.get("one.pcap", no_report))
        return found

    found = run(work, folder)
    assert len(analysed) == len({held.identity for held in found}) == 4
    assert (
        found[0].analysis.connections["client_port"].tolist() != found[2].analysis.connections["client_port"].tolist()
    )


def test_an_analysis_is_kept(folder: Path, analysed: list[str]) -> None:
    async def work(kept: Captures) -> None:
        for name in ("one.pcap", "two.pcap", "two.pcap", "one.pcap", "one.pcap"):
            await kept.get(name, no_report)

    run(work, folder)
    assert analysed == ["one.pcap", "two.pcap"]


READ = 200_000  # what a small capture claims while it is read: tables of addresses that are there from the beginning


def test_whoever_was_asked_for_longest_ago_goes_first(folder: Path, analysed: list[str]) -> None:
    (folder / "three.pcap").write_bytes(TWO)

    async def work(kept: Captures) -> None:
        sizes = []
        for name in ("one.pcap", "two.pcap", "one.pcap"):
            sizes.append(size_of((await kept.get(name, no_report)).analysis))
        kept._room._max_bytes = sum(sizes[:2]) + READ
        kept._room.claim("other", "other.pcap", READ - 10, 1)
        kept._room.release("other")
        await kept.get("three.pcap", no_report)
        await kept.get("one.pcap", no_report)

    run(work, folder)
    assert analysed == ["one.pcap", "two.pcap", "three.pcap"]


@pytest.mark.parametrize("suffix", ["", ".zst"])
def test_an_analysis_that_does_not_fit_is_refused_and_leaves_the_room_free(folder: Path, suffix: str) -> None:
    records = pcap([])[:24] + (b"\1" + bytes(15)) * 4_200_000  # 64 MB of records, each of a second and nothing else
    (folder / f"long.pcap{suffix}").write_bytes(zstandard.compress(records) if suffix else records)

    async def work(kept: Captures) -> None:
        for _ in range(2):
            with pytest.raises(CaptureError) as error:
                await kept.get(f"long.pcap{suffix}", no_report)
            said = r"long.pcap\S*: takes 1(29|30) MiB of memory after 1,[0-9,]{7} packets, more than the 128 MiB"
            assert re.match(said, str(error.value)), error.value
        assert len((await kept.get("one.pcap", no_report)).analysis.connections) == 1

    run(work, folder, cache_bytes=128 << 20)


def test_analyses_under_way_share_the_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    go = slow(seen, monkeypatch, claims=100 << 20)

    async def work(kept: Captures) -> None:
        first = asyncio.ensure_future(kept.get("one.pcap", no_report))
        await until(lambda: "begun" in seen)
        with pytest.raises(CaptureError, match=r"two.pcap: takes 100 MiB of .* beside 100 MiB for others under way"):
            await kept.get("two.pcap", no_report)
        go.set()
        assert len((await first).analysis.connections) == 1
        assert len((await kept.get("two.pcap", no_report)).analysis.connections) == 1

    run(work, folder, cache_bytes=150 << 20)


def test_an_analysis_has_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow([], monkeypatch)
    monkeypatch.setattr(captures, "MOST_S", 0.2)

    async def work(kept: Captures) -> None:
        with pytest.raises(CaptureError, match=r"one.pcap: takes longer than 0.2 s, the most allowed"):
            await kept.get("one.pcap", no_report)

    run(work, folder)


def test_while_captures_are_analysed_others_are_answered(folder: Path) -> None:
    """Compiled code releases the GIL, and reading goes on in short steps."""
    frame = packet(payload=100, flags="A")
    long = pcap([(time, frame) for time in range(200)])
    long = long[:24] + long[24:] * 2000
    for name in ("long", "longer"):
        (folder / f"{name}.pcap").write_bytes(long)
    answered = 0

    async def work(kept: Captures) -> None:
        nonlocal answered
        await kept.get("one.pcap", no_report)
        slow = [asyncio.ensure_future(kept.get(f"{name}.pcap", no_report)) for name in ("long", "longer")]
        while not any(task.done() for task in slow):
            assert len((await kept.get("one.pcap", no_report)).analysis.connections) == 1
            await anyio.sleep(0.01)
            answered += 1
        await asyncio.gather(*slow)

    run(work, folder)
    assert answered > 5


def test_who_asks_at_once_waits_for_one_analysis(folder: Path, analysed: list[str]) -> None:
    async def work(kept: Captures) -> list[Held]:
        return list(await asyncio.gather(*(kept.get("one.pcap", no_report) for _ in range(8))))

    found = run(work, folder)
    assert analysed == ["one.pcap"]
    assert len({id(held.analysis) for held in found}) == 1


def slow(seen: list[str], monkeypatch: pytest.MonkeyPatch, claims: int = 0) -> threading.Event:
    """Make an analysis that claims some memory and goes on until it is stopped or let go."""
    go = threading.Event()

    def waiting(source: Any, *, progress: Any) -> pf.Analysis:
        source.claim(claims, 1)
        seen.append("begun")
        for step in range(2000):
            try:
                progress(step, 2000)
            except BaseException:
                seen.append("stopped")
                raise
            if go.wait(0.005):
                break
        return pf.analyze(source, progress=False)

    monkeypatch.setattr(captures, "analyze", waiting)
    return go


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.01)


def test_the_last_one_to_go_stops_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    go = slow(seen, monkeypatch)

    async def work(kept: Captures) -> None:
        first, second = (asyncio.ensure_future(kept.get("one.pcap", no_report)) for _ in range(2))
        await until(lambda: "begun" in seen)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await anyio.sleep(0.1)
        assert seen == ["begun"]  # somebody still waits
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await until(lambda: "stopped" in seen)
        third = asyncio.ensure_future(kept.get("one.pcap", no_report))
        await until(lambda: seen.count("begun") == 2)  # the stopped work is not what a new caller waits for
        go.set()
        assert len((await third).analysis.connections) == 1

    run(work, folder)
    assert seen == ["begun", "stopped", "begun"]


def test_closing_stops_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    slow(seen, monkeypatch)

    async def work(kept: Captures) -> None:
        waiting = asyncio.ensure_future(kept.get("one.pcap", no_report))
        await until(lambda: "begun" in seen)
        kept.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(work, folder)
    assert seen == ["begun", "stopped"]


def test_progress_grows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = slow([], monkeypatch)
    reported: list[tuple[float, str]] = []

    async def report(share: float, what: str) -> None:
        reported.append((share, what))
        if len(reported) == 3:
            go.set()

    async def work(kept: Captures) -> None:
        await kept.get("one.pcap", report)

    run(work, folder)
    shares = [share for share, _ in reported]
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert {what for _, what in reported} == {"analysing"}


def test_an_error_reaches_everybody_and_is_not_kept(folder: Path) -> None:
    (folder / "bad.pcap").write_bytes(b"not a capture")

    async def work(kept: Captures) -> None:
        results = await asyncio.gather(*(kept.get("bad.pcap", no_report) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(result, CaptureError) and "bad.pcap at byte 0" in str(result) for result in results)
        (folder / "bad.pcap").write_bytes(ONE)
        assert len((await kept.get("bad.pcap", no_report)).analysis.connections) == 1
        with pytest.raises(CaptureNotFoundError, match="there is no such file"):
            await kept.get("none.pcap", no_report)

    run(work, folder)


def test_bytes_can_be_read_again_unless_they_changed(folder: Path) -> None:
    async def work(kept: Captures) -> None:
        held = await kept.get("one.pcap", no_report)
        with kept.reopen("one.pcap", held) as file:
            assert file.read() == ONE
        (folder / "one.pcap").write_bytes(TWO)
        with pytest.raises(CaptureError, match="has changed since it was analysed"), kept.reopen("one.pcap", held):
            pass

    run(work, folder)


def test_urls_are_known_by_what_they_hold(folder: Path, analysed: list[str]) -> None:
    with serving() as server:
        server.files |= {"/a.pcap": ONE, "/b.pcap": ONE}
        url, other = server.url("/a.pcap?token=hush"), server.url("/b.pcap")

        async def work(kept: Captures) -> None:
            first = await kept.get(url, no_report)
            assert first.name == server.url("/a.pcap?token=***")
            assert (await kept.get(other, no_report)).identity == first.identity
            assert analysed == ["a.pcap?token=***"]
            asked = len(server.asked)
            assert (await kept.get(url, no_report, as_before=True)).analysis is first.analysis
            assert len(server.asked) == asked  # the page after the first is of the same content
            with kept.reopen(url, first) as file:
                assert file.read() == ONE
            server.files["/a.pcap"] = TWO
            with pytest.raises(CaptureError, match="has changed"), kept.reopen(url, first):
                pass
            assert (await kept.get(url, no_report)).identity != first.identity
            assert len(analysed) == 2
            results = await asyncio.gather(*(kept.get(server.url("/b.pcap?n=1"), no_report) for _ in range(4)))
            assert len({id(held.analysis) for held in results}) == 1
            assert [path for _, path, _ in server.asked].count("/b.pcap?n=1") == 1
            with pytest.raises(RemoteCaptureError, match="refused"):
                await kept.get(server.url("/a.pcap", "127.0.0.1"), no_report)

        run(work, folder, allow_hosts=("localhost",))


def test_a_fetch_nobody_waits_for_ends(folder: Path) -> None:
    with serving() as server:

        async def work(kept: Captures) -> None:
            waiting = asyncio.ensure_future(kept.get(server.url("/drip"), no_report))
            await until(lambda: server.sent > 2)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await anyio.sleep(0.5)
            sent = server.sent
            await anyio.sleep(0.5)
            assert server.sent - sent <= 1

        run(work, folder, allow_hosts=("localhost",))


def test_no_descriptor_stays_open(folder: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not list the open files")
    open_files = lambda: {os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if _is_there(n)}  # noqa: E731

    async def work(kept: Captures) -> None:
        await asyncio.gather(*(kept.get("one.pcap", no_report) for _ in range(4)))

    run(work, folder)
    time.sleep(0.05)
    assert not [name for name in open_files() if "one.pcap" in name]


def _is_there(number: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{number}")
