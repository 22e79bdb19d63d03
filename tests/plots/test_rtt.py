import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from pcapframe.plots import rtt, rtt_data, rtt_distribution_data, rtt_samples
from tests.builders import Conversation
from tests.conftest import examples
from tests.plots.made import areas, example, made, seconds_of, title_of


def test_samples_are_answers_to_what_was_sent_once() -> None:
    samples = rtt_samples(made(Conversation(rtt=0.03).handshake().data("client", 10).ack("server")).segments)
    assert samples["side"].tolist() == ["client", "server", "client"]
    assert samples["rtt_s"].tolist() == pytest.approx([0.03, 0.0001, 0.03])
    assert samples.index.tolist() == [2, 3, 5]


def test_an_answer_to_a_resend_is_ambiguous() -> None:
    talk = (
        Conversation(rtt=0.03).handshake().data("client", 10, lost=True).retransmit("client", after=0.3).ack("server")
    )
    assert rtt_samples(made(talk).segments)["side"].tolist() == ["client", "server"]


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "resets.pcap", "mirrored.pcap.gz", "midstream.pcap"])
@pytest.mark.parametrize("side", ["client", "server"])
def test_extremes_are_those_of_the_connections(name: str, side: str) -> None:
    segments, connections = example(name)
    samples = rtt_samples(segments)
    of_side = samples[samples["side"] == side].groupby("conn_id")["rtt_s"]
    for name_, found in (("min", of_side.min()), ("max", of_side.max())):
        expected = connections[f"{side}_ack_rtt_{name_}_s"].dropna()
        assert found.index.tolist() == expected.index.tolist()
        np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(max_examples=examples(20))
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=8))
def test_sums_are_the_samples(milliseconds: list[int]) -> None:
    talks = [
        Conversation(client_port=number + 1, start=number, rtt=rtt / 1000).handshake()
        for number, rtt in enumerate(milliseconds)
    ]
    segments = made(*talks).segments
    samples, data, distribution = rtt_samples(segments), rtt_data(segments), rtt_distribution_data(segments)
    assert data["samples"].sum() == len(samples) == 2 * len(milliseconds)
    for side in ("client", "server"):
        assert distribution[side].sum() == (samples["side"] == side).sum() == data.attrs["samples"][side]
        assert distribution[f"{side}_share"].sum() == pytest.approx(1)
    assert (data["p5_s"] <= data["median_s"]).all()
    assert (data["median_s"] <= data["p95_s"]).all()
    # Bins join without a gap and hold what they count.
    np.testing.assert_allclose(distribution["high_s"].to_numpy()[:-1], distribution.index.to_numpy()[1:])
    assert distribution.index[0] <= samples["rtt_s"].min() * 1.000001
    assert distribution["high_s"].iloc[-1] >= samples["rtt_s"].max() * 0.999999


def test_quantiles_of_a_bin() -> None:
    talks = [Conversation(client_port=i, start=100 + i / 1e4, rtt=i / 1000).syn().syn_ack() for i in range(1, 101)]
    talks.append(Conversation(client_port=999, start=0).syn())
    row = rtt_data(made(*talks).segments).xs("client", level="side")
    assert row["samples"].tolist() == [100]
    assert row[["p5_s", "median_s", "p95_s"]].iloc[0].tolist() == pytest.approx([0.005, 0.05, 0.095])


def test_lines_and_bars_are_the_numbers() -> None:
    segments = example("clean.pcap").segments
    data, distribution = rtt_data(segments), rtt_distribution_data(segments)
    figure = Figure(layout="constrained")
    ax = rtt(segments, ax=figure.subplots())
    for line, side in zip(ax.lines, ("client", "server"), strict=True):
        drawn = np.asarray(line.get_ydata(), float)
        np.testing.assert_array_equal(drawn[~np.isnan(drawn)], data.xs(side, level="side")["median_s"])
    shares = [patch.get_data().values for patch in figure.axes[1].patches]
    np.testing.assert_allclose(shares[0], 100 * distribution["client_share"])
    np.testing.assert_allclose(shares[2], 100 * distribution["server_share"])


def test_lines_stand_where_the_samples_are() -> None:
    """The server answers the SYN and data at 30 and 60.2 ms, each after 30 ms; the client the SYN-ACK after 100 µs."""
    segments = made(Conversation(rtt=0.03).handshake().data("client", 10).ack("server")).segments
    ax = rtt(segments, ax=Figure(figsize=(8, 5)).subplots())
    drawn = {}
    for line in ax.lines:
        places = zip(seconds_of(line.get_xdata()), np.asarray(line.get_ydata(), float), strict=True)
        drawn[line.get_label()] = [(x, round(y, 6)) for x, y in places if y > 0]
    assert drawn == {
        "answers of servers (n = 2)": [(0.0305, 0.03), (0.0605, 0.03)],  # in the middle of bins of 1 ms
        "answers of clients (n = 1)": [(0.0305, 0.0001)],
    }
    assert [list(shares.values()) for _, shares in areas(ax.figure.axes[1])] == [[100], [100], [100], [100]]
    assert title_of(ax) == (
        "Round-trip times by acknowledgement 3 samples in 5 segments; median and 5th to 95th percentile in bins of 1 ms"
    )


def test_the_axis_begins_at_the_first_percentile() -> None:
    talk = Conversation(rtt=0.02).handshake()
    for _ in range(300):
        talk.data("client", 100).ack("server")
    talk.data("server", 100).ack("client", after=1e-6)  # takes next to no time
    segments = made(talk).segments
    ax = rtt(segments, ax=Figure(figsize=(8, 5)).subplots())
    shortest = rtt_samples(segments)["rtt_s"].min()
    assert shortest < ax.get_ylim()[0] < 0.02
    assert "2 below the axis" in title_of(ax)  # with that of the handshake
