"""Charts in a notebook that answer: the kernel's side."""

import base64
from typing import Any

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.widgets import LiveChart
from pcapframe.widgets._live import LiveChart as Private
from tests.builders import pcap
from tests.widgets.made import analysis

LOSSES = "losses.pcap"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a chart sends to the browser."""
    found: list[Any] = []
    monkeypatch.setattr(Private, "send", lambda _self, content, buffers=None: found.append((content, buffers)))
    return found


def frames(header: dict[str, Any], body: bytes, kind: str) -> list[int]:
    mark = next(one for one in header["panels"][0]["marks"] if one["name"] == kind)
    _, offset, length = mark["columns"]["frame"]
    return np.frombuffer(body, np.uint32, length, offset).tolist()


def test_it_has_every_retransmission_of_the_connection_with_the_most_payload() -> None:
    chart = pf.live_chart(analysis(LOSSES))
    assert isinstance(chart, LiveChart)
    data = pf.plots.time_sequence_data(analysis(LOSSES).segments)
    again = data.loc[data["kind"] == "resent", "frame"].tolist()
    assert frames(chart.picture["header"], chart.picture["body"], "resent") == again != []


def test_a_zoom_is_answered_with_the_rows_in_sight(sent: list[Any]) -> None:
    chart = pf.live_chart(analysis(LOSSES))
    data = pf.plots.time_sequence_data(analysis(LOSSES).segments)
    chart._hear(chart, {"zoom": [0.1, 0.2], "asked": 7, "by": "me"}, [])
    ((content, (body,)),) = sent
    assert (content["asked"], content["by"]) == (7, "me")
    inside = data[(data["kind"] == "segment") & data["time_s"].between(0.1, 0.2)]["frame"].tolist()
    assert set(inside) <= set(frames(content["header"], body, "segment"))


@pytest.mark.parametrize("zoom", [[0.2, 0.1], [float("nan"), 1], [0, float("inf")]])
def test_a_zoom_that_makes_no_sense_is_not_answered(sent: list[Any], zoom: list[float]) -> None:
    chart = pf.live_chart(analysis(LOSSES))
    chart.zoom({"zoom": zoom, "asked": 1, "by": "me"})
    assert sent == []


def test_a_click_marks_its_packet() -> None:
    told: list[Any] = []
    chart = LiveChart(picked=told.append)
    chart._hear(chart, {"picked": {"frame": 173}}, [])
    chart._hear(chart, {"picked": {"from": "1", "to": "2"}}, [])
    assert chart.frame == 173
    assert told == [{"frame": 173}, {"from": "1", "to": "2"}]


@pytest.mark.parametrize("name", ["overview", "time_sequence", "turns"])
def test_where_there_is_no_javascript_there_is_a_picture(name: str) -> None:
    bundle = pf.live_chart(analysis(LOSSES), name)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_a_capture_without_packets_says_so() -> None:
    chart = pf.live_chart(pf.analyze(pcap([])))
    assert chart.picture == {}
    assert chart.message == "Time–sequence graph: there is nothing to draw."


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ParameterError, match="expected one of overview, rst_distribution, "):
        pf.live_chart(analysis(LOSSES), "pie")
    with pytest.raises(ParameterError, match="expected client, server or both"):
        pf.live_chart(analysis(LOSSES), sides="up")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="there is no connection 999"):
        pf.live_chart(analysis(LOSSES), conn_id=999)


def test_what_a_click_does_is_told_only_where_it_does_something() -> None:
    assert not pf.live_chart(analysis(), "overview").picks
    chart = pf.explore(analysis()).views["overview"].chart
    assert chart.picks
    assert chart.hint.startswith("Drag, or click a bar, to select that time")
