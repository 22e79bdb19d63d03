import pandas as pd
import pytest

from pcapframe.errors import ParameterError
from pcapframe.plots._connection import one_connection
from tests.builders import Conversation
from tests.plots.made import made


def frames() -> pd.DataFrame:
    return made(
        Conversation(start=1).handshake().data("client", 10).duplicate(),
        Conversation(client="2001:db8::1", server="2001:db8::2", client_port=7, start=2)
        .handshake().data("client", 10).data("server", 500),
    ).segments  # fmt: skip


def test_the_one_with_the_most_payload_and_its_larger_side() -> None:
    one = one_connection(frames(), None, None)
    assert one is not None
    assert (one.conn_id, one.from_client, one.start_ns) == (1, False, 2_000_000_000)
    assert one.text == "[2001:db8::2]:80 → [2001:db8::1]:7"
    assert one.time_s[0] == 0
    assert one.sent.sum() == 2


def test_the_one_asked_for_without_copies() -> None:
    one = one_connection(frames(), 0, True)
    assert one is not None
    assert len(one.segments) == 4
    assert one.text == "192.0.2.1:40000 → 198.51.100.1:80"


def test_none_without_segments_or_times() -> None:
    segments = frames()
    assert one_connection(segments.iloc[:0], None, None) is None
    assert one_connection(segments.assign(time=segments["time"].where(segments.index < 0)), None, None) is None


def test_one_without_payload() -> None:
    one = one_connection(made(Conversation().syn()).segments, None, None)
    assert one is not None
    assert one.from_client


def test_of_several_with_as_much_payload_the_one_with_more_segments_that_have_a_time() -> None:
    segments = made(
        Conversation(start=1).handshake().data("client", 10),
        Conversation(client_port=7, start=2).handshake().data("client", 5).data("client", 5),
        Conversation(client_port=8, start=3).handshake().data("client", 9).data("server", 900),
    ).segments
    segments["time"] = segments["time"].where(segments["payload_bytes"] != 900)
    one = one_connection(segments, None, None)
    assert one is not None
    assert one.conn_id == 1


def test_unknown_connections_are_refused() -> None:
    with pytest.raises(ParameterError, match="there is no connection 9"):
        one_connection(frames(), 9, None)
