"""Zeek's states and history (its documentation of conn.log), and Wireshark's completeness, worked out by hand."""

import pytest

from tests.builders import Conversation
from tests.connections.made import connection


def talk() -> Conversation:
    return Conversation(server_port=4242).handshake()


def midstream(**options: int) -> Conversation:
    return Conversation(**options).syn(drop=True).syn_ack(drop=True).ack(drop=True)  # type: ignore[arg-type]


TALKS = {
    "S0": (Conversation().syn(lost=True), "S"),
    "S1": (talk(), "ShA"),
    "SF": (talk().data("client", 10).ack("server").fin("client").fin("server").ack("client"), "ShADaFf"),
    "REJ": (Conversation().refused(), "Sr"),
    "S2": (talk().fin("client"), "ShAF"),
    "S3": (talk().fin("server"), "ShAf"),
    "RSTO": (talk().data("client", 10).rst("client"), "ShADR"),
    "RSTR": (talk().data("client", 10).rst("server"), "ShADr"),
    "RSTOS0": (Conversation().syn(lost=True).rst("client", with_ack=False), "SR"),
    "SH": (Conversation().syn(lost=True).fin("client"), "SF"),
    "OTH": (midstream(server_port=4242).data("client", 10), "D"),
}


@pytest.mark.parametrize("state", TALKS)
def test_state_and_history(state: str) -> None:
    conversation, history = TALKS[state]
    seen = connection(conversation)
    assert (seen["conn_state"], seen["history"]) == (state, history)


def test_syn_ack_first_is_flipped() -> None:
    seen = connection(Conversation(server_port=4242).syn(drop=True).syn_ack().ack().data("client", 10))
    assert seen["history"] == "^hAD"


def test_the_server_speaks_first() -> None:
    # Source port 80 is a likely server port, 40000 is not: the first sender is taken for the responder.
    assert connection(midstream(server_port=80).data("server", 10).ack("client"))["history"] == "^dA"


def test_repeats_zero_windows_and_gaps() -> None:
    resent = talk().data("client", 10, lost=True).retransmit("client", after=0.3)
    assert connection(resent)["history"] == "ShADT"
    assert connection(talk().ack("server", window=0))["history"] == "ShAaw"
    gap = talk().data("client", 10, drop=True).ack("server")
    assert connection(gap)["history"] == "ShAaG"


def test_letters_come_for_the_1st_10th_and_100th() -> None:
    conversation = talk().data("client", 10, lost=True)
    for _ in range(12):
        conversation.retransmit("client", after=0.5)
    assert connection(conversation)["history"] == "ShADTT"


def test_completeness() -> None:
    assert connection(Conversation().syn(lost=True))["completeness"] == 1
    assert connection(Conversation().handshake())["completeness"] == 1 + 2 + 4
    assert connection(talk().data("client", 10).close())["completeness"] == 1 + 2 + 4 + 8 + 16
    assert connection(Conversation().refused())["completeness"] == 1 + 32 + 4  # RST,ACK is a pure ACK too
    assert connection(midstream().data("client", 10))["completeness"] == 0  # alone
