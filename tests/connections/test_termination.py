"""Endings of the four kinds, by hand."""

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
