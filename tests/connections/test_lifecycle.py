"""Zeek's states and history (its documentation of conn.log), and Wireshark's completeness, worked out by hand."""

import pytest

import pcapframe as pf
from tests.builders import Conversation
from tests.connections.made import connection, segments


def talk() -> Conversation:
    return Conversation(server_port=4242).handshake()


def midstream(**options: int) -> Conversation:
    return Conversation(**options).syn(drop=True).syn_ack(drop=True).ack(drop=True)  # type: ignore[arg-type]


def answered(**options: int) -> Conversation:
    """From the SYN-ACK on; the server's port is a likely one, so that the responder is known."""
    return Conversation(server_port=80, **options).syn(drop=True).syn_ack()  # type: ignore[arg-type]


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


# Further ways to the same states: state, history, conversation.
MORE = [
    ("S0", "S", Conversation().syn(lost=True).syn(after=1.0, lost=True)),
    ("S0", "SW", Conversation().syn(lost=True, window=0)),
    ("S0", "SD", Conversation().syn(lost=True).send("client", "PA", 10)),  # it stays in SYN_SENT
    ("S0", "Sa", Conversation().syn(lost=True).ack("server", seq=77)),  # a bare ACK changes nothing
    ("S1", "ShA", talk().syn_ack(after=0.5).ack("client")),
    ("S1", "Sh", Conversation().syn().syn_ack()),
    ("S1", "Shh", Conversation().syn().syn_ack().syn_ack(seq=700, after=0.5)),
    ("S1", "ShADd", talk().data("client", 10).data("server", 20)),
    ("S1", "^hA", answered().ack("client")),
    ("S2", "ShAQ", talk().send("client", "SFA")),
    ("S2", "ShAFa", talk().fin("client").ack("server")),
    ("S2", "ShADaF", talk().data("client", 10).ack("server").fin("client")),
    ("S3", "ShAf", talk().fin("server").ack("client")),  # A comes once
    ("SF", "ShAFf", talk().close()),
    ("SF", "ShAFf", talk().fin("client").fin("server")),
    ("SF", "ShAFfR", talk().close().rst("client", with_ack=False)),  # a RST changes nothing when both are closed
    ("SF", "ShAfF", talk().fin("server").fin("client")),
    ("SF", "ShAFf", talk().send("client", "FPA", 10).fin("server")),  # data with FIN is no D
    ("SF", "ShAFFf", talk().fin("client").send("client", "FA", 10).fin("server")),  # at another position
    ("REJ", "Sr", Conversation().syn(lost=True).rst("server")),
    ("REJ", "ShARr", talk().rst("client").rst("server")),  # both reset, and no byte either way
    ("RSTO", "ShR", Conversation().syn().syn_ack().rst("client", with_ack=False)),
    ("RSTO", "ShAI", talk().send("client", "FR")),
    ("RSTO", "ShAfR", talk().fin("server").rst("client")),
    ("RSTR", "Shr", Conversation().syn().syn_ack().rst("server")),
    ("RSTR", "ShAFr", talk().fin("client").rst("server")),
    ("RSTR", "ShADRr", talk().data("client", 10).rst("client").rst("server")),
    ("RSTOS0", "SR", Conversation().syn(lost=True).rst("client")),
    ("RSTOS0", "SDR", Conversation().syn(lost=True).send("client", "PA", 10).rst("client")),
    ("RSTRH", "^hr", answered().rst("server")),
    ("SH", "SF", Conversation().syn(lost=True).send("client", "F")),
    ("SHR", "^hf", answered().fin("server")),
    ("OTH", "SAR", Conversation().syn(lost=True).ack("client").rst("client")),  # an A before the R
    ("OTH", "^h", answered()),
    ("OTH", "H", Conversation(server_port=4242).syn(drop=True).syn_ack()),
    ("OTH", "^hAD", Conversation(server_port=4242).syn(drop=True).syn_ack().ack().data("client", 10)),
    ("OTH", "^hS", Conversation(server_port=4242).syn(drop=True).syn_ack().syn()),
    ("OTH", "HR", Conversation(server_port=4242).syn(drop=True).syn_ack().rst("server", with_ack=False)),
    ("OTH", "HW", Conversation(server_port=4242).syn(drop=True).syn_ack(window=0)),
    ("OTH", "HWa", Conversation(server_port=4242).syn(drop=True).syn_ack(window=0).ack()),  # not exactly H any more
    ("OTH", "Da", midstream(server_port=4242).data("client", 10).ack("server")),
]


