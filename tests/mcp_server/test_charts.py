"""Charts as PNG, of whatever a capture holds."""

import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.mcp_server import charts
from pcapframe.mcp_server.charts import captioned_chart, chart_png
from pcapframe.mcp_server.paging import BUDGET, compact
from pcapframe.plots import CHARTS
from tests.builders import Conversation, pcap
from tests.conftest import in_ci

IPV6 = Conversation("2001:db8::1", 40_000, "2001:db8::2").handshake().rst("server")
THREE = ("rst_distribution", "retransmission_timeline", "time_sequence")


def test_charts_differ() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    drawn = {chart: chart_png(analysis, chart) for chart in THREE}
    assert len(set(drawn.values())) == 3
    assert chart_png(analysis, "time_sequence", conn_id=3) != drawn["time_sequence"]
    assert chart_png(pf.analyze(analysis, server_port=8080), "rst_distribution") != drawn["rst_distribution"]


def test_a_chart_drawn_after_others_is_as_if_drawn_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    resets, losses, none = (pf.analyze(pf.example(f"{name}.pcap")) for name in ("resets", "losses", "clean"))
    narrow = pf.analyze(resets, server_port=8080)
    asked = [(of, chart, None) for chart in THREE for of in (resets, none, narrow, losses)]
    asked += [(resets, "time_sequence", conn_id) for conn_id in resets.connections.index[:3]]
    asked = in_ci(asked, 8)
    monkeypatch.setattr(charts, "CANVASES", {})
    after_others = [chart_png(of, chart, conn_id=conn_id) for of, chart, conn_id in asked]
    for png, (of, chart, conn_id) in zip(after_others, asked, strict=True):
        charts.CANVASES.clear()
        assert chart_png(of, chart, conn_id=conn_id) == png


def test_several_at_once() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda chart: chart_png(analysis, chart), [*THREE, *THREE]))
    assert drawn[:3] == drawn[3:]


def test_arguments_that_cannot_be_meant() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    with pytest.raises(ParameterError, match="conn_id is for charts that show one"):
        chart_png(analysis, "rst_distribution", conn_id=1)
    with pytest.raises(ParameterError, match="there is no chart 'pie': expected one of overview"):
        chart_png(analysis, "pie")
    with pytest.raises(ParameterError, match="there is no connection 999: expected the conn_id of one of 42"):
        chart_png(analysis, "time_sequence", conn_id=999)


# What a chart shows in numbers.


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("talk", [[], Conversation().syn(), IPV6], ids=["empty", "one SYN", "IPv6"])
def test_every_capture_has_its_chart_and_the_numbers(chart: str, talk: Any) -> None:
    shown, png = captioned_chart(pf.analyze(pcap(talk)), chart)
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (900, 480)
    assert shown["caption"]
    assert len(compact(shown)) <= BUDGET
    assert shown["rows_total"] >= len(shown["rows"])
    assert shown["rows"] or not shown["rows_total"]


def test_numbers_are_those_that_are_drawn() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    shown, png = captioned_chart(analysis, "rst_distribution")
    assert png == chart_png(analysis, "rst_distribution")
    assert "26 RSTs" in shown["caption"]
    data = pf.plots.rst_distribution_data(analysis.segments, analysis.connections)
    assert shown["columns"] == ["phase", *data.columns]
    assert [row[0] for row in shown["rows"]] == data.index.tolist()
    assert [row[1:] for row in shown["rows"]] == data.to_numpy().tolist()
    one, _ = captioned_chart(analysis, "time_sequence", conn_id=3)
    assert one["conn_id"] == 3
    assert one["rows_total"] == len(pf.plots.time_sequence_data(analysis.segments, conn_id=3))
    narrow = pf.analyze(analysis, server_port=8080)
    assert sum(sum(row[1:]) for row in captioned_chart(narrow, "rst_distribution")[0]["rows"]) == 6


def test_more_rows_than_fit_are_counted() -> None:
    talk = Conversation().handshake()
    for _ in range(2_000):
        talk.data("client", 10)
    shown, _ = captioned_chart(pf.analyze(pcap(talk)), "time_sequence")
    assert shown["rows_total"] > 1_000 > len(shown["rows"]) > 50
    assert len(compact(shown)) <= BUDGET
