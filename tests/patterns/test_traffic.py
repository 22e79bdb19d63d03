import numpy as np
import pandas as pd
import pytest

from pcapframe import build_connections
from pcapframe.errors import ParameterError
from pcapframe.patterns import Traffic
from tests.builders import Conversation
from tests.patterns.views import frames, healthy, view


def test_missing_columns_are_named() -> None:
    segments, connections = frames(*healthy(1))
    with pytest.raises(ParameterError, match="segments lacks the columns conn_id, ttl"):
        Traffic(segments.drop(columns=["ttl", "conn_id"]), connections, reads=("ttl",))
    with pytest.raises(ParameterError, match="connections lacks the columns ending, history"):
        Traffic(segments, connections.drop(columns=["history", "ending"]))


def test_control_segments() -> None:
    traffic = view(
        Conversation().handshake().data("client", 10).rst("server"),
        Conversation(client_port=2, start=1).syn(),
    )
    assert traffic.flagged("SYN").rows.tolist() == [0, 1, 5]
    assert traffic.flagged("SYN").place.tolist() == [0, 0, 1]
    assert traffic.flagged("SYN", "RST", within=np.array([True, False])).rows.tolist() == [0, 1, 4]
    assert traffic.rsts.rows.tolist() == [4]


def test_every_row_of_some_connections() -> None:
    traffic = view(*healthy(3))
    rows, place = traffic.all_rows(np.array([False, True, False]))
    assert rows.tolist() == list(range(10, 20))
    assert set(place.tolist()) == {1}
    assert traffic.all_rows(np.zeros(3, np.bool_)).rows.size == 0
    assert traffic.all_rows(np.ones(3, np.bool_)).rows.size == 30


def test_rows_by_connection() -> None:
    talks = [Conversation(client_port=port).handshake() for port in (1, 2)]
    traffic = view(*talks)
    ordered = traffic.by_connection(traffic.all_rows(np.ones(2, np.bool_)))
    assert ordered.rows.tolist() == [0, 2, 4, 1, 3, 5]
    assert ordered.begins.tolist() == [True, False, False, True, False, False]


def test_copies_are_left_out() -> None:
    traffic = view(Conversation().syn().duplicate().syn_ack().ack().data("client", 10).duplicate())
    assert traffic.flagged("SYN").rows.tolist() == [0, 2]
    assert traffic.packet_count == 6
    assert traffic.carrying == 3
    assert traffic.bare_acks == 1


def test_segments_of_other_connections_are_passed_over() -> None:
    segments, connections = frames(*healthy(4))
    chosen = connections.iloc[[1, 3]]
    some = Traffic(segments, chosen)
    assert some.flagged("SYN").rows.tolist() == [10, 11, 30, 31]
    assert some.flagged("SYN").place.tolist() == [0, 0, 1, 1]
    assert some.evidence(some.flagged("FIN").rows).connections == (1, 3)
    assert some.all_rows(np.array([False, True])).rows.tolist() == list(range(30, 40))
    only = segments[segments["conn_id"].isin([1, 3])]
    again = Traffic(only, build_connections(only))
    assert again.evidence(again.flagged("FIN").rows) == some.evidence(some.flagged("FIN").rows)


def test_counts_of_segments_and_acknowledgements() -> None:
    # SYN, SYN-ACK, ACK, data, ACK, data, ACK, FIN, FIN, ACK
    traffic = view(*healthy(1))
    assert (traffic.packet_count, traffic.carrying, traffic.bare_acks) == (10, 6, 4)


def test_evidence_is_capped_with_exact_totals() -> None:
    traffic = view(*healthy(120))
    evidence = traffic.evidence(traffic.flagged("SYN").rows)
    assert (len(evidence.connections), evidence.connection_count) == (100, 120)
    assert (len(evidence.frames), evidence.frame_count) == (100, 240)
    assert evidence.frames[:3] == (1, 2, 11)
    assert evidence.display_filter_all == "ip.addr == 198.51.100.1 && tcp.port == 80"


def test_evidence_takes_rows_in_any_order() -> None:
    traffic = view(*healthy(1))
    evidence = traffic.evidence(np.array([3, 1, 3]))
    assert evidence.frames == (2, 4)
    assert evidence.frame_count == 2
    assert evidence.display_filter == "frame.number in {2, 4}"


def test_evidence_without_packets() -> None:
    evidence = view(*healthy(1)).evidence(np.empty(0, np.intp))
    assert evidence.display_filter is None
    assert evidence.display_filter_all is None


def test_frames_are_not_changed() -> None:
    segments, connections = frames(*healthy(2))
    segments.attrs = {"capture": {"name": "a"}}
    before = segments.copy(), connections.copy()
    traffic = Traffic(segments, connections)
    assert traffic.series("time").attrs == {}
    assert segments.attrs == {"capture": {"name": "a"}}
    pd.testing.assert_frame_equal(segments, before[0])
    pd.testing.assert_frame_equal(connections, before[1])


def test_categories_in_another_order() -> None:
    segments, connections = frames(*healthy(1))
    connections["handshake"] = connections["handshake"].cat.remove_unused_categories()
    traffic = Traffic(segments, connections)
    assert traffic.is_in("handshake", "complete").tolist() == [True]
    assert traffic.is_in("handshake", "refused", "unanswered").tolist() == [False]
    assert traffic.codes("handshake").tolist() == [0]
