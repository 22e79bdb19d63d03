"""Reports as files: run through papermill, whole or not there, one page and an index."""

import inspect
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import papermill
import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.report import CaptureReport, ReportResult, run, write_reports
from pcapframe.report.sections import SECTIONS
from tests import builders
from tests.builders import Conversation

THRESHOLDS = {"thresholds": {"packet_retransmission.rate": 0.5}}
SCRIPT = "<script>alert(1)</script>"


class Parts(HTMLParser):
    """Tags of a page, and what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "poster")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def results(folder: Path) -> list[ReportResult]:
    hostile = folder / "<img src=x>.pcap"
    hostile.write_bytes(builders.pcap(Conversation().refused()))
    said: list[tuple[int, int, str]] = []
    found = write_reports(
        [hostile, folder / "missing.pcap"],
        folder / "out",
        parameters={"title": SCRIPT, **THRESHOLDS},
        keep_notebook=True,
        progress=lambda *step: said.append(step),
    )
    assert said == [(0, 2, "<img src=x>.pcap"), (1, 2, "missing.pcap"), (2, 2, "")]
    return found


def test_a_failing_capture_does_not_stop_the_others(results: list[ReportResult]) -> None:
    assert [(one.readable, one.problem is None) for one in results] == [(True, True), (False, False)]
    assert results[0].patterns["refused_connections"] == {"connections": 1, "frames": 2}


def test_every_file_is_whole_and_nothing_else_is_left(folder: Path, results: list[ReportResult]) -> None:
    written = sorted(path.name for path in (folder / "out").iterdir())
    assert written == ["_img_src_x_.html", "_img_src_x_.ipynb", "index.html", "missing.html", "missing.ipynb"]
    for page in (folder / "out").glob("*.html"):
        assert page.read_text("utf-8").rstrip().endswith("</html>")


def test_pages_load_nothing_and_run_at_most_their_own_script(folder: Path, results: list[ReportResult]) -> None:
    for page in (folder / "out").glob("*.html"):
        parts = Parts()
        parts.feed(page.read_text("utf-8"))
        text = page.read_text("utf-8")
        assert not parts.tags & {"link", "iframe", "object", "embed"}
        data = text.count("<script type='application/json' class='live'>")  # that no browser runs
        assert text.count("<script") - data == (page.name != "index.html")
        assert all(target.startswith("data:image/png;") for target in parts.loaded)
        targets = re.findall(r"url\(([^)]*)\)", text) + re.findall(r'xlink:href="([^"]*)"', text)
        assert all(target.startswith(("#", "data:image/png;")) for target in targets)
        assert "default-src 'none'" in text


def test_the_page_says_what_made_it(folder: Path, results: list[ReportResult]) -> None:
    text = (folder / "out" / "_img_src_x_.html").read_text("utf-8")
    assert "SHA-256" in text
    assert "packet_retransmission.rate = 0.5" in text
    assert "&lt;script&gt;" in text


def test_the_index_has_a_row_a_capture_and_a_column_a_pattern(folder: Path, results: list[ReportResult]) -> None:
    text = (folder / "out" / "index.html").read_text("utf-8")
    assert "<span>refused connections</span>" in text
    assert 'href="_img_src_x_.html"' in text
    assert 'class="problem"' in text
    assert "missing.pcap" in text


def test_the_executed_notebook_carries_its_parameters(folder: Path, results: list[ReportResult]) -> None:
    notebook = json.loads((folder / "out" / "_img_src_x_.ipynb").read_text("utf-8"))
    injected = [cell for cell in notebook["cells"] if "injected-parameters" in cell["metadata"].get("tags", [])]
    assert len(injected) == 1
    assert "packet_retransmission.rate" in "".join(injected[0]["source"])


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        run._write_whole(page, "\ud800")
    assert page.read_text() == "old"
    assert list(tmp_path.iterdir()) == [page]


def test_parameters_are_checked_before_the_work(tmp_path: Path) -> None:
    capture = pf.example("clean.pcap")
    with pytest.raises(ParameterError, match="no parameter servr_ip"):
        write_reports([capture], tmp_path / "out", parameters={"servr_ip": "192.0.2.1"})
    with pytest.raises(ParameterError, match="no threshold"):
        write_reports([capture], tmp_path / "out", parameters={"thresholds": {"nothing": 1}})
    with pytest.raises(ParameterError, match="no capture"):
        write_reports([], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_captures_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.pcap").write_bytes(b"")
    captures = [tmp_path / "a" / "x.pcap", tmp_path / "b" / "x.pcap", tmp_path / "b" / "y.pcap"]
    results = write_reports(captures, tmp_path / "out")
    assert [result.name for result in results] == [str(captures[0]), str(captures[1]), "y.pcap"]
    assert all(result.page is not None and not result.readable for result in results)


def test_the_longest_names_of_files_leave_room(tmp_path: Path) -> None:
    longest = ["a" * 250 + ".pcap", "a" * 249 + "b.pcap", "é" * 125 + ".pcap"]
    stems = run._stems(longest)
    assert len(set(stems)) == 3
    assert max(len(os.fsencode(stem)) for stem in stems) < 255 - len(".html") - len("..html.12345678")
    for stem in stems:
        run._write_whole(tmp_path / f"{stem}.html", "")


def test_names_of_files_are_unique_and_tame() -> None:
    captures = ["a/x.pcap", "b/x.pcapng.gz", "X.PCAP", "index.pcap", "..", "a b/ü&?.cap"]
    stems = run._stems(captures)
    assert len({stem.lower() for stem in stems}) == len(captures)
    assert "index" not in stems
    assert all(re.fullmatch(r"[\w.+-]+", stem) for stem in stems)


def test_the_report_of_one_capture(tmp_path: Path) -> None:
    result = pf.write_report(pf.example("clean.pcap"), tmp_path / "new", parameters={"title": "One"})
    assert (result.page, result.title, result.problem) == (tmp_path / "new" / "clean.html", "One", None)


def test_papermill_on_a_missing_capture_fails_and_says_its_name_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(papermill.PapermillExecutionError) as raised:
        papermill.execute_notebook(
            str(run.notebook_path()), "out.ipynb", {"capture": "days/monday.pcap"}, kernel_name="python3",
            progress_bar=False,
        )  # fmt: skip
    assert raised.value.ename == "CaptureNotFoundError"
    assert raised.value.evalue.startswith("days/monday.pcap: there is no such file")
    assert str(tmp_path) not in raised.value.evalue


def test_every_parameter_of_a_report_is_one_of_its_notebook() -> None:
    notebook = json.loads(run.notebook_path().read_text("utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names = inspect.signature(CaptureReport).parameters
    assert [line.split(" = ")[0] for line in sources[0].splitlines()] == list(names)
    assert all(f"    {name}={name}," in sources[1] for name in list(names)[1:])


def test_the_notebook_has_a_cell_for_each_section_in_order() -> None:
    notebook = json.loads(run.notebook_path().read_text("utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert sources[2:] == [*(f"report.{name}()" for name in SECTIONS), "report.check()"]


def test_a_page_is_the_same_without_its_notebook(folder: Path, results: list[ReportResult]) -> None:
    again = write_reports([folder / "<img src=x>.pcap"], folder / "again", parameters={"title": SCRIPT, **THRESHOLDS})
    assert [path.name for path in (folder / "again").iterdir()] == ["_img_src_x_.html"]
    assert replace(again[0], page=None) == replace(results[0], page=None)
    pages = [(folder / of / "_img_src_x_.html").read_text("utf-8") for of in ("out", "again")]
    changing = re.compile(r"<svg.*?</svg>|Written</th><td>[^<]*", re.DOTALL)  # names in drawings, and the time
    assert changing.sub("", pages[0]) == changing.sub("", pages[1])


def test_a_capture_whose_report_fails_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CaptureReport, "timing", lambda _: 1 / 0)
    clean, gone = write_reports([pf.example("clean.pcap"), tmp_path / "gone.pcap"], tmp_path / "out")
    assert (clean.page, clean.problem) == (None, "the report failed: ZeroDivisionError: division by zero")
    assert gone.problem is not None
    assert (tmp_path / "out" / "index.html").is_file()
