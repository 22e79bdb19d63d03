"""Endings of the four kinds, by hand."""

import pandas as pd
import pytest

from tests.builders import Conversation
from tests.connections.made import connection


def talk() -> Conversation:
    return Conversation().handshake().data("client", 100)


TALKS = {
    "fin": (talk().close(), "none"),
    "half_closed": (talk().fin("client"), "none"),
    "reset": (talk().rst("server"), "server"),
    "open": (talk(), "none"),
}


@pytest.mark.parametrize("ending", TALKS)
def test_ending(ending: str) -> None:
    conversation, reset_by = TALKS[ending]
    seen = connection(conversation)
    assert (seen["ending"], seen["reset_by"]) == (ending, reset_by)


def test_a_late_rst_leaves_a_closed_connection_closed() -> None:
    seen = connection(talk().close().rst("client"))
    assert (seen["ending"], seen["reset_by"], seen["client_rsts"]) == ("fin", "client", 1)


def test_a_rst_after_one_fin_resets() -> None:
    assert connection(talk().fin("client").rst("server"))["ending"] == "reset"


def test_one_fin_sent_twice_is_half_closed() -> None:
    seen = connection(talk().fin("client", lost=True).retransmit("client", after=0.3))
    assert (seen["ending"], seen["client_fins"]) == ("half_closed", 2)


def test_both_may_reset() -> None:
    assert connection(talk().rst("client").rst("server"))["reset_by"] == "both"


FIRST_FINS = {
    "client": Conversation().handshake().close("client"),
    "server": Conversation().handshake().close("server"),
    "both": Conversation().handshake().fin("client").fin("server", ack=1).ack("client", ack=2),
    "none": Conversation().handshake().data("client", 10).rst("server"),
}


@pytest.mark.parametrize("by", FIRST_FINS)
def test_who_sent_fin_first(by: str) -> None:
    assert connection(FIRST_FINS[by])["first_fin_by"] == by


def test_one_fin_is_the_first() -> None:
    assert connection(Conversation().handshake().fin("server").ack("client"))["first_fin_by"] == "server"


def test_a_fin_captured_late_was_first_if_the_other_acknowledges_it() -> None:
    late = Conversation(client="2001:db8::1", server="2001:db8::2").handshake().close("client")
    fin, answer = late.frames[3][0], late.frames[4][0]
    late.frames[3:5] = [(fin, late.frames[4][1]), (answer, late.frames[3][1])]
    assert connection(late)["first_fin_by"] == "client"


def test_one_direction_does_not_show_who_was_first() -> None:
    seen = connection(Conversation().syn().syn_ack(drop=True).ack().fin("client").fin("server", drop=True).ack())
    assert pd.isna(seen["first_fin_by"])
    assert connection(Conversation().syn(lost=True))["first_fin_by"] == "none"  # nothing shows that the server sent


def test_a_rst_that_ended_nothing_is_not_the_ending() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server")
    talk.rst("server", with_ack=False, seq=-5000, after=1).wait(1)
    row = connection(talk.data("client", 100).data("server", 100).ack("client").close())
    assert (row["ending"], row["reset_by"], row["conn_state"]) == ("fin", "none", "SF")
    assert row["server_rsts"] == 1
    assert "r" in row["history"]


def test_a_refused_syn_that_comes_again_and_is_answered() -> None:
    talk = Conversation().refused().wait(0.5).refused().wait(0.5).handshake().data("client", 100).ack("server")
    row = connection(talk.close())
    assert (row["handshake"], row["ending"], row["reset_by"], row["conn_state"]) == ("complete", "fin", "none", "SF")
    assert (row["syn_count"], row["server_rsts"]) == (3, 2)


def test_a_syn_again_without_an_answer_stays_refused() -> None:
    row = connection(Conversation().refused().wait(0.5).syn())
    assert (row["handshake"], row["ending"], row["reset_by"]) == ("refused", "reset", "server")


def test_a_syn_ack_after_the_clients_rst_opens_nothing() -> None:
    """It was sent before the RST arrived."""
    row = connection(Conversation().syn().rst("client", after=0.001).syn_ack(after=0.001))
    assert (row["ending"], row["reset_by"]) == ("reset", "client")
