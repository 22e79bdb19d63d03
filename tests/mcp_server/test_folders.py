"""Which files may be read, and that nothing is said about others."""

import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from pcapframe.errors import CaptureNotFoundError, ParameterError
from pcapframe.mcp_server import Settings
from pcapframe.mcp_server.folders import BY_DESCRIPTOR, Folders
from pcapframe.mcp_server.server import CaptureServer
from tests.builders import Conversation, pcap

OUTSIDE = "is not in a folder that this server may read (--root names them)"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two folders that may be read, and a secret beside them."""
    for name in ("one/inner", "two", "outside", "one-more"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("one/a.pcap", "one/inner/b.pcap", "two/c.pcap", "outside/secret.pcap", "one-more/d.pcap"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


@pytest.fixture
def folders(tree: Path) -> Folders:
    return Folders((tree / "one", tree / "two"))


def content(folders: Folders, name: str) -> bytes:
    with folders.open(name) as file:
        assert file.name == name
        return file.read()


def problem(folders: Folders, name: str) -> str:
    with pytest.raises(CaptureNotFoundError) as error:
        folders.open(name)
    assert error.value.name == name
    return error.value.problem


def test_relative_and_absolute_paths(folders: Folders, tree: Path) -> None:
    assert content(folders, "a.pcap") == b"one/a.pcap"
    assert content(folders, "inner/b.pcap") == b"one/inner/b.pcap"
    assert content(folders, "inner/../a.pcap") == b"one/a.pcap"
    assert content(folders, "c.pcap") == b"two/c.pcap"
    assert content(folders, str(tree / "two/c.pcap")) == b"two/c.pcap"
    assert content(folders, "../two/c.pcap") == b"two/c.pcap"


@pytest.mark.parametrize(
    "name",
    [
        "../outside/{}",
        "inner/../../outside/{}",
        "{tree}/outside/{}",
        "{tree}/one-more/{}",
        "{tree}/{}",
        "nowhere/../../{}",
    ],
)
@pytest.mark.parametrize("file", ["secret.pcap", "no-such-file.pcap", "d.pcap", "", "x/y"])
def test_what_is_outside_is_not_told_from_what_is_not_there(folders: Folders, tree: Path, name: str, file: str) -> None:
    assert problem(folders, name.format(file, tree=tree)) == OUTSIDE


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "/etc/shadow", "/root/.ssh/id_rsa", "/no/such/thing", "/dev/zero", "~", "", "a\0b", "a\ud800b"],
)
def test_the_rest_of_the_machine(folders: Folders, name: str) -> None:
    if name == "~":
        assert problem(folders, name) == "there is no such file"
    else:
        assert problem(folders, name) == OUTSIDE


def test_links_are_followed_as_far_as_they_stay(folders: Folders, tree: Path) -> None:
    one = tree / "one"
    (one / "stays.pcap").symlink_to(tree / "two/c.pcap")
    (one / "leaves.pcap").symlink_to(tree / "outside/secret.pcap")
    (one / "dangles.pcap").symlink_to(tree / "outside/no-such-file.pcap")
    (one / "folder").symlink_to(tree / "outside")
    (one / "loop").symlink_to(one / "loop")
    assert content(folders, "stays.pcap") == b"two/c.pcap"
    leaving = ("leaves.pcap", "dangles.pcap", "folder/secret.pcap", "folder/no-such-file.pcap", "folder")
    assert {problem(Folders((one,)), name) for name in leaving} == {OUTSIDE}
    assert {problem(folders, name) for name in leaving} == {"there is no such file"}  # in the other folder
    assert "cannot be opened" in problem(folders, "loop") or problem(folders, "loop") == "there is no such file"


@pytest.mark.parametrize("name", ["{}", "{}/a.pcap", "inner/{}", "{}/{}"])
def test_names_that_no_file_can_have(folders: Folders, name: str) -> None:
    long = "n" * 256
    assert problem(folders, name.format(long, long)) == "cannot be opened (File name too long)"
    assert problem(folders, "../outside/" + long) == OUTSIDE


def test_a_path_of_a_megabyte_is_refused_at_once(folders: Folders) -> None:
    start = time.process_time()
    assert problem(folders, "a/" * (1 << 19)) == "is longer than 4,096 characters, the most for a path"
    assert time.process_time() - start < 0.1


def swapped(folder: Path, target: Path) -> None:
    """Put a link in the place of a folder, which stands beside it after that."""
    folder.rename(folder.with_name("kept"))
    folder.symlink_to(target)


@pytest.mark.skipif(not BY_DESCRIPTOR, reason="the platform has no openat")
@pytest.mark.parametrize("roots", [("one",), ("one", "one/inner"), ("one/inner/deep", "one")])
def test_a_folder_swapped_for_a_link_once_its_path_is_resolved(
    tree: Path, monkeypatch: pytest.MonkeyPatch, roots: tuple[str, ...]
) -> None:
    (tree / "one/inner/deep").mkdir()
    (tree / "outside/deep").mkdir()
    (tree / "one/inner/deep/b.pcap").write_bytes(b"inside")
    (tree / "outside/deep/b.pcap").write_bytes(b"outside")
    folders = Folders(tuple(tree / root for root in roots))
    resolve = os.path.realpath

    def resolve_and_swap(path: Path) -> str:
        resolved = resolve(path)
        if (tree / "one/inner/deep/b.pcap").exists() and not (tree / "one/inner").is_symlink():
            swapped(tree / "one/inner", tree / "outside")
        return resolved

    monkeypatch.setattr(os.path, "realpath", resolve_and_swap)
    said = problem(folders, str(tree / "one/inner/deep/b.pcap"))
    assert said.startswith("cannot be opened")
    assert (tree / "one/inner/deep/b.pcap").read_bytes() == b"outside"  # what the path leads to by now


@pytest.mark.skipif(not BY_DESCRIPTOR, reason="the platform has no openat")
def test_a_folder_swapped_again_and_again_while_requests_run(tree: Path) -> None:
    """Of hundreds of answers not one is about the file outside, though the path leads there half of the time."""
    inside, outside = (Conversation().handshake().data("client", 10 * size) for size in (1, 2))
    (tree / "one/inner/a.pcap").write_bytes(pcap(inside))
    (tree / "outside/a.pcap").write_bytes(pcap(outside.close()))
    folder, kept = tree / "one/inner", tree / "one/kept"
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            swapped(folder, tree / "outside")
            folder.unlink()
            kept.rename(folder)

    async def ask() -> list[Any]:
        server = CaptureServer(Settings(roots=(tree / "one",)))
        async with Client(server) as client:
            asked = {"pcap_file": "inner/a.pcap"}
            results: list[Any] = []
            # At least 300, and on a busy machine until both sides of the swap were met.
            while len(results) < 300 or (len({result.is_error for result in results}) < 2 and len(results) < 5_000):
                results.append(await client.call_tool("get_capture_facts", asked))
            return results

    with ThreadPoolExecutor(1) as pool:
        swapping = pool.submit(swap)
        results = anyio.run(ask)
        done.set()
        swapping.result()
    packets = [result.structured_content["packets"] for result in results if not result.is_error]
    assert set(packets) == {4}
    assert len(packets) < len(results)


def test_a_root_that_is_a_link(tree: Path) -> None:
    (tree / "link").symlink_to(tree / "one")
    folders = Folders((tree / "link",))
    assert content(folders, "a.pcap") == b"one/a.pcap"
    assert content(folders, str(tree / "link/a.pcap")) == b"one/a.pcap"


def test_only_regular_files(folders: Folders, tree: Path) -> None:
    os.mkfifo(tree / "one/fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.path.relpath(tree / "one/socket") if len(str(tree)) > 80 else str(tree / "one/socket"))
        assert "cannot be opened" in problem(folders, "socket")
    assert problem(folders, "fifo") == "is not a regular file, expected a capture file"  # and nobody waits for a writer
    assert "irectory" in problem(folders, "inner")
    assert "irectory" in problem(folders, ".")
    assert "cannot be opened" in problem(folders, "a.pcap/x") or problem(folders, "a.pcap/x") == "there is no such file"


@pytest.mark.skipif(sys.platform != "linux", reason="the device is Linux's")
def test_a_device_under_a_root() -> None:
    assert problem(Folders((Path("/dev"),)), "zero") == "is not a regular file, expected a capture file"


def test_a_missing_file_inside_is_said_to_be_missing(folders: Folders) -> None:
    assert problem(folders, "none.pcap") == "there is no such file"


def test_a_root_has_to_be_a_folder(tree: Path) -> None:
    for root in (tree / "none", tree / "one/a.pcap"):
        with pytest.raises(ParameterError, match="is not a folder"):
            Folders((root,))


def test_what_is_refused_stays_closed(folders: Folders) -> None:
    before = os.dup(0)
    os.close(before)
    assert problem(folders, "inner") == "is a directory, expected a capture file"
    after = os.dup(0)
    os.close(after)
    assert after == before  # the lowest free descriptor
