"""Charts that declare axes and marks: their data has what the marks need, and matplotlib draws the same."""

import inspect
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import pcapframe as pf
from pcapframe.browser import Scene
from pcapframe.plots._api import Chart
from tests.plots.made import example

DECLARED = [pytest.param(chart, id=chart.name) for chart in pf.plots.CHARTS.values()]


def data_of(chart: Chart) -> pd.DataFrame:
    given = dict(zip(("segments", "connections"), example("losses.pcap"), strict=True))
    return chart.data(**{name: given[name] for name in inspect.signature(chart.data).parameters if name in given})


def of(frame: pd.DataFrame, name: str) -> pd.Index:
    """A column or level, as an index."""
    return pd.Index(frame[name]) if name in frame else frame.index.get_level_values(name)


@pytest.mark.parametrize("chart", DECLARED)
def test_the_data_have_what_the_marks_need(chart: Chart) -> None:
    assert chart.graph is not None  # every chart answers in a browser
    graph, data = chart.graph, data_of(chart)
    if graph.drawn is not None:
        data = graph.drawn(data)
    if graph.at:
        assert len(of(data, graph.at)) == len(data) > 0
    needed: dict[str, set[str]] = {"packet": {"frame", "marks"}, "span": {"start_s", "end_s", graph.key}}
    assert needed.get(graph.evidence, set()) <= set(data)
    assert graph.evidence != "bin" or len(data.attrs["edges"]) > 1
    assert graph.evidence == "bin" or graph.rows or isinstance(data.attrs["start_ns"], int)
    own = [panel for panel in graph.panels if panel.data is None]
    for panel in own:
        for mark in panel.marks:
            assert {mark.high, mark.low or mark.high, *mark.inner} <= set(data), mark.name
    if graph.by:  # nothing is left out
        assert set(of(data, graph.by)) <= {
            one for panel in own for mark in panel.marks for one in mark.of or (mark.name,)
        }


@pytest.mark.parametrize("chart", DECLARED)
def test_matplotlib_draws_the_declared_axes_and_marks(chart: Chart) -> None:
    assert chart.graph is not None
    analysis = pf.analyze(pf.example("losses.pcap"))
    figure = Figure(figsize=(9, 6))
    chart.draw(analysis, ax=figure.subplots())
    words = [text.get_text().replace("\n", " ") for text in figure.findobj(Text)]
    scene = Scene(chart, analysis)
    if scene.empty:
        return
    for label in (panel.axis.label for panel in chart.graph.panels if panel.share > 0.1):
        assert any(label in text for text in words), label
    for panel in scene.picture().header["panels"]:
        for mark in panel["marks"]:
            label = mark["label"].split(", ")[0]
            assert is_hidden(mark) or any(label in text for text in words), label


def is_hidden(mark: dict[str, Any]) -> bool:
    """What has no label of its own: the only marks of a panel, ribbons, and a window above what is shown."""
    return mark["shape"] in ("lane", "bars") or mark["name"] in ("rtt", "window")


def test_a_part_of_the_marks_is_of_the_same_numbers() -> None:
    segments, _ = example("losses.pcap")
    graph = pf.plots.CHARTS["time_sequence"].graph
    assert graph is not None
    assert graph.marks is not None
    marks, attrs = graph.marks(segments)
    whole = pf.plots.time_sequence_data(segments)
    assert whole.attrs == attrs
    part = marks.between(0.1, 0.2)
    inside = whole[whole["time_s"].between(0.1, 0.2)]
    both = part.merge(inside, on=["kind", "frame", "low", "high"])
    assert len(both) == len(inside) > 10
