"""What the README shows works, word for word."""

import doctest
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pcapframe.cli.commands import commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^(?:\.venv/bin/)?pcapframe (.+)$", "\n".join(BLOCKS), re.MULTILINE)


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
    assert test.examples


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(commands, command.split(), catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout


def test_targets_are_those_of_the_makefile() -> None:
    targets = re.findall(r"^make (\w+)", "\n".join(BLOCKS), re.MULTILINE)
    assert targets
    assert set(targets) <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_it_is_one_page() -> None:
    assert len(README.splitlines()) <= 100


def test_output_shown_is_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command, shown = re.findall(r"^\$ pcapframe (.+?)\n(.+?)^```", README, re.MULTILINE | re.DOTALL)[0]
    printed = CliRunner().invoke(commands, command.split(), catch_exceptions=False).stdout.splitlines()
    lines = [line for line in shown.splitlines() if line != "…"]
    assert [line for line in lines if line not in printed] == []


def test_files_it_links_to_are_there() -> None:
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
