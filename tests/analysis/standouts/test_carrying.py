"""Data on its way: whose was retransmitted, which size, and who held it back."""

from tests.analysis.standouts.test_establishing import sentences
from tests.analysis.test_standouts import fine, found
from tests.builders import Conversation, merge


def test_retransmissions_of_one_client_are_of_its_own_data() -> None:
    """Of the client 10 of 25 (15 and 10 again); of another client nothing of 5."""
    bad = Conversation(client="192.0.2.9").handshake()
    for i in range(15):
        bad.data("client", 500, lost=i < 10)
        if i < 10:
            bad.retransmit("client", after=0.25)
        bad.ack("server")
    assert sentences(bad.close(), *fine(5)) == [
        "192.0.2.9 retransmitted 10 of 25 data segments to 198.51.100.1:80 (40.0 %); 1 other client 0 of 5"
    ]


def test_data_that_is_sent_to_other_clients_is_told_as_that() -> None:
    bad = Conversation(client="192.0.2.9").handshake().data("client", 100)
    for _ in range(10):
        bad.data("server", 500, lost=True).retransmit("server", after=0.25).ack("client")
    (only,) = sentences(bad.close(), *fine(5))
    assert only == (
        "198.51.100.1:80 retransmitted 10 of 20 data segments to 192.0.2.9 (50.0 %); to 1 other client 0 of 5"
    )


def test_a_rate_that_copies_make_too_low_is_at_least_that() -> None:
    """Each packet is captured twice: the 10 retransmissions are of 20 segments, and of 40 as captured."""
    talk = Conversation().handshake().data("client", 100)
    for _ in range(10):
        talk.data("server", 500, lost=True).retransmit("server", after=0.25).ack("client")
    twice = [(time + copy / 1e6, data) for time, data in talk.close() for copy in range(2)]
    (only,) = sentences(merge(twice))  # type: ignore[arg-type]
    assert only == "198.51.100.1:80 retransmitted 10 of 40 data segments to 192.0.2.1 (at least 25.0 %)"


def test_a_large_segment_that_is_repeated_while_a_small_one_was_reported_before() -> None:
    """The SACK of the small one comes before the first retransmission, and nothing after it."""
    talk = Conversation().handshake().data("client", 200).data("server", 300).ack("client")
    talk.data("client", 1400, lost=True).data("client", 100).ack("server", sack=[(1601, 1701)])
    for wait in (0.3, 0.6, 1.2, 2.4):
        talk.retransmit("client", seq=201, after=wait, lost=True)
    assert sentences(talk) == [
        "192.0.2.1 retransmitted a segment of 1,400 bytes to 198.51.100.1:80 4 times while smaller ones arrived "
        "(at most 100 bytes)"
    ]


def test_no_large_segment_is_named_where_nothing_after_it_arrived() -> None:
    talk = Conversation().handshake().data("client", 200).data("server", 300).ack("client")
    talk.data("client", 1400, lost=True)
    for wait in (0.3, 0.6, 1.2, 2.4):
        talk.retransmit("client", seq=201, after=wait, lost=True)
    assert [seen.kind for seen in found(talk).standouts] == ["never_acknowledged"]


def test_few_retransmissions_of_several_servers_are_one_line() -> None:
    made = [
        Conversation(server=f"198.51.100.{i}", client_port=40_000 + i, start=float(i)).handshake()
        .data("client", 100, lost=True).retransmit("client", after=0.3).data("server", 900).ack().close()
        for i in range(1, 4)
    ]  # fmt: skip
    servers = "198.51.100.1:80 and 2 other servers"
    assert sentences(*made) == [
        f"192.0.2.1 retransmitted 3 of 6 data segments to {servers} (50.0 %), in all 3 connections"
    ]


def test_a_transfer_that_the_receivers_window_holds_back() -> None:
    """30 rounds of 20 ms to the first of four segments, 0.3 ms to the last and 100 ms to their ACK: 3.609 s.

    After each round 500 bytes of the window of 4,000 are left, less than a segment.
    """
    talk = Conversation(window_scale=None).handshake().data("client", 100)
    talk.hosts["client"].window = 4000
    for _ in range(30):
        talk.data("server", 3500, segment=1000).ack(after=0.1)
    (only,) = found(talk.close()).standouts
    assert only.kind == "held_back_transfers"
    assert only.sentence.startswith("198.51.100.1:80 sent to 192.0.2.1 for 3.61 s, of that 3.")
    assert only.sentence.endswith(" s limited by the receiver's window")
