"""Charts and a report as axe-core sees them: every control has a name, every text contrasts with its ground."""

import json
from pathlib import Path
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.browser import SCRIPT, STYLE, Scene
from pcapframe.plots import CHARTS
from pcapframe.report import CaptureReport
from pcapframe.report.pages import page_of
from tests.browser.conftest import faults

pytestmark = [pytest.mark.needs_program("chromium"), pytest.mark.needs_program("npm")]
LOOKS = {"light": ("#fff", "#111"), "dark": ("#111", "#eee")}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Charts</title>
<style>body {{ background: {paper}; color: {ink}; }} {style}</style><main><h1>Charts</h1></main>
<script>{script}</script><script>
for (const {{ header, body }} of {data}) {{
  const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0)).buffer;
  pcapframe.mount(document.querySelector("main"), {{ header, body: bytes, pick() {{}}, select() {{}} }});
}}
</script></html>"""


def test_every_chart_has_names_and_contrast(browser: Any, axe: str) -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    scenes = [Scene(chart, analysis) for chart in CHARTS.values()]
    assert not any(scene.empty for scene in scenes)
    data = json.dumps([scene.picture(most=200).to_json() for scene in scenes])
    for paper, ink in LOOKS.values():
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.set_content(PAGE.format(paper=paper, ink=ink, style=STYLE, script=SCRIPT, data=data))
        assert page.locator(".pf-chart").count() == len(scenes)
        assert faults(page, axe) == []
        page.close()


def test_a_report_has_names_and_contrast(browser: Any, axe: str, tmp_path: Path) -> None:
    report = CaptureReport(pf.example("resets.pcap"), title="Incident of 31 January")
    sections = ("heading", "standouts", "contents", "overview", "patterns", "endings", "connections", "health")
    path = tmp_path / "one.html"
    path.write_text(page_of([getattr(report, section)().text for section in sections], "One"), "utf-8")
    for theme in LOOKS:
        page = browser.new_page(viewport={"width": 420, "height": 900}, color_scheme=theme)
        page.goto(path.as_uri())
        page.locator(".pf-panels canvas").first.wait_for()
        assert faults(page, axe) == []
        page.close()
