"""Charts in a browser without a network: hovering, zooming, picking, keys, touch."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.browser import SCRIPT, STYLE, Picture, Scene
from pcapframe.browser._columns import Columns
from pcapframe.browser._panels import Spans
from pcapframe.plots import CHARTS
from pcapframe.plots._palette import PHASE_LOOKS
from tests.browser.conftest import shot, until
from tests.builders import Conversation
from tests.plots.made import made

pytestmark = pytest.mark.needs_program("chromium")
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Chart</title>
<style>body {{ margin: 16px; background: {paper}; color: {ink}; }} {style}</style><main id="box"></main>
<script>{script}</script><script>
const data = {data};
window.told = [];
window.chart = pcapframe.mount(document.getElementById("box"), {{
  header: data.header, body: Uint8Array.from(atob(data.body), (one) => one.charCodeAt(0)).buffer,
  zoom: (low, high) => told.push(["zoom", low, high]), pick: (found) => told.push(["pick", found]),
}});
</script></html>"""
LOOKS = {"light": ("#fff", "#111"), "dark": ("#111", "#eee")}


@pytest.fixture(scope="module")
def losses() -> pf.Analysis:
    return pf.analyze(pf.example("losses.pcap"))


def opened(browser: Any, scene: Scene | Picture, *, width: int = 1280, look: str = "light", touch: bool = False) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 640}, has_touch=touch)
    page.set_default_timeout(10_000)
    page.asked = []
    page.errors = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    paper, ink = LOOKS[look]
    picture = scene.picture() if isinstance(scene, Scene) else scene
    page.set_content(PAGE.format(paper=paper, ink=ink, style=STYLE, script=SCRIPT, data=json.dumps(picture.to_json())))
    page.wait_for_selector(".pf-panels canvas")
    return page


@pytest.fixture(scope="module")
def scene(losses: pf.Analysis) -> Scene:
    return Scene(CHARTS["time_sequence"], losses)


@pytest.fixture
def page(browser: Any, scene: Scene) -> Iterator[Any]:
    made = opened(browser, scene)
    yield made
    assert made.errors == []
    assert made.asked == []
    made.close()


def view(page: Any) -> list[float]:
    return list(page.evaluate("chart.view()"))


def told(page: Any, kind: str) -> list[Any]:
    """What was told of a kind. A zoom is told when the view has come to rest, maybe after what was done later."""
    return list(page.evaluate("kind => told.filter((one) => one[0] === kind).map((one) => one.slice(1))", kind))


def point(page: Any, x: float, y: float) -> list[float]:
    return list(page.evaluate("([x, y]) => chart.point(0, x, y)", [x, y]))


def again(losses: pf.Analysis) -> dict[str, Any]:
    """The last retransmission: as a row of the data."""
    data = pf.plots.time_sequence_data(losses.segments)
    return dict(data[data["kind"] == "resent"].iloc[-1])


def test_hovering_names_the_packet(page: Any, losses: pf.Analysis) -> None:
    mark = again(losses)
    page.mouse.move(*point(page, mark["time_s"], mark["low"]))
    tip = page.locator(".pf-tip")
    tip.wait_for()
    text = tip.inner_text()
    packet = losses.segments.loc[mark["frame"]]
    assert text.startswith(f"Frame {mark['frame']:,}: retransmitted")
    assert f"{mark['time_s']:.6f} s" in text
    assert f"{packet['time']:%H:%M:%S.%f} UTC" in text
    assert f"{packet['payload_bytes']:,} bytes" in text
    assert "ACK" in text
    assert "retransmission" in text
    assert f"first copy in frame {mark['first_copy']:,}" in text
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")


def test_wheel_and_drag_zoom_and_a_double_click_shows_everything(page: Any, losses: pf.Analysis) -> None:
    whole = view(page)
    mark = again(losses)
    page.mouse.move(*point(page, mark["time_s"], mark["low"]))
    page.mouse.wheel(0, -100)
    until(page, lambda: told(page, "zoom"))
    near = view(page)
    assert near[1] - near[0] < 0.8 * (whole[1] - whole[0])
    assert near[0] < mark["time_s"] < near[1]
    assert told(page, "zoom") == [near]
    left, right = point(page, near[0] + 0.3 * (near[1] - near[0]), 0)[0], point(page, near[1], 0)[0]
    y = point(page, 0, mark["low"])[1]
    page.mouse.move(left, y)
    page.mouse.down()
    page.mouse.move(right - 20, y, steps=4)
    page.mouse.up()
    until(page, lambda: view(page) != near)
    dragged = view(page)
    assert dragged[0] == pytest.approx(near[0] + 0.3 * (near[1] - near[0]), rel=1e-2)
    assert dragged[1] < near[1]
    page.mouse.dblclick(left + 50, y)
    until(page, lambda: view(page) == whole)
    until(page, lambda: told(page, "zoom")[-1] == whole)
    assert len(told(page, "pick")) <= 2  # of the two clicks: a drag is none


