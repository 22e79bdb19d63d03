"""Waits by server: the numbers by hand and beside the analysis, and what is drawn of them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import waits, waits_data
from tests.builders import Conversation
from tests.names.hellos import hello
from tests.plots.made import made, title_of


def talk(*services: float, **options: object) -> Conversation:
    asked = Conversation(rtt=0.02, **options).handshake()  # type: ignore[arg-type]
    for service in services:
        asked.data("client", 10, after=0.5).data("client", 10, after=0.01)
        asked.data("server", 10, after=service).data("server", 10, after=0.03)
    return asked


def test_quantiles_by_hand() -> None:
    frames = made(
        talk(0.1, 0.2, 0.3, 0.4, 0.5),
        talk(3.0, client_port=2, server_port=81, start=50),
        Conversation(client_port=3, server_port=82, start=100).syn(),
    )
    data = waits_data(*frames)
    assert data["server"].tolist() == ["198.51.100.1:81"] * 3 + ["198.51.100.1:80"] * 3  # 82 has no time
    assert data["part"].tolist() == ["handshake", "service", "transfer"] * 2
    assert data["n"].tolist() == [1, 1, 1, 1, 5, 5]
    service = data.iloc[4]
    names = ["min_s", "p25_s", "median_s", "p75_s", "max_s"]
    assert service[names].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert data.iloc[5][names].tolist() == pytest.approx([0.04] * 5)
    assert data.iloc[3][names].tolist() == pytest.approx([0.0201] * 5)
    assert data.attrs == {"turns": 6, "overlapping": 0}


def test_servers_beyond_eight_share_a_row() -> None:
    talks = [talk(0.1 * port, client_port=port, server_port=port, start=20 * port) for port in range(1, 12)]
    data = waits_data(*made(*talks))
    assert data["server"].iloc[::3].tolist() == [*[f"198.51.100.1:{port}" for port in range(11, 3, -1)], "3 others"]
    assert data["n"].iloc[-3:].tolist() == [3, 3, 3]


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_counts_are_those_of_the_analysis(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    data = waits_data(analysis.segments, analysis.connections)
    counts = data.groupby("part", observed=False)["n"].sum()
    assert counts["handshake"] == analysis.connections["handshake_s"].notna().sum()
    assert counts["service"] == analysis.connections["service_turns"].sum()
    longest = data["max_s"][data["part"] == "service"].max()
    assert longest == pytest.approx(analysis.connections["service_max_s"].max(), nan_ok=True)


def test_boxes_are_the_numbers() -> None:
    frames = made(talk(0.1, 0.2, 0.3, 0.4, 0.5))
    ax = waits(*frames, ax=Figure(figsize=(8, 5)).subplots())
    data = waits_data(*frames)
    assert [line.get_label() for line in ax.lines if line.get_marker() != "None"] == [
        "handshake",
        "service",
        "transfer",
    ]
    np.testing.assert_allclose(ax.lines[1].get_xdata(), data["median_s"].iloc[1:2])
    whole, half = ax.collections[2:4]
    np.testing.assert_allclose(whole.get_paths()[0].vertices[:, 0], [0.1, 0.5])
    np.testing.assert_allclose(half.get_paths()[0].vertices[:, 0], [0.2, 0.4])
    assert whole.get_paths()[0].vertices[0, 1] == ax.lines[1].get_ydata()[0]
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["1", "5", "5", "n"]
    assert title_of(ax).startswith("Waits by server 5 turns; median, quartiles and extremes of n times")


def test_no_time_is_said() -> None:
    ax = waits(*made(Conversation().syn()), ax=Figure().subplots())
    (text,) = [" ".join(text.get_text().split()) for text in ax.texts]
    assert text == "There is no connection with a handshake or a request in the capture."


def test_servers_are_labelled_with_their_names() -> None:
    asked = Conversation(rtt=0.02, server_port=443).handshake().send("client", "PA", hello(b"a.example"))
    frames = made(asked.data("server", 100, after=0.5).ack(), talk(0.1, client_port=2, server_port=81, start=9))
    data = waits_data(*frames)
    assert dict(zip(data["server"], data["called"], strict=True)) == {
        "198.51.100.1:443": "a.example", "198.51.100.1:81": "",
    }  # fmt: skip
    labels = [label.get_text() for label in waits(*frames).get_yticklabels()]
    assert any(label.startswith("198.51.100.1:443 (a.example)") for label in labels)
    assert any(label.startswith("198.51.100.1:81") and "(" not in label for label in labels)
