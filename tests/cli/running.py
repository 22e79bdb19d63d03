"""Run commands, for the tests of this folder."""

import json
from typing import Any

from click.testing import CliRunner, Result

import pcapframe as pf
from pcapframe.cli.commands import commands

RESETS = str(pf.example("resets.pcap"))
CLEAN = str(pf.example("clean.pcap"))


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(commands, list(arguments), catch_exceptions=False, **options)


def text_of(*arguments: str, **options: Any) -> str:
    result = run(*arguments, **options)
    assert result.exit_code == 0, result.output
    return result.stdout


def json_of(*arguments: str) -> Any:
    return json.loads(text_of(*arguments, "--json"))


def same(ours: dict[str, Any], theirs: Any) -> None:
    stamps = ("analysis_timestamp", "notes")
    assert {k: v for k, v in ours.items() if k not in stamps} == {k: v for k, v in theirs.items() if k not in stamps}
    assert list(ours) == list(theirs)
