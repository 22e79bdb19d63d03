import pandas as pd
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import overview, overview_data
from tests.builders import Conversation
from tests.plots.made import example, made


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
