"""Handshakes of the six kinds, by hand."""

import math

import pytest

from tests.builders import Conversation
from tests.connections.made import connection

TALKS = {
    "complete": Conversation().handshake().data("client", 10),
    "refused": Conversation().refused(),
    "unanswered": Conversation().syn(lost=True).syn(after=1.0, lost=True),
    "half_open": Conversation().syn().syn_ack(),
    "aborted": Conversation().syn().syn_ack().rst("client"),
    "not_captured": Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True).data("client", 10),
}


@pytest.mark.parametrize("handshake", TALKS)
def test_handshake(handshake: str) -> None:
    assert connection(TALKS[handshake])["handshake"] == handshake


def test_a_syn_answered_outside_the_capture_is_complete() -> None:
    one_way = Conversation().syn().syn_ack(drop=True).ack().data("client", 10)
    assert connection(one_way)["handshake"] == "complete"


ABORTS = {
    "without ACK": Conversation().syn().syn_ack().rst("client", with_ack=False),
    "IPv6": Conversation(client="2001:db8::1", server="2001:db8::2").syn().syn_ack().rst("client"),
    "the server's packets are not captured": Conversation().syn().syn_ack(drop=True).rst("client"),
    "a second SYN-ACK": Conversation().syn().syn_ack().rst("client").syn_ack().rst("client"),
}


@pytest.mark.parametrize("kind", ABORTS)
def test_a_client_that_resets_after_the_syn_ack_aborts(kind: str) -> None:
    assert connection(ABORTS[kind])["handshake"] == "aborted"


def test_a_rst_after_the_acknowledgement_leaves_it_complete() -> None:
    assert connection(Conversation().handshake().rst("client"))["handshake"] == "complete"


def test_a_rst_before_the_syn_ack_answers_nothing() -> None:
    assert connection(Conversation().syn().rst("client", with_ack=False).syn_ack())["handshake"] == "half_open"


def test_an_aborted_handshake_that_was_tried_again() -> None:
    again = Conversation().syn().syn_ack().rst("client").syn().syn_ack().ack()
    assert connection(again)["handshake"] == "complete"


def test_simultaneous_open_counts_the_client_s_syn_ack() -> None:
    crossed = Conversation().syn().syn("server").send("client", "SA", seq=0).ack("server").data("client", 10)
    seen = connection(crossed)
    assert (seen["handshake"], seen["syn_count"], seen["syn_ack_count"]) == ("complete", 2, 1)
    assert math.isnan(seen["handshake_rtt_s"])


def test_counts_and_times() -> None:
    seen = connection(Conversation(rtt=0.02).syn(lost=True).syn(after=1.0).syn_ack().ack())
    assert (seen["syn_count"], seen["syn_ack_count"]) == (2, 1)
    assert seen["handshake_rtt_s"] == pytest.approx(1.02)  # first SYN to first SYN-ACK
    assert seen["initial_rtt_s"] == pytest.approx(0.0201)  # latest SYN to the ACK, 0.1 ms after the SYN-ACK
    assert math.isnan(connection(Conversation().refused())["handshake_rtt_s"])


def test_copies_do_not_count() -> None:
    assert connection(Conversation().syn().duplicate().syn_ack().duplicate().ack())["syn_count"] == 1
