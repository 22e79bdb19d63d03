"""Totals of parts, put together."""

import numpy as np

from pcapframe.events import Floors, gather_events, merge_totals
from tests.builders import Conversation
from tests.patterns.views import frames


def test_connections_have_their_numbers_in_the_whole() -> None:
    talks = [Conversation(client_port=port).handshake().data("client", port).rst("server") for port in (1, 2)]
    parts = [gather_events(*frames(talk)).totals for talk in talks]
    merged = merge_totals(parts, [np.array([1]), np.array([0])])
    assert merged.sides["largest_bytes"].tolist() == [0, 2, 0, 1]
    assert sorted(merged.resets["conn_id"].tolist()) == [0, 1]
    assert sorted(merged.turns["conn_id"].tolist()) == [0, 1]


def test_less_is_there_of_the_whole_than_of_the_part_with_least() -> None:
    floors = Floors(idle_s=0.1, resends=3), Floors(idle_s=1.0, resends=2)
    parts = [
        gather_events(*frames(Conversation(client_port=port).handshake()), floors=own).totals
        for port, own in zip((1, 2), floors, strict=True)
    ]
    assert merge_totals(parts, [np.array([1]), np.array([0])]).floors == Floors(idle_s=1.0, resends=3)


def test_parts_have_the_tables_of_the_whole() -> None:
    """Also of packets that wait for the same answer, each after an idle time."""
    talks = [Conversation(client_port=port).wait(port / 10).handshake() for port in (1, 2)]
    for talk in talks:
        for _ in range(3):
            talk.wait(2.0).data("client", 10)
        talk.ack("server")
    whole = gather_events(*frames(*talks)).totals
    parts = [gather_events(*frames(talk)).totals for talk in talks]
    merged = merge_totals(parts, [np.array([0]), np.array([1])])
    assert whole.idle.size == 6
    fields = ["conn_id", "chain"]
    assert sorted(merged.idle[fields].tolist()) == sorted(whole.idle[fields].tolist())
