"""Who waited for whom, in tables, files and JSON."""

from pathlib import Path

import pandas as pd

import pcapframe as pf
from pcapframe.schema import TURNS, WAITS, names
from tests.cli.running import CLEAN, RESETS, json_of, run, text_of


def test_turns(tmp_path: Path) -> None:
    text = text_of("turns", CLEAN, "--limit", "3")
    assert "3 of 20 turns, see --limit" in text
    assert "Nothing matches" in text_of("turns", RESETS, "--server-port", "1")
    text_of("turns", CLEAN, "--csv", str(tmp_path / "turns.csv"), "--parquet", str(tmp_path / "turns.parquet"))
    assert list(pd.read_parquet(tmp_path / "turns.parquet").columns) == names(TURNS)
    assert len(pd.read_csv(tmp_path / "turns.csv")) == 20


def test_turns_as_json() -> None:
    answer = json_of("turns", CLEAN, "--limit", "2")
    assert answer["turns_total"] == 20
    assert [turn["request_frame"] for turn in answer["turns"]] == [6, 16]
    unanswered = [turn for turn in json_of("turns", RESETS)["turns"] if turn["response_frame"] is None]
    assert unanswered[0]["service_s"] is None


def test_waits(tmp_path: Path) -> None:
    text = text_of("waits", CLEAN)
    assert "198.51.100.20:80" in text
    assert "3 servers" in text
    assert "192.0.2.10" in text_of("waits", CLEAN, "--by", "client", "--limit", "1")
    assert "Nothing matches" in text_of("waits", RESETS, "--server-port", "1")
    text_of("waits", CLEAN, "--csv", str(tmp_path / "waits.csv"), "--parquet", str(tmp_path / "waits.parquet"))
    assert list(pd.read_parquet(tmp_path / "waits.parquet").columns) == names(WAITS)
    assert run("waits", CLEAN, "--by", "port").exit_code == 2


def test_waits_as_json() -> None:
    answer = json_of("waits", CLEAN, "--by", "client")
    assert (answer["by"], answer["waits_total"]) == ("client", 3)
    analysis = pf.analyze(CLEAN)
    assert sum(row["connections"] for row in answer["waits"]) == len(analysis.connections)
    assert answer["waits"][0]["duration_s"] > 0
