"""Connections that a RST or a FIN ended: by whom, of whom, when."""

import pytest

from tests.analysis.standouts.test_establishing import sentences
from tests.analysis.test_standouts import OTHER, fine, found, talks
from tests.builders import Conversation


def carried(talk: Conversation) -> Conversation:
    return talk.handshake().data("client", 100).data("server", 900).ack("client")


def test_a_server_that_closes_before_any_data() -> None:
    closed = [talk.handshake().close("server") for talk in talks(3)]
    # SYN-ACK 20 ms, ACK 0.1 ms, FIN 20 ms, the client's 0.1 ms, ACK of the server 20 ms after the SYN
    assert sentences(*closed, *fine(4, server=OTHER)) == [
        "198.51.100.1:80 closed all 3 connections from 192.0.2.1 before any data, 60.2 ms (median) after they began"
    ]


@pytest.mark.parametrize("data", [False, True])
def test_a_client_that_closes_first_and_a_server_that_closes_after_data_are_ordinary(data: bool) -> None:
    made = [(carried(talk).close("server") if data else talk.handshake().close("client")) for talk in talks(3)]
    assert sentences(*made) == []


def test_bytes_that_the_capture_lacks_are_data() -> None:
    made = [
        talk.handshake().data("client", 100, drop=True).data("server", 900, drop=True).ack("client").close("server")
        for talk in talks(3)
    ]
    assert "closed" not in " ".join(sentences(*made))


def test_few_resets_of_a_server_that_are_all_of_one_client() -> None:
    """Four of 84 connections, below a tenth, and yet all of one client's."""
    reset = [carried(talk).rst("server") for talk in talks(4, client="192.0.2.9")]
    good = [talk for i in range(20) for talk in fine(4, client=f"203.0.113.{i + 1}")]
    (only,) = sentences(*reset, *good)
    assert only.startswith("198.51.100.1:80 reset all 4 connections from 192.0.2.9 after data")
    one = carried(Conversation(client="192.0.2.9", start=0.5)).rst("server")
    assert sentences(one, *good) == []


def test_a_request_without_an_answer_is_named_rather_than_the_reset_that_ended_its_connection() -> None:
    waited = carried(Conversation()).data("client", 50).ack("server").wait(30).fin("client").ack("server")
    seen = found(waited.wait(1).rst("server")).standouts
    assert [one.kind for one in seen] == ["unanswered_requests"]
    assert [one.kind for one in found(carried(Conversation()).fin("client").rst("server")).standouts] == [
        "reset_after_fin"
    ]


@pytest.mark.parametrize(("side", "text"), [
    ("server", "198.51.100.1:80 reset all 5 connections from 192.0.2.1 after 60 s idle"),
    ("client", "192.0.2.1 reset all 5 connections to 198.51.100.1:80 after 60 s idle"),
])  # fmt: skip
def test_resets_after_the_same_idle_time(side: str, text: str) -> None:
    made = [carried(talk).rst(side, after=60.0) for talk in talks(5)]  # type: ignore[arg-type]
    assert sentences(*made) == [text]


def test_resets_after_idle_times_of_one_client_among_others() -> None:
    made = [carried(talk).rst("server", after=60.0 + i / 10) for i, talk in enumerate(talks(5, client="192.0.2.9"))]
    assert sentences(*made, *fine(3)) == [
        "198.51.100.1:80 reset all 5 connections from 192.0.2.9 after 60 s to 60.4 s idle"
    ]
