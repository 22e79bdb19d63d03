"""What the README shows works, word for word."""

import doctest
import re
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from click.testing import CliRunner

from pcapframe.cli.commands import commands
from pcapframe.report.sections import RESULT_TYPE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
IGNORED = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
COMMANDS = re.findall(r"^(?:\.venv/bin/)?pcapframe (.+)$", "\n".join(BLOCKS), re.MULTILINE)


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    test = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
    assert test.examples


@pytest.fixture
def notebooks_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of what the notebook would have said; tests/report runs it."""

    def execute(notebook: str, executed: str, parameters: dict[str, Any], **_: Any) -> None:
        assert Path(notebook).is_file()
        assert Path(parameters["capture"]).is_file()
        name = Path(parameters["capture"]).name
        result = {"name": name, "title": name, "readable": True}
        output = nbformat.v4.new_output("display_data", {RESULT_TYPE: result, "text/html": f"<p>{name}</p>"})
        cell = nbformat.v4.new_code_cell(outputs=[output])
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), executed)

    monkeypatch.setattr(papermill, "execute_notebook", execute)


@pytest.mark.usefixtures("notebooks_not_run")
@pytest.mark.parametrize(
    "command",
    [pytest.param(c, marks=pytest.mark.needs_program("tshark") if c.startswith("check") else ()) for c in COMMANDS],
)
def test_command(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(commands, command.split(), catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout
    left = [f"/{path.name}{'/' if path.is_dir() else ''}" for path in tmp_path.iterdir() if path.name != "data"]
    assert [name for name in left if name not in IGNORED] == []


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
