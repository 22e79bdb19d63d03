"""Who spoke and who did not: greetings, silence, TLS alerts (RFC 8446 section 6), closes instead of a response."""

import pytest

from pcapframe.analysis.display import plain_text
from tests.analysis.standouts.test_establishing import sentences
from tests.analysis.test_standouts import fine, found, talks
from tests.builders import Conversation

ALERT = bytes.fromhex("15030300020228")  # alert, TLS 1.2, 2 bytes: fatal, handshake_failure
GREETING = b"220 mail.example ESMTP\r\n"


def client_hello(size: int = 200) -> bytes:
    """A handshake record with a ClientHello of TLS 1.2, its extensions as long as it takes."""
    head = bytes.fromhex("0303") + bytes(32) + bytes.fromhex("000002c02f0100")
    padding = size - len(head) - 6
    body = head + (padding + 4).to_bytes(2) + b"\0\x15" + padding.to_bytes(2) + bytes(padding)
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + len(message).to_bytes(2) + message


def hello(talk: Conversation) -> Conversation:
    return talk.handshake().send("client", "PA", client_hello())


def greeted(talk: Conversation, after: float) -> Conversation:
    talk.handshake().send("server", "PA", GREETING, after=after).send("client", "PA", b"EHLO a\r\n")
    return talk.send("server", "PA", b"250 ok\r\n").ack().close()


@pytest.mark.parametrize("server", ["198.51.100.1", "2001:db8::1"])
def test_a_server_that_greets_late_is_named_and_a_prompt_one_is_not(server: str) -> None:
    host = f"[{server}]:25" if ":" in server else f"{server}:25"
    client = "2001:db8::9" if ":" in server else "192.0.2.1"
    made = [
        greeted(Conversation(client, 40_000 + i, server, 25, start=10.0 * i), after)
        for i, after in enumerate((6, 6, 5))
    ]
    assert sentences(*made) == [
        f"{host} sent its first data 6 s (median) after the handshake, before any request, in all 3 connections from "
        f"{client}"
    ]
    assert sentences(*(greeted(talk, 0.02) for talk in talks(3, server_port=25))) == []


def test_the_wait_for_a_greeting_is_the_servers() -> None:
    lines = plain_text(found(greeted(Conversation(server_port=25), 6.0)).brief, width=80)
    assert "clients" not in lines
    assert "servers 6.02 s" in lines


def test_connections_without_any_data_are_named_where_they_are_most() -> None:
    silent = [talk.handshake().wait(30).close() for talk in talks(3, server_port=22)]
    text = "192.0.2.1 and 198.51.100.1:22 exchanged no data in all 3 connections, open for 30 s (median); closed by FIN"
    assert sentences(*silent) == [text]
    spare = Conversation(start=0.5).handshake().wait(10).close()  # as browsers keep one ready
    assert sentences(spare, *fine(6)) == []
    assert sentences(Conversation().handshake().close()) == []  # a check that the port is open


@pytest.mark.parametrize("end", ["fin", "rst"])
def test_a_server_that_answers_a_client_hello_with_an_alert(end: str) -> None:
    made = [hello(talk).send("server", "PA", ALERT) for talk in talks(3, server_port=443)]
    made = [talk.close("server") if end == "fin" else talk.rst("server") for talk in made]
    assert sentences(*made) == [
        "198.51.100.1:443 answered the TLS ClientHello of 192.0.2.1 with 7 bytes, the size of an alert, in all 3 "
        "connections"
    ]


SEALED = b"\x17\x03\x03\0\x13" + bytes(19)  # an alert of 2 bytes, its type and a tag of 16


@pytest.mark.parametrize(("sent", "what"), [
    (ALERT, "7 bytes, the size of an alert"), (SEALED, "24 bytes, the size of an encrypted alert"),
])  # fmt: skip
def test_a_client_that_answers_a_server_hello_with_an_alert(sent: bytes, what: str) -> None:
    talk = hello(Conversation(server_port=443)).data("server", 3400, segment=1400).ack()
    assert sentences(talk.send("client", "PA", sent).close()) == [
        f"192.0.2.1 answered the TLS ServerHello of 198.51.100.1:443 with {what}, in the only connection"
    ]


def test_handshakes_that_go_on_have_no_alert() -> None:
    talk = hello(Conversation(server_port=443)).data("server", 3400, segment=1400).ack().data("client", 80)
    talk.data("server", 7).ack().data("client", 24).data("server", 900).ack()
    assert sentences(talk.close()) == []
    no_tls = Conversation().handshake().data("client", 200).data("server", 7).ack().close()
    assert sentences(no_tls) == []


def test_a_server_that_closes_instead_of_a_response() -> None:
    made = [talk.handshake().data("client", 100).close("server") for talk in talks(4)]
    assert sentences(*made) == [
        "198.51.100.1:80 closed all 4 connections from 192.0.2.1 after a request, without a response"
    ]
    # A last message such as QUIT needs no response, and a request that met the FIN on its way got none.
    last = Conversation().handshake().data("client", 100).data("server", 100).data("client", 5).close("server")
    assert sentences(last) == []
    assert "closed_without_response" not in [
        seen.kind for seen in found(Conversation().handshake().fin("server").data("client", 9)).standouts
    ]


def test_a_client_that_gives_up_is_told_with_what_it_waited_for() -> None:
    made = [talk.handshake().data("client", 100).ack("server").wait(5).rst("client") for talk in talks(2)]
    assert sentences(*made) == [
        "198.51.100.1:80 did not answer the last request of 192.0.2.1 for 5.02 s at most, in both connections; then "
        "192.0.2.1 sent a RST"
    ]


def test_a_reset_after_a_request_says_that_the_server_sent_nothing() -> None:
    (only,) = sentences(hello(Conversation(server_port=443)).rst("server"))
    assert only.startswith(
        "198.51.100.1:443 reset the only connection from 192.0.2.1 after data from the client alone, "
    )


def test_one_answer_of_many_that_took_far_longer() -> None:
    talk = Conversation().handshake()
    for i in range(30):
        talk.data("client", 100).data("server", 300, after=9.0 if i == 17 else 0.021).ack()
    (only,) = found(talk.close()).standouts
    assert only.sentence == ("198.51.100.1:80 took 9 s to answer 1 of 30 requests of 192.0.2.1; the median is 21 ms")
    assert only.evidence.frames == (3 + 3 * 17 + 1, 3 + 3 * 17 + 2)


def test_messages_that_a_silent_server_takes_are_no_requests_without_an_answer() -> None:
    talk = Conversation().handshake()
    for _ in range(10):
        talk.data("client", 100).ack("server").wait(3)
    assert sentences(talk.close()) == []


def test_recordings_that_were_put_together_end_each_by_itself() -> None:
    """A request just before one recording ends, and another recording 58 days later."""
    asked = Conversation().handshake().data("client", 9).data("server", 9).data("client", 9).ack("server").ack("client")
    later = Conversation(client="192.0.2.7", start=5_000_000.0).handshake().data("client", 9).data("server", 9)
    assert sentences(asked, later.ack().close()) == []
    soon = Conversation(client="192.0.2.7", start=60.0).handshake().data("client", 9).data("server", 9)
    (only,) = sentences(asked, soon.ack().close())
    assert only.startswith("198.51.100.1:80 did not answer the last request of 192.0.2.1 for ")
