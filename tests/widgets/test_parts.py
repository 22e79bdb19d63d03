"""Charts as pictures, and what is picked in them."""

import asyncio
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

import pcapframe as pf
from pcapframe.widgets._parts import Chart, Copied, Debounced
from tests.widgets.made import analysis


def test_calls_are_joined_where_a_loop_runs_and_made_at_once_elsewhere() -> None:
    calls = []
    debounced = Debounced(lambda: calls.append(1), 0.01)
    debounced()
    debounced("changed")
    assert len(calls) == 2

    async def many() -> None:
        for _ in range(5):
            debounced()
        assert len(calls) == 2
        await asyncio.sleep(0.05)
        debounced()
        debounced.cancel()
        await asyncio.sleep(0.03)

    asyncio.run(many())
    assert len(calls) == 3


def test_a_chart_is_as_wide_as_its_place_and_of_its_colours() -> None:
    chart = Chart(300)
    for place, pixel in (
        ({"width": 500, "ratio": 2, "dark": True, "background": "#102030"}, (16, 32, 48)),
        ({"width": 640, "ratio": 1, "dark": False, "background": "nonsense;"}, (255, 255, 255)),
        ({}, (255, 255, 255)),
    ):
        chart.place = place
        chart.draw(lambda ax: pf.plots.overview(analysis(), ax=ax))
        picture = imread(BytesIO(chart.png))
        ratio = place.get("ratio", 1)
        assert picture.shape[:2] == (300 * ratio, place.get("width", 900) * ratio)
        assert tuple(np.round(picture[2, 2, :3] * 255).astype(int)) == pixel


def test_the_browser_tells_the_place_and_hears_that_it_is_known() -> None:
    told = []
    chart = Chart(100, redraw=lambda: told.append(dict(chart.place)))
    size = {"width": 834, "ratio": 1, "background": "#212121", "dark": True}
    for _ in range(2):  # as the browser says it again
        chart._hear(chart, {"place": size}, [])
    assert told == [size]
    assert chart.get_state(["place"]) == {"place": size}


def test_hostile_places_are_bounded() -> None:
    chart = Chart(100)
    chart.place = {"width": 10**9, "ratio": 100}
    chart.draw(lambda ax: ax.plot([1, 2]))
    assert imread(BytesIO(chart.png)).shape[:2] == (300, 12000)


def place_of(chart: Chart, axes: int, x: float, y: float) -> list[float]:
    """Place in the picture of a place in the data."""
    assert chart.figure is not None
    at = chart.figure.axes[axes].transData.transform((x, y))
    return chart.figure.transFigure.inverted().transform(at).tolist()


def test_times_are_picked_by_bar_and_by_dragging() -> None:
    picked = []
    chart = Chart(500, picks="time", picked=lambda *times: picked.append(times))
    chart.pick([0.5, 0.5], [0.5, 0.5])  # nothing is drawn yet
    assert picked == []
    chart.draw(lambda ax: pf.plots.overview(analysis(), ax=ax))
    data = pf.plots.overview_data(analysis().segments, analysis().connections)
    edges = np.array(data.attrs["edges"])
    days = edges / 86_400e9
    middle = place_of(chart, 0, (days[7] + days[8]) / 2, 1)
    chart.pick(middle, middle)
    first, last = (time.astype(np.int64) for time in picked[0])
    assert [first, last] == pytest.approx(edges[7:9], abs=2000)
    chart.pick(place_of(chart, 0, days[9], 1), place_of(chart, 0, days[3], 1))
    first, last = (time.astype(np.int64) for time in picked[1])
    assert [first, last] == pytest.approx(edges[[3, 9]], abs=10**6)
    chart.pick([-5, 0.5], [7, 0.5])  # outside
    assert len(picked) == 2


def test_rows_are_picked() -> None:
    picked = []
    chart = Chart(400, picks="row", picked=lambda row, _: picked.append(row))
    chart.draw(lambda ax: pf.plots.rst_distribution(analysis(), ax=ax))
    for row in (0, 2, 4):
        place = place_of(chart, 0, 1, row)
        chart.pick(place, place)
    assert picked == [0, 2, 4]


def test_keys_pick_what_a_pointer_picks() -> None:
    picked = []
    chart = Chart(500, picks="time", picked=lambda *times: picked.append(times))
    chart._hear(chart, {"stops": [0, 0]}, [])  # nothing is drawn yet
    assert picked == []
    chart.draw(lambda ax: pf.plots.overview(analysis(), ax=ax))
    edges = np.array(pf.plots.overview_data(analysis().segments, analysis().connections).attrs["edges"])
    assert len(chart.stops) == edges.size - 1
    chart._hear(chart, {"stops": [7, 7]}, [])
    chart._hear(chart, {"stops": [3, 8]}, [])
    found = [time.astype(np.int64) for times in picked for time in times]
    assert found == pytest.approx(edges[[7, 8, 3, 9]], abs=2000)
    for wrong in ([-1, 0], [3, 2], [0, edges.size - 1]):
        chart.pick_stops(*wrong)
    assert len(picked) == 2
    left, bottom, right, top = chart.stops[7]["box"]
    chart.pick([(left + right) / 2, (bottom + top) / 2], [(left + right) / 2, (bottom + top) / 2])
    assert picked[2] == picked[0]
    chart.draw(lambda ax: pf.plots.overview(analysis().segments, analysis().connections.iloc[:0], ax=ax))
    assert chart.stops == []


def test_keys_pick_rows() -> None:
    picked = []
    chart = Chart(400, picks="row", picked=lambda row, _: picked.append(row))
    chart.draw(lambda ax: pf.plots.rst_distribution(analysis(), ax=ax))
    assert [stop["text"] for stop in chart.stops][:2] == ["in the handshake", "before any data"]
    for row, stop in enumerate(chart.stops):
        chart.pick_stops(row, row)
        left, bottom, right, top = stop["box"]
        assert 0 < left < right < 1
        assert 0 < bottom < top < 1
        chart.pick([(left + right) / 2, (bottom + top) / 2], [left, bottom])
    assert picked == [row for row in range(len(chart.stops)) for _ in range(2)]


def test_charts_that_are_roughly_alike_have_one_layout() -> None:
    chart = Chart(400)
    for amount in (1000, 2345, 9000):  # as many digits
        chart.draw(lambda ax, amount=amount: ax.plot([0, amount]))
        assert len(chart._canvas._layouts) == 1
    chart.draw(lambda ax: ax.plot([0, 20_000]))
    assert len(chart._canvas._layouts) == 2


def test_text_to_copy() -> None:
    copied = Copied("Python")
    assert (copied.label, copied.text) == ("Python", "")
