import pytest

from pcapframe.patterns.state_transitions import StateTransitionsLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = StateTransitionsLimits()


def test_table() -> None:
    upload = Conversation(client_port=1).handshake().data("client", 100).rst("server")
    refused = Conversation(client_port=2, start=1).refused()
    seen = observe(view(upload, refused, *healthy(3, start=10)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "total_connections": 5,
        "transitions": [
            {"from": "handshake:complete", "to": "data:client_data", "count": 1},
            {"from": "handshake:complete", "to": "data:data_both_ways", "count": 3},
            {"from": "handshake:refused", "to": "data:no_data", "count": 1},
            {"from": "data:no_data", "to": "ending:reset", "count": 1},
            {"from": "data:client_data", "to": "ending:reset", "count": 1},
            {"from": "data:data_both_ways", "to": "ending:fin", "count": 3},
        ],
        "paths": [
            {"handshake": "complete", "data": "data_both_ways", "ending": "fin", "count": 3},
            {"handshake": "complete", "data": "client_data", "ending": "reset", "count": 1},
            {"handshake": "refused", "data": "no_data", "ending": "reset", "count": 1},
        ],
    }
    assert seen.description == (
        "5 connections took 3 paths from handshake to ending; the most frequent, taken by 3: handshake complete, data "
        "both ways, ending FIN."
    )
    assert seen.evidence.connections == (0, 1, 2, 3, 4)
    assert (seen.evidence.frame_count, seen.evidence.display_filter) == (0, None)


def test_each_half_sums_to_the_connections() -> None:
    talks = [
        Conversation(client_port=1).syn(),
        Conversation(client_port=2).syn().syn_ack(),
        Conversation(client_port=3).syn(drop=True).syn_ack(drop=True).data("server", 10),
        Conversation(client_port=4).handshake().data("client", 1).fin("client"),
    ]
    seen = observe(view(*talks), LIMITS)
    assert seen is not None
    for state in ("handshake:", "data:"):
        counts = [row["count"] for row in seen.observations["transitions"] if row["from"].startswith(state)]
        assert sum(counts) == 4
    assert sum(path["count"] for path in seen.observations["paths"]) == 4


def test_threshold() -> None:
    assert observe(view(*healthy(1)), StateTransitionsLimits(min_connections=2)) is None


@pytest.mark.parametrize(
    ("talks", "said"),
    [
        (healthy(1), "1 connection, from handshake to ending: "),
        (healthy(3), "3 connections took the same path from handshake to ending: "),
        (
            [Conversation(client_port=1).refused(), *healthy(1)],
            "2 connections took 2 paths from handshake to ending, one each; one of them: ",
        ),
    ],
)
def test_one_path_is_not_the_most_frequent(talks: list[Conversation], said: str) -> None:
    seen = observe(view(*talks), StateTransitionsLimits())
    assert seen is not None
    assert seen.description.startswith(f"{said}handshake ")
