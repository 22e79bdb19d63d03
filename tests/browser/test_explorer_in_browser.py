"""The explorer's notebook in JupyterLab and Voilà: what a user does changes counts, charts and tables."""

import json
import re
from typing import Any

import pytest

from tests.browser.conftest import NOTEBOOK, Served, faults, shot, until

pytestmark = pytest.mark.needs_program("chromium")
WAIT_MS = 40_000
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# Endpoints of the connections table whose port, with its colon, is on more than one line.
BROKEN_PORTS = """element => [...element.querySelectorAll('td:has(wbr)')].filter(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell.lastChild);
  return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size !== 1;
}).map(cell => cell.innerText)"""


def opened(browser: Any, lab: Served, *, width: int, theme: str) -> Any:
    """Page of JupyterLab with the notebook, all its cells run."""
    page = browser.new_page(viewport={"width": width, "height": 1100})
    page.set_default_timeout(WAIT_MS)
    page.route(lambda url: not url.startswith((lab.base, "blob:", "data:")), lambda route: route.abort())
    headers = {"Authorization": f"token {lab.token}"}
    for name, settings in (
        ("apputils-extension:themes", {"theme": THEMES[theme]}),
        ("apputils-extension:notification", {"fetchNews": "false", "checkForUpdates": False}),
    ):
        url = f"{lab.base}/lab/api/settings/@jupyterlab/{name}"
        assert page.request.put(url, headers=headers, data={"raw": json.dumps(settings)}).ok
    for session in page.request.get(f"{lab.base}/api/sessions", headers=headers).json():  # each test has a new kernel
        page.request.delete(f"{lab.base}/api/sessions/{session['id']}", headers=headers)
    page.goto(f"{lab.base}/lab/tree/{NOTEBOOK}?token={lab.token}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.keyboard.press("Control+B")  # hides the side bar
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector(".pcapframe-explorer .pf-panels canvas")
    page.locator(".pcapframe-explorer").evaluate("element => element.scrollIntoView()")
    return page


def counted(page: Any, text: str) -> None:
    """Wait until the line of counts has a text."""
    page.locator(".pcapframe-head", has_text=re.compile(text)).wait_for()


def shown(page: Any) -> str:
    """What the chart in sight says that it shows."""
    return str(page.locator(".pf-title span:visible").first.inner_text())


def windows(*kinds: tuple[int, str]) -> pytest.MarkDecorator:
    """Run a test in windows of these widths and themes. Opening one takes half a minute: tests share them."""
    return pytest.mark.parametrize("page", kinds, indirect=True, ids="{0[0]}-{0[1]}".format)


NARROW, WIDE = (1280, "light"), (1920, "dark")


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest, browser: Any, lab: Served) -> Any:
    """The notebook in a window."""
    width, theme = request.param
    made = opened(browser, lab, width=width, theme=theme)
    yield made
    made.close()


def cleared(page: Any) -> Any:
    """Clear the filters and return the explorer."""
    explorer = page.locator(".pcapframe-explorer")
    handle = explorer.locator(".noUi-handle-lower").element_handle()
    explorer.get_by_role("button", name="Clear filters").click()
    until(page, lambda: not handle.evaluate("one => one.isConnected"), 60)  # the kernel has heard the click
    counted(page, "42 of 42 connections")
    explorer.get_by_role("tab", name="Overview", exact=True).click()
    return explorer


