"""The captures below the roots: all of them, nothing else, and what each is."""

import gzip
import os
from pathlib import Path

import pytest

from pcapframe.mcp_server import folders as folders_module
from pcapframe.mcp_server import listing as listing_module
from pcapframe.mcp_server.folders import Folders
from pcapframe.mcp_server.listing import Listing
from tests.builders import Conversation, pcap
from tests.hostile import bomb

CAPTURE = pcap(Conversation().handshake().data("client", 500).close())
PACKETS = 7
pytestmark = pytest.mark.filterwarnings("ignore::pcapframe.CaptureWarning")  # as in the server
posix = pytest.mark.skipif(os.name != "posix", reason="such names and links need POSIX")


def listing_of(*roots: Path) -> Listing:
    return Listing(Folders(roots))


def put(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_captures_are_found_by_their_content(tmp_path: Path) -> None:
    put(tmp_path, plain=CAPTURE, inner__b=CAPTURE, zipped=gzip.compress(CAPTURE), text=b"no capture", empty=b"")
    put(tmp_path, gz=gzip.compress(b"no capture"), cut=CAPTURE[:50], ng=b"\x0a\x0d\x0d\x0a" + b"\0" * 30)
    found = listing_of(tmp_path).find()
    assert found.names == ("cut", str(Path("inner/b")), "ng", "plain", "zipped")
    assert found.is_whole


def test_a_part_of_the_name_in_any_case(tmp_path: Path) -> None:
    put(tmp_path, Alpha=CAPTURE, inner__beta=CAPTURE, gamma=CAPTURE)
    assert listing_of(tmp_path).find("ALPH").names == ("Alpha",)
    assert listing_of(tmp_path).find("inner").names == (str(Path("inner/beta")),)
    assert listing_of(tmp_path).find("none").names == ()


@posix
def test_links_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    put(root, a=CAPTURE)
    put(outside, secret=CAPTURE)
    put(root, **{".hidden": CAPTURE, ".folder__b": CAPTURE})
    (root / "link").symlink_to(outside / "secret")
    (root / "inside").symlink_to(root / "a")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "fifo")
    assert listing_of(root).find().names == ("a",)


@posix
def test_a_folder_that_becomes_a_link_is_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    put(root, inner__a=CAPTURE)
    put(outside, secret=CAPTURE)
    walk = Folders((root,)).walk()
    entries = walk._entries

    def swapped(where: Path, folder: Path) -> list["os.DirEntry[str]"]:
        found = entries(where, folder)
        if folder == Path():
            (root / "inner").rename(root / "was")
            (root / "inner").symlink_to(outside)
        return found

    monkeypatch.setattr(walk, "_entries", swapped)
    assert list(walk) == []


def test_roots_that_hold_the_same_name_and_each_other(tmp_path: Path) -> None:
    put(tmp_path, one__a=CAPTURE, two__a=CAPTURE, one__inner__b=CAPTURE)
    one, two = tmp_path / "one", tmp_path / "two"
    listing = listing_of(one, one / "inner", two)
    found = listing.find().names
    assert sorted(found) == sorted(("a", str(Path("inner/b")), str(two / "a")))
    assert [entry["packets"] for _, entry in listing.describe(found)] == [PACKETS] * 3


@posix
@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "gr\udce4n", "x\u202e", "quo\"te' $(rm)"])
def test_hostile_names_are_escaped_and_still_open(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CAPTURE)
    listing = listing_of(tmp_path)
    ((_, entry),) = listing.describe(listing.find().names)
    assert entry["file"].isprintable()
    assert entry["packets"] == PACKETS
    with Folders((tmp_path,)).open(entry["file"]) as file:
        assert file.read() == CAPTURE


@posix
def test_an_escaped_name_never_hides_a_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "a\x1b").write_bytes(CAPTURE)
    (tmp_path / "a\\x1b").write_bytes(b"the other")
    with Folders((tmp_path,)).open("a\\x1b") as file:
        assert file.read() == b"the other"


@posix
def test_names_too_long_for_an_answer_are_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / ("\x01" * 255)).write_bytes(CAPTURE)
    (tmp_path / "a").write_bytes(CAPTURE)
    found = listing_of(tmp_path).find()
    assert found.names == ("a",)
    assert not found.is_whole


def test_more_than_is_looked_at_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, **{f"f{n}": CAPTURE for n in range(6)})
    monkeypatch.setattr(folders_module, "MOST_LOOKED_AT", 6)
    assert listing_of(tmp_path).find().is_whole
    monkeypatch.setattr(folders_module, "MOST_LOOKED_AT", 5)
    found = listing_of(tmp_path).find()
    assert (len(found.names), found.is_whole) == (5, False)


def test_folders_too_deep_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a__b__c=CAPTURE, d=CAPTURE)
    monkeypatch.setattr(folders_module, "DEEPEST", 1)
    found = listing_of(tmp_path).find()
    assert (found.names, found.is_whole) == (("d",), False)


def test_what_each_is(tmp_path: Path) -> None:
    put(tmp_path, a=CAPTURE, b=gzip.compress(CAPTURE), c=CAPTURE[:-10], d=CAPTURE[:20], e=gzip.compress(CAPTURE)[:-20])
    listing = listing_of(tmp_path)
    a, b, c, d, e = (entry for _, entry in listing.describe(("a", "b", "c", "d", "e")))
    assert (a["bytes"], a["packets"], a["compression"]) == (len(CAPTURE), PACKETS, None)
    assert str(a["format"]).startswith("pcap ")
    assert (a["damaged"], a["problem"]) == (False, None)
    assert a["first_time"] == "1970-01-01T00:00:00+00:00"
    assert (b["compression"], b["packets"], b["damaged"]) == ("gzip", PACKETS, False)
    assert (c["packets"], c["damaged"]) == (PACKETS - 1, True)
    assert c["problem"]
    assert (d["packets"], d["damaged"]) == (None, True)
    assert "pcap header" in str(d["problem"])
    assert e["damaged"]


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    ((key, entry),) = listing_of(tmp_path).describe(("gone",))
    assert key is None
    assert (entry["file"], entry["bytes"], entry["problem"]) == ("gone", None, "there is no such file")


def test_large_captures_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a=CAPTURE, b=CAPTURE)
    monkeypatch.setattr(listing_module, "READ_BYTES", len(CAPTURE))
    listing = listing_of(tmp_path)
    first, second = (entry for _, entry in listing.describe(("a", "b")))
    assert first["packets"] == PACKETS
    assert (second["packets"], second["damaged"], second["problem"]) == (None, None, "not read for this list")
    assert second["bytes"] == len(CAPTURE)
    # What was read once costs nothing the next time.
    assert [entry["packets"] for _, entry in listing.describe(("a", "b"))] == [PACKETS, PACKETS]


def test_a_bomb_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, bomb=bomb(CAPTURE, 600 << 20))
    monkeypatch.setattr(listing_module, "READ_S", 0.3)
    listing = listing_of(tmp_path)
    listing.find()
    ((_, entry),) = listing.describe(("bomb",))
    assert (entry["damaged"], entry["packets"]) == (None, None)
    assert "too" in str(entry["problem"])


def test_a_capture_that_changes_is_read_again(tmp_path: Path) -> None:
    put(tmp_path, a=CAPTURE)
    listing = listing_of(tmp_path)
    list(listing.describe(("a",)))
    put(tmp_path, a=CAPTURE[:-10])
    ((_, entry),) = listing.describe(("a",))
    assert (entry["packets"], entry["damaged"]) == (PACKETS - 1, True)
