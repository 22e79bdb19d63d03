"""What stands out in joins, worked out by hand."""

import json
from fractions import Fraction

import pytest

import pcapframe as pf
from pcapframe.joining.standouts import find_join_standouts, is_resent
from tests.builders import Conversation, merge
from tests.joining.made import ISNS, beyond, joined, talk, translated
from tests.joining.test_summary import lost_and_sent_again


def sentences(made: pf.Joined) -> list[str]:
    return [seen.sentence for seen in find_join_standouts(made)]


def test_retransmission_that_follows_a_loss():
    made = lost_and_sent_again()
    said = sentences(made)
    assert said[0] == "1 of 1 retransmission follows a loss between client and server."
    # the client sent SYN, ACK, the request twice, an ACK, FIN and the last ACK: seven packets
    assert said[1] == "1 of 7 packets to the server at client was lost before server (14.3 %)."


def test_added_reset_comes_first():
    before = Conversation(**ISNS).handshake().data("client", 100).ack("server")
    number = len(list(before)) + 1
    frames = list(before.rst("server").wait(0.3).data("server", 500, seq=1).ack("client"))
    made = joined(frames, beyond(frames, without=(number,)))
    assert sentences(made)[0] == (
        f"The RST in frame {number} at client did not pass server, and its sender went on sending."
    )


def test_translated_addresses():
    made = joined(list(talk(3)), translated(beyond(talk(3))))
    assert (
        "1 of 1 common connection has other addresses or ports at server: 192.0.2.1 port 40000 is 203.0.113.9 port "
        "61000 there." in sentences(made)
    )


def test_copies_made_on_the_way():
    frames = list(talk(3))
    there = beyond(frames)
    there.insert(4, (there[3][0] + Fraction(1, 100_000), there[3][1]))
    assert "1 packet to the server is a copy made on the way." in sentences(joined(frames, there))


def test_copies_of_both_directions_are_one_sentence():
    """A request is twice at the server, and a response twice at the client."""
    frames = list(talk(3))
    there = beyond(frames)
    there.insert(4, (there[3][0] + Fraction(1, 100_000), there[3][1]))
    frames.insert(6, (frames[5][0] + Fraction(1, 100_000), frames[5][1]))
    said = sentences(joined(frames, there))
    assert "1 packet to the server and 1 to the client are copies made on the way." in said


def test_evidence_of_each_point_selects_its_frames():
    """The request is frame 4 at the client; its second copy, frame 5 there, is frame 4 at the server."""
    resends, losses = find_join_standouts(lost_and_sent_again())
    assert (resends.kind, losses.kind) == ("resends", "losses")
    assert {name: one.frames for name, one in resends.evidence.items()} == {"client": (5,), "server": (4,)}
    assert {name: one.display_filter for name, one in losses.evidence.items()} == {"client": "frame.number in {4}"}
    assert losses.evidence["client"].connections == (0,)
    assert json.loads(json.dumps(losses.to_dict()))["evidence"]["client"]["frame_count"] == 1


def test_many_resets_are_one_sentence():
    """Five connections, each with a RST of its server that only the client's side has."""
    frames, there = [], []
    for number in range(5):
        made = Conversation(
            client_port=40_000 + number,
            start=number * 10,
            client_isn=77 * 1000 * (number + 3),
            server_isn=99 * 1000 * (number + 5),
        ).handshake()
        for _ in range(4):
            made.data("client", 100).ack("server").data("server", 100).ack("client")
        own = list(made.rst("server").wait(0.3).data("server", 500, seq=401).ack("client"))
        number_of_rst = next(place for place, (_, data) in enumerate(own, 1) if data[47] & 4)
        frames += own
        there += beyond(own, without=(number_of_rst,))
    (seen,) = (one for one in find_join_standouts(joined(merge(frames), merge(there))) if one.kind == "added_rsts")
    assert seen.sentence.startswith("5 RSTs of 5 connections at client did not pass server, ")
    assert seen.connections == 5
    assert seen.evidence["client"].frame_count == 5
    assert "server" not in seen.evidence


@pytest.mark.parametrize(("forward", "sentence"), [
    (True, "1 SYN of 1 connection was lost between client and server."),
    (False, "1 SYN-ACK of 1 connection was lost between server and client."),
])  # fmt: skip
def test_openings_that_were_lost(forward: bool, sentence: str) -> None:
    made = Conversation(**{**ISNS, "start": 5}).syn()
    if not forward:
        made.syn_ack()
    again = Conversation(**{**ISNS, "start": 6}).handshake().data("client", 100).ack("server").close()
    other = list(talk(3, client_port=40_009, client_isn=71_000_000, server_isn=93_000_000))  # both captures have begun
    here = merge([*other, *made, *again])
    lost = len(other) + (1 if forward else 2)
    there = beyond(here, without=(lost,) if forward else ())
    if not forward:
        del here[lost - 1]
    assert sentence in sentences(joined(here, there))


def test_nothing_stands_out_where_everything_passes() -> None:
    assert find_join_standouts(joined(list(talk(3)), beyond(talk(3)))) == ()


def test_what_either_capture_calls_resent() -> None:
    made = lost_and_sent_again()
    again = made.segments[is_resent(made)]
    assert again["frame_client"].tolist() == [5]
    assert again["rel_seq"].tolist() == [1]


def test_a_clock_that_is_set() -> None:
    first, second = list(talk(60)), list(talk(60, client_port=40_001, start=100))
    made = joined(merge([*first, *second]), merge([*beyond(first), *beyond(second, offset=3)]))
    (seen,) = (one for one in find_join_standouts(made) if one.kind == "clock_steps")
    assert seen.sentence.startswith("The clock of server was set 1 time against that of client, the largest by +3.0")
