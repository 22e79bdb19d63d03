"""Probes and their answers by side, by hand."""

import pytest

from tests.builders import Conversation
from tests.connections.made import connection

V6 = {"client": "2001:db8::1", "server": "2001:db8::2"}


@pytest.mark.parametrize("addresses", [{}, V6])
def test_keep_alives_of_the_client_one_of_three_answered(addresses: dict[str, str]) -> None:
    idle = Conversation(**addresses).handshake().data("client", 10).ack("server")  # type: ignore[arg-type]
    idle.keep_alive("client", after=60).ack("server")
    idle.keep_alive("client", after=60, lost=True).keep_alive("client", after=60, lost=True)
    seen = connection(idle)
    assert (seen["client_keep_alives"], seen["client_keep_alives_unanswered"]) == (3, 2)
    assert (seen["server_keep_alives"], seen["server_keep_alives_unanswered"]) == (0, 0)
    assert (seen["client_window_probes"], seen["client_window_probes_unanswered"]) == (0, 0)


def test_window_probes_of_the_server() -> None:
    full = Conversation().handshake().data("server", 1000).ack("client", window=0)
    full.keep_alive("server", after=0.3).ack("client", window=0)
    full.keep_alive("server", after=0.6, lost=True)
    seen = connection(full)
    assert (seen["server_window_probes"], seen["server_window_probes_unanswered"]) == (2, 1)
    assert seen["server_keep_alives"] == 0


def test_one_direction_does_not_show_answers() -> None:
    one_way = Conversation().syn().syn_ack(drop=True).ack().data("client", 10).ack("server", drop=True)
    seen = connection(one_way.keep_alive("client", after=60))
    kinds = ("keep_alives", "keep_alives_unanswered", "window_probes", "window_probes_unanswered")
    assert seen[[f"client_{kind}" for kind in kinds]].isna().all()
    assert seen["client_rsts_ignored"] == 0
    unanswered = connection(Conversation().syn(lost=True))  # nothing shows that the server sent
    assert (unanswered["client_keep_alives"], unanswered["client_keep_alives_unanswered"]) == (0, 0)


def test_a_rst_that_ended_nothing() -> None:
    alive = Conversation().handshake().data("client", 10).ack("server").rst("server", seq=500, with_ack=False)
    alive.ack("client").data("client", 10, after=1).data("server", 10, seq=1).ack("client", ack=11)
    seen = connection(alive)
    assert (seen["server_rsts_ignored"], seen["server_rsts"], seen["client_rsts_ignored"]) == (1, 1, 0)
    assert connection(Conversation().handshake().rst("server"))["server_rsts_ignored"] == 0
