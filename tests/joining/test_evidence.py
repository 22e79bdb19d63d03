"""What shows whether packets passed, by hand-made cases of two points: each names the evidence that decides."""

from fractions import Fraction

import pandas as pd
import pytest

from tests.builders import Conversation
from tests.joining.made import ISNS, MS, beyond, joined, talk


def fates(here, there):
    """Frames, fate and rule of every row that is not at both points, as text."""
    rows = joined(here, there).segments
    rows = rows[rows["frame_client"].isna() | rows["frame_server"].isna()]
    columns = rows[["frame_client", "frame_server", "fate", "fate_rule"]].astype(object)
    return [tuple("" if pd.isna(value) else str(value) for value in row) for row in columns.to_numpy().tolist()]


def test_lost_and_sent_again():
    """A request is lost between; the copy that arrives is the first that the server acknowledges."""
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True)
    made.wait(0.3).retransmit("client").ack("server").data("server", 500).ack("client").close()
    frames = list(made)
    assert (fates(frames, beyond(frames, without=(4,)))) == [
        ("4", "", "lost_between", "not_acknowledged"),
    ]


def test_missing_in_the_capture_and_acknowledged():
    frames = list(talk(3))
    assert (fates(frames, beyond(frames, without=(4,)))) == [("4", "", "not_captured", "acknowledged")]


def test_sent_again_with_other_limits_and_missing_again():
    """Frame 4 is lost; its bytes are sent again in two parts, of which the server's capture lacks the first."""
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True).wait(0.3)
    made.send("client", "PA", 60, seq=1).send("client", "PA", 40, seq=61).ack("server", ack=101)
    frames = list(made.data("server", 500).ack("client").close())
    assert fates(frames, beyond(frames, without=(4, 5))) == [
        ("4", "", "lost_between", "not_acknowledged"),
        ("5", "", "not_captured", "acknowledged"),
    ]


def test_copies_of_an_ack_that_its_own_capture_lacks():
    """Frame 5, the server's ACK, arrives twice and its own capture lacks it: one of the two is the server's."""
    frames = list(talk(5))
    there = beyond(frames, without=(5, 8))  # 8 shows that this capture lacks packets
    again = (frames[4][0] + MS / 100, frames[4][1])
    here = sorted([*frames, again], key=lambda frame: frame[0])
    assert [row for row in fates(here, there) if row[0] in ("5", "6")] == [
        ("5", "", "unknown", "no_evidence"),
        ("6", "", "added", "identification"),
    ]


def test_further_copy_on_the_way():
    frames = list(talk(3))
    there = beyond(frames)
    there.insert(4, (there[3][0] + MS / 100, there[3][1]))
    assert (fates(frames, there)) == [("", "5", "added", "identification")]


def test_reset_that_its_sender_never_sent():
    """A RST in the server's name that only the client has; the server goes on, and nothing else is missing there."""
    before = Conversation(**ISNS).handshake().data("client", 100).ack("server")
    number = len(list(before)) + 1
    before.rst("server", ttl=200)
    after = before.wait(0.3).data("server", 500, seq=1).ack("client")
    frames = list(after)
    rows = fates(frames, beyond(frames, without=(number,)))
    assert rows == [(str(number), "", "added", "sender_went_on")]


def test_lost_at_the_very_end_of_a_capture_is_unknown():
    frames = list(talk(3))
    assert (fates(frames, beyond(frames)[:-1])) == [(str(len(frames)), "", "unknown", "outside_capture")]


def test_sent_while_a_capture_went_on_that_ends_before_it_passes():
    """Each way takes 4 ms, and the server's capture ends 1 ms after frame 12, the client's, was sent."""
    frames = list(talk(2, timestamps=False))
    late = [frame for frame in beyond(frames) if frame[0] <= frames[11][0] + MS]
    gone = [row for row in fates(frames, late) if row[0] == "12"]
    assert gone == [("12", "", "unknown", "outside_capture")]


@pytest.mark.parametrize("lost", [5, 7])
def test_bare_ack_where_nothing_else_is_missing(lost):
    """Nothing shows what became of one ACK of many; the other capture lacks nothing that can be checked."""
    frames = list(talk(3))
    assert frames
    (row,) = fates(frames, beyond(frames, without=(lost,)))
    assert row[2:] == ("lost_between" if lost == 7 else "added", "nothing_else_missing")


