import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from pcapframe.plots import rst_distribution_data, rst_timeline, rst_timeline_data
from tests.builders import Conversation
from tests.plots.made import areas, example, made, title_of


def test_counts_by_time_direction_and_phase() -> None:
    talks = [
        Conversation(start=0.5).syn().rst("server"),
        Conversation(client_port=40001, start=100.5).handshake().rst("client"),
    ]
    data = rst_timeline_data(*made(*talks))
    assert np.diff(data.attrs["edges"])[0] == 10**9
    found = data[data.sum(axis="columns") > 0]
    assert found.index.tolist() == [
        (pd.Timestamp(0, tz="UTC"), "from_server"),
        (pd.Timestamp(100, unit="s", tz="UTC"), "to_server"),
    ]
    assert found["handshake"].tolist() == [1, 0]
    assert found["no_data"].tolist() == [0, 1]


@pytest.mark.parametrize("name", ["resets.pcap", "losses.pcap", "midstream.pcap"])
def test_sums_are_those_of_the_distribution(name: str) -> None:
    frames = example(name)
    by_phase = rst_distribution_data(*frames)
    pd.testing.assert_series_equal(
        rst_timeline_data(*frames).sum(), by_phase.sum(axis="columns"), check_names=False, check_index_type=False
    )


def test_a_rst_without_a_time_is_said_to_be_left_out() -> None:
    segments, connections = example("resets.pcap")
    frames = segments.assign(time=segments["time"].where(segments.index < 400)), connections
    data = rst_timeline_data(*frames)
    assert data.to_numpy().sum() + data.attrs["without_time"] == 26
    assert data.attrs["without_time"] > 0
    assert "without a time left out" in " ".join(
        rst_timeline(*frames, ax=Figure().subplots()).get_title(loc="left").split()
    )


def test_both_ways_are_drawn() -> None:
    frames = example("resets.pcap")
    ax = rst_timeline(*frames, ax=Figure().subplots())
    heights = [patch.get_data() for patch in ax.patches]
    drawn = [float((step.values - step.baseline).sum()) for step in heights]
    assert sum(x for x in drawn if x > 0) == 6
    assert sum(x for x in drawn if x < 0) == -20


def test_areas_stand_where_and_when_the_rsts_came() -> None:
    talks = [
        Conversation(start=0.5).syn().rst("server"),
        Conversation(client_port=40001, start=100.5).handshake().rst("client"),
    ]
    ax = rst_timeline(*made(*talks), ax=Figure().subplots())
    assert areas(ax) == [("before any data", {100: 1}), ("in the handshake", {0: -1})]
    assert title_of(ax) == "RSTs over time 2 RSTs in 2 of 2 connections"
    assert ax.get_ylabel() == "RSTs in 1 s"