@pytest.mark.parametrize("state", TALKS)
def test_state_and_history(state: str) -> None:
    conversation, history = TALKS[state]
    seen = connection(conversation)
    assert (seen["conn_state"], seen["history"]) == (state, history)


@pytest.mark.parametrize(
    ("state", "history", "conversation"),
    MORE,
    ids=[f"{i} {state} {history}" for i, (state, history, _) in enumerate(MORE)],
)
def test_more_states_and_histories(state: str, history: str, conversation: Conversation) -> None:
    seen = connection(conversation)
    assert (seen["conn_state"], seen["history"]) == (state, history)


def test_syn_ack_first_is_flipped() -> None:
    seen = connection(Conversation(server_port=4242).syn(drop=True).syn_ack().ack().data("client", 10))
    assert seen["history"] == "^hAD"


def test_the_server_speaks_first() -> None:
    # Source port 80 is a likely server port, 40000 is not: the first sender is taken for the responder.
    assert connection(midstream(server_port=80).data("server", 10).ack("client"))["history"] == "^dA"


def test_which_ports_flip() -> None:
    assert connection(midstream(client_port=4000, server_port=443).data("client", 10))["history"] == "D"
    assert connection(midstream(client_port=4000, server_port=443).data("server", 10))["history"] == "^d"
    # Both are likely server ports: the lower one is taken for the server's, unless there is a SYN.
    assert connection(midstream(client_port=8080, server_port=80).data("server", 10))["history"] == "^d"
    assert connection(midstream(client_port=80, server_port=8080).data("server", 10))["history"] == "D"
    assert connection(Conversation(client_port=8080, server_port=80).syn(drop=True).syn_ack())["history"] == "H"
    # Neither: the first sender opened it.
    assert connection(midstream(client_port=4000, server_port=4001).data("server", 10))["history"] == "D"


def test_a_gap_counts_between_established_endpoints_only() -> None:
    lost = talk().data("client", 10, drop=True)
    assert connection(lost.fin("client").ack("server"))["history"] == "ShAFaG"  # closed, but established before
    half = midstream(server_port=4242).data("client", 10).ack("server").data("client", 10, drop=True).ack("server")
    assert connection(half)["history"] == "Da"


def test_a_repeat_after_the_own_reset_is_none() -> None:
    seen = talk().data("client", 10, lost=True).rst("client").retransmit("client", seq=1)
    assert connection(seen)["history"] == "ShADR"


def test_a_keep_alive_with_a_byte_repeats() -> None:
    assert connection(talk().data("client", 10).ack("server").keep_alive("client", 1))["history"] == "ShADaT"
    assert connection(talk().data("client", 10).ack("server").keep_alive("client", 0))["history"] == "ShADa"


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
    fast_open = Conversation().send("client", "S", 20, seq=0)
    assert connection(fast_open)["completeness"] == 1 + 8
    reused = segments(Conversation().syn(), Conversation(start=9.0, client_isn=70_000).send("client", "S", 20, seq=0))
    assert pf.build_connections(reused)["completeness"].tolist() == [1, 1]
    assert connection(midstream().data("client", 10).syn())["completeness"] == 8  # a later SYN adds nothing
    assert connection(Conversation().syn(drop=True).syn_ack())["completeness"] == 0  # alone
    assert connection(Conversation().syn(drop=True).syn_ack().ack())["completeness"] == 2 + 4
    assert connection(Conversation().syn(lost=True))["completeness"] == 1
    assert connection(Conversation().handshake())["completeness"] == 1 + 2 + 4
    assert connection(talk().data("client", 10).close())["completeness"] == 1 + 2 + 4 + 8 + 16
    assert connection(Conversation().refused())["completeness"] == 1 + 32 + 4  # RST,ACK is a pure ACK too
    assert connection(midstream().data("client", 10))["completeness"] == 0  # alone
