"""Captures become a store, and every command takes it in their place."""

import json
from pathlib import Path

import pytest

import pcapframe as pf
from tests.cli.running import CLEAN, RESETS, main, text_of


@pytest.mark.parametrize(
    "command",
    [
        ("analyze",),
        ("analyze", "--full"),
        ("connections",),
        ("waits",),
        ("rsts",),
        ("resends",),
        ("packets",),
        ("info",),
    ],
    ids=" ".join,
)
def test_each_command_prints_the_same(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = str(tmp_path / "kept")
    assert text_of("convert", RESETS, folder).startswith(f"{folder}: 1,096 packets, 42 connections in ")
    assert text_of(*command, folder) == text_of(*command, RESETS)


def test_several_captures_and_connections_alone(tmp_path: Path) -> None:
    folder = str(tmp_path / "kept")
    text_of("convert", CLEAN, RESETS, folder, "--keep", "connections")
    assert text_of("analyze", folder) == text_of("analyze", CLEAN, RESETS)
    refused = main("packets", folder)
    assert refused.status != 0
    assert "keeps connections only" in refused.stderr


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    refused = main("convert", CLEAN, str(tmp_path / "mine"))
    assert refused.status != 0
    assert "exists and is no store" in refused.stderr


def test_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pcapframe.analysis.stored.stores_folder", lambda: tmp_path)
    first = text_of("analyze", RESETS, "--cache")
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr("pcapframe.analysis.stored.analyze", pf.read_pcap)  # which takes no such arguments
    assert text_of("analyze", RESETS, "--cache") == first


@pytest.mark.parametrize("keep", ["connections", "events"])
def test_info_of_a_store_without_packets_says_all_but_their_counts(tmp_path: Path, keep: str) -> None:
    folder = str(tmp_path / "store")
    text_of("convert", RESETS, folder, "--keep", keep)
    text, whole = text_of("info", folder), text_of("info", RESETS)
    assert f"not known: packets are not kept (keep={keep})" in text
    health = "The end of 1 of 42 connections is not in the capture."
    assert health in text
    assert health in whole
    told, of_all = (json.loads(text_of("info", of, "--json")) for of in (folder, RESETS))
    assert told["protocols"] is None
    assert told["health"] == of_all["health"]
