"""The pages of the documentation: their examples run, their commands work, and nothing public lacks its page."""

import doctest
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from click.testing import CliRunner

import pcapframe as pf
from pcapframe import schema
from pcapframe.cli.commands import commands
from pcapframe.report.sections import RESULT_TYPE

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([path for path in DOCS.rglob("*.md") if "made" not in path.parts])
COMMANDS = [
    (page.name, command)
    for page in PAGES
    for block in re.findall(r"^```sh\n(.+?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    for command in re.findall(r"^pcapframe (.+)$", block, re.MULTILINE)
    if " data/" in command or command.startswith(("workshop", "thresholds"))
]
IGNORED = (DOCS.parent / ".gitignore").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def pages() -> Any:
    sys.path.insert(0, str(DOCS))
    try:
        import pages as module
    finally:
        sys.path.remove(str(DOCS))
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_examples(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCS.parent)
    test = doctest.DocTestParser().get_doctest(page.read_text("utf-8"), {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize(
    ("page", "command"),
    [
        pytest.param(page, command, marks=pytest.mark.needs_program("tshark") if command.startswith("check") else ())
        for page, command in COMMANDS
    ],
)
def test_commands(page: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(notebook: str, executed: str, parameters: dict[str, Any], **_: Any) -> None:
        """Leave what the report's notebook would; tests/report runs it."""
        result = {"name": "x", "title": "x", "readable": True}
        cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", {RESULT_TYPE: result})])
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), executed)

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    (tmp_path / "data").symlink_to(DOCS.parent / "data")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(commands, command.split(), catch_exceptions=False)
    assert (result.exit_code, bool(result.stdout)) == (0, True)
    left = [f"/{path.name}{'/' if path.is_dir() else ''}" for path in tmp_path.iterdir() if path.name != "data"]
    assert [name for name in left if name not in IGNORED] == []  # what a reader's own run leaves in a checkout


def test_the_pages_of_questions_are_listed() -> None:
    for folder in ("howto", "explain", "from"):
        listed = (DOCS / folder / "index.md").read_text("utf-8").split()
        assert {path.stem for path in (DOCS / folder).glob("*.md")} - {"index"} <= set(listed)


def test_nothing_public_lacks_its_page(pages: Any, tmp_path: Path) -> None:
    pages.write_pages(tmp_path)
    written = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.*")}
    for name in pages.every_name():
        assert any(re.search(rf"\b{name}\b", text) for text in written.values()), name
    for name in dir(pf):
        value = getattr(pf, name)
        kept = "errors.rst" if isinstance(value, type) and issubclass(value, Exception) else "names.rst"
        if name not in ("__version__", "plots"):
            assert re.search(rf"[ .]{name}$", written[kept], re.MULTILINE), name


def test_every_table_of_columns_is_a_frame_of_the_reference(pages: Any) -> None:
    tables = {
        name
        for name in schema.__all__
        if isinstance(value := getattr(schema, name), tuple)
        and value
        and isinstance(value[0], schema.Column)
        and not isinstance(value, schema.Column)
    } - {"COMMON", "LABELS", "ICMP_QUOTES"}  # parts of packets and segments
    shown = [columns for columns, _, _ in pages.FRAMES.values()]
    assert {name for name in tables if not any(getattr(schema, name) is one for one in shown)} == set()


def test_thresholds_have_their_meaning(pages: Any) -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (\S+) \| (.*) \|$", pages.patterns_page(), re.MULTILINE)
    assert {name for name, _, _ in rows} == set(pf.Thresholds().to_dict())
    assert [name for name, _, meaning in rows if not meaning] == []
