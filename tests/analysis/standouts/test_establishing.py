"""Connections that did not come about: which of whose, beside those of other clients."""

import pytest

import pcapframe as pf
from tests.analysis.test_standouts import OTHER, fine, found, talks
from tests.builders import Conversation, pcapng


def sentences(*conversations: Conversation) -> list[str]:
    return [seen.sentence for seen in found(*conversations).standouts]


@pytest.mark.parametrize("server", ["198.51.100.1", "2001:db8::1"])
def test_one_client_of_several_that_is_not_answered_is_told_from_the_others(server: str) -> None:
    """Four connections of one client get no answer; six of two others are fine."""
    clients = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    if ":" in server:
        clients = ("2001:db8::a", "2001:db8::b", "2001:db8::c")
    silent = [talk.syn().syn(after=1).syn(after=2) for talk in talks(4, client=clients[0], server=server)]
    others = [talk for client in clients[1:] for talk in fine(3, client=client, server=server)]
    name = f"[{server}]:80" if ":" in server else f"{server}:80"
    assert sentences(*silent, *others) == [
        f"{name} answered none of 4 connections from {clients[0]} (12 SYNs in 6 s); "
        "6 of 6 connections from 2 clients completed"
    ]


def test_one_client_of_several_that_is_refused_is_told_from_the_others() -> None:
    refused = [talk.refused() for talk in talks(3, client="192.0.2.9")]
    (only,) = sentences(*refused, *fine(5))
    assert only == (
        "198.51.100.1:80 refused all 3 connections from 192.0.2.9 with RST in 2.02 s; "
        "5 of 5 connections from 192.0.2.1 completed"
    )


@pytest.mark.parametrize(("start", "which"), [(-20.0, "the first 3"), (0.2, "3"), (20.0, "the last 3")])
def test_the_first_and_the_last_connections_are_called_that(start: float, which: str) -> None:
    """Five connections are fine, from 20 s on, a second apart; three are refused before, between or after them."""
    refused = [Conversation(client_port=50_000 + i, start=20 + start + i).refused() for i in range(3)]
    good = [
        Conversation(client_port=40_000 + i, start=20.0 + i).handshake().data("client", 9).data("server", 9).close()
        for i in range(5)
    ]
    (only,) = sentences(*refused, *good)
    assert only.startswith(f"198.51.100.1:80 refused {which} of 8 connections from 192.0.2.1 with RST")


def test_repeated_syn_acks_of_which_the_capture_has_one_side() -> None:
    """Of the client nothing is captured: whether it answered is unknown, that the server repeated itself is not."""
    made = [
        talk.syn(drop=True).syn_ack().syn_ack(after=1).syn_ack(after=2) for talk in talks(3)
    ]  # fmt: skip
    assert sentences(*made) == ["198.51.100.1:80 repeated the SYN-ACK to 192.0.2.1 6 times, in all 3 connections"]


def test_repeated_syns_under_unknown_health() -> None:
    """Where the server's packets are missing, a SYN that was repeated shows that no answer came, a single one not."""
    one_side = [
        talk.syn(drop=False).syn_ack(drop=True).ack().data("client", 100).ack("server", drop=True).fin("client")
        for talk in talks(12, server=OTHER)
    ]
    again, once = (Conversation(client_port=50_000 + i, start=2.0 + i) for i in range(2))
    again.syn().syn(after=1).syn(after=2)
    once.syn()
    analysis = found(*one_side, again, once)
    assert analysis.health.qualifier("unanswered") == "unknown"
    (only,) = (seen for seen in analysis.standouts if seen.kind == "unanswered_syns")
    assert only.sentence == "198.51.100.1:80 did not answer 1 of 2 connections from 192.0.2.1 (3 SYNs in 3 s)"


def test_packets_without_times_have_no_time_after_the_syn() -> None:
    """Simple packet blocks have no time stamp."""
    (only,) = pf.analyze(pcapng(Conversation().refused(), packets="simple")).standouts
    assert only.sentence == "198.51.100.1:80 refused the only connection from 192.0.2.1 with RST"


def test_syns_at_the_very_end_that_were_not_repeated_may_still_be_answered() -> None:
    """Three at once, as browsers send them, half a second before the capture ends."""
    late = [Conversation(client_port=50_000 + i, server="198.51.100.9", start=5.5 + i / 100).syn() for i in range(3)]
    assert sentences(*late, *fine(6)) == []
    repeated = late[0].syn(after=0.3)
    assert sentences(repeated, *late[1:], *fine(6)) == [
        "198.51.100.9:80 answered none of 3 connections from 192.0.2.1 (4 SYNs in 300 ms)"
    ]


def test_a_syn_that_came_twice_on_a_quick_handshake_is_nothing() -> None:
    assert (
        sentences(
            Conversation().syn().syn(after=0.02).syn_ack().ack().data("client", 9).data("server", 9).ack().close()
        )
        == []
    )
