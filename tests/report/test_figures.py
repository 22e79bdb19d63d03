"""Charts inside HTML."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pcapframe as pf
from pcapframe.report.figures import INK, PAPER, draw_figure, draw_most_resent
from pcapframe.report.pages import SCRIPT, STYLE
from tests.builders import Conversation, merge, pcap


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
        drawing = figure.partition("<script")[0]
        assert len(drawing) < 200_000, chart.name
        head = re.findall(r"<svg [^>]*>", figure)[0]
        assert "viewBox" in head
        assert " width=" not in head
        scripts = re.findall("<script [^>]*>", figure)
        has_marks = not chart.name.startswith("rst_")  # the capture has no RST
        assert scripts == has_marks * ["<script type='application/json' class='live'>"]
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


def live(figure: str) -> dict[str, Any]:
    """The marks for the page's script."""
    return dict(json.loads(re.findall("<script [^>]*>(.*?)</script>", figure)[0]))


def test_the_graph_is_of_the_connection_with_the_most_retransmissions() -> None:
    few = Conversation(client_port=1).handshake().data("client", 9000).retransmit("client", after=0.3)
    many = Conversation(client_port=2, start=9).handshake().data("server", 100, lost=True)
    many.retransmit("server", after=0.3).retransmit("server", after=0.6)
    figure = draw_most_resent(pf.analyze(pcap(merge(few, many))))
    ElementTree.fromstring(figure)
    header = live(figure)["header"]
    assert header["of"] == "connection 1, 6 segments both ways"
    assert header["panels"][0]["label"] == "198.51.100.1:80 → 192.0.2.1:2"
    assert {mark["name"]: mark["total"] for mark in header["panels"][0]["marks"]}["resent"] == 2
    assert "<img alt='Time–sequence graph' src='data:image/png;base64," in figure
    assert draw_most_resent(pf.analyze(pf.example("clean.pcap"))) == ""


def test_a_name_in_the_marks_cannot_end_the_script() -> None:
    figure = draw_figure(pf.plots.CHARTS["overview"], pf.analyze(pf.example("resets.pcap")), {})
    block = re.findall("<script [^>]*>(.*?)</script>", figure)[0]
    assert not set("<>&") & set(block)


def test_scripts_are_few_enough_for_a_page() -> None:
    assert len(SCRIPT.encode()) <= 400_000
    assert "</style" not in STYLE
