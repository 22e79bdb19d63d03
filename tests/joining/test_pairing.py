"""Which connections are one, and which only look alike."""

from fractions import Fraction

import pytest

from tests.builders import Conversation, merge
from tests.joining.made import ISNS, beyond, joined, talk, translated


def pairs(made):
    found = made.connections.dropna(subset=["conn_id_client", "conn_id_server"])
    return list(zip(found["conn_id_client"], found["conn_id_server"], found["matched_by"], strict=True))


def test_ports_used_again():
    """The same ports, other initial numbers: another connection."""
    one = list(talk(3))
    two = list(Conversation(start=10, client_isn=0x23456789, server_isn=0x3456789A).handshake().close())
    assert pairs(joined(merge(one, two), beyond(two))) == [(1, 0, "ports_and_isn")]


def test_same_numbers_of_many_are_ambiguous():
    """Three connections behind the translator begin with the same numbers: none of them is taken."""
    one = list(talk(3))
    copies = [translated(beyond(one, offset=Fraction(10 * n)), port=61000 + n) for n in range(3)]
    made = joined(one, merge(*copies))
    assert pairs(made) == []
    assert made.connections["ambiguous"].tolist() == [True] * 4


def test_unanswered_syn_by_its_number_and_timestamp():
    frames = list(Conversation(**ISNS).syn())
    assert pairs(joined(frames, translated(frames))) == [(0, 0, "isn")]


def test_unanswered_syn_without_timestamp_has_too_little():
    frames = list(Conversation(**ISNS, timestamps=False).syn())
    assert pairs(joined(frames, translated(frames))) == []


def test_both_captures_begin_within_the_connection():
    """Roles may be the other way round in one of them: the sequence numbers meet all the same."""
    frames = list(talk(10))
    made = joined(frames[5:], beyond(frames)[8:])
    assert pairs(made) == [(0, 0, "ports_and_isn")]


def test_same_ports_with_numbers_far_apart():
    one = list(talk(10))[4:]
    two = list(Conversation(client_isn=0x72345678, server_isn=0x1ABCDEF0).handshake().data("client", 9))[3:]
    assert pairs(joined(one, two)) == []


@pytest.mark.parametrize("late", ["client", "server"])
def test_translated_and_begun_before_the_capture(late):
    """The capture has none of the SYNs: sequence numbers of both sides are in one range, and in no other's."""
    one, two = list(talk(10)), list(talk(10, client_port=40_001, client_isn=0x42345678, server_isn=0x1ABCDEF0))
    here = merge(one, two)
    there = merge(translated(beyond(one)), translated(beyond(two), port=61_001))
    here, there = (frames[20:] if late == name else frames for name, frames in (("client", here), ("server", there)))
    assert pairs(joined(here, there)) == [(0, 0, "isn"), (1, 1, "isn")]
