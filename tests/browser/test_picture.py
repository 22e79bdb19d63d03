"""What is packed for the browser is what the chart's data are."""

import base64
import dataclasses
import json
from typing import Any

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.browser import Picture, Scene
from pcapframe.browser._columns import TYPES
from pcapframe.errors import ParameterError
from pcapframe.plots import CHARTS
from tests.builders import Conversation, pcap

LIVE = [name for name, chart in CHARTS.items() if chart.graph is not None]


def column(picture: Picture, mark: dict[str, Any], name: str) -> np.ndarray[Any, Any]:
    kind, offset, length = mark["columns"][name]
    return np.frombuffer(picture.body, TYPES[kind], length, offset)


def marks(picture: Picture, panel: int = 0) -> dict[str, dict[str, Any]]:
    return {mark["name"]: mark for mark in picture.header["panels"][panel]["marks"]}


@pytest.fixture(scope="module")
def losses() -> pf.Analysis:
    return pf.analyze(pf.example("losses.pcap"))


def test_a_picture_names_the_zone_of_its_times(losses: pf.Analysis) -> None:
    scene = Scene(CHARTS["overview"], losses)
    assert scene.picture().header["zone"] == {"name": "UTC", "offsetS": 0}
    pf.options.timezone = "Asia/Kolkata"
    try:
        assert scene.picture().header["zone"] == {"name": "Asia/Kolkata (+05:30)", "offsetS": 19_800}
    finally:
        pf.options.timezone = None


def test_marks_are_those_of_the_data(losses: pf.Analysis) -> None:
    picture = Scene(CHARTS["time_sequence"], losses).picture()
    data = pf.plots.time_sequence_data(losses.segments)
    assert picture.header["startNs"] == str(data.attrs["start_ns"])
    found = marks(picture)
    assert set(found) == set(data["kind"].unique())  # no kind that there is not
    for kind, mark in found.items():
        rows = data[data["kind"] == kind]
        for name, of in (("at", "time_s"), ("high", "high"), ("frame", "frame"), ("marks", "marks")):
            assert column(picture, mark, name).tolist() == rows[of].tolist(), (kind, name)
        assert mark["total"] == rows["marks"].sum()
    again = data[data["kind"] == "resent"]
    assert column(picture, found["resent"], "copy").tolist() == again["first_copy"].fillna(0).tolist()
    payload = losses.segments.loc[again["frame"], "payload_bytes"].tolist()
    assert column(picture, found["resent"], "bytes").tolist() == payload


def test_a_part_has_the_marks_in_it_and_the_same_ends(losses: pf.Analysis) -> None:
    scene = Scene(CHARTS["time_sequence"], losses)
    whole, part = scene.picture(), scene.picture(0.1, 0.2)
    assert part.header["span"] == whole.header["span"]
    at = column(whole, marks(whole)["segment"], "at")
    inside = at[(at >= 0.1) & (at <= 0.2)].tolist()
    assert len(inside) > 5
    assert set(inside) <= set(column(part, marks(part)["segment"], "at").tolist())
    assert len(part.body) < len(whole.body)
    # A kind without a mark in the part keeps its place in the legend.
    assert {name: mark["total"] for name, mark in marks(part).items()} == {
        name: mark["total"] for name, mark in marks(whole).items()
    }


def test_both_sides_have_panels_of_their_own(losses: pf.Analysis) -> None:
    both = Scene(CHARTS["time_sequence"], losses, conn_id=10, sides="both").picture().header["panels"]
    labels = [panel["label"] for panel in both if panel["label"]]
    assert labels[0] == " → ".join(reversed(labels[1].split(" → ")))
    one = Scene(CHARTS["time_sequence"], losses, conn_id=10, sides="client").picture().header["panels"]
    assert one[0]["label"] == labels[0]


def test_bins_are_those_of_the_data() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    picture = Scene(CHARTS["overview"], analysis).picture()
    data = pf.plots.overview_data(analysis.segments, analysis.connections)
    edges = data.attrs["edges"]
    assert picture.header["startNs"] == str(edges[0])
    for panel, name in zip(picture.header["panels"], data.columns, strict=True):
        (mark,) = panel["marks"]
        counts = dict(zip(column(picture, mark, "bin").tolist(), column(picture, mark, "high").tolist(), strict=True))
        assert counts == {place: count for place, count in enumerate(data[name].tolist()) if count}
        assert mark["width"] == (edges[1] - edges[0]) / 1e9
        assert panel["total"] == f"{data.attrs['totals'][name]:,}"


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("talk", [[], Conversation().syn(), Conversation("2001:db8::1", 1, "2001:db8::2").handshake()])
def test_whatever_the_capture(name: str, talk: Any) -> None:
    scene = Scene(CHARTS[name], pf.analyze(pcap(talk)))
    assert scene.empty or talk
    if not scene.empty:
        packed = json.loads(json.dumps(scene.picture().to_json(), allow_nan=False))
        assert base64.b64decode(packed["body"]) == scene.picture().body


def test_what_there_is_not_is_refused(losses: pf.Analysis) -> None:
    with pytest.raises(ParameterError, match="there is no connection 999"):
        Scene(CHARTS["time_sequence"], losses, conn_id=999)
    with pytest.raises(ParameterError, match="swimlanes is drawn by matplotlib only"):
        Scene(dataclasses.replace(CHARTS["swimlanes"], graph=None), losses)


def test_a_chart_of_connections_needs_no_segments() -> None:
    kept = pf.analyze(pf.example("losses.pcap"), keep="connections")
    whole = pf.analyze(pf.example("losses.pcap"))
    for name in ("handshakes", "sender_time"):
        assert Scene(CHARTS[name], kept).picture() == Scene(CHARTS[name], whole).picture()
    with pytest.raises(ParameterError, match=r'segments of .* are not kept \(keep="connections"\)'):
        Scene(CHARTS["overview"], kept)
