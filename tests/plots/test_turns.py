"""The waterfall of turns: its numbers by hand and beside `pf.turns`, and what is drawn of them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import turns, turns_data
from tests.builders import Conversation
from tests.plots.made import example, made, title_of


def talk(count: int = 2) -> Conversation:
    """Each turn: 0.5 s, two request segments 0.1 s apart, 0.2 s, two response segments 0.05 s apart."""
    asked = Conversation(rtt=0.02).handshake()
    for _ in range(count):
        asked.data("client", 10, after=0.5).data("client", 10, after=0.1)
        asked.data("server", 10, after=0.2).data("server", 10, after=0.05)
    return asked


def test_parts_follow_one_another() -> None:
    data = turns_data(made(talk()).segments)
    assert data["turn"].tolist() == [1] * 4 + [2] * 4
    assert data["part"].tolist() == ["wait", "request", "service", "response"] * 2
    begin = 0.0201  # the handshake
    expected = np.cumsum([begin, 0.5, 0.1, 0.2, 0.05, 0.5, 0.1, 0.2, 0.05])
    assert data["start_s"].tolist() == pytest.approx(expected[:-1].tolist())
    assert data["end_s"].tolist() == pytest.approx(expected[1:].tolist())
    assert data.attrs == {
        "conn_id": 0, "connection": "192.0.2.1:40000 → 198.51.100.1:80", "start_ns": 0, "turns": 2, "overlapping": 0,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "ipv6.pcapng"])
def test_times_are_those_of_the_turns(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    found = pf.turns(analysis)
    for conn_id in analysis.connections.index:
        data = turns_data(analysis.segments, int(conn_id))
        own = found[found["conn_id"] == conn_id].set_index("turn")
        assert data.attrs["turns"] == len(own)
        for part, rows in data.groupby("part", observed=True):
            lasted = (rows["end_s"] - rows["start_s"]).to_numpy()
            np.testing.assert_allclose(lasted, own[f"{part}_s"].dropna().to_numpy(), atol=1e-6)


def test_of_many_turns_those_that_took_the_most_time() -> None:
    asked = talk(50)
    asked.data("client", 10).data("server", 10, after=30)
    data = turns_data(made(asked.data("client", 10).data("server", 10)).segments)
    data_of_first = turns_data(made(talk(70)).segments)
    assert (data["turn"].min(), data["turn"].max(), data.attrs["turns"]) == (1, 52, 52)
    assert data_of_first["turn"].nunique() == 60
    late = talk(70).data("client", 10).data("server", 10, after=30)
    assert turns_data(made(late).segments)["turn"].max() == 71
    assert "turns 12 to 71 of 71" in title_of(turns(made(late).segments, ax=Figure(figsize=(8, 5)).subplots()))


def test_a_request_without_a_response_has_a_cross() -> None:
    asked = talk(1).data("client", 10, after=0.5).ack("server")
    data = turns_data(made(asked).segments)
    assert data["answered"].tolist() == [True] * 4 + [False] * 2
    ax = turns(made(asked).segments, ax=Figure(figsize=(8, 5)).subplots())
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [
        "client waits (1 s)", "request (100 ms)", "service (200 ms)", "response (50 ms)", "no response in the capture",
    ]  # fmt: skip
    (cross,) = [marks for marks in ax.collections if marks.get_label() == labels[-1]]
    assert cross.get_offsets().tolist() == [pytest.approx([0.0201 + 0.85 + 0.5, 2])]


def test_overlapping_turns_are_pale() -> None:
    asked = Conversation(rtt=0.02).handshake().data("client", 10).data("client", 10, after=0.5)
    early = Conversation(rtt=0.02).handshake().data("client", 10, after=0.1).data("server", 10, after=0.3)
    early.data("client", 10, after=0.1).data("server", 10, after=0.01, ack=11).data("server", 10, after=0.2)
    data = turns_data(made(early).segments)
    assert data.groupby("turn")["overlapping"].first().tolist() == [False, True]
    ax = turns(made(early).segments, ax=Figure(figsize=(8, 5)).subplots())
    assert "2 turns, 1 overlapping (pale)" in title_of(ax)
    assert {bars.get_alpha() for bars in ax.collections} == {None, 0.45}
    assert turns_data(made(asked).segments)["turn"].max() == 1


def test_bars_are_where_the_numbers_are() -> None:
    segments = made(talk(1)).segments
    ax = turns(segments, ax=Figure(figsize=(8, 5)).subplots())
    (service,) = [bars for bars in ax.collections if str(bars.get_label()).startswith("service")]
    corners = service.get_paths()[0].vertices
    assert corners[:, 0].min() == pytest.approx(0.0201 + 0.6)
    assert corners[:, 0].max() == pytest.approx(0.0201 + 0.8)
    assert corners[:, 1].mean() == pytest.approx(1, abs=0.2)


def test_no_turn_is_said() -> None:
    ax = turns(made(Conversation().handshake()).segments, ax=Figure().subplots())
    assert [text.get_text() for text in ax.texts] == ["Connection 0 has no turn with a time."]


def test_another_connection_is_refused() -> None:
    with pytest.raises(pf.ParameterError, match="no connection 99"):
        turns_data(example("clean.pcap").segments, 99)
