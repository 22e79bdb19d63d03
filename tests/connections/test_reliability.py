"""Resends and gaps by sender, by hand."""

import pytest

from tests.builders import Conversation
from tests.connections.made import connection


def talk(**options: float) -> Conversation:
    return Conversation(**options).handshake()  # type: ignore[arg-type]


def test_resends_and_their_rate() -> None:
    seen = connection(talk().data("client", 3000, segment=1000, lost=True).retransmit("client", after=0.4))
    assert (seen["client_resent_segments"], seen["client_resent_bytes"]) == (1, 1000)
    assert seen["client_resend_rate"] == pytest.approx(1 / 5)  # SYN, three segments and one of them again
    assert seen["server_resend_rate"] == 0  # its SYN-ACK


def test_bytes_that_the_capture_lacks() -> None:
    seen = connection(talk().data("client", 700, drop=True).ack("server"))
    assert (seen["client_gap_bytes"], seen["server_gap_bytes"]) == (700, 0)


def test_captured_at_the_client() -> None:
    seen = connection(talk(rtt=0.02).data("client", 10).ack("server").data("server", 10).ack("client"))
    assert (seen["client_vantage"], seen["server_vantage"]) == ("near_sender", "near_receiver")
    assert connection(Conversation().syn(lost=True))["client_vantage"] == "unknown"
