"""The pages of the documentation: their examples run, their commands work, and nothing public lacks its page."""

import doctest
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from click.testing import CliRunner

import pcapframe as pf
from pcapframe import schema
from pcapframe.cli import output
from pcapframe.cli.commands import commands
from pcapframe.mcp_server.tools import TOOLS
from pcapframe.patterns._registry import PATTERNS
from pcapframe.report import sections
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
    for name in ("draw_figure", "draw_most_resent"):
        monkeypatch.setattr(sections, name, lambda *_: "<figure></figure>")
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


def test_every_pattern_has_rule_limits_a_capture_that_shows_it_and_its_score(pages: Any) -> None:
    parts = {part.split("\n")[0]: part for part in re.split(r"^### ", pages.patterns_page(), flags=re.MULTILINE)[1:]}
    assert set(parts) == set(PATTERNS)
    for name, part in parts.items():
        (capture,) = re.findall(r'A capture that shows it: `pf.example\("(.+?)"\)`', part)
        assert name in {seen.pattern for seen in pf.analyze(pf.example(capture), progress=False).patterns}, name
        assert re.search(r"^Rule: |^Reported |^Always ", part, re.MULTILINE), name
        assert "recordings that ship with the tests: " in part, name


def test_every_chart_is_in_the_gallery_with_something_to_see(pages: Any) -> None:
    shown = {name.partition("_")[2][3:].removesuffix(".py"): text for name, text in pages.gallery().items()}
    charts = {name for name in pf.plots.__all__ if f"{name}_data" in pf.plots.__all__}
    assert charts <= set(shown)
    for name, chart in pf.plots.CHARTS.items():
        (capture,) = re.findall(r'pf.example\("(.+?)"\)', shown[name])
        assert chart.shows(pf.analyze(pf.example(capture), progress=False).connections), name


def test_the_picture_of_the_house_has_every_module(pages: Any) -> None:
    import house

    drawn = re.findall(r">(\w+)</text>", house.picture())
    assert len(drawn) == len(set(drawn))
    package = DOCS.parent / "pcapframe"
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert set(drawn) == modules - {"__init__"}


def test_scores_are_what_the_recordings_give(pages: Any) -> None:
    from scores import RECORDINGS, recordings, score_labels, score_patterns

    every = recordings(RECORDINGS)
    assert pages.SCORES["recordings"] == len(every)
    assert pages.SCORES["patterns"] == score_patterns(every)
    ours = [row for row in pages.SCORES["labels"] if row["reader"] != "tshark"]
    assert ours == score_labels(every, tshark=False)


def test_made_captures_are_what_their_script_writes(tmp_path: Path) -> None:
    script = DOCS.parent / "data/make_patterns.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    folder = DOCS.parent / "data/patterns"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_every_exit_status_and_variable_of_the_environment_is_told() -> None:
    page = (DOCS / "environment.md").read_text("utf-8")
    statuses = {output.BAD_CAPTURE, output.BAD_USAGE, output.FAULT, output.INTERRUPTED, output.CLOSED, 0}
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == statuses
    sources = [*DOCS.parent.glob("pcapframe/**/*.py"), DOCS.parent / "hatch_build.py"]
    read = {name for path in sources for name in re.findall(r"[\"'](PCAPFRAME_[A-Z_]+)[\"']", path.read_text("utf-8"))}
    assert read
    assert {f"`{name}`" for name in read} <= set(re.findall(r"^\| (`[A-Z_]+`) \|", page, re.MULTILINE))


def test_every_tool_has_its_schema(pages: Any) -> None:
    page = pages.tools_page()
    for tool in TOOLS:
        for name in tool.made().parameters["properties"]:
            assert f'"{name}": {{' in page
    assert page.count("JSON schema of its arguments") == page.count("JSON schema of its answers") == len(TOOLS)
