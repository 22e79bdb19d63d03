"""The evidence that findings name."""

import numpy as np

import pcapframe as pf
from pcapframe.analysis.health import count_packets
from pcapframe.analysis.health._view import Recorded, View, name_evidence
from tests.builders import Conversation, merge, pcap


def test_evidence_is_capped_beside_its_total() -> None:
    talks = [Conversation(client_port=i + 1, start=float(i)).handshake() for i in range(150)]
    analysis = pf.analyze(pcap(merge(*talks)))
    (found,) = analysis.health.findings
    assert (len(found.evidence.connections), found.evidence.connection_count) == (100, 150)
    assert (len(found.evidence.frames), found.evidence.frame_count) == (100, 150)
    answer = pf.analyze_tcp_anomalies(analysis, limit=2)
    evidence = answer["health"]["findings"][0]["evidence"]
    assert (evidence["frames"], evidence["frame_count"]) == ([1, 4], 150)
    assert evidence["display_filter"] == "frame.number in {1, 4}"


def test_rows_are_named_by_frame_and_connection() -> None:
    talks = [Conversation(client_port=i + 1, start=float(i)).handshake() for i in range(3)]
    analysis = pf.analyze(pcap(merge(*talks)))
    events = analysis.events[3:]  # frames 4 to 9, of the connections 1 and 2
    connections, totals = analysis.connections[1:], analysis._judged.totals
    view = View(analysis.events, events, connections, totals, False, connections[:0])
    recorded = Recorded(analysis.capture, analysis.packets, analysis.segments, count_packets(analysis.packets))
    assert recorded.of_packets(np.array([0, 8])).frames == (1, 9)
    assert recorded.of_packets(np.array([0]), 7).frame_count == 7
    assert view.of_events(np.array([0, 5])).frames == (4, 9)
    assert view.of_events(np.array([3, 5])).connections == (2,)
    assert view.rows_of(np.array([2])).tolist() == [3, 4, 5]
    assert view.of_connections(np.array([True, False])).frames == (4,)
    assert view.segments == view.sum("packets") == 6


def test_evidence_of_nothing() -> None:
    nothing = name_evidence(np.empty(0, np.int64))
    assert (nothing.frame_count, nothing.connection_count, nothing.display_filter) == (0, 0, None)
