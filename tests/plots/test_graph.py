"""Charts that declare axes and marks: their data has what the marks need, and matplotlib draws on these axes."""

import inspect

import pandas as pd
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots._api import Chart
from tests.plots.made import example

DECLARED = [pytest.param(chart, id=chart.name) for chart in pf.plots.CHARTS.values() if chart.graph is not None]


def data_of(chart: Chart) -> pd.DataFrame:
    segments, connections = example("losses.pcap")
    takes = inspect.signature(chart.data).parameters
    return chart.data(segments, connections) if "connections" in takes else chart.data(segments)


def of(frame: pd.DataFrame, name: str) -> pd.Index:
    """A column or level, as an index."""
    return pd.Index(frame[name]) if name in frame else frame.index.get_level_values(name)


@pytest.mark.parametrize("chart", DECLARED)
def test_the_data_have_what_the_marks_need(chart: Chart) -> None:
    assert chart.graph is not None
    graph, data = chart.graph, data_of(chart)
    assert len(of(data, graph.at)) == len(data) > 0
    assert graph.evidence == "bin" or {"frame", "marks"} <= set(data)
    assert graph.evidence == "packet" or len(data.attrs["edges"]) > 1
    assert graph.across.unit == "UTC" or isinstance(data.attrs["start_ns"], int)
    for panel in graph.panels:
        if panel.data is None:
            for mark in panel.marks:
                assert {mark.high, mark.low or mark.high} <= set(data), mark.name
            names = set(of(data, graph.by)) if graph.by else {mark.name for mark in panel.marks}
            assert names <= {mark.name for mark in panel.marks}  # nothing is left out


@pytest.mark.parametrize("chart", DECLARED)
def test_matplotlib_has_the_declared_axes(chart: Chart) -> None:
    assert chart.graph is not None
    segments, _ = example("losses.pcap")
    figure = Figure(figsize=(8, 5))
    chart.draw(segments, ax=figure.subplots())
    labels = {axes.get_ylabel() for axes in figure.axes} | {
        text.get_text().split(":")[0] for axes in figure.axes for text in axes.texts
    }
    assert {panel.axis.label for panel in chart.graph.panels if panel.data is None} <= labels


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
