import math

import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import handshakes, handshakes_data
from tests.builders import Conversation
from tests.names.hellos import hello
from tests.plots.made import bars, example, made, title_of


def test_outcomes_and_times_by_server() -> None:
    data = handshakes_data(
        made(
            Conversation(rtt=0.01).handshake(),
            Conversation(client_port=2, start=1, rtt=0.03).handshake(),
            Conversation(client_port=3, start=2).syn(),
            Conversation(client_port=4, start=3, server="2001:db8::1", client="2001:db8::2").syn().rst("server"),
        ).connections
    )
    assert data.index.tolist() == ["198.51.100.1:80", "[2001:db8::1]:80"]
    first, second = data.iloc[0], data.iloc[1]
    assert first[["complete", "unanswered", "connections", "timed"]].tolist() == [2, 1, 3, 2]
    assert first[["rtt_min_s", "rtt_median_s", "rtt_max_s"]].tolist() == pytest.approx([0.01, 0.02, 0.03])
    assert first[["rtt_p25_s", "rtt_p75_s"]].tolist() == pytest.approx([0.015, 0.025])
    assert second[["refused", "connections", "timed"]].tolist() == [1, 1, 0]
    assert math.isnan(second["rtt_median_s"])


def test_servers_beyond_twelve_share_a_row() -> None:
    talks = [Conversation(server_port=port, start=port).handshake() for port in range(1, 16)]
    data = handshakes_data(made(*talks).connections)
    assert len(data) == 13
    assert data.loc["3 others", "connections"] == 3
    assert data["connections"].sum() == 15


@pytest.mark.parametrize("name", ["resets.pcap", "midstream.pcap", "ipv6.pcapng"])
def test_counts_are_those_of_the_analysis(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    data = handshakes_data(analysis.connections)
    counts = analysis.statistics["handshake"]
    for outcome in ("complete", "refused", "unanswered", "half_open", "aborted", "not_captured"):
        assert data[outcome].sum() == counts["successful" if outcome == "complete" else outcome]  # type: ignore[literal-required]
    assert data["timed"].sum() == analysis.connections["handshake_rtt_s"].notna().sum()


def test_bars_and_marks_are_the_numbers() -> None:
    connections = example("resets.pcap").connections
    data = handshakes_data(connections)
    figure = Figure(layout="constrained")
    ax = handshakes(connections, ax=figure.subplots())
    assert sum(bar.get_width() for bar in ax.patches) == data["connections"].sum()
    (median,) = figure.axes[1].lines
    np.testing.assert_array_equal(median.get_xdata(), data["rtt_median_s"])
    assert "29 of 42 connections complete" in ax.get_title(loc="left").replace("\n", " ")


def test_nothing_timed_is_said() -> None:
    figure = Figure()
    handshakes(made(Conversation().syn()).connections, ax=figure.subplots())
    assert [text.get_text() for text in figure.axes[1].texts] == ["none timed"]


def test_bars_and_lines_stand_beside_their_server() -> None:
    ax = handshakes(
        made(
            Conversation(rtt=0.01).handshake(),
            Conversation(client_port=2, start=1, rtt=0.03).handshake(),
            Conversation(client_port=3, start=2).syn(),
            Conversation(client_port=4, start=3, server="2001:db8::1", client="2001:db8::2").syn().rst("server"),
        ).connections,
        ax=Figure(figsize=(8, 5)).subplots(),
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == ["198.51.100.1:80", "[2001:db8::1]:80"]
    assert bars(ax) == {"complete": [(0, 0, 2)], "refused": [(1, 0, 1)], "unanswered": [(0, 2, 1)]}
    panel = ax.figure.axes[1]
    whole, half = ([np.asarray(path.vertices).tolist() for path in lines.get_paths()] for lines in panel.collections)
    np.testing.assert_allclose(whole[0], [[0.01, 0], [0.03, 0]])
    np.testing.assert_allclose(half[0], [[0.015, 0], [0.025, 0]])
    assert np.isnan([whole[1], half[1]]).all()
    np.testing.assert_allclose(np.asarray(panel.lines[0].get_xydata())[0], [0.02, 0])
    assert title_of(ax).startswith("Handshakes by server 2 of 4 connections complete; 2 timed from SYN to SYN-ACK")


def test_the_bar_of_many_other_servers_is_cut_off_and_its_number_written() -> None:
    talks = [Conversation(server=f"198.51.100.{i}", client_port=i).handshake() for i in range(1, 61)]
    ax = handshakes(made(*talks).connections, ax=Figure(figsize=(8, 5)).subplots())
    assert ax.get_xlim() == (0, 1.3)
    assert "48 →" in [text.get_text() for text in ax.texts]
    assert "the bar of the others is cut off" in title_of(ax)


def test_servers_are_labelled_with_their_names() -> None:
    asked = Conversation(rtt=0.02, server_port=443).handshake().send("client", "PA", hello(b"a.example"))
    frames = made(
        asked.data("server", 100, after=0.5).ack(),
        Conversation(client_port=2, server_port=81, start=9).handshake().data("client", 9).ack("server"),
    )
    data = handshakes_data(frames.connections)
    assert dict(zip(data.index, data["called"], strict=True)) == {
        "198.51.100.1:443": "a.example", "198.51.100.1:81": "",
    }  # fmt: skip
    labels = [label.get_text() for label in handshakes(frames.connections).get_yticklabels()]
    assert any(label.startswith("198.51.100.1:443 (a.example)") for label in labels)
    assert any(label.startswith("198.51.100.1:81") and "(" not in label for label in labels)
