"""What is read."""

import json
from pathlib import Path

from tests.cli.running import CLEAN, RESETS, json_of, text_of


def test_several_captures_are_merged() -> None:
    answer = json_of("analyze", RESETS, CLEAN)
    assert answer["packets_analyzed"] == 1096 + 386
    assert answer["file"] == f"{RESETS}, {CLEAN}"


def test_standard_input() -> None:
    data = Path(CLEAN).read_bytes()
    answer = json.loads(text_of("analyze", "-", "--json", input=data))
    assert (answer["file"], answer["packets_analyzed"]) == ("standard input", 386)
