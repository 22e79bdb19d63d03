from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from pcapframe.plots import open_connections_data, swimlanes, swimlanes_data
from tests.builders import Conversation
from tests.conftest import examples
from tests.plots.made import areas, example, made, seconds_of, title_of


def test_lanes_are_in_order_of_start_with_their_marks() -> None:
    data = swimlanes_data(
        *made(
            Conversation(start=0).syn(lost=True).retransmit("client", after=1),
            Conversation(client_port=2, start=0.5).handshake().close(),
            Conversation(client_port=3, start=0.6).handshake().rst("client"),
        )
    )
    bars = data[data["kind"] == "connection"]
    assert bars["lane"].tolist() == bars["conn_id"].tolist() == [0, 1, 2]
    assert bars["ending"].tolist() == ["open", "fin", "reset"]
    assert bars["start"].tolist()[0] == pd.Timestamp(0, tz="UTC")
    assert (bars["end"] - bars["start"]).dt.total_seconds().tolist()[0] == 1
    marks = data[data["kind"] != "connection"]
    assert sorted(zip(marks["lane"], marks["kind"], strict=True)) == [(0, "resent"), (1, "fin"), (1, "fin"), (2, "rst")]
    assert (marks["start"] == marks["end"]).all()


def test_of_many_those_around_the_busiest_moment() -> None:
    early = [Conversation(client_port=i + 1, start=10 * i).handshake() for i in range(100)]
    busy = [Conversation(client_port=i + 500, start=2000 + i / 100).handshake().wait(5).ack() for i in range(60)]
    data = swimlanes_data(*made(*early, *busy))
    bars = data[data["kind"] == "connection"]
    assert bars["lane"].tolist() == list(range(80))
    assert bars["conn_id"].tolist() == list(range(80, 160))
    assert data.attrs["connections"] == 160


def test_marks_close_together_are_one() -> None:
    talk = Conversation().handshake()
    for _ in range(50):
        talk.rst("server", after=0.00001)
    data = swimlanes_data(*made(talk, Conversation(client_port=2, start=100).syn()))
    assert (data["kind"] == "rst").sum() == 1


@settings(max_examples=examples(20))
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
def test_open_connections_are_those_that_overlap_the_bin(spans: list[tuple[int, int]]) -> None:
    talks = [
        Conversation(client_port=i + 1, start=start).syn().syn(after=length) for i, (start, length) in enumerate(spans)
    ]
    connections = made(*talks).connections
    data = open_connections_data(connections)
    edges = np.array(data.attrs["edges"]) / 1e9
    expected = [sum(start < high and start + length >= low for start, length in spans) for low, high in pairwise(edges)]
    assert data.sum(axis="columns").tolist() == expected


@pytest.mark.parametrize("name", ["resets.pcap", "losses.pcap"])
def test_bars_and_marks_are_drawn(name: str) -> None:
    frames = example(name)
    data = swimlanes_data(*frames)
    figure = Figure(layout="constrained")
    ax = swimlanes(*frames, ax=figure.subplots())
    bars = [c for c in ax.collections if isinstance(c, PolyCollection)]
    marks = [c for c in ax.collections if not isinstance(c, PolyCollection)]
    assert sum(len(c.get_paths()) for c in bars) == (data["kind"] == "connection").sum()
    assert sum(len(c.get_offsets()) for c in marks) == (data["kind"] != "connection").sum()
    counts = open_connections_data(frames.connections)
    drawn = [patch.get_data() for patch in figure.axes[1].patches]
    assert sum(float((step.values - step.baseline).sum()) for step in drawn) == counts.to_numpy().sum()


def test_few_lanes_have_the_name_of_their_server() -> None:
    ax = swimlanes(*made(Conversation().handshake()), ax=Figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0  198.51.100.1:80"]


def test_bars_and_marks_stand_at_the_times_of_the_packets() -> None:
    frames = made(
        Conversation(start=0).syn(lost=True).retransmit("client", after=1),
        Conversation(client_port=2, start=0.5).handshake().close(),
        Conversation(client_port=3, start=0.6).handshake().rst("client"),
    )
    ax = swimlanes(*frames, ax=Figure(figsize=(8, 5)).subplots())
    bars, marks = {}, {}
    for drawn in ax.collections:
        if isinstance(drawn, PolyCollection):
            (path,) = drawn.get_paths()
            days, lanes = np.asarray(path.vertices)[:4].T
            bars[drawn.get_label()] = (round(lanes.mean(), 6), *seconds_of([days.min(), days.max()]))
        else:
            days, lanes = np.asarray(drawn.get_offsets()).T
            marks[drawn.get_label()] = list(zip(lanes, seconds_of(days), strict=True))
    assert bars == {
        "ended by FINs": (1, 0.5, 0.5403),
        "ended by a RST": (2, 0.6, 0.6202),
        "no ending captured": (0, 0, 1),
    }
    assert marks == {"FIN": [(1, 0.5202), (1, 0.5402)], "RST": [(2, 0.6202)], "retransmitted": [(0, 1)]}
    above = ax.figure.axes[1]
    at_once = {label: (min(heights), max(heights), set(heights.values())) for label, heights in areas(above)}
    assert at_once == {  # bins of 10 ms
        "ended by FINs": (0.5, 0.54, {1}), "ended by a RST": (0.6, 0.62, {1}), "no ending captured": (0, 1, {1}),
    }  # fmt: skip
    assert title_of(above) == "Connections over time 3 connections, by start"
