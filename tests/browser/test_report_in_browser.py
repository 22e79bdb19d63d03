"""The report in a browser: no number is broken onto two lines, and nothing is wider than the page."""

from pathlib import Path
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.report import CaptureReport
from pcapframe.report.pages import index_page, page_of
from pcapframe.report.run import ReportResult
from tests.browser.conftest import until

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
    sections = (
        "heading", "standouts", "contents", "overview", "patterns", "handshakes", "retransmissions", "connections",
        "health", "capture", "provenance",
    )  # fmt: skip
    parts = [getattr(report, section)().text.replace("<details>", "<details open>") for section in sections]
    one, index = folder / "one.html", folder / "index.html"
    one.write_text(page_of(parts, "One"), "utf-8")
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


@pytest.fixture
def report(pages: list[Path], browser: Any) -> Any:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(pages[0].as_uri())
    yield page
    page.close()


def test_every_filter_has_a_button_that_copies_it(report: Any) -> None:
    assert report.locator(".filter code").count() == report.get_by_role("button", name="Copy").count() > 9
    report.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    first = report.locator(".standouts li").first
    first.get_by_role("button", name="Copy").click()
    first.get_by_role("button", name="Copied").wait_for()
    until(report, lambda: report.evaluate("window.copied") == first.locator("code").inner_text())


def test_connections_can_be_sorted_and_searched(report: Any) -> None:
    numbers = (
        "() => [...document.querySelectorAll('.tools tbody tr')].filter(r => !r.hidden).map(r => r.cells[0].innerText)"
    )
    resent = "() => [...document.querySelectorAll('.tools tbody tr')].map(r => Number(r.cells[8].dataset.key))"
    assert report.evaluate(numbers) == [str(number) for number in range(42)]
    head = report.locator(".tools").get_by_role("button", name="Retransmitted")
    head.click()
    head.click()
    report.locator(".tools th[aria-sort=descending]").wait_for()
    found = report.evaluate(resent)
    assert found == sorted(found, reverse=True)
    assert found[0] > 0
    assert report.locator(".tools th[aria-sort=descending]").inner_text().startswith("Retransmitted")
    report.get_by_role("searchbox").fill("refused 8080")
    report.get_by_text("6 of 42 rows").wait_for()
    assert len(report.evaluate(numbers)) == 6


def test_a_printed_page_is_light_and_whole(report: Any) -> None:
    report.emulate_media(media="print", color_scheme="dark")
    assert not report.get_by_role("button", name="Copy").first.is_visible()
    assert report.evaluate("getComputedStyle(document.body).color") == "rgb(28, 35, 41)"
    assert report.evaluate("getComputedStyle(document.querySelector('.tools')).overflowY") == "visible"


def test_charts_answer_in_a_file_without_a_network(report: Any) -> None:
    report.context.set_offline(True)
    graph = report.get_by_role("application", name="Time–sequence graph")
    graph.scroll_into_view_if_needed()
    graph.focus()
    report.keyboard.press("n")
    figure = report.locator("figure.answers", has=graph)
    figure.locator(".pf-tip", has_text="retransmitted").wait_for()
    shown = figure.locator(".pf-range").inner_text()
    report.keyboard.press("+")
    until(report, lambda: figure.locator(".pf-range").inner_text() != shown)
    picture = report.locator("figure.answers img[alt='Time–sequence graph']")
    assert not picture.is_visible()  # it is for print
    report.emulate_media(media="print")
    picture.wait_for()
    report.emulate_media(media="screen")


def test_without_javascript_there_are_pictures(pages: list[Path], browser: Any) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(pages[0].as_uri())
    assert page.get_by_role("img", name="Capture overview").is_visible()
    assert page.get_by_role("img", name="Time–sequence graph").is_visible()
    page.close()


def test_a_report_of_a_small_capture_is_small(pages: list[Path]) -> None:
    assert pages[0].stat().st_size <= 1_100_000


def test_the_matrix_scrolls_within_the_page(pages: list[Path], browser: Any) -> None:
    page = browser.new_page(viewport={"width": 420, "height": 900})
    page.goto(pages[1].as_uri())
    assert page.evaluate("(box => box.scrollWidth > box.clientWidth)(document.querySelector('.scroll'))")
    assert page.evaluate("document.documentElement.scrollWidth") == 420
    page.close()
