"""Busy time of senders: the numbers are those of the connections, and what is drawn of them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import sender_time, sender_time_data
from tests.builders import Conversation
from tests.names.hellos import hello
from tests.plots.made import bars, example, made, title_of

PARTS = ["sending_s", "repairing_s", "window_limited_s", "unsplit_s"]


def repairing(**options: object) -> Conversation:
    """The client is busy for 20 ms, then for 0.3 s until it resends, and repairs for 20 ms."""
    talk = Conversation(rtt=0.02, timestamps=False, **options).handshake()  # type: ignore[arg-type]
    talk.data("client", 300).ack("server").data("client", 300, lost=True, after=1)
    return talk.retransmit("client", after=0.3).ack("server")


def test_parts_by_hand() -> None:
    data = sender_time_data(made(repairing()).connections)
    (row,) = data.to_dict("records")
    assert (row["name"], row["sender"], row["directions"]) == ("198.51.100.1:80", "client", 1)
    assert [row[part] for part in PARTS] == pytest.approx([0.32, 0.02, 0, 0])
    assert (row["busy_s"], row["idle_s"]) == pytest.approx((0.34, 1.0001))
    assert data.attrs == {"names": 1, "directions": 2, "unknown": 1}  # the server far away


@pytest.mark.parametrize("by", ["server", "connection"])
@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap", "midstream.pcap", "ipv6.pcapng"])
def test_parts_sum_to_the_busy_time(name: str, by: str) -> None:
    connections = example(name).connections
    data = sender_time_data(connections, by=by)  # type: ignore[arg-type]
    np.testing.assert_allclose(data[PARTS].sum(axis="columns"), data["busy_s"])
    if data.attrs["names"] <= 8:
        for side in ("client", "server"):
            for column in ("busy_s", "repairing_s", "window_limited_s"):
                busy = connections[f"{side}_busy_s"] > 0
                expected = connections.loc[busy, f"{side}_{column}"].sum()
                assert data.loc[data["sender"] == side, column].sum() == pytest.approx(expected)


def test_an_unknown_window_scale_leaves_the_time_undivided() -> None:
    connections = example("losses.pcap").connections.copy()
    connections["server_window_limited_s"] = np.nan
    data = sender_time_data(connections)
    server = data[data["sender"] == "server"]
    assert (server["sending_s"] == 0).all()
    np.testing.assert_allclose(server["unsplit_s"] + server["repairing_s"], server["busy_s"])
    labels = [text.get_text() for text in sender_time(connections, ax=Figure().subplots()).get_legend().get_texts()]
    assert "sending or limited (window scale unknown)" in labels


def test_connections_have_their_number() -> None:
    talks = [repairing(client_port=port, start=10 * port) for port in range(1, 12)]
    connections = made(*talks).connections
    data = sender_time_data(connections, by="connection")
    assert len(data) == 8
    assert data["name"].iloc[0].endswith("  198.51.100.1:80")
    ax = sender_time(connections, by="connection", ax=Figure(figsize=(8, 5)).subplots())
    assert title_of(ax).endswith("the 8 connections with the most busy time of 11")
    with pytest.raises(pf.ParameterError, match="by is 'port'"):
        sender_time_data(connections, by="port")  # type: ignore[arg-type]


def test_bars_are_shares_of_the_busy_time() -> None:
    ax = sender_time(made(repairing()).connections, ax=Figure(figsize=(8, 5)).subplots())
    drawn = bars(ax)
    assert drawn["sending"] == [(0, 0, pytest.approx(100 * 0.32 / 0.34))]
    assert drawn["repairing"] == [(0, pytest.approx(100 * 0.32 / 0.34), pytest.approx(100 * 0.02 / 0.34))]
    assert [text.get_text() for text in ax.texts] == ["340 ms"]
    assert title_of(ax) == "Busy time of senders, by server 1 of 2 directions known; ▲ clients send, ▼ the server sends"


def test_nothing_known_is_said() -> None:
    ax = sender_time(made(Conversation().syn()).connections, ax=Figure().subplots())
    assert [text.get_text() for text in ax.texts] == ["No sender is known to have been busy in 1 connection."]


def test_servers_are_labelled_with_their_names() -> None:
    asked = Conversation(rtt=0.02, server_port=443).handshake().send("client", "PA", hello(b"a.example"))
    frames = made(
        asked.data("server", 100, after=0.5).ack(),
        Conversation(client_port=2, server_port=81, start=9).handshake().data("client", 9).ack("server"),
    )
    data = sender_time_data(frames.connections)
    assert dict(zip(data["name"], data["called"], strict=True)) == {
        "198.51.100.1:443": "a.example", "198.51.100.1:81": "",
    }  # fmt: skip
    labels = [label.get_text() for label in sender_time(frames.connections).get_yticklabels()]
    assert any(label.startswith("198.51.100.1:443 (a.example)") for label in labels)
    assert any(label.startswith("198.51.100.1:81") and "(" not in label for label in labels)
