"""What the two patterns of unanswered probes share."""

import pytest

from pcapframe.patterns import Traffic
from pcapframe.patterns._probes import description_of, observations_of, unanswered_probes
from tests.builders import Conversation
from tests.patterns.views import frames, healthy, view


def idle(unanswered: int, port: int = 1, **options: object) -> Conversation:
    """A request that is acknowledged, one keep-alive that is answered (frame 6), then so many that are not."""
    talk = Conversation(client_port=port, **options).handshake().data("client", 10).ack("server")  # type: ignore[arg-type]
    talk.keep_alive("client", after=10).ack("server")
    for _ in range(unanswered):
        talk.keep_alive("client", after=10)
    return talk


def test_of_connections_with_few_none_counts() -> None:
    traffic = view(idle(3), idle(1, port=2, start=200), *healthy(1, start=300, port=3))
    found = unanswered_probes(traffic, "keep_alive", fewest=2, settle_s=1.0)
    assert found is not None
    assert (found.probes, found.probing) == (6, 2)
    assert found.rows.tolist() == [7, 8, 9]
    assert found.counts.tolist() == [3, 0, 0]
    seen = observations_of(traffic, found, "keep_alives")
    assert (seen["unanswered"], seen["keep_alives"], seen["from_client"], seen["from_server"]) == (3, 6, 3, 0)
    assert description_of(seen, "keep-alive", "keep_alives").startswith("3 of 6 keep-alives (50.0 %) were unanswered")


@pytest.mark.parametrize("kind", ["zero_window", "of_no_kind"])
def test_other_kinds(kind: str) -> None:
    assert unanswered_probes(view(idle(3), *healthy(1, start=300)), kind, fewest=1, settle_s=1.0) is None


def test_connections_left_out() -> None:
    segments, connections = frames(idle(3), idle(2, port=2, start=200), *healthy(1, start=300))
    traffic = Traffic(segments, connections.iloc[1:], reads=tuple(segments))
    found = unanswered_probes(traffic, "keep_alive", fewest=2, settle_s=1.0)
    assert found is not None
    assert (found.probes, found.counts.tolist()) == (3, [2, 0])
