"""Pages: what is put into them is escaped, and nothing is lost."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook, new_output

from pcapframe.report import ReportResult
from pcapframe.report.pages import index_page, report_page

SCRIPT = "<script>alert(1)</script>"


def test_the_index_without_any_report() -> None:
    page = index_page("None", [ReportResult("a.pcap", "a.pcap", None, "a.pcap: no such file")])
    assert "no such file" in page
    assert "<a " not in page
    assert "1 of them could not be read" in page


def test_the_index_escapes_titles_problems_and_names_of_files() -> None:
    good = ReportResult(SCRIPT, SCRIPT, Path(f"{SCRIPT.replace('/', '')}.html"), None, True, 1, 1)
    page = index_page(SCRIPT, [good, ReportResult("b", SCRIPT, None, SCRIPT)])
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_control_characters_and_overrides_of_direction_are_made_visible() -> None:
    name = "a\x1b[31m\x07\u202egnp.exe\u2066.pcap"
    result = ReportResult(name, name, Path("a.html"), None, True, 1, 1, standout=name)
    for page in (index_page(name, [result]), report_page(new_notebook(), name)):
        assert re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page) is None
        assert "a\\x1b[31m\\x07\\u202egnp.exe\\u2066.pcap" in page


def test_the_index_tells_captures_of_one_title_apart() -> None:
    results = [ReportResult(name, "Monday", Path(f"{name}.html"), None, True, 1, 1) for name in ("a.pcap", "b.pcap")]
    rows = re.findall(r'<th scope="row">(.+?)</th>', index_page("Monday", results), re.DOTALL)
    assert [re.findall(r">([^<>]+)<", row) for row in rows] == [
        ["a.pcap", "Monday"], ["b.pcap", "Monday"]
    ]  # fmt: skip


def test_a_title_that_is_the_name_stands_once() -> None:
    page = index_page("Two", [ReportResult("a.pcap", "a.pcap", Path("a.html"), None, True, 1, 1)])
    assert page.count("a.pcap") == 1


def test_the_index_marks_a_damaged_capture() -> None:
    whole = ReportResult("a.pcap", "a.pcap", Path("a.html"), None, True, 1, 1)
    page = index_page("Two", [whole, replace(whole, name="b.pcap", damage="The file ends early.")])
    assert page.count("The file ends early.") == 1
    assert "1 of them damaged or cut off" in page


def test_the_matrix_tells_how_often_from_not_observed() -> None:
    seen = {"zero_window": {"connections": 1234, "frames": 5678}}
    results = [
        ReportResult("a", "a", Path("a.html"), None, True, 10, 2000, seen),
        ReportResult("b", "b", Path("b.html"), None, True, 10, 20),
    ]
    page = index_page("Two", results)
    assert page.count(">1,234</td>") == 1
    assert page.count("zero window: not observed") == 1


def test_a_page_has_every_html_output_and_no_code() -> None:
    outputs = [new_output("display_data", {"text/html": f"<p>{n}</p>", "text/plain": "x"}) for n in range(3)]
    notebook = new_notebook(cells=[new_code_cell("secret = 1", outputs=outputs), new_code_cell("1 + 1")])
    page = report_page(notebook, SCRIPT)
    assert [f"<p>{n}</p>" in page for n in range(3)] == [True, True, True]
    assert "secret" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_report_runs_only_its_own_script() -> None:
    page = report_page(new_notebook(cells=[]), SCRIPT)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def test_the_index_marks_limited_numbers_and_has_the_first_standout_a_row() -> None:
    whole = ReportResult("a.pcap", "Monday", Path("a.html"), None, True, 1, 1, standout="Nothing stands out")
    page = index_page("Two", [whole, replace(whole, name="b.pcap", limits="limited: endings", standout=SCRIPT)])
    assert "1 of them with limited numbers" in page
    assert page.count('<span class="limits">limited: endings</span>') == 1
    assert re.findall(r'<td class="first">(.+?)</td>', page) == [
        "Nothing stands out",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ]
