"""Packets of one connection between two points, with the times worked out by hand."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from tests.builders import Conversation
from tests.joining.made import ISNS, beyond, joined, talk

NEAR = 5e-6  # times of the captures are cut off to microseconds


@pytest.fixture(scope="module")
def lossy() -> pf.Joined:
    """A request lost between, and sent again after 0.3 s."""
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True).wait(0.3).retransmit("client")
    frames = list(made.ack("server").data("server", 500).ack("client").close())
    return joined(frames, beyond(frames, without=(4,)))


def test_times_are_by_the_first_clock(lossy):
    data = pf.plots.ladder_data(lossy)
    assert list(data) == ["path_id", "from_client", "fate", "time_client_s", "time_server_s"]
    took = (data["time_server_s"] - data["time_client_s"]).to_numpy()
    assert np.isnan(took).tolist() == [fate != "passed" for fate in data["fate"]]
    forward = data["from_client"].to_numpy()
    known = ~np.isnan(took)
    assert took[known & forward] == pytest.approx(np.full((known & forward).sum(), 0.004), abs=NEAR)
    assert took[known & ~forward] == pytest.approx(np.full((known & ~forward).sum(), -0.004), abs=NEAR)


def test_rows_that_are_shown(lossy):
    assert pf.plots.ladder_data(lossy, first=2, limit=3).index.tolist() == [2, 3, 4]
    with pytest.raises(pf.ParameterError, match="there is no connection 7"):
        pf.plots.ladder_data(lossy, path_id=7)


def test_what_is_drawn(lossy):
    ax = pf.plots.ladder(lossy, ax=Figure().subplots())
    assert [text.get_text() for text in ax.get_xticklabels()] == ["client", "server"]
    assert ax.get_legend_handles_labels()[1] == ["from clients", "from servers", "lost between"]
    (lost,) = (line for line in ax.lines if line.get_label() == "lost between")
    assert lost.get_xdata().tolist() == [0.55]  # from the client at 0 towards the server at 1
    low, high = ax.get_ylim()
    assert low > high  # time goes down


def test_nothing_common():
    two = list(Conversation("192.0.2.7", client_isn=0x51234567, server_isn=0x61234567).handshake())
    ax = pf.plots.ladder(joined(list(talk(2)), two), ax=Figure().subplots())
    assert any("No connection is in more than one capture." in text.get_text() for text in ax.texts)
