import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from pcapframe.plots import bytes_in_flight, bytes_in_flight_data
from tests.builders import Conversation
from tests.plots.made import example, made, title_of


def talk() -> Conversation:
    """The server fills a window of 300 bytes, which then closes."""
    made_ = Conversation(window_scale=0, window=300).handshake().data("server", 100).data("server", 200)
    return made_.ack("client", window=0)


def test_flight_and_window() -> None:
    data = bytes_in_flight_data(made(talk()).segments)
    found = {kind: rows["high"].tolist() for kind, rows in data.groupby("kind", observed=True)}
    assert found["in_flight"][-2:] == [100, 300]
    assert found["window"] == [300, 300, 0]
    assert found["window_full"] == [300]
    assert found["zero_window"] == [0]
    assert data.attrs["windows_known"] == data.attrs["windows"] == 3


def test_an_unknown_window_is_said() -> None:
    segments = made(Conversation().handshake(drop=True).data("server", 100).ack("client")).segments
    ax = bytes_in_flight(segments, from_client=False, ax=Figure().subplots())
    assert "the window is unknown in 1 of 1 answers" in ax.get_title(loc="left").replace("\n", " ")


@pytest.mark.parametrize("name", ["losses.pcap", "clean.pcap"])
def test_marks_are_the_columns(name: str) -> None:
    segments = example(name).segments
    data = bytes_in_flight_data(segments, conn_id=0, from_client=False)
    of = segments[(segments["conn_id"] == 0) & ~segments["capture_duplicate"]]
    sent, answers = of[~of["from_client"]], of[of["from_client"]]
    flight = data.loc[data["kind"] == "in_flight", "high"]
    assert flight.tolist() == sent["bytes_in_flight"].dropna().tolist()
    assert data.loc[data["kind"] == "window", "low"].tolist() == answers["window_bytes"].dropna().tolist()
    ax = bytes_in_flight(segments, conn_id=0, from_client=False, ax=Figure().subplots())
    if name == "losses.pcap":
        (line,) = ax.lines
        np.testing.assert_array_equal(line.get_ydata(), answers["window_bytes"].dropna())


def test_both_are_on_one_linear_scale_and_nothing_is_announced_that_cannot_be_seen() -> None:
    """Of clean.pcap, the window is more than 4 times what is in flight, so that it is above the chart."""
    segments = example("clean.pcap").segments
    data = bytes_in_flight_data(segments, conn_id=0, from_client=False)
    flight, window = (data.loc[data["kind"] == kind, "high"] for kind in ("in_flight", "window"))
    assert window.min() > 4 * flight.max()
    ax = bytes_in_flight(segments, conn_id=0, from_client=False, ax=Figure(figsize=(8, 5)).subplots())
    assert ax.get_yscale() == "linear"
    assert flight.max() < ax.get_ylim()[1] < 2 * flight.max()
    assert [text.get_text().split(" (")[0] for text in ax.get_legend().get_texts()] == ["in flight"]
    assert f"windows up to {window.max():,.0f} bytes are above what is shown" in title_of(ax)


def test_marks_and_steps_stand_at_their_time() -> None:
    """The server sends 100 and 200 bytes at 40.1 and 40.2 ms; the client closes the window 0.1 ms later."""
    ax = bytes_in_flight(made(talk()).segments, ax=Figure(figsize=(8, 5)).subplots())
    (window,) = ax.lines
    assert window.get_label() == "window offered (3)"
    assert np.round(np.asarray(window.get_xydata(), float), 6).tolist() == [[0, 300], [0.0201, 300], [0.0403, 0]]
    assert window.get_drawstyle() == "steps-post"
    marks = {
        drawn.get_label(): np.round(np.asarray(drawn.get_offsets()), 6).tolist()
        for drawn in ax.collections if isinstance(drawn, PathCollection)
    }  # fmt: skip
    assert marks == {
        "in flight (2)": [[0.0401, 100], [0.0402, 300]],
        "fills the window (1)": [[0.0402, 300]],
        "zero window (1)": [[0.0403, 0]],
    }
    assert title_of(ax) == (
        "Bytes in flight against the window connection 0: 198.51.100.1:80 → 192.0.2.1:40000, 3 segments sent"
    )
