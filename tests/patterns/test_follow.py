"""How far each side has come."""

from pcapframe.patterns import Traffic
from pcapframe.patterns._follow import NONE
from tests.builders import Conversation
from tests.patterns.views import frames, view


def test_how_far_each_side_came() -> None:
    talk = Conversation().handshake().data("client", 100).data("client", 50).ack("server").data("server", 7)
    followed = view(talk).followed
    assert followed.high.tolist() == [8, 151]  # the server's, then the client's
    assert followed.acked.tolist() == [151, 1]
    assert followed.moved_rows.size == followed.back_rows.size == 0


def test_what_was_not_sent_is_not_acknowledged() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server", ack=5000)
    assert view(talk).followed.acked.tolist() == [5000, 1]
    # The client goes on with the byte after its last one: it had sent none beyond.
    refuted = talk.data("client", 100).ack("server", ack=201)
    assert view(refuted).followed.acked.tolist() == [201, 1]


def test_connections_left_out_are_passed_over() -> None:
    segments, connections = frames(*(Conversation(client_port=i).handshake().data("client", i) for i in (1, 2)))
    traffic = Traffic(segments, connections.iloc[1:], reads=tuple(segments))
    assert traffic.followed.high.tolist() == [1, 3]


def test_connections_of_one_packet_are_not_followed_where_most_have_one() -> None:
    talk = Conversation(client_port=9).handshake().data("client", 100).ack("server")
    several = view(talk).followed
    lone = [Conversation(client_port=port).syn() for port in (1, 2, 3)]
    found = view(*lone[:2], talk, lone[2]).followed
    assert found.high.reshape(-1, 2).tolist() == [[NONE] * 2, [NONE] * 2, several.high.tolist(), [NONE] * 2]
    assert found.acked.reshape(-1, 2)[2].tolist() == several.acked.tolist()
    assert (view(*lone).followed.high == NONE).all()
