"""What the two patterns of unanswered probes share."""

import pytest

from pcapframe.patterns import Traffic
from pcapframe.patterns._probes import observe_unanswered
from pcapframe.patterns.keep_alives_unanswered import KIND, KeepAlivesUnansweredLimits
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
    pattern = observe_unanswered(traffic, KeepAlivesUnansweredLimits(), KIND)
    assert pattern is not None
    seen = pattern.observations
    assert (seen["keep_alives"], seen["connections_with_keep_alives"]) == (6, 2)
    assert (seen["unanswered"], seen["from_client"], seen["from_server"], seen["connections"]) == (3, 3, 0, 1)
    assert pattern.evidence.frames == (8, 9, 10)
    assert pattern.description.startswith("3 of 6 keep-alives (50.0 %) were unanswered")


@pytest.mark.parametrize("probe", ["zero_window", "of_no_kind"])
def test_other_kinds(probe: str) -> None:
    traffic = view(idle(3), *healthy(1, start=300))
    assert observe_unanswered(traffic, KeepAlivesUnansweredLimits(1), KIND._replace(probe=probe)) is None


def test_names_follow_the_kind() -> None:
    kind = KIND._replace(pattern="toy", category="timing", noun="toy probe", plural="toy_probes")
    pattern = observe_unanswered(view(idle(3), *healthy(1, start=300)), KeepAlivesUnansweredLimits(), kind)
    assert pattern is not None
    assert (pattern.pattern, pattern.category, pattern.observations["toy_probes"]) == ("toy", "timing", 4)
    assert "3 of 4 toy probes" in pattern.description


def test_connections_left_out() -> None:
    segments, connections = frames(idle(3), idle(2, port=2, start=200), *healthy(1, start=300))
    traffic = Traffic(segments, connections.iloc[1:], reads=tuple(segments))
    pattern = observe_unanswered(traffic, KeepAlivesUnansweredLimits(), KIND)
    assert pattern is not None
    assert (pattern.observations["keep_alives"], pattern.observations["unanswered"]) == (3, 2)
