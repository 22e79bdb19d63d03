"""Captions say with numbers what a chart shows."""

import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots._api import Chart
from pcapframe.plots._captions import caption, remember, tally
from pcapframe.plots._palette import PHASE_LOOKS
from pcapframe.wording import counted

EVERY = pytest.mark.parametrize("chart", pf.plots.CHARTS.values(), ids=pf.plots.CHARTS)


def drawn(chart: Chart, analysis: pf.Analysis) -> str:
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    chart.draw(analysis, ax=figure.subplots())
    return caption(figure)


@EVERY
@pytest.mark.parametrize("name", ["resets", "clean"])
def test_every_chart_has_a_caption_of_one_line_with_its_title(chart: Chart, name: str) -> None:
    text = drawn(chart, pf.analyze(pf.example(f"{name}.pcap")))
    assert text.startswith(chart.title)
    assert text.endswith(".")
    assert "\n" not in text
    assert any(character.isdigit() for character in text)


def test_the_numbers_are_those_of_the_statistics() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    handshake, endings = analysis.statistics["handshake"], analysis.statistics["endings"]
    handshakes = drawn(pf.plots.CHARTS["handshakes"], analysis)
    assert f"{handshake['successful']} of {counted(42, 'connection')} complete" in handshakes
    assert f"{handshake['refused']} refused, {handshake['unanswered']} unanswered" in handshakes
    assert f"{endings['reset']} ended by a RST" in drawn(pf.plots.CHARTS["swimlanes"], analysis)
    rsts = analysis.statistics["flags"]["rst"]
    assert f"{rsts} RSTs in" in drawn(pf.plots.CHARTS["rst_timeline"], analysis)


def test_round_trips_and_service_have_their_medians() -> None:
    analysis = pf.analyze(pf.example("waits_server.pcap"))  # the server takes a second, the path 20 ms
    samples = pf.plots.rtt_samples(analysis.segments)
    middle = samples.loc[samples["side"] == "client", "rtt_s"].median()
    assert f"Median of answers of servers {1000 * middle:.1f} ms" in drawn(pf.plots.CHARTS["rtt"], analysis)
    assert "Longest service (median): 198.51.100.20:7000 1 s" in drawn(pf.plots.CHARTS["waits"], analysis)


def test_where_nothing_is_drawn_the_caption_says_so() -> None:
    text = drawn(pf.plots.CHARTS["rst_timeline"], pf.analyze(pf.example("clean.pcap")))
    assert text == "RSTs over time: No RST in 13 connections."


def test_a_figure_that_no_chart_drew_on_has_none() -> None:
    figure = Figure()
    axes = figure.subplots(2)
    assert caption(figure) == ""
    remember(axes[0], "First", "1 of 2 ", ["", "3 of 4"])
    remember(axes[1], "Second", "")
    assert caption(figure) == "First: 1 of 2. 3 of 4. Second."


def test_a_chart_of_ones_own_has_its_title() -> None:
    figure = Figure()
    figure.subplots().set_title("By\nside")
    assert caption(figure) == "By side"


def test_a_tally_leaves_out_what_is_not_there() -> None:
    assert tally(PHASE_LOOKS, {"handshake": 1200, "fin": 0}) == "1,200 in the handshake"
    assert tally(PHASE_LOOKS, {}) == ""
