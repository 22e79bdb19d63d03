"""Losses by direction and leg, counted by hand."""

from matplotlib.figure import Figure

import pcapframe as pf
from tests.builders import Conversation
from tests.joining.made import ISNS, MS, analysis, beyond, joined, talk


def three_points() -> pf.Joined:
    """A request lost on the first leg, and sent again."""
    made = Conversation(**ISNS).handshake()
    for _ in range(10):
        made.data("client", 100).ack("server").data("server", 500).ack("client")
    number = len(list(made)) + 1
    made.data("client", 100, lost=True).wait(0.3).retransmit("client").ack("server")
    frames = list(made.data("server", 500).ack("client").close())
    middle = beyond(frames, without=(number,), path=2 * MS)
    server = beyond(frames, without=(number,))
    return pf.join_captures({"client": analysis(frames), "middle": analysis(middle), "server": analysis(server)})


def test_three_points() -> None:
    data = pf.plots.losses_by_leg_data(three_points())
    assert data[["from_client", "sent_at", "missing_at"]].values.tolist() == [
        [True, "client", "middle"], [True, "middle", "server"], [False, "server", "middle"],
        [False, "middle", "client"],
    ]  # fmt: skip
    assert data["lost_between"].tolist() == [1, 0, 0, 0]
    # SYN, ACK, ten requests and ACKs, the request twice, an ACK, FIN and the last ACK
    assert data["packets"].tolist()[:2] == [2 + 20 + 2 + 1 + 2, 2 + 20 + 1 + 1 + 2]


def test_what_is_drawn() -> None:
    ax = pf.plots.losses_by_leg(three_points(), ax=Figure().subplots())
    assert ax.get_yticklabels()[0].get_text() == "client → middle"
    assert ax.texts[0].get_text() == " 1 of 27 lost (3.7 %)"
    assert ax.get_legend_handles_labels()[1] == ["lost between"]


def test_nothing_lost() -> None:
    made = joined(list(talk(3)), beyond(talk(3)))
    assert pf.plots.losses_by_leg_data(made)["lost_between"].sum() == 0
    ax = pf.plots.losses_by_leg(made, ax=Figure().subplots())
    assert any("was lost or added" in text.get_text() for text in ax.texts)


def test_nothing_common() -> None:
    two = list(Conversation("192.0.2.7", client_isn=0x51234567, server_isn=0x61234567).handshake())
    ax = pf.plots.losses_by_leg(joined(list(talk(2)), two), ax=Figure().subplots())
    assert any("No connection is in more than one capture." in text.get_text() for text in ax.texts)
