"""Handshakes of the five kinds, by hand."""

import math

import pytest

from tests.builders import Conversation
from tests.connections.made import connection

TALKS = {
    "complete": Conversation().handshake().data("client", 10),
    "refused": Conversation().refused(),
    "unanswered": Conversation().syn(lost=True).syn(after=1.0, lost=True),
    "half_open": Conversation().syn().syn_ack(),
    "not_captured": Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True).data("client", 10),
}


@pytest.mark.parametrize("handshake", TALKS)
def test_handshake(handshake: str) -> None:
    assert connection(TALKS[handshake])["handshake"] == handshake


def test_a_syn_answered_outside_the_capture_is_complete() -> None:
    one_way = Conversation().syn().syn_ack(drop=True).ack().data("client", 10)
    assert connection(one_way)["handshake"] == "complete"


def test_a_client_that_resets_after_the_syn_ack_leaves_it_half_open() -> None:
    assert connection(Conversation().syn().syn_ack().rst("client"))["handshake"] == "half_open"


def test_counts_and_times() -> None:
    seen = connection(Conversation(rtt=0.02).syn(lost=True).syn(after=1.0).syn_ack().ack())
    assert (seen["syn_count"], seen["syn_ack_count"]) == (2, 1)
    assert seen["handshake_rtt_s"] == pytest.approx(1.02)  # first SYN to first SYN-ACK
    assert seen["initial_rtt_s"] == pytest.approx(0.0201)  # latest SYN to the ACK, 0.1 ms after the SYN-ACK
    assert math.isnan(connection(Conversation().refused())["handshake_rtt_s"])


def test_copies_do_not_count() -> None:
    assert connection(Conversation().syn().duplicate().syn_ack().duplicate().ack())["syn_count"] == 1
