import pytest
from matplotlib.axes import Axes

import pcapframe as pf
from pcapframe.analysis.health import STATISTICS
from pcapframe.plots._api import Chart
from tests.plots.made import example

EVERY = pytest.mark.parametrize("chart", pf.plots.CHARTS.values(), ids=pf.plots.CHARTS)


@EVERY
def test_what_the_numbers_rest_on_is_known_to_the_health_of_a_capture(chart: Chart) -> None:
    assert set(chart.limited_by) <= set(STATISTICS)


@EVERY
def test_a_chart_of_the_report_or_of_a_tab_shows_all_connections(chart: Chart) -> None:
    assert chart.of == "analysis" or (chart.section is None and chart.tab is None)


@EVERY
def test_name_file_and_numbers_go_together(chart: Chart) -> None:
    assert chart.draw.__module__ == f"pcapframe.plots.{chart.name}"
    assert chart.data.__name__ == f"{chart.name}_data"
    assert all(way in chart.ways for way in chart.reported)


def test_a_description_begins_with_a_capital() -> None:
    def pie(ax: Axes) -> Axes:
        return ax

    chart = Chart(draw=pie, data=example, title="Pie", numbers="slices by size")  # type: ignore[arg-type]
    assert (chart.name, chart.alt) == ("pie", "Slices by size")
