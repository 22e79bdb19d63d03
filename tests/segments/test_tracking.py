"""Connections, directions and relative numbers, by hand."""

from tests.builders import Conversation
from tests.segments.made import segments, where


def test_a_syn_with_another_number_reuses_the_ports() -> None:
    first = Conversation(client_isn=1000).handshake().close()
    second = Conversation(client_isn=9000, start=60.0).handshake()
    made = segments(first, second)
    assert made["conn_id"].tolist() == [0] * len(first.frames) + [1] * 3
    assert where(made, "reused_ports") == [len(first.frames) + 1]


def test_a_repeated_syn_does_not() -> None:
    made = segments(Conversation().syn(lost=True).syn(after=1.0).syn_ack())
    assert set(made["conn_id"]) == {0}
    assert where(made, "reused_ports") == []


def test_a_syn_ack_with_another_number_stays() -> None:
    made = segments(Conversation().syn().syn_ack().syn_ack(seq=700, after=1.0))
    assert set(made["conn_id"]) == {0}
    # Wireshark's second pass begins with the last number, from which the first differs too.
    assert where(made, "reused_ports") == [2, 3]


def test_both_directions_are_one_connection() -> None:
    made = segments(Conversation().handshake())
    assert set(made["conn_id"]) == {0}
    assert made["from_client"].tolist() == [True, False, True]


def test_relative_numbers_count_from_the_syn_across_the_wrap() -> None:
    talk = Conversation(client_isn=2**32 - 5, server_isn=2**32 - 1).handshake()
    made = segments(talk.data("client", 20).data("server", 30).ack("client"))
    assert made["rel_seq"].tolist() == [0, 0, 1, 1, 1, 21]
    assert made["rel_ack"].isna().tolist() == [True] + [False] * 5
    assert made["rel_ack"].tolist()[1:] == [1, 1, 1, 21, 31]


def test_without_a_syn_the_first_byte_is_one() -> None:
    talk = Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True).data("client", 50).ack("server")
    made = segments(talk)
    assert made["rel_seq"].tolist() == [1, 1]
    assert made["rel_ack"].tolist() == [1, 51]


def test_numbers_go_beyond_four_gigabytes() -> None:
    talk = Conversation().handshake()
    reached = []
    for _ in range(6):
        talk.hosts["client"].next += 2**30  # as if the capture had paused
        talk.hosts["server"].acked = talk.hosts["client"].next
        talk.data("client", 10).ack("server")
        reached.append(talk.hosts["client"].next)
    made = segments(talk)
    assert int(made["rel_ack"].max()) == reached[-1] > 2**32


def test_one_endpoint_on_both_sides_is_one_direction() -> None:
    talk = Conversation(client="192.0.2.9", client_port=7, server="192.0.2.9", server_port=7).syn()
    assert segments(talk)["conn_id"].tolist() == [0]