@windows(NARROW)
def test_filters_narrow_counts_chart_and_table(page: Any) -> None:
    explorer = page.locator(".pcapframe-explorer")
    counted(page, "42 of 42 connections")
    shot(page, "1280-light-overview")
    assert shown(page) == "42 connections"

    server = explorer.get_by_label("Server", exact=True)
    server.fill("198.51.100.20")
    server.press("Enter")
    counted(page, "15 of 42 connections")
    until(page, lambda: shown(page) == "15 connections")
    explorer.get_by_role("button", name="Code and filters to copy").click()
    for label, text in (("Wireshark display filter", "ip.addr == 198.51.100.20"), ("Python", "198.51.100.20")):
        explorer.get_by_label(label, exact=True).filter(has_text=text).wait_for()
    explorer.get_by_role("button", name="Code and filters to copy").click()
    chip = explorer.get_by_role("button", name="server: 198.51.100.20")
    chip.click()
    counted(page, "42 of 42 connections")
    explorer.get_by_role("button", name="Undo").click()
    counted(page, "15 of 42 connections")
    chip.wait_for()

    handle = explorer.locator(".noUi-handle-lower")
    handle.focus()
    for _ in range(30):
        handle.press("ArrowRight")
    explorer.locator(".pcapframe-head", has_text=re.compile(r"^(?!15 of)\d+ of 42")).wait_for()
    until(page, lambda: shown(page) not in ("15 connections", "42 connections"))
    until(page, lambda: explorer.get_by_label("From (UTC)").input_value() != "")

    explorer.get_by_role("button", name="Clear filters").click()
    counted(page, "42 of 42 connections")
    for tab in ("RSTs", "Retransmissions", "Patterns"):
        explorer.get_by_role("tab", name=tab, exact=True).click()
        shot(page, f"1280-light-{tab}")

    explorer.get_by_role("tab", name="Connections", exact=True).click()
    table = explorer.locator(".pcapframe-connections .pcapframe-rows")
    rows = table.locator("tbody tr")
    rows.nth(41).wait_for()
    packets = table.get_by_role("button", name="packets")
    packets.click()
    table.locator("th[aria-sort=descending]", has_text="packets").wait_for()
    most = [int(text.replace(",", "")) for text in table.locator("tbody td:nth-child(8)").all_inner_texts()]
    assert most == sorted(most, reverse=True)
    table.get_by_role("button", name="conn_id").click()
    table.locator("th[aria-sort=ascending]", has_text="conn_id").wait_for()
    until(page, lambda: table.locator("wbr").count() == 84)
    until(page, lambda: table.evaluate("element => element.scrollWidth <= element.clientWidth"))  # all in sight
    assert table.evaluate(BROKEN_PORTS) == []
    explorer.get_by_label("Handshake", exact=True).select_option(label="refused (6)")
    counted(page, "6 of 42 connections")
    explorer.get_by_text("rows 1 to 6 of 6 connections").wait_for()
    until(page, lambda: rows.count() == 6)
    shot(page, "1280-light-connections")

    rows.nth(0).focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    graph = explorer.get_by_role("application", name="Time–sequence graph")
    graph.locator("canvas").first.wait_for()
    explorer.get_by_text("Round-trip times by acknowledgement: there is nothing to draw.").wait_for()
    explorer.get_by_text("handshake refused, ending reset").wait_for()
    shot(page, "1280-light-connection")
    graph.focus()
    page.keyboard.press("ArrowRight")
    first = explorer.locator(".pf-tip b").inner_text()
    page.keyboard.press("Enter")
    explorer.locator(".pcapframe-packet", has_text="TCP").wait_for()
    number = re.fullmatch(r"Frame ([\d,]+): .*", first)[1]  # type: ignore[index]
    explorer.get_by_text(f"Frame {number}", exact=True).wait_for()
    until(page, lambda: explorer.get_by_label("Frame", exact=True).input_value() == number.replace(",", ""))
    shot(page, "1280-light-picked")
    explorer.locator(".dt-scroll-body tbody tr:visible").nth(1).click()
    explorer.locator(".pcapframe-packet", has_text="TCP").wait_for()
    explorer.locator(".pcapframe-packet").evaluate("element => element.scrollIntoView({block: 'center'})")
    shot(page, "1280-light-packet")


@windows(WIDE)
def test_keys_still_on_their_way_when_the_filters_are_cleared(page: Any) -> None:
    explorer = cleared(page)
    page.evaluate("""() => {
      const root = document.querySelector('.pcapframe-explorer');
      const handle = window.cleared = root.querySelector('.noUi-handle-lower');
      const key = {key: 'ArrowRight', keyCode: 39, bubbles: true};
      for (let i = 0; i < 300; i++) handle.dispatchEvent(new KeyboardEvent('keydown', key));
      [...root.querySelectorAll('button')].find(button => button.innerText.includes('Clear filters')).click();
    }""")
    page.wait_for_function("() => !window.cleared.isConnected", timeout=60_000)  # the kernel has heard the click
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # and what came after it
    counted(page, "42 of 42 connections")
    until(page, lambda: explorer.get_by_label("From (UTC)").input_value() == "")
    handle = explorer.locator(".noUi-handle-lower")
    for _ in range(40):
        handle.press("ArrowRight")
    explorer.locator(".pcapframe-head", has_text=re.compile(r"^(?!42 of)\d+ of 42")).wait_for()


