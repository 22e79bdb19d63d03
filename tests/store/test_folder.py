"""The folder of a store is complete or not there, and a damaged one is said to be damaged."""

import json
import os

import pytest

import pcapframe as pf
from pcapframe.errors import CaptureFormatError, CaptureNotFoundError, ParameterError
from pcapframe.store import CONNECTIONS_FILE, MANIFEST, PACKETS_FILE, Store, is_store, new_folder


@pytest.fixture
def folder(tmp_path):
    return pf.write_store(pf.analyze(pf.example("resets.pcap")), tmp_path / "kept")


def test_what_is_a_store(folder, tmp_path):
    assert is_store(folder)
    assert is_store(str(folder))
    assert not is_store(tmp_path)
    assert not is_store(pf.example("resets.pcap"))
    assert not is_store(b"bytes")


def test_a_new_folder_appears_when_it_is_complete(tmp_path):
    def write_half() -> None:
        with new_folder(tmp_path / "kept") as made:
            (made / MANIFEST).write_text("{}")
            assert not (tmp_path / "kept").exists()
            raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        write_half()
    assert not list(tmp_path.iterdir())
    with new_folder(tmp_path / "kept") as made:
        (made / MANIFEST).write_text("{}")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_store_that_cannot_be_replaced_is_still_there(folder, monkeypatch):
    before, rename = pf.analyze(folder).capture, os.rename

    def fail_once(source, target):
        if os.path.basename(source) == "new":
            raise OSError("no more space")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_once)
    with pytest.raises(OSError, match="no more space"):
        pf.write_store(pf.analyze(pf.example("clean.pcap")), folder)
    assert pf.analyze(folder).capture == before
    assert [path.name for path in folder.parent.iterdir()] == ["kept"]


def test_a_store_is_replaced_and_nothing_else(folder, tmp_path):
    pf.write_store(pf.analyze(pf.example("clean.pcap")), folder)
    assert pf.analyze(folder).capture.name.endswith("clean.pcap")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    for taken in (other, other / "thesis.txt"):
        with pytest.raises(ParameterError, match="exists and is no store"):
            pf.write_store(pf.analyze(pf.example("clean.pcap")), taken)
    assert (other / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("file", [MANIFEST, PACKETS_FILE, CONNECTIONS_FILE, "categories.parquet"])
def test_a_damaged_file_is_said(folder, file):
    path = folder / file
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-20] + bytes(20), b"{}", b"[]"):
        path.write_bytes(damaged)
        with pytest.raises(CaptureFormatError, match="damaged store"):
            assert pf.analyze(folder).packets is not None
    if file != MANIFEST:
        path.unlink()
        with pytest.raises(CaptureNotFoundError, match=f"lacks .*{file}"):
            assert pf.analyze(folder).packets is not None


def test_other_columns_are_refused(folder):
    manifest = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"schema": "of last year", "version": "0.0.1"}))
    with pytest.raises(CaptureFormatError, match=r"written by pcapframe 0\.0\.1 with other columns"):
        Store.opened(folder)


def test_a_manifest_that_says_other_things_is_an_error(folder):
    manifest = json.loads((folder / MANIFEST).read_bytes())
    without_floors = {name: value for name, value in manifest["analysis"].items() if name != "floors"}
    others = ({"keep": "events"}, {"attrs": None}, {"analysis": without_floors}, {"digest": 7}, {"more": []})
    for other in others:
        (folder / MANIFEST).write_text(json.dumps(manifest | other))
        with pytest.raises(CaptureFormatError, match="damaged store"):
            pf.analyze(folder)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert pf.analyze(folder).packets is not None


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        pf.write_store(pf.analyze(pf.example("clean.pcap")), tmp_path / "file" / "kept")
