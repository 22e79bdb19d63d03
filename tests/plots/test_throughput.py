import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from pcapframe.plots import throughput, throughput_data
from tests.builders import Conversation
from tests.plots.made import areas, example, made, title_of


def test_bytes_by_time_sender_and_kind() -> None:
    talk = Conversation(start=10, timestamps=False, mss=None, window_scale=None, sack_ok=False).handshake()
    talk.data("server", 100, lost=True, after=1).retransmit("server", after=1)
    data = throughput_data(made(talk).segments)
    sums = data.groupby(level="side").sum()
    # Ethernet, IPv4 and TCP headers are 54 bytes.
    assert sums.loc["client", ["payload_bytes", "resent_bytes", "other_bytes"]].tolist() == [0, 0, 2 * 54]
    assert sums.loc["server", ["payload_bytes", "resent_bytes", "other_bytes"]].tolist() == [100, 100, 3 * 54]
    width_s = np.diff(data.attrs["edges"])[0] / 1e9
    first = data.xs("server", level="side")
    assert first["bits_per_s"].max() == pytest.approx(8 * 154 / width_s)


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "mirrored.pcap.gz", "midstream.pcap"])
def test_sums_are_those_of_the_connections(name: str) -> None:
    segments, connections = example(name)
    data = throughput_data(segments)
    for side in ("client", "server"):
        rows = data.xs(side, level="side")
        assert rows["wire_bytes"].sum() == connections[f"{side}_wire_bytes"].sum()
        assert rows["resent_bytes"].sum() == connections[f"{side}_resent_bytes"].sum()
    assert (data[["payload_bytes", "resent_bytes", "other_bytes"]].sum(axis="columns") == data["wire_bytes"]).all()
    assert (data >= 0).all(axis=None)


def test_segments_without_a_time_are_said_to_be_left_out() -> None:
    segments = example("clean.pcap").segments
    segments = segments.assign(time=segments["time"].where(segments.index > 100))
    data = throughput_data(segments)
    kept = segments["time"].notna()
    assert data["wire_bytes"].sum() == segments["wire_bytes"][kept].sum()
    assert data.attrs["without_time"] == (~kept).sum()


def test_areas_are_rates() -> None:
    segments = example("clean.pcap").segments
    data = throughput_data(segments)
    ax = throughput(segments, ax=Figure().subplots())
    drawn = [patch.get_data() for patch in ax.patches]
    total = sum(abs(float((step.values - step.baseline).sum())) for step in drawn)
    assert total == pytest.approx(data["bits_per_s"].sum())
    assert isinstance(data.index.levels[0], pd.DatetimeIndex)


def test_areas_stand_where_and_when_bytes_were_sent() -> None:
    """In bins of 20 ms, 54 bytes of headers are 21.6 kbit/s and 100 bytes of payload 40 kbit/s."""
    talk = Conversation(start=10, timestamps=False, mss=None, window_scale=None, sack_ok=False).handshake()
    talk.data("server", 100, lost=True, after=1).retransmit("server", after=1)
    ax = throughput(made(talk).segments, ax=Figure(figsize=(8, 5)).subplots())
    assert areas(ax) == [
        ("headers and copies", {10: 21_600, 10.02: 21_600}),
        ("new payload", {11.02: -40_000}),
        ("retransmitted payload", {12.02: -40_000}),
        ("headers and copies", {10.02: -21_600, 11.02: -21_600, 12.02: -21_600}),
    ]
    assert title_of(ax) == (
        "Throughput over time 470 bytes on the wire in 5 segments (21.3 % new payload, 21.3 % retransmitted payload, "
        "57.4 % headers and copies), bins of 20 ms"
    )
