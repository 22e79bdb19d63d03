"""Sentences on what a join did not find."""

from fractions import Fraction

from tests.builders import Conversation
from tests.joining.made import joined, talk


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
