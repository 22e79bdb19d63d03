"""Sentences about what patterns observe: who did it to whom."""

import pytest

from tests.analysis.standouts.test_establishing import sentences
from tests.analysis.test_standouts import found, talks
from tests.builders import Conversation


def test_one_first_packet_after_an_idle_time_without_an_answer() -> None:
    talk = Conversation().handshake().data("client", 100).data("server", 900).ack("client").wait(3600)
    talk.data("client", 50, lost=True)
    for wait in (0.5, 1, 2, 4):
        talk.retransmit("client", after=wait, lost=True)
    (only,) = sentences(talk.rst("client"))
    assert only == "The first packet from 192.0.2.1 to 198.51.100.1:80 after 3,600 s idle was not answered"


def test_first_packets_after_idle_times_that_are_answered_by_rsts() -> None:
    made = [
        talk.handshake()
        .data("client", 100)
        .data("server", 900)
        .ack("client")
        .data("client", 9, after=600)
        .rst("server")
        for talk in talks(3)
    ]
    assert sentences(*made) == [
        "Of 3 first packets from 192.0.2.1 to 198.51.100.1:80 after 600 s idle or more, 3 were answered by a RST"
    ]


@pytest.mark.parametrize("side", ["client", "server"])
def test_late_acks_say_whose_they_are(side: str) -> None:
    """20 segments, each acknowledged 200 ms after it, on a path of 1 ms: 20 x 0.199 s."""
    peer = {"client": "server", "server": "client"}[side]
    talk = Conversation(rtt=0.001).handshake()
    for _ in range(20):
        talk.data(peer, 100).ack(side, after=0.2)  # type: ignore[arg-type]
    (only,) = (seen.sentence for seen in found(talk.close()).standouts if seen.kind == "delayed_answers")
    names = {"client": "192.0.2.1", "server": "198.51.100.1:80"}
    assert only.startswith(f"{names[side]} acknowledged data of {names[peer]} 40 ms or more after it 20 of 20 times, ")


def test_reordered_segments_say_from_whom_they_come() -> None:
    talk = Conversation().handshake().data("client", 100)
    for _ in range(10):
        talk.data("server", 1000).data("server", 500)
        talk.frames[-2:] = [(talk.frames[-2][0], talk.frames[-1][1]), (talk.frames[-1][0], talk.frames[-2][1])]
        talk.ack("client")
    (only,) = sentences(talk.close())
    # 21 with payload, and two each of SYN and FIN
    assert only == "10 of 25 segments arrived out of order, from 198.51.100.1:80 to 192.0.2.1"


def test_a_closed_window_is_named_rather_than_the_answer_that_waits_for_it() -> None:
    talk = Conversation().handshake().data("client", 1000).ack("server", window=0)
    for wait in (0.2, 0.4, 0.8, 1.6):
        talk.keep_alive("client", after=wait).ack("server", window=0)
    assert [seen.kind for seen in found(talk).standouts] == ["zero_window"]


def test_a_slow_path_is_no_slow_server() -> None:
    """One client of ten is 600 ms away, the others 20 ms; the server takes no time."""
    made = [
        talk.handshake().data("client", 100).data("server", 900).ack("client").close()
        for i in range(10)
        for talk in talks(2, client=f"192.0.2.{i + 1}", rtt=0.6 if i == 4 else 0.02)
    ]
    assert sentences(*made) == ["Round trips of 192.0.2.5 to 198.51.100.1:80 took 600 ms at most, in both connections"]


def test_slow_answers_that_are_all_of_one_client() -> None:
    made = [
        talk.handshake().data("client", 100).ack("server").data("server", 900, after=3.0 if i == 4 else 0.02)
        .ack("client").close()
        for i in range(5)
        for talk in talks(2, client=f"192.0.2.{i + 1}")
    ]  # fmt: skip
    (only,) = sentences(*made)
    assert only.startswith("198.51.100.1:80 took 3.02 s (median) to answer 2 of 10 requests, all of 192.0.2.5")


def test_two_slow_servers_have_a_line_each() -> None:
    made = [
        talk.handshake().data("client", 100).ack("server").data("server", 900, after=3.0).ack("client").close()
        for server in ("198.51.100.1", "198.51.100.2")
        for talk in talks(2, server=server)
    ]
    assert [text.partition(" took ")[0] for text in sentences(*made)] == ["198.51.100.1:80", "198.51.100.2:80"]


def test_late_acks_that_nobody_waited_for_are_ordinary() -> None:
    talk = Conversation(rtt=0.001).handshake()
    for _ in range(20):
        talk.data("client", 100).ack("server", after=0.2).wait(3)
    assert not [seen for seen in found(talk.close()).standouts if seen.kind == "delayed_answers"]


def test_a_client_that_waits_before_most_requests() -> None:
    """Four requests, three of them 5 s after the response before: 15.02 of 15.16 s."""
    talk = Conversation().handshake()
    for wait in (0, 5, 5, 5):
        talk.wait(wait).data("client", 100).data("server", 900).ack("client")
    (only,) = sentences(talk.close())
    assert only.startswith("192.0.2.1 waited 15 s of 15.1 s before asking 198.51.100.1:80")


def test_one_handshake_that_took_long_is_one() -> None:
    talk = Conversation().syn().syn_ack(after=0.75).ack().data("client", 100).data("server", 900).ack().close()
    assert sentences(talk) == ["The handshake of 192.0.2.1 to 198.51.100.1:80 took 750 ms"]
