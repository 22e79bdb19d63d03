"""Events and totals suffice for all that is judged."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.events import Floors, gather_events
from pcapframe.patterns import Thresholds, Traffic, columns_read, find_patterns, observed_in
from pcapframe.patterns.long_idle_gaps import LongIdleGapsLimits
from tests.builders import Conversation, pcap
from tests.conftest import in_ci
from tests.events.captures import CAPTURES
from tests.patterns.views import frames


@pytest.mark.parametrize("path", in_ci(CAPTURES, 12), ids=lambda path: path.name)
def test_patterns_see_in_events_what_they_see_in_all_segments(path: object) -> None:
    segments = pf.label_segments(pf.read_pcap(str(path), progress=False))
    connections = pf.build_connections(segments)

    seen = find_patterns(segments, connections)

    assert seen == observed_in(Traffic(segments, connections, reads=columns_read()))


def test_few_segments_of_a_transfer_are_events() -> None:
    talk = Conversation().handshake()
    for _ in range(100):
        talk.data("server", 1000).data("server", 1000).ack("client")
    segments, connections = frames(talk.close())
    assert gather_events(segments, connections).rows.size < 0.1 * len(segments)


def test_each_side_is_counted() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server").data("server", 7)
    _, totals = gather_events(*frames(talk))
    server, client = totals.sides
    assert (server["high"], client["high"]) == (8, 101)
    assert (server["acked"], client["acked"]) == (101, 1)
    assert (server["largest_bytes"], client["largest_bytes"]) == (7, 100)


def test_shorter_idle_times_are_kept_where_thresholds_ask_for_them() -> None:
    segments, connections = frames(Conversation().handshake().data("client", 9).data("client", 9, after=0.5))
    assert gather_events(segments, connections).totals.idle.size == 0
    assert gather_events(segments, connections, Floors(idle_s=0.4)).totals.idle.size == 1
    low = Thresholds(long_idle_gaps=LongIdleGapsLimits(idle_s=0.4))
    assert "long_idle_gaps" in find_patterns(segments, connections, thresholds=low)


def test_no_segments_no_events() -> None:
    segments = pf.label_segments(pf.read_pcap(pcap(Conversation().handshake()))).iloc[:0]
    rows, totals = gather_events(segments, pf.build_connections(segments))
    assert not rows.size
    assert not totals.sides.size
    assert isinstance(totals.turns, pd.DataFrame)
    assert np.array_equal(totals.idle["frame"], [])