UNCLEAR = ("unknown", "no_evidence")


def cut_off(count):
    """A RST in the server's name after some requests, which only the client has; nothing follows it."""
    made = Conversation(**ISNS).handshake()
    for _ in range(count):
        made.data("client", 100).ack("server")
    return list(made.rst("server"))


def test_reset_of_a_connection_of_which_nothing_else_is_missing():
    """11 packets are at both; frame 12 is the client's alone. Another connection goes on until later."""
    frames = cut_off(4)
    later = list(talk(3, client_port=41_000, start=5))
    rows = fates(frames + later, beyond(frames + later, without=(12,)))
    assert rows == [("12", "", "added", "nothing_else_missing")]


@pytest.mark.parametrize(("requests", "expected"), [(4, ("lost_between", "nothing_else_missing")), (0, UNCLEAR)])
def test_reset_that_does_not_arrive(requests, expected):
    """The client's RST is not at the server: with 11 packets there it was lost, with 3 the server's may lack it."""
    made = Conversation(**ISNS).handshake()
    for _ in range(requests):
        made.data("client", 100).ack("server")
    frames = list(made.rst("client"))
    number, later = str(len(frames)), list(talk(3, client_port=41_000, start=5))
    assert fates(frames + later, beyond(frames + later, without=(len(frames),))) == [(number, "", *expected)]


def test_reset_of_a_connection_with_few_packets_is_unknown():
    """The SYN, the SYN-ACK and an ACK at both: that shows little of what the server's capture may lack."""
    frames = cut_off(0)
    later = list(talk(3, client_port=41_000, start=5))
    assert fates(frames + later, beyond(frames + later, without=(4,))) == [("4", "", "unknown", "no_evidence")]


def test_reset_where_the_capture_lacks_other_packets_is_unknown():
    """The server's capture lacks a request of another connection that is acknowledged: it may lack the RST too."""
    frames = cut_off(4)
    later = list(talk(3, client_port=41_000, start=5))
    rows = fates(frames + later, beyond(frames + later, without=(12, 16)))
    assert rows == [("12", "", "unknown", "no_evidence"), ("16", "", "not_captured", "acknowledged")]


def test_ack_whose_timestamp_was_echoed_arrived():
    """Frame 7, a bare ACK with a timestamp of its own: the server's next data echo it, its capture lacks it."""
    made = Conversation(**ISNS, timestamps=True).handshake().data("client", 100).ack("server")
    made.data("server", 500).ack("client").wait(0.1).data("server", 500).ack("client").close()
    frames = list(made)
    assert fates(frames, beyond(frames, without=(7,))) == [("7", "", "not_captured", "echoed")]


def test_acks_of_which_far_more_are_missing_than_the_capture_lacks():
    """The server's capture lacks 40 of 120 bare ACKs, and one of 120 requests, which the server acknowledged."""
    frames = list(talk(120))
    acks = [7 + 4 * number for number in range(0, 120, 3)]
    rows = fates(frames, beyond(frames, without=(4, *acks)))
    assert rows[0] == ("4", "", "not_captured", "acknowledged")
    assert set(rows[1:]) == {(str(number), "", "lost_between", "more_than_missed") for number in acks}


def test_connections_that_one_capture_holds_as_one_show_nothing_added():
    """The ports are used again, and the server's capture lacks the second SYN: its packets look like the first's."""
    first = list(Conversation(**ISNS).handshake().data("client", 100).ack("server").rst("client"))
    again = {"client_isn": 0x52345678, "server_isn": 0x1ABCDEF0, "start": Fraction(2)}
    second = list(Conversation(**again).handshake().data("client", 100).ack("server").rst("client"))
    there = beyond(first + second, without=(len(first) + 1,))
    assert len(joined(first + second, there).analyses["server"].connections) == 1
    rows = [row for row in fates(first + second, there) if row[1]]
    assert len(rows) > 3
    assert {row[2] for row in rows} == {"unknown"}
