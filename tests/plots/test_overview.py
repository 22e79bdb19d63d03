import pandas as pd
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import overview, overview_data
from tests.builders import Conversation
from tests.plots.made import areas, example, made, title_of


def test_counts_by_time() -> None:
    frames = made(
        Conversation().handshake().data("client", 10).duplicate(),
        Conversation(client_port=2, start=100).syn().rst("server"),
        Conversation(client_port=3, start=101).syn(lost=True).retransmit("client", after=1),
    )
    data = overview_data(*frames)
    assert data.attrs["totals"] == {
        "packets": 9, "connections": 3, "failed": 2, "rsts": 1, "resent": 1, "zero_windows": 0,
    }  # fmt: skip
    assert data["packets"].iloc[0] == 5
    assert data.loc[pd.Timestamp(102, unit="s", tz="UTC"), "resent"] == 1
    assert data.sum().to_dict() == data.attrs["totals"]


@pytest.mark.parametrize("name", ["resets.pcap", "losses.pcap", "mirrored.pcap.gz"])
@pytest.mark.parametrize("port", [None, 80])
def test_counts_are_those_of_the_analysis(name: str, port: int | None) -> None:
    analysis = pf.analyze(pf.example(name), server_port=port)
    data = overview_data(analysis.segments, analysis.connections)
    statistics = analysis.statistics
    totals = data.sum().to_dict()
    assert totals["packets"] == statistics["total_packets"]
    assert totals["connections"] == statistics["total_connections"]
    assert totals["failed"] == statistics["handshake"]["failed"]
    assert totals["rsts"] == statistics["flags"]["rst"]
    assert totals["resent"] == statistics["retransmissions"]["total"]
    assert data.attrs["wire_bytes"] == statistics["total_bytes"]


def test_every_count_has_its_panel() -> None:
    frames = example("resets.pcap")
    data = overview_data(*frames)
    figure = Figure(figsize=(8, 7), layout="constrained")
    overview(*frames, ax=figure.subplots())
    drawn = [float(panel.patches[0].get_data().values.sum()) for panel in figure.axes]
    assert drawn == data.sum().tolist()
    assert [panel.texts[0].get_text() for panel in figure.axes][3] == "RSTs: 26 of 1,086"


def test_areas_stand_when_it_was() -> None:
    frames = made(
        Conversation().handshake().data("client", 10).duplicate(),
        Conversation(client_port=2, start=100).syn().rst("server"),
        Conversation(client_port=3, start=101).syn(lost=True).retransmit("client", after=1),
    )
    ax = overview(*frames, ax=Figure(figsize=(8, 7)).subplots())
    shown = {panel.texts[0].get_text(): areas(panel)[0][1] for panel in ax.figure.axes}
    assert shown == {
        "TCP packets: 9": {0: 5, 100: 2, 101: 1, 102: 1},
        "connections begun: 3": {0: 1, 100: 1, 101: 1},
        "of them refused or unanswered: 2 of 3": {100: 1, 101: 1},
        "RSTs: 1 of 9": {100: 1},
        "retransmitted segments: 1 of 9": {102: 1},
        "zero windows: 0 of 9": {},
    }
    assert title_of(ax).startswith("Capture overview 9 TCP packets, ")