def test_a_click_names_its_packet(page: Any, losses: pf.Analysis) -> None:
    mark = again(losses)
    page.mouse.click(*point(page, mark["time_s"], mark["low"]))
    until(page, lambda: told(page, "pick") == [[{"frame": mark["frame"]}]])


def test_keys_go_from_packet_to_packet(page: Any, losses: pf.Analysis) -> None:
    data = pf.plots.time_sequence_data(losses.segments)
    stops = data[data["kind"] != "window"].sort_values("time_s", kind="stable")
    notable = stops[stops["kind"].isin(["resent", "rst", "fin", "zero_window"])]
    said = page.get_by_role("status")
    page.locator(".pf-panels").focus()
    for key, text in (
        ("ArrowRight", f"Frame {stops['frame'].iloc[0]:,}"),
        ("ArrowRight", f"Frame {stops['frame'].iloc[1]:,}"),
        ("n", f"Frame {notable['frame'].iloc[0]:,}: retransmitted"),
    ):
        page.keyboard.press(key)
        said.filter(has_text=text).wait_for()
    before = view(page)
    page.keyboard.press("+")
    until(page, lambda: view(page) != before)
    after = view(page)
    assert after[1] - after[0] == pytest.approx((before[1] - before[0]) / 2)
    page.keyboard.press("Enter")
    until(page, lambda: told(page, "pick") == [[{"frame": int(notable["frame"].iloc[0])}]])
    page.keyboard.press("0")
    until(page, lambda: view(page) == before)
    page.keyboard.press("Escape")
    until(page, lambda: said.inner_text() == "")
    page.keyboard.press("Tab")
    until(page, lambda: page.evaluate("document.activeElement.closest('.pf-legend') !== null"))


def test_every_control_has_a_name_and_the_legend_only_what_is_there(page: Any, losses: pf.Analysis) -> None:
    data = pf.plots.time_sequence_data(losses.segments)
    legend = page.locator(".pf-legend").inner_text()
    assert f"retransmitted {(data['kind'] == 'resent').sum()}" in legend
    assert "RST" not in legend
    for button in page.get_by_role("button").all():
        assert button.get_attribute("aria-label") or button.inner_text().strip()
    shown = page.get_by_role("button", name=re.compile("SACK"))
    assert shown.get_attribute("aria-pressed") == "true"
    shown.click()
    until(page, lambda: shown.get_attribute("aria-pressed") == "false")
    page.get_by_role("button", name="Time in seconds; switch").click()
    page.get_by_role("button", name="Time in UTC; switch").wait_for()


def test_a_part_from_the_kernel_replaces_the_marks(page: Any, scene: Scene, losses: pf.Analysis) -> None:
    mark = again(losses)
    low, high = mark["time_s"] - 0.005, mark["time_s"] + 0.005
    packed = scene.picture(low, high).to_json()
    page.evaluate("ends => chart.look(ends)", [low, high])
    page.evaluate(
        "data => chart.update(data.header, Uint8Array.from(atob(data.body), (one) => one.charCodeAt(0)).buffer)", packed
    )
    page.mouse.move(*point(page, mark["time_s"], mark["low"]))
    page.locator(".pf-tip", has_text=f"Frame {mark['frame']:,}: retransmitted").wait_for()
    page.locator(".pf-legend button", has_text=re.compile(r"retransmitted 1 of 7$")).wait_for()


