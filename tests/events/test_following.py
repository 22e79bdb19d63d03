"""How far each side has come."""

import numpy as np

from pcapframe.events import gather_events
from pcapframe.events.following import NONE
from pcapframe.patterns import Traffic
from tests.builders import Conversation
from tests.patterns.views import frames, view


def test_how_far_each_side_came() -> None:
    talk = Conversation().handshake().data("client", 100).data("client", 50).ack("server").data("server", 7)
    totals = view(talk).totals
    assert totals.sides["high"].tolist() == [8, 151]  # the server's, then the client's
    assert totals.sides["acked"].tolist() == [151, 1]
    assert totals.moved.size == totals.back.size == 0


def test_what_was_not_sent_is_not_acknowledged() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server", ack=5000)
    assert view(talk).sides["acked"].tolist() == [5000, 1]
    # The client goes on with the byte after its last one: it had sent none beyond.
    refuted = talk.data("client", 100).ack("server", ack=201)
    assert view(refuted).sides["acked"].tolist() == [201, 1]


def test_connections_left_out_are_passed_over() -> None:
    segments, connections = frames(*(Conversation(client_port=i).handshake().data("client", i) for i in (1, 2)))
    traffic = Traffic(segments, connections.iloc[1:], reads=tuple(segments))
    assert traffic.sides["high"].tolist() == [1, 3]


def test_connections_of_one_packet_are_not_followed() -> None:
    talk = Conversation(client_port=9).handshake().data("client", 100).ack("server")
    several = view(talk).sides["high"]
    lone = [Conversation(client_port=port).syn() for port in (1, 2, 3)]
    found = gather_events(*frames(*lone[:2], talk, lone[2])).totals.sides["high"]
    assert found.reshape(-1, 2).tolist() == [[NONE] * 2, [NONE] * 2, several.tolist(), [NONE] * 2]
    assert (np.asarray(view(*lone).sides["acked"]) == NONE).all()