@windows(WIDE)
def test_what_is_picked_in_a_chart_and_what_cannot_be_meant(page: Any) -> None:
    explorer = cleared(page)
    box = explorer.get_by_role("application", name="Capture overview").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 150, steps=4)
    page.mouse.up()
    page.locator(".pcapframe-head", has_text=re.compile(r"^(?!42 of)\d+ of 42")).wait_for()
    until(page, lambda: explorer.get_by_label("To (UTC)").input_value() != "")

    explorer.get_by_role("button", name="Clear filters").click()
    counted(page, "42 of 42 connections")
    client = explorer.get_by_label("Client", exact=True)
    client.fill("nobody")
    client.press("Enter")
    explorer.get_by_role("alert").filter(has_text="client 'nobody' is not an address").wait_for()
    shot(page, "1920-dark-problem")
    client.fill("192.0.2.11")
    client.press("Enter")
    page.locator(".pcapframe-head", has_text=re.compile(r"^(?!42 of)\d+ of 42")).wait_for()
    page.wait_for_function("() => !document.querySelector('.pcapframe-problem')")


@windows(WIDE)
def test_what_is_picked_by_keys(page: Any) -> None:
    explorer = cleared(page)
    chart = explorer.get_by_role("application", name="Capture overview")
    chart.focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    tip = explorer.locator(".pf-tip:visible")
    until(page, lambda: re.match(r"15:29:\S+ to 15:29:\S+ UTC", tip.inner_text()))
    shot(page, "1920-dark-keys")
    page.keyboard.press("Escape")
    until(page, lambda: tip.count() == 0)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.locator(".pcapframe-head", has_text=re.compile(r"^(?!42 of)\d+ of 42")).wait_for()
    until(page, lambda: explorer.get_by_label("To (UTC)").input_value() != "")
    first = explorer.get_by_label("To (UTC)").input_value()
    for key in ("ArrowRight", "PageDown", "Shift+Enter"):  # the same time, and more
        page.keyboard.press(key)
    until(page, lambda: explorer.get_by_label("To (UTC)").input_value() > first)

    explorer.get_by_role("button", name="Clear filters").click()
    counted(page, "42 of 42 connections")
    explorer.get_by_role("tab", name="RSTs", exact=True).click()
    bar = explorer.get_by_role("table", name="RSTs").get_by_role("button", name="in the handshake")
    bar.focus()
    page.keyboard.press("Enter")
    counted(page, "6 of 42 connections")
    until(page, lambda: explorer.get_by_label("RST phase").input_value() != "")


@windows(WIDE)
def test_a_pattern_is_picked_in_its_table(page: Any) -> None:
    explorer = cleared(page)
    explorer.get_by_role("tab", name="Patterns", exact=True).click()
    table = explorer.get_by_role("table", name="Patterns")
    table.get_by_role("button", name="connections").click()
    table.locator("th[aria-sort=descending]", has_text="connections").wait_for()
    shot(page, "1920-dark-pattern-rows")
    table.get_by_role("row", name="refused connections").click()
    counted(page, "6 of 42 connections")
    explorer.get_by_role("button", name="pattern: refused connections").wait_for()
    shot(page, "1920-dark-chips")


@pytest.mark.needs_program("npm")
@windows(NARROW, WIDE)
def test_every_control_has_a_name_and_every_text_contrasts(page: Any, axe: str) -> None:
    explorer = cleared(page)
    found: set[str] = set()
    for tab in ("Overview", "RSTs", "Waits", "Patterns", "Connections", "One connection"):
        if tab == "One connection":
            explorer.locator(".pcapframe-connections .pcapframe-rows tbody tr").first.click()
            explorer.get_by_role("application", name="Time–sequence graph").wait_for()
        else:
            explorer.get_by_role("tab", name=tab, exact=True).click()
        found |= set(faults(page, axe, ".pcapframe-explorer"))
    assert found == set()


def test_it_works_under_voila(browser: Any, voila: Served) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1100})
    page.set_default_timeout(WAIT_MS)
    page.goto(voila.base)
    page.wait_for_selector(".pf-panels canvas")
    counted(page, "42 of 42 connections")
    page.get_by_label("Handshake", exact=True).select_option(label="refused (6)")
    counted(page, "6 of 42 connections")
    until(page, lambda: shown(page) == "6 connections")
    shot(page, "1280-voila")
    page.close()
