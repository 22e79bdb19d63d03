"""Sentences on what a join did not find."""

from fractions import Fraction

import pytest

from tests.builders import UDP, Conversation, ethernet, ip, udp
from tests.joining.made import beyond, joined, talk

QUERY = ("192.0.2.1", "198.51.100.1")


def test_no_common_connection_and_other_times():
    one = list(talk(2))
    numbers = {"client_isn": 0x51234567, "server_isn": 0x61234567}
    two = list(Conversation("192.0.2.7", server="198.51.100.9", start=3 * 86_400, **numbers).handshake().close())
    made = joined(one, two)
    assert made.notes == (
        "No connection of client (1 TCP connection) was found in server (1 TCP connection): no address is "
        "in both, and their times are 3.0 days apart.",
    )
    assert len(made.segments) == 0


def test_packets_of_one_direction_only():
    frames = [frame for frame in talk(3) if frame[1][26:30] == bytes([192, 0, 2, 1])]
    made = joined(frames, [(time + Fraction(1), data) for time, data in frames])
    assert made.notes == (
        "client and server have 1 connection in common, but no packets of both directions: how their clocks differ, "
        "and which of them is nearer to the clients, is unknown.",
    )
    assert set(made.segments["fate"]) == {"passed"}
    assert made.segments["delay_s"].isna().all()


@pytest.mark.parametrize(
    ("other", "held"),
    [
        ([], "it has no packets"),
        ([(1, ethernet(ip(*QUERY, UDP, udp(*QUERY, 5353, 5353))))], "none of its 1 packet is of a TCP connection"),
    ],
    ids=["empty", "no TCP"],
)
def test_nothing_to_join(other, held):
    assert joined(talk(2), other).notes == (f"Nothing of server can be joined: {held}.",)


def test_connection_of_which_no_packet_is_in_both():
    """One capture ends before the other begins."""
    frames = list(talk(10))
    (note,) = joined(frames[:20], beyond(frames)[25:]).notes
    assert note.startswith("client and server have 1 connection in common, but no packet of them: ")


def test_one_capture_with_another_clock():
    frames = list(talk(3))
    (note,) = joined(frames, [(time + 1, data) for time, data in frames]).notes
    assert note.startswith("Packets take no time between client and server: ")