def test_fingers_move_and_pinch(browser: Any, scene: Scene) -> None:
    page = opened(browser, scene, touch=True)
    whole = view(page)
    script = """([type, id, x]) => document.querySelector(".u-over").dispatchEvent(new PointerEvent(type,
      { pointerId: id, pointerType: "touch", clientX: x, clientY: 200, bubbles: true }))"""
    for event in (("pointerdown", 1, 500), ("pointerdown", 2, 600), ("pointermove", 2, 800), ("pointermove", 1, 400)):
        page.evaluate(script, list(event))
    until(page, lambda: view(page) != whole)
    pinched = view(page)
    assert pinched[1] - pinched[0] == pytest.approx((whole[1] - whole[0]) / 4, rel=0.01)  # 100 pixels became 400
    page.evaluate(script, ["pointerup", 2, 800])
    page.evaluate(script, ["pointermove", 1, 500])
    until(page, lambda: view(page) != pinched)
    moved = view(page)
    assert moved[0] < pinched[0]
    assert moved[1] - moved[0] == pytest.approx(pinched[1] - pinched[0])
    assert page.errors == []
    page.close()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("width", [420, 1280, 1920])
@pytest.mark.parametrize("name", ["overview", "rtt", "time_sequence"])
def test_it_fits_its_width_and_takes_the_colours_around_it(
    browser: Any, losses: pf.Analysis, name: str, width: int, look: str
) -> None:
    page = opened(browser, Scene(CHARTS[name], losses), width=width, look=look)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ticks = page.evaluate("() => chart.ticks()")
    assert ticks >= 4
    shot(page, f"chart-{name}-{width}-{look}")
    box = page.locator(".u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.wheel(0, -500)
    assert page.errors == []
    page.close()


def test_a_bin_is_counted_and_clicked(browser: Any) -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    page = opened(browser, Scene(CHARTS["overview"], analysis))
    data = pf.plots.overview_data(analysis.segments, analysis.connections)
    place = int(data["rsts"].argmax())
    edges = data.attrs["edges"]
    middle = ((edges[place] + edges[place + 1]) / 2 - edges[0]) / 1e9
    page.mouse.move(*page.evaluate("x => chart.point(3, x, 1)", middle))
    tip = page.locator(".pf-tip")
    tip.wait_for()
    text = tip.inner_text()
    assert f"RSTs: {data['rsts'].max()}" in text
    assert f"{data.index[place]:%H:%M:%S}" in text
    assert "a second" in text
    page.mouse.click(*page.evaluate("x => chart.point(3, x, 1)", middle))
    interval = {"from": str(edges[place]), "to": str(edges[place + 1])}
    until(page, lambda: told(page, "pick") == [[interval]])
    page.close()


TWO = """([picture, other]) => {
  const place = () => document.body.appendChild(document.createElement("div"));
  window.charts = [picture, other].map((one, i) => pcapframe.mount(place(), {
    header: one.header, body: Uint8Array.from(atob(one.body), (byte) => byte.charCodeAt(0)).buffer, group: "capture",
    zoom: (low, high) => told.push([`zoom ${i}`, low, high]),
  }));
}"""


def test_charts_of_one_capture_show_the_same_time(browser: Any, losses: pf.Analysis, scene: Scene) -> None:
    page = opened(browser, scene)
    other = Scene(CHARTS["overview"], losses)
    pictures = [scene.picture().to_json(), other.picture().to_json()]
    page.evaluate(TWO, pictures)
    starts = [int(one["header"]["startNs"]) for one in pictures]
    ends = "i => charts[i].view()"
    whole = [page.evaluate(ends, i) for i in (0, 1)]
    page.evaluate("charts[0].look([0.1, 0.2])")
    until(page, lambda: told(page, "zoom 1"))  # what follows asks for its rows too
    followed = page.evaluate(ends, 1)
    assert followed == pytest.approx([0.1 + (starts[0] - starts[1]) / 1e9, 0.2 + (starts[0] - starts[1]) / 1e9])
    page.evaluate("chart.look([0.3, 0.31])")  # of no group
    assert page.evaluate(ends, 1) == followed
    page.evaluate("charts[1].look(charts[1].view().map(() => NaN))")
    page.evaluate("charts[0].look([-9, 9])")
    assert [page.evaluate(ends, i) for i in (0, 1)] == whole
    assert page.errors == []
    page.close()


def test_turns_are_below_the_graph_and_named(browser: Any) -> None:
    analysis = pf.analyze(pf.example("waits_server.pcap"))
    page = opened(browser, Scene(CHARTS["time_sequence"], analysis))
    data = pf.plots.turns_data(analysis.segments)
    service = data[data["part"] == "service"].iloc[0]
    middle = (service["start_s"] + service["end_s"]) / 2
    page.mouse.move(*page.evaluate("x => chart.point(2, x, 0.5)", middle))
    page.locator(".pf-tip", has_text=f"Turn {service['turn']}: service").wait_for()
    page.locator(".pf-legend button", has_text=re.compile(r"^.{2} window 11, above what is shown$")).wait_for()
    shot(page, "chart-turns")
    page.close()


def resending(count: int, *, apart: float) -> Scene:
    """Connections whose SYN is sent again: each begins `apart` seconds after the one before."""
    talks = [
        Conversation(client_port=20000 + i, start=apart * i).syn(lost=True).retransmit("client", after=1.0)
        for i in range(count)
    ]
    frames = made(*talks)
    return Scene(CHARTS["resend_raster"], frames.segments, connections=frames.connections)


def test_a_shared_row_names_the_connection_that_retransmitted(browser: Any) -> None:
    page = opened(browser, resending(301, apart=10))  # three to a row
    page.locator(".pf-title", has_text="301 segments of 301 connections, 3 to a row").wait_for()
    page.locator(".pf-range", has_text=re.compile(r", 51 min$")).wait_for()
    x, y = page.evaluate("([x, y]) => chart.point(1, x, y)", [1005, -33])  # connection 100, in a bin of 10 s
    page.mouse.move(x, y)
    page.locator(".pf-tip", has_text="Connection 100: SYN retry").wait_for()
    page.mouse.click(x, y)
    until(page, lambda: told(page, "pick") == [[{"conn_id": 100}]])
    page.close()


def test_more_cells_than_a_call_takes_values_are_drawn(browser: Any) -> None:
    row, place = np.divmod(np.arange(130_000), 32_500)
    cells = pd.DataFrame({"row": row, "conn_id": row, "reason": "fast", "segments": 1, "among": 1})
    cells["start_s"] = cells["end_s"] = place / 250
    columns = Columns()
    panel = Spans(CHARTS["resend_raster"].graph.panels[1], cells, CHARTS["resend_raster"].graph).packed(
        columns, None, None, 0
    )
    header = resending(3, apart=10).picture().header | {"panels": [panel], "span": [0, 130]}
    page = opened(browser, Picture(header, columns.joined()))
    page.mouse.move(*page.evaluate("chart.point(0, 65, -2)"))
    page.locator(".pf-tip", has_text="Connection 2: fast").wait_for()
    page.locator(".pf-legend button", has_text="fast 130,000").wait_for()
    assert page.errors == []
    page.close()


def test_legends_count_what_is_drawn(browser: Any, losses: pf.Analysis) -> None:
    page = opened(browser, Scene(CHARTS["swimlanes"], losses))
    marks = page.locator(".pf-legend button")
    lanes = pf.plots.swimlanes_data(losses.segments, losses.connections)
    resent = int(losses.segments["resent"].sum())
    assert resent == lanes.loc[lanes["kind"] == "resent", "segments"].sum() > (lanes["kind"] == "resent").sum()
    marks.filter(has_text=re.compile(f"retransmitted {resent}$")).wait_for()
    page.close()
    page = opened(browser, Scene(CHARTS["time_sequence"], losses, sides="both"))
    (one,) = {frame["conn_id"] for frame in [pf.plots.time_sequence_data(losses.segments).attrs]}
    again = int(losses.segments["resent"][losses.segments["conn_id"] == one].sum())
    page.locator(".pf-legend button", has_text=re.compile(f"retransmitted {again}$")).wait_for()
    page.close()


def test_bins_count_what_is_in_sight_and_only_what_adds_up_has_a_rate(browser: Any) -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    page = opened(browser, Scene(CHARTS["rst_timeline"], analysis))
    data = pf.plots.rst_timeline_data(analysis.segments, analysis.connections).groupby(level="start").sum()
    edges, half = data.attrs["edges"], len(data) // 2
    seen, totals = data.iloc[:half].sum(), data.sum()
    phase = next(name for name in data if 0 < seen[name] < totals[name])
    entry = f"{PHASE_LOOKS[phase].label} "
    page.locator(".pf-legend button", has_text=re.compile(rf"{entry}{totals[phase]}$")).wait_for()
    page.evaluate("ends => chart.look(ends)", [0, (edges[half] - edges[0]) / 1e9 - 1e-6])
    page.locator(".pf-legend button", has_text=re.compile(rf"{entry}{seen[phase]} of {totals[phase]}$")).wait_for()
    page.close()
    page = opened(browser, Scene(CHARTS["swimlanes"], analysis))
    page.mouse.move(*page.evaluate("chart.point(0, chart.view()[1] / 2, 0.5)"))
    page.locator(".pf-tip", has_text="UTC").wait_for()
    assert "a second" not in page.locator(".pf-tip").inner_text()
    page.close()


def test_rsts_of_unknown_roles_are_not_said_to_be_of_servers(browser: Any) -> None:
    frames = made(Conversation().data("client", 10).ack().rst("server"))  # no SYN: roles are inferred
    scene = Scene(CHARTS["rst_timeline"], frames.segments, connections=frames.connections)
    page = opened(browser, scene)
    page.locator(".pf-panel", has_text="RSTs: ▲ clients, ▼ roles unknown").wait_for()
    (mark,) = scene.picture().header["panels"][0]["marks"]
    page.mouse.move(
        *page.evaluate("x => chart.point(0, x, -0.5)", scene.picture().header["span"][1] - mark["width"] / 2)
    )
    page.locator(".pf-tip", has_text=", roles unknown: 1").wait_for()
    page.close()


UPDATE = """([data, other]) => chart.update(data.header,
  Uint8Array.from(atob(data.body), (one) => one.charCodeAt(0)).buffer, other)"""


def test_keys_keep_their_mark_when_the_view_changes(page: Any, scene: Scene, losses: pf.Analysis) -> None:
    data = pf.plots.time_sequence_data(losses.segments)
    stops = data[data["kind"] != "window"].sort_values("time_s", kind="stable")
    named = [f"Frame {stops['frame'].iloc[place]:,}" for place in range(5)]
    place, tip = page.locator(".pf-panels"), page.locator(".pf-tip:visible")
    place.focus()
    for text in named[:3]:
        page.keyboard.press("ArrowRight")
        tip.filter(has_text=text).wait_for()
    before = tip.bounding_box()
    page.keyboard.press("+")
    until(page, lambda: tip.bounding_box() != before)  # it goes along
    tip.filter(has_text=named[2]).wait_for()
    page.evaluate(UPDATE, [scene.picture(*view(page)).to_json(), False])  # rows of the zoom, from the kernel
    tip.filter(has_text=named[2]).wait_for()
    page.keyboard.press("ArrowRight")
    tip.filter(has_text=named[3]).wait_for()
    page.keyboard.press("Tab")
    until(page, lambda: tip.count() == 0)
    page.keyboard.press("Shift+Tab")
    tip.filter(has_text=named[3]).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    tip.filter(has_text=f"Frame {stops['frame'][stops['time_s'] >= view(page)[0]].iloc[0]:,}").wait_for()


def test_what_is_said_of_a_chart_is_that_of_its_data_now(page: Any, losses: pf.Analysis) -> None:
    label = "document.querySelector('.pf-panels').getAttribute('aria-label')"
    one = losses.connections.index[0]
    retransmitted = page.get_by_role("button", name=re.compile("retransmitted"))
    retransmitted.focus()
    pf.options.timezone = "Asia/Kolkata"
    try:
        other = Scene(CHARTS["time_sequence"], losses, conn_id=int(one)).picture()
    finally:
        pf.options.timezone = None
    page.evaluate(UPDATE, [other.to_json(), True])
    assert page.evaluate(label).startswith(f"Time–sequence graph: {other.header['of']}. Arrows")
    assert f"connection {one}," in page.locator(".pf-title").inner_text()
    page.get_by_role("button", name="Time in seconds; switch").click()
    page.get_by_role("button", name="Time in Asia/Kolkata (+05:30); switch").wait_for()
    assert "Asia/Kolkata" in page.locator(".pf-range").inner_text()


def test_what_nothing_answers_is_not_promised(browser: Any, losses: pf.Analysis) -> None:
    page = opened(browser, Scene(CHARTS["time_sequence"], losses))
    label = "document.querySelector('.pf-panels').getAttribute('aria-label')"
    assert "Enter opens it" in page.evaluate(label)
    picture = Scene(CHARTS["time_sequence"], losses).picture(most=20).to_json()  # marks are joined
    page.evaluate(
        """data => { chart.destroy(); chart = pcapframe.mount(document.getElementById("box"), { header: data.header,
        body: Uint8Array.from(atob(data.body), (one) => one.charCodeAt(0)).buffer }); }""",
        picture,
    )
    assert "Enter" not in page.evaluate(label)
    page.locator(".pf-panels").focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator(".pf-tip:visible")
    for _ in range(30):
        if "×" in tip.inner_text():
            break
        page.keyboard.press("ArrowRight")
    tip.filter(has_text="too close together to be drawn apart").wait_for()
    assert page.errors == []
    page.close()
