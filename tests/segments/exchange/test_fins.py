"""FINs after which, or above which, their sender sends more."""

import pytest

import pcapframe as pf
from tests.builders import Conversation, merge, pcap
from tests.segments.exchange.talks import Begin, every_kind
from tests.segments.made import segments, where


def stray_fin(talk: Conversation, side: str = "server", seq: int | None = None, payload: int = 0) -> Conversation:
    """A FIN that the host itself did not send; the peer drops it."""
    host = talk.hosts[side]
    following = host.next
    talk.send(side, "FA", payload, seq=seq, lost=True)
    host.next = following
    return talk


def facts(talk: Conversation) -> dict[str, object]:
    made = segments(talk)
    connection = pf.build_connections(made).iloc[-1]
    return {
        "ignored": where(made, "fin_ignored"),
        "resent": int(made["resent"].sum()), "reordered": int(made["reordered"].sum()),
        "gap": int(made["capture_gap"].sum()),
        "ending": connection["ending"], "first_fin_by": connection["first_fin_by"], "state": connection["conn_state"],
    }  # fmt: skip


@pytest.mark.parametrize("side", ["client", "server"])
@every_kind
def test_data_goes_on_from_the_number_of_the_fin(begin: Begin, side: str) -> None:
    peer = "client" if side == "server" else "server"
    talk = stray_fin(begin(), side)
    fin = len(talk.frames)
    talk.data(side, 3_000, segment=1_000).ack(peer).data(side, 100).ack(peer)
    assert facts(talk) == {
        "ignored": [fin], "resent": 0, "reordered": 0, "gap": 0, "ending": "open", "first_fin_by": "none",
        "state": facts(begin())["state"],
    }  # fmt: skip
    talk.close("client")
    closed = facts(talk)
    assert (closed["ignored"], closed["resent"], closed["gap"]) == ([fin], 0, 0)
    assert (closed["ending"], closed["first_fin_by"]) == ("fin", "client")


@every_kind
def test_a_fin_below_what_was_sent_and_acknowledged(begin: Begin) -> None:
    talk = begin().data("server", 5_000, segment=1_000).ack("client")
    stray_fin(talk, seq=1_301).ack("client")
    fin = len(talk.frames) - 1
    found = facts(talk.data("server", 500).ack("client"))
    assert (found["ignored"], found["resent"], found["reordered"], found["gap"]) == ([fin], 0, 0, 0)
    assert found["ending"] == "open"


@every_kind
def test_data_goes_on_behind_the_number_of_the_fin(begin: Begin) -> None:
    """So that the FIN has a number of its own: nothing is missing."""
    talk = begin().send("server", "FA")
    fin = len(talk.frames)
    found = facts(talk.ack("client").data("server", 900).ack("client"))
    assert found["ignored"] == [fin]
    assert (found["resent"], found["gap"], found["ending"]) == (0, 0, "open")


@every_kind
def test_several_strays_and_one_with_data(begin: Begin) -> None:
    talk = begin()
    first = len(talk.frames) + 1
    stray_fin(stray_fin(talk), seq=talk.hosts["server"].next + 400)
    talk.data("server", 1_000).ack("client")
    found = facts(talk.close())
    assert found["ignored"] == [first, first + 1]
    assert (found["resent"], found["gap"], found["ending"]) == (0, 0, "fin")


@every_kind
def test_fins_that_close(begin: Begin) -> None:
    """Repeated, overtaken by nothing, half-closed, after reordering, with data, and with a RST at the end."""
    assert facts(begin().close())["ignored"] == []
    repeated = begin().send("client", "FA", lost=True).retransmit("client", after=0.4).ack("server")
    found = facts(repeated.data("server", 3_000).ack("client").send("server", "FA").ack("client"))
    assert (found["ignored"], found["resent"], found["ending"]) == ([], 1, "fin")
    overtaking = begin().data("client", 1_000).send("client", "FA")
    overtaking.frames[-2], overtaking.frames[-1] = (
        (overtaking.frames[-2][0], overtaking.frames[-1][1]), (overtaking.frames[-1][0], overtaking.frames[-2][1]),
    )  # fmt: skip
    found = facts(overtaking.ack("server"))
    assert (found["ignored"], found["reordered"]) == ([], 1)
    with_data = begin().send("client", "FPA", 300).ack("server").send("server", "FPA", 200).ack("client")
    assert facts(with_data)["ignored"] == []


def test_a_fin_whose_bytes_beyond_were_never_acknowledged_stays() -> None:
    talk = stray_fin(Conversation().handshake().data("client", 10)).data("server", 500, lost=True)
    assert facts(talk)["ignored"] == []


def test_another_connection_of_these_ports_whose_syn_the_capture_lacks() -> None:
    talk = Conversation().handshake().data("client", 100).data("server", 100).close()
    again = Conversation(start=5, client_isn=900_000_000, server_isn=800_000_000).handshake(drop=True)
    again.data("client", 5_000).ack("server").data("server", 5_000).ack("client")
    made = segments([*talk, *again])
    assert not made["fin_ignored"].any()


def test_a_rst_after_a_stray_fin_comes_after_none() -> None:
    talk = stray_fin(Conversation().handshake().data("client", 100)).data("server", 800).ack("client").rst("client")
    seen = pf.analyze(pcap(merge(talk)))
    assert "rst_after_fin" not in {pattern.pattern for pattern in seen.patterns}
    (rst,) = pf.rst_evidence(seen).itertuples()
    assert pf.plots.rst_events(seen.segments, seen.connections)["phase"].tolist() == ["data"]
    assert rst.phase == "data"


def test_many_stray_fins() -> None:
    talk = Conversation().handshake()
    for _ in range(300):
        stray_fin(talk).data("server", 10).ack("client", after=0.0001)
    assert len(facts(talk)["ignored"]) == 300


def test_a_fin_of_unknown_length_is_judged_alike_beside_others() -> None:
    """Its header is not whole; another connection has a FIN that ended nothing."""
    talk = stray_fin(Conversation(client_port=40001, timestamps=False).handshake())
    time, frame = talk.frames[-1]
    talk.frames[-1] = time, frame[:16] + (36).to_bytes(2, "big") + frame[18:]
    talk.data("server", 3_000, segment=1_000).ack("client")
    other = stray_fin(Conversation().handshake()).data("server", 3_000, segment=1_000).ack("client")
    assert segments(talk)["fin_ignored"].sum() == 0
    assert segments(talk, other)["fin_ignored"].sum() == 1
