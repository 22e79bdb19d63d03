"""The report in a browser: no number is broken onto two lines, and nothing is wider than the page."""

from pathlib import Path
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.report import CaptureReport
from pcapframe.report.pages import PAGES, STYLE, index_page
from pcapframe.report.run import ReportResult

pytestmark = pytest.mark.needs_program("chromium")
# Numbers, and texts that are one, whose letters stand on several lines.
BROKEN = """() => {
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (text.parentElement.closest('.turned')) continue;
        for (const one of text.data.matchAll(/(?<!\\S)[0-9][0-9.,:T+-]*/g)) {
            const range = document.createRange();
            range.setStart(text, one.index);
            range.setEnd(text, one.index + one[0].length);
            const lines = new Set([...range.getClientRects()].filter(r => r.width > 0).map(r => Math.round(r.top)));
            if (lines.size > 1) found.push(one[0]);
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("report")
    report = CaptureReport(pf.example("resets.pcap"), title="Incident of 31 January")
    sections = ("heading", "health", "capture", "patterns", "provenance")
    parts = [getattr(report, section)().text.replace("<details>", "<details open>") for section in sections]
    one, index = folder / "one.html", folder / "index.html"
    one.write_text(PAGES.get_template("report.html.j2").render(title="One", style=STYLE, parts=parts), "utf-8")
    result = ReportResult(page=one, **report.result())
    index.write_text(index_page("Two", [result, result]), "utf-8")
    return [one, index]


@pytest.mark.parametrize("width", [420, 1000, 1600])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_number_is_broken_and_nothing_is_wider_than_the_page(
    width: int, theme: str, pages: list[Path], browser: Any
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    for path in pages:
        page.goto(path.as_uri())
        assert page.evaluate(BROKEN) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()
