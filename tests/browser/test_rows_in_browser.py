"""Charts of rows in a browser: what is cut off, what a click selects, what the legend takes away."""

import json
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.browser import SCRIPT, STYLE, Scene
from pcapframe.plots import CHARTS
from tests.browser.conftest import until
from tests.builders import Conversation, pcap

pytestmark = pytest.mark.needs_program("chromium")
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Rows</title><style>{style}</style><main></main>
<script>{script}</script><script>
const data = {data};
window.told = [];
pcapframe.mount(document.querySelector("main"), {{ header: data.header, pick: (found) => told.push(found),
  body: Uint8Array.from(atob(data.body), (one) => one.charCodeAt(0)).buffer }});
</script></html>"""


def opened(browser: Any, scene: Scene, width: int = 1000) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 900})
    data = json.dumps(scene.picture().to_json())
    page.set_content(PAGE.format(style=STYLE, script=SCRIPT, data=data))
    return page


def test_many_other_servers_do_not_dwarf_those_with_a_row(browser: Any) -> None:
    """Of 40 servers with a connection each, 12 have a row and 28 share the last one, which is cut off and says so."""
    talks = [Conversation(server=f"198.51.100.{number}").handshake() for number in range(1, 41)]
    page = opened(browser, Scene(CHARTS["handshakes"], pf.analyze(pcap([frame for talk in talks for frame in talk]))))
    rows = page.locator(".pf-table tbody tr:not(.pf-axes)")
    assert rows.count() == 13
    widths = [rows.nth(row).locator(".pf-bar").first.bounding_box()["width"] for row in (0, 12)]
    assert 1 < widths[1] / widths[0] < 1.5
    assert rows.nth(12).locator(".pf-cut").inner_text() == "28 →"
    assert rows.nth(12).get_by_role("button").count() == 0  # nothing that can be selected
    rows.nth(2).get_by_role("button").click()
    assert page.evaluate("told") == [{"row": 2}]
    page.close()


def test_names_stay_whole_on_a_phone_and_the_legend_takes_away(browser: Any) -> None:
    page = opened(browser, Scene(CHARTS["sender_time"], pf.analyze(pf.example("losses.pcap"))), width=400)
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    heights = page.locator(".pf-table th > *:first-child").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert max(heights) < 32  # one line each
    page.get_by_role("button", name="sending", exact=True).click()
    until(page, lambda: page.locator(".pf-table", has_text="sending").count() == 0)
    page.close()


def test_a_cell_with_one_connection_shows(browser: Any) -> None:
    page = opened(browser, Scene(CHARTS["state_transitions"], pf.analyze(pf.example("resets.pcap"))))
    shades = page.locator("td.pf-number").evaluate_all(
        "all => all.map((one) => [one.textContent, getComputedStyle(one).backgroundColor])"
    )
    ones, none = ({shade for text, shade in shades if text == number} for number in ("1", "0"))
    assert len(ones) == 1
    assert none == {"rgba(0, 0, 0, 0)"}
    assert ones != none
    page.close()
