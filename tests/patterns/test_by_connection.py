"""Columns of connections as the patterns read them."""

import numpy as np

from pcapframe.patterns._by_connection import ConnectionColumns
from tests.builders import Conversation
from tests.patterns.views import frames


def test_columns_of_connections() -> None:
    inferred = Conversation(client_port=50000, server_port=50001, start=9).handshake(drop=True).data("client", 10)
    _, connections = frames(Conversation().handshake().data("client", 10).rst("server"), inferred)
    columns = ConnectionColumns(connections)
    assert columns.number("syn_count").tolist() == [1, 0]
    assert columns.each_way("packets").tolist() == [5, 1]
    assert columns.is_in("ending", "reset").tolist() == [True, False]
    assert columns.is_in("handshake", "complete", "not_captured").tolist() == [True, True]
    assert columns.roles_known.tolist() == [True, False]
    assert (columns.end_ns >= columns.start_ns).all()
    given = ConnectionColumns(connections, server_given=np.array([False, True]))
    assert given.roles_known.tolist() == [True, True]
