"""Charts inside HTML."""

import re
from xml.etree import ElementTree

import pcapframe as pf
from pcapframe.report.figures import INK, PAPER, draw_figure


def test_a_chart_takes_its_colours_from_the_page_and_has_a_caption() -> None:
    figure = draw_figure(pf.plots.CHARTS["overview"], pf.analyze(pf.example("resets.pcap")), {})
    assert "<svg role='img' aria-label='Capture overview' " in figure
    assert "currentColor" in figure
    assert "var(--card, transparent)" in figure
    assert INK not in figure
    assert PAPER not in figure
    assert "#000000" not in figure
    assert "RSTs: 26; retransmitted segments: 37; zero windows: 4.</figcaption>" in figure


def test_a_chart_is_one_small_drawing_of_any_width() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    for chart in pf.plots.CHARTS.values():
        figure = draw_figure(chart, analysis, {})
        ElementTree.fromstring(figure)  # well-formed
        assert figure.count("<svg") == 1
        assert len(figure) < 200_000, chart.name
        head = re.findall(r"<svg [^>]*>", figure)[0]
        assert "viewBox" in head
        assert " width=" not in head
        assert "<script" not in figure
        assert "font-family" not in figure


def test_texts_of_a_chart_stay_whole() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    for name in ("waits", "handshakes"):
        texts = re.findall(r"<text [^>]*>([^<]*)</text>", draw_figure(pf.plots.CHARTS[name], analysis, {}))
        assert "198.51.100.20:80" in texts


def test_charts_beside_each_other_share_no_names() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    figures = [draw_figure(pf.plots.CHARTS[name], analysis, {}) for name in ("swimlanes", "rst_timeline", "waits")]
    names = [set(re.findall(r'\bid="([^"]+)"', figure)) for figure in figures]
    assert all(names)
    assert len(set.union(*names)) == sum(map(len, names))
