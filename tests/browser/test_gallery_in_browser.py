"""Charts to touch in the gallery of the documentation: drawn from files, without a network."""

import sys
from pathlib import Path
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.browser import Scene
from pcapframe.plots import CHARTS

pytestmark = pytest.mark.needs_program("chromium")
DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("overview", "time_sequence", "turns", "waits")  # one of each kind: bins, packets, what lasted, rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(DOCS))
    try:
        from live import block, write_scripts
    finally:
        sys.path.remove(str(DOCS))
    analysis = pf.analyze(pf.example("losses.pcap"), progress=False)
    made = tmp_path_factory.mktemp("site")
    for name in ("_static", "gallery"):
        (made / name).mkdir()
    write_scripts(made / "_static", {name: Scene(CHARTS[name], analysis) for name in NAMES})
    for name in NAMES:
        raw = block(name).partition(".. raw:: html")[2].replace("\n#", "\n")
        (made / "gallery" / f"{name}.html").write_text(f"<!doctype html><meta charset='utf-8'><body>{raw}", "utf-8")
    return made / "gallery"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_drawn_where_its_script_stands(browser: Any, folder: Path, name: str) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 900})
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto((folder / f"{name}.html").as_uri())
    page.locator(".live canvas, .live .pf-quartiles").first.wait_for()
    assert failed == []
    page.close()
