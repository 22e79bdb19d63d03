"""Hop limits of RSTs beside the other packets of their side, which two patterns share."""

from pcapframe.patterns._hop_limits import compare_resets
from tests.builders import Conversation
from tests.patterns.views import healthy, view


def test_ranges_of_each_side() -> None:
    near = Conversation().handshake().ack("server", ttl=100).rst("server", ttl=80)
    lone = Conversation(client_port=9, start=9).refused()
    compared = compare_resets(view(near, lone), 2)
    assert compared is not None
    assert compared.rows.tolist() == [4, 6]
    assert compared.ttl[0] == 80
    assert (compared.low[0], compared.high[0]) == (57, 100)
    assert compared.high[1] == -1  # it sent nothing else
    assert compared.is_outside(2).tolist() == [False, False]


def test_none_where_no_side_has_hop_limits_that_far_apart() -> None:
    talk = Conversation().handshake().rst("server", ttl=59)
    assert compare_resets(view(talk), 2) is None
    compared = compare_resets(view(talk), 1)
    assert compared is not None
    assert compared.is_outside(1).tolist() == [True]
    assert compare_resets(view(*healthy(1)), 0) is None
