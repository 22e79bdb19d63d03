"""Totals as the patterns read them."""

import pytest

from pcapframe import ParameterError
from pcapframe.events import gather_events
from pcapframe.patterns._by_totals import TotalsOfConnections
from tests.builders import Conversation
from tests.patterns.views import frames


def test_totals_of_some_connections() -> None:
    talks = (Conversation(client_port=port, start=port).handshake().data("client", port) for port in (1, 2, 3))
    segments, connections = frames(*(talk.rst("server") for talk in talks))
    gathered = gather_events(segments, connections)
    columns = TotalsOfConnections(connections.iloc[1:], gathered.totals, lambda _floors: gathered.totals)
    assert columns.sides["largest_bytes"].tolist() == [0, 2, 0, 3]
    assert columns.noted("resets")["conn_id"].tolist() == [1, 2]
    assert columns.turns_of(columns.number("syn_count") > 0)["conn_id"].tolist() == [1, 2]
    with pytest.raises(ParameterError, match="analyse the capture with them"):
        columns.need(idle_s=0.1)


def test_totals_are_made_anew_for_lower_thresholds() -> None:
    segments, connections = frames(Conversation().handshake().data("client", 9).data("client", 9, after=0.5))
    made = []

    def gather(floors: object) -> object:
        made.append(floors)
        return gather_events(segments, connections, floors).totals

    columns = TotalsOfConnections(connections, None, gather)
    assert not columns.noted("idle").size
    columns.need(idle_s=0.4)
    assert columns.noted("idle").size == 1
    assert [floors.idle_s for floors in made] == [1.0, 0.4]
